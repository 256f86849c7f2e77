"""Give an organisation another name on pages. Its slug, which records and the log carry, stays; and so does what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import UnusableInputError
from transparency.permissions import require_operator

if TYPE_CHECKING:
    from transparency.models import Organisation, Person

MAX_NAME_CHARACTERS = 200


def rename_organisation(*, organisation: Organisation, name: str, by: Person) -> Organisation:
    """Return the organisation (`not-the-operator`, `name-malformed`)."""
    require_operator(by)
    said = name.strip()
    if not 0 < len(said) <= MAX_NAME_CHARACTERS:
        raise UnusableInputError(
            "name-malformed", expected=f"1 to {MAX_NAME_CHARACTERS} characters", found=f"{len(said)}"
        )
    organisation.name = said
    organisation.save(update_fields=["name"])
    return organisation
