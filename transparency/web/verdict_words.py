"""What a delivery proves and what it does not, in sentences; and what can be done about one in quarantine. Nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transparency.models import Delivery
from transparency.reports import admitted_as
from transparency.services import receive_git
from transparency.services.admit_quarantined import ADMISSIBLE_BY_REASON

if TYPE_CHECKING:
    from transparency.models import TrustAnchor

ROLES = {
    "release-archive": "the archive of the release",
    "signed-tag": "a signed tag of the repository",
    "signed-commit": "a signed commit of the repository",
    "upstream": "the archive of the original authors",
    "distribution": "the distribution's source, its patches not applied",
    "patched": "the distribution's source with its patches applied",
}
_PACKAGES = {
    "sdist": "Python source distribution",
    "npm": "npm package",
    "crate": "Rust crate",
    "go": "Go module",
    "srpm": "source RPM",
}
# What was signed in the archive's stead and is kept.
KEPT_COVERS = frozenset({"checksums", "dsc", "git-tag", "git-commit"})
_SIGNED = {
    "": "Whoever holds the enrolled key signed exactly these bytes.",
    "checksums": "Whoever holds the enrolled key signed a list that names this archive with exactly this digest.",
    "dsc": "Whoever holds the enrolled key signed a text that names every file of this source with exactly its digest.",
    "git-tag": "Whoever holds the enrolled key signed a tag that names one commit, and that commit names exactly this tree.",
    "git-commit": "Whoever holds the enrolled key signed a commit that names exactly this tree.",
    "decompressed": "Whoever holds the enrolled key signed exactly the tar that comes out of this archive.",
}
_BY_NAME = (
    "The commits before it: it names them, and does not vouch for who wrote them. In a SHA-1 repository all of this rests on SHA-1, "
    "of which the attacks that are known are refused."
)
_NOT_COVERED = {
    "checksums": "That the list's other files were seen here: only this archive was compared with it.",
    "dsc": "That the distribution's own build uses this source: its builds are another link.",
    "git-tag": _BY_NAME,
    "git-commit": _BY_NAME,
    "decompressed": "That the compressed file is the one that was published: the signature covers what is inside it.",
}
_DOUBTED = {
    "expired": (
        "A signature by an enrolled key fits what was signed. When it was made, only the signer's clock says.",
        "That it was made while the key was in use: after its end, anybody who found the key could have signed.",
    ),
    "weak": (
        "A signature by an enrolled key fits what was signed.",
        "That nobody else made it: signatures of this kind can be forged today.",
    ),
    "revoked": (
        "A signature names a key that its owner has taken back.",
        "Who made it: whoever found or stole the key could sign as well.",
    ),
}
_NOTHING = "Nothing about its origin: no enrolled key vouches for these bytes."
_TREES = {
    "distribution": "The tree is the original archive with the distribution's own folder laid over it. Its patches are in it, not applied.",
    "patched": "The tree is what the distribution's patches make of that source. The patches are signed; applying them was done here.",
}
_FROM_ARCHIVE = "The snapshot was read from this archive, every file by its digest."
_FROM_GIT = "The snapshot was read from that commit's tree, every object by its name and every file by its digest."
_ALWAYS_NOT = (
    "Who holds the key. That it is the vendor's is this centre's word; your own trust file replaces it.",
    "That the source is good, or that anybody read it. This does not show that no back door exists.",
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """Two short lists."""

    proves: tuple[str, ...]
    not_proved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WayOut:
    """Why a delivery lies in quarantine and what can be done. `by_reason`: an operator's reason can admit it as what it is."""

    why: str
    steps: tuple[str, ...]
    by_reason: bool = False
    check_again: bool = False
    enrol: bool = False


def package_kind(row: Delivery) -> str:
    """What the archive is a package of, in words; empty for a plain archive."""
    return _PACKAGES.get(row.package["kind"], row.package["kind"]) if row.package else ""


def meaning_of(delivery: Delivery, *, logged: bool) -> Meaning:
    """Depends on the outcome, on what was signed and on the role."""
    form = cover_form(delivery)
    proves, not_proved = [], []
    if delivery.verdict == "valid":
        proves.append(_SIGNED.get(form, _SIGNED[""]))
        not_proved += [_NOT_COVERED[form]] if form in _NOT_COVERED else []
    elif delivery.verdict in _DOUBTED:
        held, doubt = _DOUBTED[delivery.verdict]
        proves.append(held)
        not_proved.append(doubt)
    else:
        proves.append(_NOTHING)
    if delivery.snapshot_id:
        proves.append(_FROM_GIT if delivery.git else _TREES.get(delivery.role, _FROM_ARCHIVE))
    if delivery.derived_from_id and delivery.role not in _TREES:
        not_proved.append("That the source it was derived from was signed: look at that delivery.")
    if logged:
        proves.append("The log has held this since then: changing the record afterwards would be noticed.")
    if delivery.state == Delivery.State.WITHDRAWN:
        not_proved.append("That it still stands for this release: it was withdrawn.")
    return Meaning(tuple(proves), (*not_proved, *_ALWAYS_NOT))


def cover_form(delivery: Delivery) -> str:
    """`checksums`, `dsc`, `decompressed`, `git-tag`, `git-commit`, or empty when the archive itself was signed."""
    if delivery.cover:
        return str(delivery.cover["form"])
    return "decompressed" if delivery.signature_over == Delivery.Over.DECOMPRESSED else ""


def way_out(delivery: Delivery) -> WayOut:
    """For a delivery in quarantine."""
    if delivery.refused and delivery.job.kind == receive_git.KIND:
        return WayOut(
            "What was refused in it no signature and no reason can lift. It is named below.",
            ("Correct the repository, sign a tag of another name, and hand it in as another delivery.",),
        )
    return way_out_of(delivery.verdict, refused=bool(delivery.refused))


def way_out_of(verdict: str, *, refused: bool) -> WayOut:
    """For a delivery in quarantine with this verdict; `refused`: whether members of it are."""
    if refused:
        return WayOut(
            "Members of it break rules that no signature and no reason can lift. They are named below.",
            ("Make the archive anew without them, sign it, and hand it in as another delivery.",),
        )
    if verdict in ADMISSIBLE_BY_REASON:
        return WayOut(
            "Its signature is expired." if verdict == "expired" else "Its signature is too weak to count.",
            (
                "Sign the archive anew with a key in use and hand it in again; or",
                f"the operator admits it as exactly that, {verdict}, for a stated reason that is logged.",
            ),
            by_reason=True,
            check_again=True,
        )
    return _WAYS.get(verdict, _WAYS["invalid"])


_ANEW = "Sign the archive with an enrolled key and hand both in again."
_WAYS = {
    "unsigned": WayOut("No signature came with it.", (_ANEW,)),
    "unknown-key": WayOut(
        "It is signed, but by no key that is enrolled for this product.",
        ("If the key is the vendor's, enrol it and check again; compare its fingerprint with the vendor first.", _ANEW),
        check_again=True,
        enrol=True,
    ),
    "revoked": WayOut(
        "The key was taken back as compromised, or without a reason. Nothing that it signed can be admitted.",
        ("Sign the archive with a key in use and hand both in again.",),
    ),
    "invalid": WayOut(
        "A signature by an enrolled key does not fit what was handed in, or cannot be read.",
        ("Hand in archive and signature exactly as they were published; or sign the archive anew.",),
    ),
    "unavailable": WayOut(
        "The signature could not be decided when it came: that is neither a yes nor a no.",
        ("Check it again. If that does not help, the log of the work says what was missing.",),
        check_again=True,
    ),
    "valid": WayOut("Its signature holds, but it was not read to its end.", ("Check it again.",), check_again=True),
}


def standing(delivery: Delivery) -> str:
    """One sentence on where it stands."""
    if delivery.state == Delivery.State.QUARANTINED:
        return "In quarantine: seen by its sender, its vendor and the operator only."
    if delivery.state == Delivery.State.WITHDRAWN:
        return "Withdrawn. Its page stays, its record stays in the log."
    if outcome := admitted_as(delivery):
        return f"Admitted as {outcome}, by the operator's decision."
    return "Admitted."


def anchor_standing(anchor: TrustAnchor) -> str:
    """What an enrolled key counts for, in a word of its own."""
    if not anchor.revoked_at:
        return "in use"
    return {"compromised": "revoked as compromised", "superseded": "replaced", "retired": "no longer used"}[
        anchor.revocation
    ]
