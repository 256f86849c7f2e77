"""What allauth asks us about passkeys and recovery codes: under which name they are made, what is said, how the seed of codes is kept."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

if TYPE_CHECKING:
    from transparency.models import Person

_SEED_BYTES = 40


class PasskeyAdapter(DefaultMFAAdapter):
    """The relying party is the host of the request: a passkey of one address is none at another."""

    error_messages = {  # noqa: RUF012 - allauth's attribute
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That was not accepted: the passkey or code is not one of this account, or it took too long.",
        "cannot_generate_recovery_codes": "Recovery codes stand in for a passkey: make a passkey first.",
    }

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return secrets.token_hex(
                _SEED_BYTES
            )  # TRANSPARENCY_SECRET_KEY was replaced: none of the old codes fits any more

    def generate_authenticator_name(self, user: Person, type: str) -> str:  # noqa: A002, ARG002 - allauth's signature
        return "Passkey"


def _box() -> Fernet:
    """Whoever has a copy of the database alone reads no recovery codes in it."""
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"recovery codes").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(made))
