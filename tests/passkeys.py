"""A passkey in software, for pages that ask for one: it answers as a browser does, and can be told to answer wrongly."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class SoftPasskey:
    def __init__(self, origin: str = "http://localhost") -> None:
        self.origin = origin
        self.identity = os.urandom(32)
        self.user = b""
        self.verified = VERIFIED
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        asked = options["publicKey"]
        assert asked["authenticatorSelection"]["residentKey"] == "required"
        self.user = base64.urlsafe_b64decode(asked["user"]["id"] + "==")
        public = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        held = bytes(16) + len(self.identity).to_bytes(2, "big") + self.identity + cbor.encode(cose)
        data = self._data(asked["rp"]["id"], ATTESTED) + held
        made = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._said("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": text(said), "attestationObject": text(made)})

    def get(self, options: dict[str, Any], *, challenge: str | None = None) -> str:
        asked = options["publicKey"]
        data = self._data(asked["rpId"], 0)
        said = self._said("webauthn.get", challenge or asked["challenge"])
        signature = self._key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": said, "authenticatorData": data, "signature": signature, "userHandle": self.user}
        return self._answer({name: text(part) for name, part in parts.items()})

    def _data(self, party: str, flags: int) -> bytes:
        return hashlib.sha256(party.encode()).digest() + bytes([flags | PRESENT | self.verified]) + bytes(4)

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, str]) -> str:
        answer = {"id": text(self.identity), "rawId": text(self.identity), "type": "public-key"}
        return json.dumps({**answer, "response": response, "clientExtensionResults": {"credProps": {"rk": True}}})
