"""Which kind of package an archive is, by its shape and never by its name alone, and what it declares.

| kind | container | shape |
|---|---|---|
| go | zip | every file below `module@version/` |
| crate | gzip | one top folder, `Cargo.toml` in it; `Cargo.toml.orig` beside it or the file is called `.crate` |
| sdist | any | one top folder, `PKG-INFO` in it |
| npm | gzip | `package/package.json`; another top folder where the file is called as `npm pack` calls it |

What is odd is a finding, never a refusal: the tree stays what it is whatever its metadata say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from transparency.proofs.errors import EvidenceError
from transparency.proofs.escaping import escape_path, unescape_path
from transparency.proofs.packages.coremetadata import parse_core_metadata
from transparency.proofs.packages.crate import parse_cargo_toml
from transparency.proofs.packages.declared import MAX_METADATA_BYTES, Declared, Package, PackageKind, findings_of
from transparency.proofs.packages.gomodule import parse_go_mod, split_prefix
from transparency.proofs.packages.npm import parse_package_json
from transparency.proofs.packages.purl import PackageUrl, format_purl
from transparency.proofs.packages.tap import GO_MOD

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.packages.tap import MetadataTap

_PARSERS: dict[str, tuple[str, Callable[[bytes], Declared]]] = {
    "crate": ("Cargo.toml", parse_cargo_toml),
    "sdist": ("PKG-INFO", parse_core_metadata),
    "npm": ("package.json", parse_package_json),
}
_PURL_TYPES: dict[str, str] = {"sdist": "pypi", "npm": "npm", "crate": "cargo", "go": "golang", "srpm": "rpm"}
_ORIGINAL = "Cargo.toml.orig"
_NPM_TOP = "package"


def recognise(tap: MetadataTap, *, prefix: str, container: str, name: str) -> Package | None:
    """The package that went by, or None; `prefix` is the top folder that was taken off (escaped), `name` the archive's."""
    if container == "zip" and tap.module_prefix:
        return _go_module(tap, prefix)
    top = unescape_path(prefix)
    kept = {
        escape_path(path.removeprefix(top + b"/")): data
        for path, data in tap.kept.items()
        if top and path.startswith(top + b"/")
    }
    kind = _kind(kept, prefix, container, name)
    if kind is None:
        return None
    file, parse = _PARSERS[kind]
    if file not in kept:
        return Package(kind, file, findings=findings_of(file, [("package-missing", f"expected {file}, found none")]))
    try:
        declared = parse(_content(kept[file]))
    except EvidenceError as error:
        return Package(kind, file, findings=findings_of(file, [_told(error)]))
    wrong = [*declared.wrong, *_conventions(kind, declared, prefix, name)]
    if kind == "crate":
        wrong += _original(kept, declared)
    return package_of(kind, file, declared, wrong)


def package_of(kind: PackageKind, file: str, declared: Declared, wrong: list[tuple[str, str]]) -> Package:
    """With its package URL, where name and version are known."""
    known = bool(declared.name and declared.version)
    space, _, name = declared.name.rpartition("/")
    return Package(
        kind,
        file,
        declared.name,
        declared.version,
        format_purl(PackageUrl(_PURL_TYPES[kind], space, name, declared.version)) if known else "",
        declared.licence,
        declared.repository,
        findings_of(file, wrong),
    )


def _kind(kept: dict[str, bytes | None], top: str, container: str, name: str) -> PackageKind | None:
    if container == "gz" and (name.endswith(".crate") or {"Cargo.toml", _ORIGINAL} <= kept.keys()):
        return "crate"
    if "PKG-INFO" in kept:
        return "sdist"
    if container == "gz" and "package.json" in kept and (top == _NPM_TOP or name.endswith(".tgz")):
        return "npm"
    return None


def _conventions(kind: PackageKind, declared: Declared, top: str, name: str) -> list[tuple[str, str]]:
    """The top folder and the file's name as tools of this ecosystem write them."""
    if not declared.name or not declared.version:
        return []
    stem = f"{declared.name}-{declared.version}"
    if kind == "npm":
        folder, files = _NPM_TOP, {f"{declared.name.removeprefix('@').replace('/', '-')}-{declared.version}.tgz"}
    elif kind == "crate":
        folder, files = stem, {f"{stem}.crate"}
    else:
        folder, files = stem, {f"{stem}.tar.gz", f"{stem}.zip"}
    wrong = []
    if _plain(folder) != _plain(top):
        wrong.append(("package-folder", f"expected {folder}, found {top or 'no top folder'}"))
    if _plain(name) not in {_plain(file) for file in files}:
        wrong.append(("package-file-name", f"expected {' or '.join(sorted(files))}, found {name}"))
    return wrong


def _plain(text: str) -> str:
    """Names of Python's packages are written with dashes, dots or underscores in either case; one normal form serves all here."""
    return re.sub(r"[-_.]+", "-", text).lower()


def _original(kept: dict[str, bytes | None], declared: Declared) -> list[tuple[str, str]]:
    """Cargo writes Cargo.toml anew and keeps its author's beside it: both name one package."""
    if _ORIGINAL not in kept:
        return [("package-original", f"expected {_ORIGINAL}, found none")]
    try:
        first = parse_cargo_toml(_content(kept[_ORIGINAL]))
    except EvidenceError as error:
        return [("package-original", f"{_ORIGINAL}: expected {error.expected}, found {error.found}")]
    pairs = ((first.name, declared.name), (first.version, declared.version))
    return [
        ("package-original", f"{_ORIGINAL}: expected {expected}, found {found}")
        for found, expected in pairs
        if found and found != expected
    ]


def _go_module(tap: MetadataTap, prefix: str) -> Package:
    top = unescape_path(prefix)
    path = tap.module_prefix + GO_MOD
    file = escape_path(path.removeprefix(top + b"/") if top else path)
    try:
        module, version = split_prefix(tap.module_prefix)
    except EvidenceError as error:
        return Package("go", file, findings=findings_of(file, [_told(error)]))
    wrong = []
    if path in tap.kept:  # old modules have none
        try:
            named = parse_go_mod(_content(tap.kept[path]))
        except EvidenceError as error:
            wrong.append(_told(error))
        else:
            if named != module:
                wrong.append(("package-module", f"expected {module} as the folder says, found {named}"))
    return package_of("go", file, Declared(module, version), wrong)


def _content(data: bytes | None) -> bytes:
    if data is None:
        raise EvidenceError("package-malformed", expected=f"at most {MAX_METADATA_BYTES} bytes", found="more")
    return data


def _told(error: EvidenceError) -> tuple[str, str]:
    return error.code, f"expected {error.expected}, found {error.found}"
