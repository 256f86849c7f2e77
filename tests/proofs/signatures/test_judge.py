"""Verdicts on signatures made by real tools: what holds, what does not, and every way to confuse one with the other."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.signers import MinisignSigner, SshSigner
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.judge import Content, FileDigests, Verdict, judge_all
from transparency.proofs.signatures.keys import EnrolledKey, key_from_text, parse_key
from transparency.proofs.signatures.minisign import parse_minisign
from transparency.proofs.signatures.sshsig import (
    armour_sshsig,
    check_sshsig,
    format_sshsig,
    parse_ssh_public_key,
    parse_sshsig,
    sign_sshsig,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DATA = b"the file as delivered\n"
NOW = datetime.now(UTC)


def digests(data: bytes = DATA) -> FileDigests:
    return FileDigests(
        len(data), hashlib.sha256(data).digest(), hashlib.sha512(data).digest(), hashlib.blake2b(data).digest()
    )


def judge(
    signatures: Sequence[bytes], keys: Sequence[EnrolledKey], *, data: bytes = DATA, now: datetime = NOW
) -> Verdict:
    return judge_all(signatures, digests(data), keys, now=now, content=Content(data=data), openpgp=OpenPgp())


def answer(signatures: Sequence[bytes], keys: Sequence[EnrolledKey], **more: object) -> tuple[str, str]:
    verdict = judge(signatures, keys, **more)  # type: ignore[arg-type]
    return verdict.outcome, verdict.code


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signers")


@pytest.fixture(scope="module")
def ssh(folder: Path) -> SshSigner:
    return SshSigner(folder, "vendor")


@pytest.fixture(scope="module")
def stranger(folder: Path) -> SshSigner:
    return SshSigner(folder, "stranger")


@pytest.fixture(scope="module")
def minisign(folder: Path) -> MinisignSigner:
    return MinisignSigner(folder, "mini")


# --- SSH ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "bits"), [("ed25519", ""), ("ecdsa", "256"), ("rsa", "2048"), ("rsa", "3072")])
def test_each_kind_of_ssh_key_that_ssh_keygen_signs_with_is_valid(folder: Path, kind: str, bits: str) -> None:
    path = folder / f"key-{kind}{bits}"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, *(["-b", bits] if bits else []), "-N", "", "-f", str(path)], check=True
    )
    signed = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "file", "-f", str(path)], input=DATA, capture_output=True, check=True
    )
    key = key_from_text(path.with_suffix(".pub").read_text())
    assert answer([signed.stdout], [key]) == ("valid", "valid")
    assert answer([signed.stdout], [key], data=DATA + b"x") == ("invalid", "signature-mismatch")
    listed = subprocess.run(["ssh-keygen", "-lf", str(path)], capture_output=True, text=True, check=True)
    assert key.fingerprint == listed.stdout.split()[1]


def test_what_we_sign_ssh_keygen_verifies_and_makes_byte_for_byte(folder: Path, ssh: SshSigner) -> None:
    path = folder / "vendor"
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    private = load_ssh_private_key(path.read_bytes(), None)
    ours = sign_sshsig(private, "file", DATA)  # type: ignore[arg-type]
    assert ours == ssh.sign(DATA)
    (folder / "allowed").write_text(f"vendor {path.with_suffix('.pub').read_text()}")
    (folder / "ours.sig").write_bytes(ours)
    command = [
        "ssh-keygen",
        "-Y",
        "verify",
        "-f",
        str(folder / "allowed"),
        "-I",
        "vendor",
        "-n",
        "file",
        "-s",
        str(folder / "ours.sig"),
    ]
    assert subprocess.run(command, input=DATA, capture_output=True, check=False).returncode == 0


def test_another_namespace_is_another_statement(ssh: SshSigner) -> None:
    assert answer([ssh.sign(DATA, "git")], [ssh.key]) == ("invalid", "namespace-mismatch")
    assert answer([ssh.sign(DATA, "source-review@log.test/x")], [ssh.key]) == ("invalid", "namespace-mismatch")


def test_a_key_that_is_not_enrolled_proves_nothing(ssh: SshSigner, stranger: SshSigner) -> None:
    assert answer([stranger.sign(DATA)], [ssh.key]) == ("unknown-key", "unknown-key")
    assert answer([stranger.sign(DATA)], []) == ("unknown-key", "unknown-key")


def test_an_unknown_signature_beside_a_good_one_changes_nothing(ssh: SshSigner, stranger: SshSigner) -> None:
    assert answer([stranger.sign(DATA), ssh.sign(DATA)], [ssh.key]) == ("valid", "valid")


def test_an_invalid_signature_by_an_enrolled_key_spoils_a_good_one(folder: Path, ssh: SshSigner) -> None:
    second = SshSigner(folder, "second")
    assert answer([ssh.sign(DATA), second.sign(b"other")], [ssh.key, second.key]) == ("invalid", "signature-mismatch")


def test_no_signature_and_no_readable_one(ssh: SshSigner) -> None:
    assert answer([], [ssh.key]) == ("unsigned", "unsigned")
    for garbage in (b"", b"hello", b"-----BEGIN SSH SIGNATURE-----\n", b"\x00" * 40, ssh.sign(DATA)[:-40]):
        assert answer([garbage], [ssh.key]) == ("invalid", "signature-unreadable")


def test_outside_its_enrolments_window_a_key_is_expired(ssh: SshSigner) -> None:
    window = {"valid_from": NOW - timedelta(days=9), "valid_until": NOW - timedelta(days=1)}
    key = parse_key("ssh", ssh.key.public, **window)  # type: ignore[arg-type]
    assert answer([ssh.sign(DATA)], [key]) == ("expired", "key-window")
    assert answer([ssh.sign(DATA)], [key], now=NOW - timedelta(days=2)) == ("valid", "valid")


def test_an_sshsig_round_trips_and_refuses_what_does_not(ssh: SshSigner) -> None:
    armoured = ssh.sign(DATA)
    parsed = parse_sshsig(armoured)
    assert armour_sshsig(parsed) == armoured
    blob = format_sshsig(parsed)
    assert parse_sshsig(blob) == parsed
    for broken in (
        blob + b"\0",
        blob[:-1],
        blob.replace(b"sha512", b"md5...", 1),
        b"SSHSIG" + b"\0\0\0\2" + blob[10:],
        armoured + b"x",
    ):
        with pytest.raises(EvidenceError):
            parse_sshsig(broken)


def test_the_key_inside_a_signature_is_never_believed(ssh: SshSigner, stranger: SshSigner) -> None:
    parsed = parse_sshsig(stranger.sign(DATA))
    with pytest.raises(EvidenceError, match="key-mismatch"):
        check_sshsig(
            parsed, hashlib.sha512(DATA).digest(), public=parse_ssh_public_key(ssh.key.public), namespaces=("file",)
        )


@pytest.mark.parametrize("bits", ["1024"])
def test_a_short_rsa_key_is_not_enrolled(folder: Path, bits: str) -> None:
    path = folder / f"short{bits}"
    subprocess.run(["openssl", "genrsa", "-out", str(path), bits], check=True, capture_output=True)
    path.chmod(0o600)
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=True).stdout
    with pytest.raises(EvidenceError, match="key-weak"):
        key_from_text(public)


def test_a_private_key_is_sent_back_unread(folder: Path, ssh: SshSigner) -> None:
    with pytest.raises(EvidenceError, match="key-private"):
        key_from_text((folder / "vendor").read_text())


# --- minisign -----------------------------------------------------------------------------------------------------------


def test_minisign_prehashed_and_legacy_signatures_are_valid(folder: Path, minisign: MinisignSigner) -> None:
    legacy = MinisignSigner(folder, "legacy", legacy=True)
    for signer in (minisign, legacy):
        assert answer([signer.sign(DATA)], [signer.key]) == ("valid", "valid")
        assert answer([signer.sign(DATA)], [signer.key], data=DATA + b"x") == ("invalid", "signature-mismatch")


def test_a_legacy_minisign_signature_needs_the_file_itself(folder: Path) -> None:
    legacy = MinisignSigner(folder, "legacy2", legacy=True)
    verdict = judge_all([legacy.sign(DATA)], digests(), [legacy.key], now=NOW, content=None, openpgp=None)
    assert (verdict.outcome, verdict.code) == ("unavailable", "content-needed")


def test_a_swapped_trusted_comment_is_noticed(minisign: MinisignSigner) -> None:
    lines = minisign.sign(DATA).split(b"\n")
    lines[2] = b"trusted comment: everything was audited"
    assert answer([b"\n".join(lines)], [minisign.key]) == ("invalid", "trusted-comment-mismatch")


def test_the_untrusted_comment_is_nobodys_word(minisign: MinisignSigner) -> None:
    lines = minisign.sign(DATA).split(b"\n")
    lines[0] = b"untrusted comment: \x1b[31mVERIFIED"
    assert answer([b"\n".join(lines)], [minisign.key]) == ("valid", "valid")


@pytest.mark.parametrize("change", [b"\n", b"trailing\n"])
def test_lines_that_do_not_belong_make_it_unreadable(minisign: MinisignSigner, change: bytes) -> None:
    with pytest.raises(EvidenceError, match="minisign-malformed"):
        parse_minisign(minisign.sign(DATA) + change)
