"""The commands with which anybody checks an attestation with public tools, real names and digests filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from transparency.proofs.attest.dsse import PAYLOAD_TYPE
from transparency.proofs.signatures.pem import parse_pem_key
from transparency.web.own_checks import OwnCheck

if TYPE_CHECKING:
    from reviews.models import Attestation

SHORT = 12  # hex digits of the digest in a file's name


def envelope_name(attestation: Attestation) -> str:
    """The name under which the page hands the envelope out."""
    return f"attestation-{attestation.digest[:SHORT]}.dsse.json"


def attestation_checks(attestation: Attestation, namespace: str) -> list[OwnCheck]:
    """In the order in which one would do them, in an empty folder, with the envelope in it."""
    name = envelope_name(attestation)
    message = (
        f"jq -rj .payload {name} | base64 -d > statement.json\n"
        f"printf 'DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} %s ' $(stat -c %s statement.json) | cat - statement.json > statement.pae"
    )
    subject = "jq -r '.subject[0].digest.sha256' statement.json"
    about = "It speaks of the source that you have, by its manifest (this also makes the bytes that were signed)"
    return [
        OwnCheck("It is the envelope that was logged", f"sha256sum {name}", attestation.digest),
        OwnCheck(about, f"{message}\n{subject}", attestation.statement.snapshot.manifest),
        _signature(attestation, name, namespace),
    ]


def _signature(attestation: Attestation, name: str, namespace: str) -> OwnCheck:
    """With the authority's key from where you trust it, under the name that stands here."""
    anchor, raw = attestation.statement.anchor, f"jq -r '.signatures[0].sig' {name}"
    title = "The authority's key signed it"
    if anchor.format == "ssh":
        armour = (
            "{ echo '-----BEGIN SSH SIGNATURE-----'; "
            f"{raw} | fold -w 70; echo '-----END SSH SIGNATURE-----'; }} > statement.sig"
        )
        verify = f"ssh-keygen -Y verify -f allowed_signers -I auditor -n '{namespace}' -s statement.sig < statement.pae"
        return OwnCheck(title, f"{armour}\n{verify}", f'Good "{namespace}" signature … {anchor.fingerprint}')
    take = f"{raw} | base64 -d > statement.sig"
    if anchor.format == "minisign":
        return OwnCheck(
            title,
            f"{take}\nminisign -V -p auditor.pub -x statement.sig -m statement.pae",
            "Signature and comment signature verified",
        )
    if anchor.format == "openpgp":
        return OwnCheck(
            title, f"{take}\ngpg --verify statement.sig statement.pae", f"Good signature … {anchor.fingerprint}"
        )
    if isinstance(parse_pem_key(anchor.public).key, Ed25519PublicKey):
        verify = "openssl pkeyutl -verify -pubin -inkey auditor.pem -rawin -in statement.pae -sigfile statement.sig"
        return OwnCheck(title, f"{take}\n{verify}", "Signature Verified Successfully")
    return OwnCheck(
        title, f"{take}\nopenssl dgst -sha256 -verify auditor.pem -signature statement.sig statement.pae", "Verified OK"
    )
