"""Which files are shown in colour, and as what: an allow-list by file name and extension, never a guess.

A language is a Pygments alias. Lexers are third-party code that runs over hostile text, so this list is short and each
lexer on it is tried with hostile text in the tests; every other file is shown plain.

>>> language_of("src/main.RS"), language_of("a/CMakeLists.txt"), language_of("x.unknown"), language_of("Makefile")
('rust', 'cmake', None, 'make')
"""

from __future__ import annotations

_BY_EXTENSION = {
    "asm": "nasm",
    "awk": "awk",
    "bash": "bash",
    "bat": "bat",
    "c": "c",
    "cc": "cpp",
    "cfg": "ini",
    "cl": "common-lisp",
    "cmake": "cmake",
    "conf": "ini",
    "cpp": "cpp",
    "cs": "csharp",
    "css": "css",
    "cxx": "cpp",
    "d": "d",
    "dart": "dart",
    "diff": "diff",
    "dts": "devicetree",
    "dtsi": "devicetree",
    "el": "emacs-lisp",
    "erl": "erlang",
    "ex": "elixir",
    "exs": "elixir",
    "go": "go",
    "gradle": "groovy",
    "groovy": "groovy",
    "h": "c",
    "hh": "cpp",
    "hpp": "cpp",
    "hs": "haskell",
    "hxx": "cpp",
    "ini": "ini",
    "java": "java",
    "js": "javascript",
    "json": "json",
    "kt": "kotlin",
    "kts": "kotlin",
    "lua": "lua",
    "mjs": "javascript",
    "mk": "make",
    "ml": "ocaml",
    "mli": "ocaml",
    "nix": "nix",
    "patch": "diff",
    "php": "php",
    "pl": "perl",
    "pm": "perl",
    "po": "po",
    "properties": "properties",
    "proto": "protobuf",
    "ps1": "powershell",
    "py": "python",
    "pyi": "python",
    "r": "splus",
    "rb": "ruby",
    "rs": "rust",
    "s": "gas",
    "scala": "scala",
    "scm": "scheme",
    "sh": "bash",
    "sql": "sql",
    "swift": "swift",
    "tcl": "tcl",
    "tf": "terraform",
    "toml": "toml",
    "ts": "typescript",
    "v": "verilog",
    "vhd": "vhdl",
    "xml": "xml",
    "html": "html",
    "htm": "html",
    "svg": "xml",
    "yaml": "yaml",
    "yml": "yaml",
    "zig": "zig",
    "zsh": "bash",
}
_BY_NAME = {
    "cmakelists.txt": "cmake",
    "configure": "bash",
    "dockerfile": "docker",
    "gnumakefile": "make",
    "kbuild": "make",
    "makefile": "make",
    "meson.build": "meson",
    "rakefile": "ruby",
    "gemfile": "ruby",
}
LANGUAGES: frozenset[str] = frozenset({*_BY_EXTENSION.values(), *_BY_NAME.values()})


def language_of(path: str) -> str | None:
    """Return the language that a file at `path` (escaped or not) is shown as, or None for plain text."""
    name = path.rpartition("/")[2].lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    stem, dot, extension = name.rpartition(".")
    return _BY_EXTENSION.get(extension) if dot and stem else None
