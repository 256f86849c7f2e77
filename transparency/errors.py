"""Errors of the portal itself, on the three roots of proofs/errors.py, and one sentence for each code that people meet."""

from __future__ import annotations

from transparency.proofs.errors import EvidenceError, UnavailableError, UnusableInputError

__all__ = [
    "EvidenceError",
    "LeaseLostError",
    "NotAllowedError",
    "UnavailableError",
    "UnusableInputError",
    "database_weather",
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


# What SQLite and PostgreSQL say of the disk that they lie on.
_DATABASE_WORDS = (
    ("disk is full", "disk-full"),
    ("No space left on device", "disk-full"),
    ("disk I/O error", "disk-failed"),
    ("Input/output error", "disk-failed"),
)
_SENTENCES = {
    "email-malformed": "This is not an e-mail address.",
    "answer-malformed": "The contained process gave no sound answer. Nothing was decided by it.",
    "catalogue-package": "This is no package that is read: a .deb, or a source archive called NAME-VERSION.tar.gz, .bz2 or .xz.",
    "catalogue-size": "This package holds far more than the packages of build tools do.",
    "deb-malformed": "This .deb is damaged.",
    "fields-malformed": "The contained process gave no sound answer. Nothing was decided by it.",
    "comparison-folder": "There is no such folder with files in it to compare.",
    "comparison-malformed": "A stored comparison cannot be read. Restore it from a backup.",
    "comparison-many": "Too many comparisons of yours are under way or were asked for within the hour. Wait for them.",
    "lines-none": "A file without lines has none to compare. Its digests say whether it is the same.",
    "comparison-outdated": "The rules for comparing have changed since this was asked for. Ask for the comparison again.",
    "snapshot-ambiguous": "Several sources here have this name. Give the product, the version and the role.",
    "snapshot-unknown": "There is no such admitted source here.",
    "folder-malformed": "This is not a folder as trees here can have them.",
    "folder-right": "Only reading and downloading can be limited to a folder.",
    "grant-ended": "This right has ended already.",
    "grant-foreign": "Rights on a product are given by its vendor. The operator gives them only where the source is open.",
    "grant-nothing": "Choose at least one right.",
    "grant-own": "Nobody gives rights to their own organisation.",
    "grant-window": "The last day lies before the first, or in the past.",
    "invitation-name": "An invitation needs the name of whom it is for.",
    "invitation-unknown": "This link is not good any more, or never was.",
    "invitation-used": "Somebody came in by this invitation already. Close the account instead.",
    "last-operator": "This is the last active person of the operator. Nobody could open the account again.",
    "not-the-operator": "Only people of the operator do this.",
    "own-account": "Nobody closes their own account. Another person of the operator does it.",
    "password-refused": "This password is not taken.",
    "product-foreign": "Products are entered by their vendor and by the operator.",
    "product-prefix": "Slugs of your products begin with your organisation's.",
    "product-taken": "This slug is taken.",
    "right-not-theirs": "Only an authority reviews.",
    "right-unknown": "There is no such right that could be given.",
    "slug-taken": "An organisation with this slug exists already.",
    "username-malformed": "A sign-in name has 2 to 63 of a-z, 0-9, dot, underscore and hyphen, and begins with a letter or digit.",
    "username-taken": "Somebody has this sign-in name already. Choose another one.",
    "archive-type-unknown": "This is not an archive of a kind that we read.",
    "attempts-exhausted": "The work was tried several times and its worker died each time. The operator can look at the log and try again.",
    "backup-damaged": "A file of the backup is not what the backup says it is. Nothing of it was restored.",
    "backup-embedded-only": "This is for SQLite and a folder of objects. In production: stop the sweep, run pg_dump, then copy objects/, "
    "log/ and keys/ of the data folder (or rely on the versions of the bucket).",
    "backup-exists": "There is something in that folder. Give an empty or a new one.",
    "backup-inside": "A backup in the data folder would be lost with it. Give a folder on another disk.",
    "backup-unknown": "This folder is no finished backup of this version.",
    "backup-unlisted": "The backup holds a file that its list does not name. Nothing of it was restored.",
    "cancelled": "Somebody cancelled this work. Nothing of it was kept.",
    "check-outdated": "The files of this check are no longer here. Hand them in again.",
    "chunk-digest": "A piece of the file was damaged on its way. Send it again.",
    "chunk-size": "A piece of the file has not the size that was announced, or is larger than is taken at once.",
    "cover-and-decompressed": "The signatures are over a checksum list, or over the decompressed tar, not over both.",
    "database-failed": "The database did not answer as it should. Nothing of this was kept; try again.",
    "disk-failed": "The disk did not confirm a write. Nothing was published; try again when the disk is sound.",
    "already-attested": "This statement was attested before, with another envelope.",
    "disk-full": "There is no room for this on the disk of the centre. The operator has to make some.",
    "dsc-file-differs": "A file is not the one that the .dsc names.",
    "dsc-file-missing": "The .dsc names files that are not here.",
    "dsc-file-other": "The .dsc does not name this file.",
    "dsc-malformed": "This is not a signed Debian source description that we can read.",
    "dsc-name": "A Debian source is described by a file whose name ends with .dsc.",
    "dsc-options": "A .dsc carries its own signature, and says itself what it is.",
    "duplicate-file": "Two files have the same name.",
    "engagement-closed": "This engagement has not begun yet, or is over: nothing is marked or stated under it.",
    "envelope-malformed": "This is not a signed envelope.",
    "files-many": "These are more files than a source has.",
    "git-folder-missing": "There is no git repository in this folder.",
    "git-folder-unreadable": "This repository cannot be read from here.",
    "git-object-kind": "This name leads to something else than was asked for.",
    "git-object-name": "This is not the whole name of a commit of this repository.",
    "git-options": "A tag or commit carries its own signature, and says itself what it is.",
    "git-ref-missing": "There is no such tag in this repository.",
    "git-ref-name": "This is no name of a tag.",
    "git-wanted": "Say which tag, or which commit, is to be imported: one of the two.",
    "home-not-empty": "A backup is restored into an empty data folder only: set TRANSPARENCY_HOME to a new one.",
    "job-done": "This work ended well; there is nothing to try again.",
    "job-ended": "This work has already ended.",
    "key-format": "This is not a public key of a kind that we know.",
    "key-malformed": "This public key cannot be read.",
    "key-mismatch": "The signature is by another key than the one enrolled.",
    "key-not-yours": "This key is somebody else's.",
    "key-not-in-use": "This key is not in use any more.",
    "key-of-another": "This key is not one product's. For all products of a vendor, keyrings bring keys and the operator revokes them.",
    "key-private": "This is a private key. Keep it to yourself; paste its public half.",
    "key-same": "This is the key that is to be replaced. A newer version of it is enrolled like a new key.",
    "key-unknown": "There is no such key here. Give the whole fingerprint, as pages show it.",
    "key-type": "Keys of this kind are not accepted.",
    "key-weak": "This key is too weak to be enrolled.",
    "key-window": "The key was not valid at that time.",
    "lease-lost": "Another worker has taken over this work; what this one did was thrown away.",
    "log-behind": "More of this log was published than is here. Going on from here would fork it.",
    "log-forked": "What was published is not what this log holds. Do not go on with it.",
    "log-key-missing": "The log's signing key is not there. Run `manage.py init` or give TRANSPARENCY_KEYS.",
    "minisign-malformed": "This is not a minisign signature.",
    "name-malformed": "This name cannot be used.",
    "certificate-malformed": "This certificate cannot be read.",
    "certificate-not-yet": "A certificate of the chain is not valid yet.",
    "chain-authority": "A certificate of the chain was issued by one that is no authority.",
    "chain-extension": "A certificate of the chain has a critical condition that is not known here.",
    "chain-length": "There are more authorities in the chain than one of them permits.",
    "chain-names": "A certificate of the chain names somebody whom the authority above it may not vouch for.",
    "chain-purpose": "A certificate of the chain is not for signing code, mail or documents.",
    "chain-usage": "A key of the chain was used for what its certificate does not permit.",
    "cms-algorithm": "The signature is made by algorithms that do not belong together, or are not known here.",
    "cms-attached": "The signature has a content of its own inside; a detached one is needed.",
    "cms-attributes": "What the signature states beside the content is missing, doubled, or about something else.",
    "cms-content": "The signature is over other bytes.",
    "cms-malformed": "This is not a CMS signature that we can read.",
    "cms-signers": "A CMS signature has exactly one signer here.",
    "cosign-malformed": "This is not a signature as cosign writes it.",
    "confirmation-missing": "That more people read a thread has to be confirmed.",
    "not-a-member": "You are not one of the auditors of this engagement, or your right to review there has ended.",
    "not-a-participant": "Only the auditors of the engagement, and the vendor where it may read, take part in this thread.",
    "not-the-author": "Only whoever wrote it may change that.",
    "public-restricted": "Nothing of a restricted product is public.",
    "thread-changed": "The thread has changed since it was shown to you. Look at it again before you confirm.",
    "not-admissible": "Only what is expired or weak, and has no refused member, is admitted by a reason.",
    "not-admitted": "Only an admitted delivery can be withdrawn.",
    "not-in-quarantine": "It is not in quarantine any more.",
    "not-initialised": "This installation has no identity yet. Run `manage.py init --origin NAME`.",
    "namespace-mismatch": "The signature was made for another purpose (its SSH namespace differs).",
    "not-checked": "Only what was checked, and whose check has ended, can be delivered from here.",
    "object-damaged": "A stored object no longer has the digest that names it. Restore it from a backup.",
    "object-missing": "A stored object is not there. Restore it from a backup.",
    "object-too-large": "This file is larger than is taken here.",
    "openpgp-malformed": "This is not an OpenPGP signature that we can read.",
    "openpgp-not-detached": "This is not a detached signature.",
    "payload-mismatch": "What was signed is not the statement that was handed out.",
    "person-unknown": "Nobody signs in here by this name.",
    "reason-missing": "A reason is needed here; it is kept and shown.",
    "release-unknown": "There is no such product or release here.",
    "right-ended": "Its owner may no longer deliver this product.",
    "role-unknown": "This is no role that a delivery can have.",
    "sbom-format": "This is not a bill of materials of a format that we read: SPDX 2.3, SPDX 3.0 or CycloneDX 1.6, as JSON.",
    "sbom-limit": "This bill of materials declares more than can be told.",
    "sbom-malformed": "This bill of materials is not as its format has it, so nothing of it was compared.",
    "sbom-no-source": "There is no admitted source of this release that a bill of materials could be compared with.",
    "json-duplicate-key": "A key stands twice in this document, and programs differ in which of the two they believe.",
    "json-malformed": "This is not JSON that we read.",
    "json-too-deep": "This document is nested deeper than any real one.",
    "json-too-large": "This document is larger than is taken here.",
    "scope-missing": "This token was not issued for that.",
    "session-ended": "You are no longer signed in.",
    "signature-malformed": "This is not a signature by such a key.",
    "signature-mismatch": "The signature does not fit these bytes and this key.",
    "signatures-many": "There are more signature files than are looked at.",
    "signed-by-another-key": "Another key signed than the one that the statement names.",
    "sshsig-malformed": "This is not an SSH signature.",
    "statement-abandoned": "This statement was abandoned. Take it up again before you hand anything in for it.",
    "terms-differ": "These are not the terms of this engagement.",
    "terms-missing": "This engagement has no terms to accept.",
    "terms-not-accepted": "First accept the engagement's terms, on its page.",
    "token-attempts": "Too many wrong tokens came from this address. Wait a minute.",
    "token-days": "A token is valid for at most a year.",
    "token-expired": "This token has expired. Issue a new one.",
    "token-name": "A token needs a name by which you know it again.",
    "token-revoked": "This token was revoked.",
    "token-scopes": "A token has to be good for something.",
    "token-unknown": "This is not a token of this centre.",
    "file-too-large": "This file is larger than is shown or compared here.",
    "warm-failed": "The contained process could not do this.",
    "warm-limit": "This is too much work for one page. What is said of it rests on digests alone.",
    "warm-unavailable": "All contained processes are at work, or none could be started. Try again.",
    "vendor-unknown": "There is no such vendor here.",
    "upload-busy": "Another piece of this file is being written at this moment. Try again.",
    "upload-damaged": "Part of what was sent is no longer on the disk. Discard this upload and send the file again.",
    "upload-empty": "The file is empty.",
    "upload-exists": "Another upload has this id already.",
    "upload-foreign": "This upload is somebody else's, or for another product.",
    "upload-mismatch": "What arrived is not the file that was announced. Discard this upload and send the file again.",
    "upload-offset": "The upload goes on at another place than this piece begins.",
    "upload-quota": "Too much is on its way or waits to be delivered. Finish, deliver or discard some of it first.",
    "upload-too-long": "More bytes came than the file was said to have.",
    "upload-unfinished": "The file has not arrived whole yet.",
    "upload-unknown": "There is no such upload. It may have been discarded, or forgotten after a week.",
}


def database_weather(error: Exception) -> UnavailableError:
    """What a database's `OperationalError` means: `disk-full`, `disk-failed`, else `database-failed`. All of it is weather.

    >>> database_weather(ValueError("database or disk is full")).code
    'disk-full'
    """
    said = str(error)[:200]
    for words, code in _DATABASE_WORDS:
        if words in said:
            return UnavailableError(code, expected="a database that writes", found=said)
    return UnavailableError("database-failed", expected="a database that answers", found=said)


def sentence_for(code: str) -> str:
    """One sentence for people; the code itself where we have none."""
    return _SENTENCES.get(code, code.replace("-", " ").capitalize() + ".")
