"""Give an organisation another name on pages. Its slug, which records and the log carry, stays; and so does what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.errors import NotAllowedError, UnusableInputError
from transparency.permissions import Right, may

if TYPE_CHECKING:
    from transparency.models import Organisation, Person

MAX_NAME_CHARACTERS = 200


def rename_organisation(*, organisation: Organisation, name: str, by: Person) -> Organisation:
    """Return the organisation (`not-the-operator`, `name-malformed`)."""
    if not may(by, Right.OPERATE, None):
        raise NotAllowedError("not-the-operator", expected="a person of the operator", found="another one")
    said = name.strip()
    if not 0 < len(said) <= MAX_NAME_CHARACTERS:
        raise UnusableInputError(
            "name-malformed", expected=f"1 to {MAX_NAME_CHARACTERS} characters", found=f"{len(said)}"
        )
    organisation.name = said
    organisation.save(update_fields=["name"])
    return organisation
