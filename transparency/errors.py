"""Errors of the portal itself, on the three roots of proofs/errors.py, and one sentence for each code that people meet."""

from __future__ import annotations

from transparency.proofs.errors import EvidenceError, UnavailableError, UnusableInputError

__all__ = [
    "EvidenceError",
    "LeaseLostError",
    "NotAllowedError",
    "UnavailableError",
    "UnusableInputError",
    "sentence_for",
]


class LeaseLostError(UnavailableError):
    """Another worker holds the job now: stop, commit nothing."""

    def __init__(self, job: str, attempt: int) -> None:
        super().__init__(
            "lease-lost", expected=f"attempt {attempt} to hold the job", found="a later attempt", subject=job
        )


class NotAllowedError(EvidenceError):
    """The person may not do this; pages answer 404 where the person may not even know of the object."""


_SENTENCES = {
    "attempts-exhausted": "The work was tried several times and its worker died each time. The operator can look at the log and try again.",
    "cancelled": "Somebody cancelled this work. Nothing of it was kept.",
    "disk-failed": "The disk did not confirm a write. Nothing was published; try again when the disk is sound.",
    "lease-lost": "Another worker has taken over this work; what this one did was thrown away.",
    "log-key-missing": "The log's signing key is not there. Run `manage.py init` or give TRANSPARENCY_KEYS.",
    "not-initialised": "This installation has no identity yet. Run `manage.py init --origin NAME`.",
    "object-damaged": "A stored object no longer has the digest that names it. Restore it from a backup.",
    "object-missing": "A stored object is not there. Restore it from a backup.",
    "release-unknown": "There is no such product or release here.",
}


def sentence_for(code: str) -> str:
    """One sentence for people; the code itself where we have none."""
    return _SENTENCES.get(code, code.replace("-", " ").capitalize() + ".")
