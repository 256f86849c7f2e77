"""Who a name and a password are: by username, else by e-mail address. Always one hash, whatever there is to be found.

allauth's own backend hashes once for an unknown name and twice for a known e-mail address, which a clock can tell apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend
from django.db import DEFAULT_DB_ALIAS

from transparency.models import Organisation, Person
from transparency.prepared import Prepared, columns_of

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class NameOrAddress(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002 - Django's signature
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> Person | None:
        if not username or not password:
            return None
        person = person_called(username)
        if person is None:
            Person().set_password(password)  # as long as a wrong password takes
            return None
        right = person.check_password(password)
        return person if right and self.user_can_authenticate(person) else None

    def get_user(self, user_id: Any) -> Person | None:
        """With the organisation: every page asks for it."""
        for row in _people(int(user_id)):
            person = Person.from_db(DEFAULT_DB_ALIAS, _PERSON, row[: len(_PERSON)])
            if person.organisation_id:
                person.organisation = Organisation.from_db(DEFAULT_DB_ALIAS, _ORGANISATION, row[len(_PERSON) :])
            return person if self.user_can_authenticate(person) else None
        return None


def _of_number(number: int) -> QuerySet[Person, tuple[Any, ...]]:
    theirs = (f"organisation__{name}" for name in _ORGANISATION)
    return Person.objects.filter(pk=number).values_list(*_PERSON, *theirs)


_PERSON, _ORGANISATION = columns_of(Person), columns_of(Organisation)
_people = Prepared(_of_number, int, converted=True)


def person_called(name: str) -> Person | None:
    """By username, else the only one with that e-mail address; an address that two people have names nobody."""
    person = Person.objects.filter(username=name).first()
    if person is not None or "@" not in name:
        return person
    found = list(Person.objects.filter(email__iexact=name)[:2])
    return found[0] if len(found) == 1 else None
