"""Confusions of signatures: what we say of each, and what the tools of each format say; where gpgv is kinder, why is said."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import warnings
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest

from tests.gateways.test_openpgp import DATA, Gnupg, answer, judge, sqv
from tests.signers import MinisignSigner, SignifySigner, SshSigner
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.judge import MAX_WHOLE_BYTES, Content, FileDigests, judge_all
from transparency.proofs.signatures.keys import key_from_text, parse_key
from transparency.proofs.signatures.signify import format_signify, parse_signify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from transparency.proofs.signatures.keys import EnrolledKey

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Gnupg:
    return Gnupg(tmp_path_factory.mktemp("gnupg") / "home")


def gpgv(folder: Path, signature: bytes, key: EnrolledKey) -> bool:
    (folder / "ring.asc").write_text(key.public + "\n")
    subprocess.run(
        ["gpg", "--dearmor", "--yes", "-o", str(folder / "ring.gpg"), str(folder / "ring.asc")],
        check=True,
        capture_output=True,
    )
    (folder / "data").write_bytes(DATA)
    (folder / "data.sig").write_bytes(signature)
    command = [
        "gpgv",
        "--homedir",
        str(folder),
        "--keyring",
        str(folder / "ring.gpg"),
        str(folder / "data.sig"),
        str(folder / "data"),
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def good(gpg: Gnupg) -> tuple[bytes, str]:
    name = gpg.make("good")
    return gpg.sign(name), name


def sha1(gpg: Gnupg) -> tuple[bytes, str]:
    name = gpg.make("sha1", "rsa2048")
    return gpg.sign(name, "--allow-weak-digest-algos", "--digest-algo", "SHA1"), name


def expired_since(gpg: Gnupg) -> tuple[bytes, str]:
    name = gpg.make("since", expires="2y", time="20200101T000000")
    return gpg.sign(name, time="20200601T000000"), name


def of_another(gpg: Gnupg) -> tuple[bytes, str]:
    return gpg.sign(gpg.make("other")), gpg.make("enrolled")


def inline(gpg: Gnupg) -> tuple[bytes, str]:
    name = gpg.make("inline")
    return gpg.run("--armor", "--local-user", name, "--output", "-", "--sign", str(gpg.home / "data")), name


def clear(gpg: Gnupg) -> tuple[bytes, str]:
    name = gpg.make("clear")
    return gpg.run("--local-user", name, "--output", "-", "--clear-sign", str(gpg.home / "data")), name


# (who signs, our outcome and code, does sqv accept, does gpgv accept): gpgv knows neither expiry nor weak hashes as a reason to refuse.
TABLE: dict[str, tuple[Callable[[Gnupg], tuple[bytes, str]], tuple[str, str], bool, bool]] = {
    "good": (good, ("valid", "valid"), True, True),
    "SHA-1, which gpgv calls good": (sha1, ("weak", "weak-hash"), False, True),
    "expired since, which gpgv and sqv (at the signature's time) call good": (
        expired_since,
        ("expired", "key-expired"),
        True,
        True,
    ),
    "by a key that is not enrolled": (of_another, ("unknown-key", "unknown-key"), False, False),
    "inline-signed where detached is expected": (inline, ("invalid", "openpgp-not-detached"), False, False),
    "clear-signed where detached is expected": (clear, ("invalid", "openpgp-not-detached"), False, False),
}


@pytest.mark.parametrize("case", sorted(TABLE))
def test_our_verdict_beside_sqv_and_gpgv(gpg: Gnupg, tmp_path: Path, case: str) -> None:
    make, expected, by_sqv, by_gpgv = TABLE[case]
    signature, name = make(gpg)
    key = gpg.key(name)
    assert answer([signature], [key]) == expected
    assert (sqv(tmp_path, signature, key) == 0, gpgv(tmp_path, signature, key)) == (by_sqv, by_gpgv)


def test_version_six_signatures_and_keys_are_judged() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        certificate = pysequoia.Cert.generate("New <new@example.org>", profile=pysequoia.Profile.RFC9580)
        secrets = certificate.secrets
        assert secrets
        signer = secrets.signer()
    key = key_from_text(str(certificate))
    assert len(key.fingerprint) == 64
    signature = bytes(pysequoia.sign(signer, DATA, mode=pysequoia.SignatureMode.DETACHED))
    assert answer([signature], [key]) == ("valid", "valid")
    assert answer([signature], [key], data=DATA + b"x") == ("invalid", "signature-mismatch")
    assert answer([signature], [key], data=b"") == ("invalid", "signature-mismatch")


class TestTimes:
    def test_what_our_log_held_before_the_key_expired_is_valid(self, gpg: Gnupg) -> None:
        name = gpg.make("logged", expires="2y", time="20200101T000000")
        signature, key = gpg.sign(name, time="20200601T000000"), gpg.key(name)
        digests = FileDigests(len(DATA), hashlib.sha256(DATA).digest(), bytes(64), bytes(64))

        def outcome(logged_at: datetime | None) -> str:
            return judge_all(
                [signature], digests, [key], now=NOW, content=Content(data=DATA), openpgp=OpenPgp(), logged_at=logged_at
            ).outcome

        assert outcome(None) == "expired"
        assert outcome(datetime(2021, 1, 1, tzinfo=UTC)) == "valid"
        assert outcome(datetime(2023, 1, 1, tzinfo=UTC)) == "expired"

    @pytest.mark.parametrize("logged", [None, NOW - timedelta(days=900)])
    def test_a_key_revoked_here_as_compromised_counts_for_nothing_whatever_the_time(
        self, gpg: Gnupg, tmp_path: Path, logged: datetime | None
    ) -> None:
        ssh = SshSigner(tmp_path)
        name = gpg.make(f"compromised{bool(logged)}")
        for signature, key in ((ssh.sign(DATA), ssh.key), (gpg.sign(name), gpg.key(name))):
            revoked = parse_key(key.format, key.public, revoked=True)
            verdict = judge_all(
                [signature],
                digests_of(DATA),
                [revoked],
                now=NOW,
                content=Content(data=DATA),
                openpgp=OpenPgp(),
                logged_at=logged,
            )
            assert (verdict.outcome, verdict.code) == ("revoked", "key-revoked")


def digests_of(data: bytes) -> FileDigests:
    return FileDigests(
        len(data), hashlib.sha256(data).digest(), hashlib.sha512(data).digest(), hashlib.blake2b(data).digest()
    )


class TestSignify:
    @pytest.fixture
    def signer(self, tmp_path: Path) -> SignifySigner:
        return SignifySigner(tmp_path)

    def says(self, signatures: Sequence[bytes], key: EnrolledKey, data: bytes = DATA) -> tuple[str, str]:
        verdict = judge_all(signatures, digests_of(data), [key], now=NOW, content=Content(data=data), openpgp=None)
        return verdict.outcome, verdict.code

    def tool(self, signer: SignifySigner, folder: Path, signature: bytes, data: bytes) -> bool:
        (folder / "m").write_bytes(data)
        (folder / "m.sig").write_bytes(signature)
        command = [
            "signify-openbsd",
            "-V",
            "-p",
            str(signer.public),
            "-m",
            str(folder / "m"),
            "-x",
            str(folder / "m.sig"),
        ]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def test_the_tool_agrees_on_good_and_on_changed_bytes(self, signer: SignifySigner, tmp_path: Path) -> None:
        signature = signer.sign(DATA)
        for data, outcome in ((DATA, "valid"), (DATA + b"x", "invalid"), (b"", "invalid")):
            assert self.says([signature], signer.key, data)[0] == outcome
            assert self.tool(signer, tmp_path, signature, data) == (outcome == "valid")

    def test_another_key_number_is_unknown(self, signer: SignifySigner, tmp_path: Path) -> None:
        (tmp_path / "b").mkdir()
        assert self.says([SignifySigner(tmp_path / "b").sign(DATA)], signer.key) == ("unknown-key", "unknown-key")

    def test_the_comment_is_nobodys_word(self, signer: SignifySigner) -> None:
        parsed = parse_signify(signer.sign(DATA))
        changed = format_signify(type(parsed)(b"verify with evil.pub", parsed.number, parsed.signature))
        assert self.says([changed], signer.key) == ("valid", "valid")

    def test_an_embedded_signature_is_not_detached(self, signer: SignifySigner, tmp_path: Path) -> None:
        message = tmp_path / "e"
        message.write_bytes(DATA)
        subprocess.run(
            ["signify-openbsd", "-S", "-e", "-s", str(signer.path), "-m", str(message), "-x", str(tmp_path / "e.sig")],
            check=True,
        )
        assert self.says([(tmp_path / "e.sig").read_bytes()], signer.key) == ("invalid", "signature-unreadable")

    def test_a_minisign_signature_does_not_pass_for_signify(self, signer: SignifySigner, tmp_path: Path) -> None:
        minisign = MinisignSigner(tmp_path, "mini", legacy=True)
        two_lines = b"\n".join(minisign.sign(DATA).split(b"\n")[:2]) + b"\n"
        assert self.says([two_lines], minisign.key) == ("unknown-key", "unknown-key")
        assert self.says([two_lines], signer.key) == ("unknown-key", "unknown-key")

    @pytest.mark.parametrize("change", [b"", b"\n", b"x\n", b"untrusted comment: more\n"])
    def test_other_lines_make_it_unreadable(self, signer: SignifySigner, change: bytes) -> None:
        signature = signer.sign(DATA)
        damaged = signature[:-1] if not change else signature + change
        assert self.says([damaged], signer.key) == ("invalid", "signature-unreadable")

    def test_what_needs_a_large_file_in_memory_is_not_decided(self, signer: SignifySigner) -> None:
        digests = FileDigests(MAX_WHOLE_BYTES + 1, bytes(32), bytes(64), bytes(64))
        verdict = judge_all(
            [signer.sign(DATA)], digests, [signer.key], now=NOW, content=Content(read=lambda: b""), openpgp=None
        )
        assert (verdict.outcome, verdict.code) == ("unavailable", "content-too-large")

    def test_weak_and_malformed_keys_are_not_enrolled(self) -> None:
        for raw, code in (
            (b"Ed" + bytes(8) + bytes(32), "key-weak"),
            (b"Ed" + bytes(39), "key-malformed"),
            (b"XX" + bytes(40), "key-malformed"),
        ):
            with pytest.raises(EvidenceError, match=code):
                parse_key("signify", base64.b64encode(raw).decode())


def test_two_signatures_of_which_one_is_good_are_both_listed(gpg: Gnupg) -> None:
    ours, other = gpg.make("ours"), gpg.make("theirs")
    verdict = judge([gpg.sign(ours), gpg.sign(other)], [gpg.key(ours)])
    assert [finding.outcome for finding in verdict.findings] == ["valid", "unknown-key"]
    assert verdict.outcome == "valid"
