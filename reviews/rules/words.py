r"""What people type, before it is kept or signed: bounded, storable text with LF line ends.

>>> check_words("  line one\r\nline two  ", limit=100, where="note")
'line one\nline two'
>>> check_words(" ", limit=100, where="note")
Traceback (most recent call last):
    ...
transparency.proofs.errors.EvidenceError: text-missing: note: expected some text
"""

from __future__ import annotations

from transparency.proofs.errors import EvidenceError


def check_words(text: str, *, limit: int, where: str, optional: bool = False) -> str:
    """Return the text without outer white space; raise `text-missing`, `text-too-long` or `text-unstorable`."""
    words = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not words and not optional:
        raise EvidenceError("text-missing", expected="some text", subject=where)
    if len(words) > limit:
        raise EvidenceError(
            "text-too-long", expected=f"at most {limit} characters", found=str(len(words)), subject=where
        )
    try:
        words.encode()
    except UnicodeEncodeError as error:
        raise EvidenceError(
            "text-unstorable", expected="Unicode text", found="a lone surrogate", subject=where
        ) from error
    if "\0" in words:
        raise EvidenceError("text-unstorable", expected="text without NUL", found="NUL", subject=where)
    return words
