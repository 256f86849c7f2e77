"""Signatures by PEM keys over a file: what openssl makes holds, a real one from outside holds, and each way to be wrong has its end."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.mutations import accepted
from tests.proofs.signatures.test_cms import DATA, UNKNOWN, VALID, answer, judge
from tests.signers import PemSigner, SshSigner
from tests.x509 import NOW
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.cosign import MAX_SIGNATURE_BYTES, CosignSignature, format_cosign, parse_cosign
from transparency.proofs.signatures.findings import Content
from transparency.proofs.signatures.judge import sniff_format
from transparency.proofs.signatures.keys import EnrolledKey, key_from_text, parse_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def openssl(folder: Path, *command: str) -> None:
    subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module", params=["p256", "ed25519"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, EnrolledKey]:
    """A signature over DATA and its key, by openssl."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "data").write_bytes(DATA)
    kind = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if request.param == "p256" else ["ED25519"]
    openssl(folder, "genpkey", "-algorithm", *kind, "-out", "key")
    openssl(folder, "pkey", "-in", "key", "-pubout", "-out", "pub")
    if request.param == "p256":
        openssl(folder, "dgst", "-sha256", "-sign", "key", "-out", "raw", "data")
    else:
        openssl(folder, "pkeyutl", "-sign", "-inkey", "key", "-rawin", "-in", "data", "-out", "raw")
    return base64.b64encode((folder / "raw").read_bytes()), key_from_text((folder / "pub").read_text())


def test_what_openssl_signs_holds_over_these_bytes_alone(made: tuple[bytes, EnrolledKey]) -> None:
    signature, key = made
    assert sniff_format(signature) == "cosign"
    assert answer(signature, [key]) == answer(signature + b"\n", [key]) == VALID
    for other in (b"", DATA[:-1], DATA + b"\n", hashlib.sha256(DATA).digest()):
        assert answer(signature, [key], data=other) == ("invalid", "signature-mismatch")


def test_a_real_signature_by_a_managed_key_holds_over_its_artifact_and_not_under_another_key(
    vectors: Callable[[str], Path],
) -> None:
    """From sigstore-conformance: the signature and the key of a bundle, whose log entry is not looked at here."""
    folder = vectors("sigstore")
    case = folder / "managed-key-happy-path"
    bundle = json.loads((case / "bundle.sigstore.json").read_text())
    signature = bundle["messageSignature"]["signature"].encode()
    artifact = (case / "artifact" if (case / "artifact").exists() else folder / "a.txt").read_bytes()
    key = key_from_text((case / "key.pub").read_text())
    assert answer(signature, [key], data=artifact) == VALID
    assert answer(signature, [key], data=artifact + b"x") == ("invalid", "signature-mismatch")
    assert answer(signature, [PemSigner(p256=True).key], data=artifact) == ("invalid", "signature-mismatch")
    with pytest.raises(EvidenceError, match="key-malformed"):
        key_from_text((folder / "managed-key-wrong-key_fail" / "key.pub").read_text())


def test_it_names_no_key_so_each_is_tried_and_only_pem_keys_are(tmp_path: Path) -> None:
    signer, others = PemSigner(p256=True), [PemSigner().key, PemSigner(p256=True).key]
    signature = signer.sign(DATA)
    verdict = judge(signature, [*others, signer.key])
    assert (verdict.outcome, verdict.findings[0].key) == ("valid", signer.key.fingerprint)
    assert answer(signature, others) == ("invalid", "signature-mismatch")
    assert answer(signature, [SshSigner(tmp_path).key]) == answer(signature, []) == UNKNOWN


def test_a_key_that_is_over_or_revoked_does_not_count_and_another_one_that_is_wrong_hides_neither() -> None:
    signer, other = PemSigner(), PemSigner().key
    signature, public = signer.sign(DATA), signer.key.public
    over = parse_key("pem", public, valid_until=NOW - timedelta(days=1))
    assert answer(signature, [other, over]) == ("expired", "key-window")
    assert answer(signature, [over], logged_at=NOW - timedelta(days=2)) == VALID
    assert answer(signature, [parse_key("pem", public, revoked=True)]) == ("revoked", "key-revoked")


def test_p256_needs_the_digest_alone_and_ed25519_the_file() -> None:
    for p256, said in ((True, VALID), (False, ("unavailable", "content-needed"))):
        signer = PemSigner(p256=p256)
        assert answer(signer.sign(DATA), [signer.key], content=Content()) == said


def test_a_line_that_begins_like_another_format_is_still_this_one() -> None:
    """The letter 0 is the first byte of DER, too."""
    signer = PemSigner()
    lines = [(data, signer.sign(data)) for data in (b"%d" % number for number in range(2000))]
    data, line = next((data, line) for data, line in lines if line.startswith(b"0"))
    assert answer(line, [signer.key], data=data) == VALID
    assert sniff_format(b"SSHSIG" + line[6:]) == "cosign"


def test_what_is_no_line_of_base64_is_unreadable() -> None:
    signer = PemSigner()
    line = signer.sign(DATA)
    for spoilt in (line + b"\n\n", b" " + line, line[:40] + b"\n" + line[40:], line + line, b"A" * 400, line[:-1]):
        assert answer(spoilt, [signer.key]) == ("invalid", "signature-unreadable")


@given(st.binary(min_size=1, max_size=MAX_SIGNATURE_BYTES))
def test_any_signature_parses_to_itself_and_back_and_a_changed_one_is_refused_or_another(raw: bytes) -> None:
    line = format_cosign(CosignSignature(raw))
    assert parse_cosign(line) == parse_cosign(line.strip()) == CosignSignature(raw)
    for mutated, found in accepted(line[-9:], parse_cosign, {"cosign-malformed"}):
        assert format_cosign(found).strip() == mutated.strip()
