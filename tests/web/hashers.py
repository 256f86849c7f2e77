"""A password hash that counts how often it is computed: what each costs is the same, so their number is what a clock would tell."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class CountingPBKDF2(PBKDF2PasswordHasher):
    iterations = 1_000
    computed: ClassVar[list[int]] = []

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        self.computed.append(iterations or self.iterations)
        return super().encode(password, salt, iterations)
