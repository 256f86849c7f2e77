"""A password hash that takes long enough to be measured and not longer."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class ShortPBKDF2(PBKDF2PasswordHasher):
    iterations = 60_000
