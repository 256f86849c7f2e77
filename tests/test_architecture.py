"""The shape of the tree: what import-linter cannot see (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path for app in ("transparency", "reviews") for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
OWN = ("transparency", "reviews")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
# One file by design: people copy it to another machine and read it whole. It brings its own Ed25519, P-256 and RSA, readers
# of six kinds of keys and signatures, of Debian's signed texts and of OpenPGP packets: what sqv is not asked, it must know itself.
LONG_BY_DESIGN = {"transparency/verifier/verify.py": 2_131}
# Models are loaded only when the apps are ready, so this is where things register themselves.
LATE_IMPORTS_ALLOWED = {"transparency/apps.py", "reviews/apps.py"}
BANNED_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py"}
PURE = ("transparency/proofs", "reviews/rules")
BANNED_IN_PURE = {
    "os",
    "pathlib",
    "socket",
    "subprocess",
    "tempfile",
    "shutil",
    "time",
    "random",
    "secrets",
    "urllib",
    "sqlite3",
    "django",
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_import_of_ours_hides_inside_a_function(path: Path) -> None:
    if name_of(path) in LATE_IMPORTS_ALLOWED:
        return
    hidden = [
        module
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        for module in imports_of(node)
        if module.split(".")[0] in OWN
    ]
    assert hidden == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONG_BY_DESIGN.get(name_of(path), MAX_FILE_LINES)
    if name_of(path) in LONG_BY_DESIGN:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno + 1 <= MAX_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", [path for path in SOURCES if name_of(path).startswith(PURE)], ids=name_of)
def test_pure_rooms_touch_nothing_outside(path: Path) -> None:
    touched = {module.split(".")[0] for node in ast.walk(ast.parse(path.read_text())) for module in imports_of(node)}
    assert touched & BANNED_IN_PURE == set()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_modules_say_what_they_are(path: Path) -> None:
    text = path.read_text()
    assert path.name not in BANNED_NAMES
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module docstring is missing"


def test_imports_of_ours_have_no_cycle() -> None:
    graph = {module_of(path): own_imports(path) for path in SOURCES}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module in done:
            return
        for target in sorted(graph.get(module, set())):
            visit(target, (*trail, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def own_imports(path: Path) -> set[str]:
    """Modules of ours that are imported at run time; what stands under TYPE_CHECKING makes no cycle."""
    tree = ast.parse(path.read_text())
    modules = {module_of(source) for source in SOURCES}
    found: set[str] = set()
    for node in runtime_nodes(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OWN:
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                found.add(deeper if deeper in modules else node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in modules}
    return found - {module_of(path)}


def runtime_nodes(tree: ast.AST) -> list[ast.AST]:
    nodes: list[ast.AST] = []
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        nodes.append(child)
        nodes.extend(runtime_nodes(child))
    return nodes


def test_mark_safe_stands_in_one_place() -> None:
    callers = [
        name_of(path) for path in SOURCES if re.search(r"\bmark_safe\b|\bSafeString\(|\|\s*safe\b", path.read_text())
    ]
    assert callers in ([], ["reviews/templatetags/source.py"])
    assert [
        name_of(page)
        for page in (ROOT / "templates").rglob("*.html")
        if re.search(r"\|\s*safe\b|autoescape off", page.read_text())
    ] == []
