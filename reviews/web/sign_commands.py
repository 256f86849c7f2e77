"""The commands with which a statement is compared and signed outside, with its real file names, for the kind of key that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from transparency.proofs.attest.dsse import pae
from transparency.proofs.digest import Digest
from transparency.proofs.signatures.pem import parse_pem_key

if TYPE_CHECKING:
    from reviews.models import Statement

_KEY_FILES = {"ssh": "~/.ssh/id_ed25519", "minisign": "~/.minisign/minisign.key", "pem": "key.pem"}
_TOOLS = {"ssh": "ssh-keygen", "minisign": "minisign", "pem": "openssl", "openpgp": "gpg"}


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that is handed out: name, size, digest."""

    name: str
    size: int
    sha256: str

    @property
    def compare(self) -> str:
        return f"echo '{self.sha256}  {self.name}' | sha256sum --check"


@dataclass(frozen=True, slots=True)
class SignCommands:
    """`ours`: with the client, empty where it does not sign with such a key; `public`: with the key's own tool, which writes `writes`."""

    statement: Handed
    signed_bytes: Handed
    ours: str
    envelope: str
    tool: str
    public: str
    writes: str


def sign_commands(statement: Statement, namespace: str) -> SignCommands:
    """For the key that the statement names; where that key lies is the auditor's business, so a usual place stands for it."""
    payload, base = bytes(statement.payload), f"statement-{statement.pk}"
    kind, key = statement.anchor.format, _KEY_FILES.get(statement.anchor.format, "")
    public, ending = _public(statement, f"{base}.pae", key, namespace)
    return SignCommands(
        statement=_handed(f"{base}.json", payload),
        signed_bytes=_handed(f"{base}.pae", pae(payload)),
        ours=f"transparency sign {base}.json --key {key}" if key else "",
        envelope=f"{base}.dsse.json",
        tool=_TOOLS.get(kind, ""),
        public=public,
        writes=f"{base}.pae.{ending}",
    )


def _public(statement: Statement, message: str, key: str, namespace: str) -> tuple[str, str]:
    """The command and the ending of the file that it writes."""
    anchor = statement.anchor
    if anchor.format == "ssh":
        return f"ssh-keygen -Y sign -n '{namespace}' -f {key} {message}", "sig"
    if anchor.format == "minisign":
        return f"minisign -S -s {key} -m {message}", "minisig"
    if anchor.format == "openpgp":
        return f"gpg --local-user {anchor.fingerprint} --armor --detach-sign {message}", "asc"
    if isinstance(parse_pem_key(anchor.public).key, Ed25519PublicKey):
        return f"openssl pkeyutl -sign -rawin -inkey {key} -in {message} -out {message}.sig", "sig"
    return f"openssl dgst -sha256 -sign {key} -out {message}.sig {message}", "sig"


def _handed(name: str, data: bytes) -> Handed:
    return Handed(name, len(data), Digest.of(data).hex)
