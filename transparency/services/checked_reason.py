"""A reason that somebody states for what they do: it is kept and shown, so it says something and has an end."""

from __future__ import annotations

from transparency.errors import UnusableInputError

MAX_REASON_CHARACTERS = 2000


def checked_reason(reason: str) -> str:
    """Return the reason without space around it (`reason-missing`)."""
    said = reason.strip()
    if not 0 < len(said) <= MAX_REASON_CHARACTERS:
        raise UnusableInputError(
            "reason-missing", expected=f"a reason of 1 to {MAX_REASON_CHARACTERS} characters", found=str(len(said))
        )
    return said
