"""The three roots of error.

`EvidenceError`: what was handed to us is wrong, forged or refused; trying again changes nothing.
`UnavailableError`: weather (a tool, a disk, a peer); trying again may help, and nothing was decided.
Anything else is our own bug and is never caught.

Every error carries a stable `code` (kebab-case, documented, never reworded), what was `expected` and what was `found`, and
where it helps the `subject` (a member, a field, a file name), each as text that may come from hostile input: escape before printing.

>>> str(EvidenceError("size-mismatch", expected="3 bytes", found="4 bytes", subject="a.txt"))
'size-mismatch: a.txt: expected 3 bytes, found 4 bytes'
"""

from __future__ import annotations


class _CodedError(Exception):
    def __init__(self, code: str, *, expected: str = "", found: str = "", subject: str = "") -> None:
        super().__init__(code, expected, found, subject)
        self.code = code
        self.expected = expected
        self.found = found
        self.subject = subject

    def __str__(self) -> str:
        parts = [self.code]
        if self.subject:
            parts.append(self.subject)
        differences = [
            f"expected {self.expected}" if self.expected else "",
            f"found {self.found}" if self.found else "",
        ]
        if any(differences):
            parts.append(", ".join(part for part in differences if part))
        return ": ".join(parts)


class EvidenceError(_CodedError):
    """They lied, broke it, or it is refused by rule."""


class UnusableInputError(EvidenceError):
    """Not even a candidate: no such file, unknown type, bad option. Exit code 2 of the commands."""


class UnavailableError(_CodedError):
    """Weather: could not be decided now; retry."""
