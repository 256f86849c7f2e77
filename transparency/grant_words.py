"""What rights mean, in words: a line for each, and one sentence that says what a grant allows before it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.permissions import Right, brings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from transparency.models import Grant, Organisation, Person, Product, Release

# In the order in which they let more out.
RIGHT_LINES = {
    Right.KNOW: "Know of it: see that it exists, its releases and what machines found about them; no source",
    Right.READ_SOURCE: "Read its source on pages of this centre",
    Right.REVIEW: "Review it: read the source, write notes and marks, attest in an engagement",
    Right.DOWNLOAD_SOURCE: "Download its source, and read it: what was downloaded cannot be taken back",
    Right.DELIVER: "Deliver it: hand in sources and builds, issue tokens, enrol and revoke its keys; no source",
}
_VERBS = {
    Right.KNOW: "know of {what}",
    Right.READ_SOURCE: "read the source of {what}",
    Right.REVIEW: "read and review the source of {what}",
    Right.DOWNLOAD_SOURCE: "read and download the source of {what}",
    Right.DELIVER: "deliver {what} and change its keys",
}
_SHORT = {
    Right.KNOW: "know of it",
    Right.READ_SOURCE: "read its source",
    Right.REVIEW: "review it",
    Right.DOWNLOAD_SOURCE: "download its source",
    Right.DELIVER: "deliver it",
}


def short_words(rights: Sequence[str]) -> str:
    """Rights in a table's cell.

    >>> short_words(["review", "deliver", "know"])
    'know of it, review it, deliver it'
    """
    return ", ".join(word for right, word in _SHORT.items() if right in rights)


def grant_sentence(
    *,
    organisation: Organisation | None,
    person: Person | None,
    product: Product,
    release: Release | None,
    folder: str,
    rights: Sequence[str],
    valid_from: datetime | None,
    valid_until: datetime | None,
) -> str:
    """Who may do what with which, where and how long."""
    holder = person.display_name if person else f"Everybody of {organisation}, now and later,"
    what = f"{product} {release.version}" if release else f"{product}, of every release there is and will be,"
    held = [Right(right) for right in rights]
    told = [right for right in _VERBS if right in held and not any(brings(other, right) for other in held)]
    verbs = " and ".join(_VERBS[right].format(what=what if number == 0 else "it") for number, right in enumerate(told))
    place = f", only in the folder {folder}/ and below" if folder else ""
    start = f"from {valid_from:%Y-%m-%d} on" if valid_from else "from now on"
    end = f"until the end of {valid_until:%Y-%m-%d} (UTC)" if valid_until else "until somebody ends it"
    return f"{holder} may {verbs}{place}, {start}, {end}.".replace(",,", ",")


def sentence_of(grant: Grant, product: Product) -> str:
    return grant_sentence(
        organisation=grant.organisation,
        person=grant.person,
        product=product,
        release=grant.release,
        folder=grant.folder,
        rights=grant.rights,
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
    )
