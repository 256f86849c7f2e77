"""The commands with which anybody checks a delivery with public tools, real names and digests filled in.

Names come from outside: one that is not plain is replaced by a word in capitals, so that nothing on the page turns into a command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.web.verdict_words import KEPT_COVERS, cover_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from transparency.models import Delivery, SignatureFile, TrustAnchor

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,200}\Z")
ENDINGS = {
    "openpgp": "asc",
    "sshsig": "sig",
    "minisign": "minisig",
    "signify": "signify",
    "cms": "p7s",
    "cosign": "b64",
}
_KEYS = {
    "openpgp": "openpgp",
    "sshsig": "ssh",
    "minisign": "minisign",
    "signify": "signify",
    "cms": "x509",
    "cosign": "pem",
}
_UNPACKERS = {".xz": "xz", ".gz": "gzip", ".tgz": "gzip", ".bz2": "bzip2", ".zst": "zstd"}
_FROM_ITS_ARCHIVE = frozenset({"release-archive", "signed-tag", "upstream"})


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """What is checked, the commands, and what they must say."""

    title: str
    commands: str
    says: str


def own_checks(delivery: Delivery, anchors: Iterable[TrustAnchor]) -> list[OwnCheck]:
    """In the order in which one would do them."""
    name = plain(delivery.archive_name, "ARCHIVE")
    keys = {(anchor.format, anchor.fingerprint): anchor for anchor in anchors}
    checks = [OwnCheck("You have the same file", f"sha256sum {name}", delivery.archive_sha256)]
    checks += _over_cover(delivery, name)
    checks += [found for row in delivery.signatures.all() if (found := _signature(delivery, row, name, keys))]
    return checks + _tree(delivery, name)


def signature_name(delivery: Delivery, row: SignatureFile) -> str:
    """The name under which the page hands a signature file out."""
    return f"{plain(row.over_file or delivery.archive_name, 'archive')}.{row.position}.{ENDINGS.get(row.format, 'bin')}"


def cover_name(delivery: Delivery) -> str:
    return plain(str((delivery.cover or {}).get("name", "")), "LIST")


def plain(name: str, instead: str) -> str:
    """The name when a shell takes it for a name and for nothing else."""
    return name if _PLAIN.match(name) else instead


def _over_cover(delivery: Delivery, name: str) -> list[OwnCheck]:
    form = cover_form(delivery)
    if form == "checksums" and delivery.cover:
        tool = "sha512sum" if "512" in delivery.cover["name"] else "sha256sum"
        command = f"{tool} --ignore-missing --check {cover_name(delivery)}"
        return [OwnCheck("The signed list names it", command, f"{name}: OK")]
    if delivery.git:
        return [_git_names(delivery.git, name)]
    if form == "dsc":
        files = " ".join(plain(item["name"], "FILE") for item in delivery.components) or name
        command = f"sha256sum {files}\nsed -n '/^Checksums-Sha256:/,/^[^ ]/p' {cover_name(delivery)}"
        return [OwnCheck("The signed text names every file", command, "the same digests twice")]
    return []


def _git_names(git: dict[str, str], name: str) -> OwnCheck:
    is_bundle = ".tar" not in name and not name.endswith((".tgz", ".zip"))
    found = git["ref"] if git["ref"] and is_bundle else git["object"]
    # Of a repository in an archive only the objects are taken: whatever else lies in it could have git execute commands.
    unpacked = (
        f"git init --quiet --bare --object-format={git['objectFormat']} repository.git\n"
        f"tar -xf {name} -C repository.git --transform 's,^.*objects/,objects/,' --wildcards '*objects/*'"
    )
    command = (
        f"git clone --quiet --bare {name} repository.git\n" if is_bundle else f"{unpacked}\n"
    ) + f"git -C repository.git rev-parse '{found}' '{found}^{{commit}}' '{found}^{{tree}}'"
    names = "\n".join((git["object"], git["commit"], git["tree"]))
    return OwnCheck(
        "It leads to the same tag, commit and tree" if git["ref"] else "It leads to the same tree", command, names
    )


def _signature(
    delivery: Delivery, row: SignatureFile, name: str, keys: Mapping[tuple[str, str], TrustAnchor]
) -> OwnCheck | None:
    anchor = keys.get((_KEYS.get(row.format, ""), row.key))
    if anchor is None:
        return None
    signed, before = (plain(row.over_file, "FILE"), "") if row.over_file else _signed_file(delivery, name)
    file = signature_name(delivery, row)
    purpose = "git" if delivery.git else "file"
    ed25519 = anchor.format == "pem" and "MCowBQYDK2Vw" in anchor.public
    if delivery.git and row.format == "cms":  # openssl knows the same block by another name
        before, file = f"sed 's/SIGNED MESSAGE/CMS/' {file} > signature.pem\n", "signature.pem"
    certificate, _, whom = anchor.fingerprint.removeprefix("sha256:").partition("#")
    says = {
        "ssh": f'Good "{purpose}" signature for vendor',
        "minisign": "Signature and comment signature verified",
        "signify": "Signature Verified",
        "openpgp": anchor.fingerprint,
        "pem": "Signature Verified Successfully" if ed25519 else "Verified OK",
        "x509": "CMS Verification successful" + (f", and a certificate that names {whom}" if whom else ""),
    }
    commands = {
        "ssh": (
            f"echo 'vendor namespaces=\"{','.join(anchor.namespaces)}\" {anchor.public}' > allowed_signers\n"
            f"ssh-keygen -Y verify -f allowed_signers -I vendor -n {purpose} -s {file} < {signed}"
        ),
        "minisign": f"minisign -V -P {anchor.public} -x {file} -m {signed}",
        "signify": (
            f"echo 'untrusted comment: vendor\n{anchor.public}' > vendor.pub\n"
            f"signify-openbsd -V -p vendor.pub -x {file} -m {signed}"
        ),
        "openpgp": (
            f"sqv --keyring {anchor.fingerprint}.asc {file} {signed}\n"
            f"gpg --import {anchor.fingerprint}.asc && gpg --verify {file} {signed}"
        ),
        "pem": f"base64 -d {file} > raw.sig\n"
        + (
            f"openssl pkeyutl -verify -pubin -inkey {certificate}.pem -rawin -in {signed} -sigfile raw.sig"
            if ed25519
            else f"openssl dgst -sha256 -verify {certificate}.pem -signature raw.sig {signed}"
        ),
        # The purpose is printed with the name: openssl's own default is mail alone.
        "x509": (
            f"openssl cms -verify -binary -inform $(head -c 1 {file} | grep -q - && echo PEM || echo DER) -in {file} \\\n"
            f"  -content {signed} -out /dev/null -CAfile {certificate}.pem -partial_chain -purpose any -signer signer.pem 2>&1\n"
            "openssl x509 -in signer.pem -noout -subject -ext keyUsage,extendedKeyUsage,subjectAltName"
        ),
    }
    if anchor.format not in commands:
        return None
    title = f"Signature {row.position}, with the key that is enrolled here or, better, with the one you got elsewhere"
    return OwnCheck(title, before + commands[anchor.format], says[anchor.format])


def _signed_file(delivery: Delivery, name: str) -> tuple[str, str]:
    """The file that the signatures are over, and the commands that make it."""
    form = cover_form(delivery)
    if form in KEPT_COVERS:
        return cover_name(delivery), ""
    tool = next((tool for ending, tool in _UNPACKERS.items() if name.endswith(ending)), None)
    if form == "decompressed" and tool:
        return "signed.tar", f"{tool} -dc {name} > signed.tar\n"
    return name, ""


def _tree(delivery: Delivery, name: str) -> list[OwnCheck]:
    """Only where the tree is the archive's own: a laid-over or patched one is made of several files."""
    snapshot = delivery.snapshot
    if snapshot is None or delivery.git or delivery.role not in _FROM_ITS_ARCHIVE:
        return []
    checks = [
        OwnCheck(
            "The snapshot is what the archive holds",
            f"transparency manifest {name}",
            f"manifest {snapshot.manifest}",
        )
    ]
    if ".zip" not in name:
        strip = " --strip-components=1" if delivery.prefix else ""
        unpack = f"mkdir tree && tar -xf {name} -C tree{strip} && cd tree"
        if delivery.package and delivery.package["kind"] == "srpm":
            unpack = f"mkdir tree && cd tree && rpm2cpio ../{name} | cpio -id --no-absolute-filenames"
        commands = f"{unpack}\ngit init -q && git -c core.autocrlf=false add --all --force . && git write-tree"
        title = "The same with git alone, unless a .gitattributes in it tells git to change files"
        checks.append(OwnCheck(title, commands, snapshot.git_tree))
    return checks
