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
    "archive-type-unknown": "This is not an archive of a kind that we read.",
    "attempts-exhausted": "The work was tried several times and its worker died each time. The operator can look at the log and try again.",
    "cancelled": "Somebody cancelled this work. Nothing of it was kept.",
    "disk-failed": "The disk did not confirm a write. Nothing was published; try again when the disk is sound.",
    "already-attested": "This statement was attested before, with another envelope.",
    "envelope-malformed": "This is not a signed envelope.",
    "job-done": "This work ended well; there is nothing to try again.",
    "job-ended": "This work has already ended.",
    "key-format": "This is not a public key of a kind that we know.",
    "key-malformed": "This public key cannot be read.",
    "key-mismatch": "The signature is by another key than the one enrolled.",
    "key-private": "This is a private key. Keep it to yourself; paste its public half.",
    "key-type": "Keys of this kind are not accepted.",
    "key-weak": "This key is too weak to be enrolled.",
    "key-window": "The key was not valid at that time.",
    "lease-lost": "Another worker has taken over this work; what this one did was thrown away.",
    "log-key-missing": "The log's signing key is not there. Run `manage.py init` or give TRANSPARENCY_KEYS.",
    "not-initialised": "This installation has no identity yet. Run `manage.py init --origin NAME`.",
    "namespace-mismatch": "The signature was made for another purpose (its SSH namespace differs).",
    "object-damaged": "A stored object no longer has the digest that names it. Restore it from a backup.",
    "object-missing": "A stored object is not there. Restore it from a backup.",
    "payload-mismatch": "What was signed is not the statement that was handed out.",
    "release-unknown": "There is no such product or release here.",
    "signature-mismatch": "The signature does not fit these bytes and this key.",
    "signed-by-another-key": "Another key signed than the one that the statement names.",
}


def sentence_for(code: str) -> str:
    """One sentence for people; the code itself where we have none."""
    return _SENTENCES.get(code, code.replace("-", " ").capitalize() + ".")
