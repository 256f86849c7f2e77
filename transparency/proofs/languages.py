"""Language of a file by its name alone, in Pygments' short names; content is never guessed at.

>>> language_of(b"src/main.c"), language_of(b"Makefile"), language_of(b"x.unknown")
('c', 'make', '')
"""

from __future__ import annotations

_BY_EXTENSION = {
    extension: language
    for language, extensions in {
        "asm": "s asm nasm",
        "awk": "awk",
        "bash": "sh bash ksh",
        "batch": "bat cmd",
        "c": "c h",
        "cmake": "cmake",
        "cpp": "cc cpp cxx hh hpp hxx inl",
        "csharp": "cs",
        "css": "css",
        "d": "d",
        "dart": "dart",
        "devicetree": "dts dtsi",
        "diff": "diff patch",
        "elixir": "ex exs",
        "erlang": "erl hrl",
        "fortran": "f90 f95 f",
        "fsharp": "fs fsi",
        "go": "go",
        "groovy": "groovy gradle",
        "haskell": "hs",
        "html": "html htm xhtml",
        "ini": "ini cfg conf",
        "java": "java",
        "javascript": "js mjs cjs jsx",
        "json": "json",
        "kotlin": "kt kts",
        "lua": "lua",
        "make": "mk mak",
        "markdown": "md markdown",
        "nix": "nix",
        "objective-c": "m mm",
        "ocaml": "ml mli",
        "pascal": "pas pp",
        "perl": "pl pm",
        "php": "php",
        "po": "po pot",
        "powershell": "ps1 psm1",
        "protobuf": "proto",
        "python": "py pyi pyw",
        "r": "r",
        "restructuredtext": "rst",
        "ruby": "rb",
        "rust": "rs",
        "scala": "scala",
        "sql": "sql",
        "swift": "swift",
        "systemverilog": "sv svh",
        "tcl": "tcl",
        "tex": "tex",
        "toml": "toml",
        "typescript": "ts tsx",
        "verilog": "v",
        "vhdl": "vhd vhdl",
        "xml": "xml xsd xsl svg",
        "yaml": "yaml yml",
        "zig": "zig",
    }.items()
    for extension in extensions.split()
}
_BY_NAME = {
    "makefile": "make",
    "gnumakefile": "make",
    "kbuild": "make",
    "cmakelists.txt": "cmake",
    "dockerfile": "docker",
    "configure.ac": "m4",
    "configure": "bash",
}


def language_of(path: bytes) -> str:
    """The language's short name, or "" where the name says nothing."""
    name = path.rpartition(b"/")[2].decode("ascii", "replace").lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    stem, dot, extension = name.rpartition(".")
    return _BY_EXTENSION.get(extension, "") if stem and dot else ""
