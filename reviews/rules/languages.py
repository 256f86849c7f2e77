"""Which lexer colours which language of the file table (transparency/proofs/languages.py): an allow-list, no guesses.

Lexers are third-party code that runs over hostile text: each one here is tried with hostile text in the tests. Left out
on purpose: Markdown and reStructuredText, whose lexers start any other lexer that the text names. What is not here is
shown plain.

>>> lexer_name("rust"), lexer_name("asm"), lexer_name("markdown"), lexer_name("")
('rust', 'gas', None, None)
"""

from __future__ import annotations

_OTHER_NAMES = {"asm": "gas", "batch": "bat", "r": "splus"}
_SAME_NAMES = (
    "awk bash c cmake cpp csharp css d dart devicetree diff docker elixir erlang fortran fsharp go groovy haskell html "
    "ini java javascript json kotlin lua make nix objective-c ocaml perl php po powershell protobuf python ruby rust "
    "scala sql swift systemverilog tcl toml typescript verilog vhdl xml yaml zig"
)
_LEXERS = {name: name for name in _SAME_NAMES.split()} | _OTHER_NAMES
LANGUAGES = frozenset(_LEXERS)
ALIASES = tuple(sorted(_LEXERS.values()))


def lexer_name(language: str) -> str | None:
    """Return the Pygments alias for a language of the file table, or None: shown plain."""
    return _LEXERS.get(language)
