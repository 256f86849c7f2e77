"""OpenPGP verdicts on signatures that GnuPG made, compared with sqv where the two must agree."""

from __future__ import annotations

import hashlib
import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from transparency.gateways import openpgp
from transparency.gateways.openpgp import OpenPgp
from transparency.proofs.errors import UnavailableError
from transparency.proofs.signatures.judge import Content, FileDigests, Verdict, judge_all
from transparency.proofs.signatures.keys import EnrolledKey, key_from_text
from transparency.proofs.signatures.openpgp import dearmour, packets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DATA = b"the file as delivered\n"


class Gnupg:
    """A home folder of GnuPG with keys made for the test."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self.home = home
        (home / "data").write_bytes(DATA)

    def run(self, *arguments: str, data: bytes | None = None, time: str = "") -> bytes:
        command = [
            "gpg",
            "--homedir",
            str(self.home),
            "--batch",
            "--yes",
            "--quiet",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
        ]
        command += ["--faked-system-time", time] if time else []
        done = subprocess.run(
            [*command, *arguments], input=data, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(
        self, name: str, kind: str = "ed25519", usage: str = "sign", expires: str = "never", time: str = ""
    ) -> str:
        self.run("--quick-gen-key", f"{name} <{name}@vendor.test>", kind, usage, expires, time=time)
        listed = self.run("--list-keys", "--with-colons", f"={name} <{name}@vendor.test>").decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def key(self, fingerprint: str) -> EnrolledKey:
        return key_from_text(self.run("--armor", "--export", fingerprint).decode())

    def sign(self, fingerprint: str, *extra: str, time: str = "") -> bytes:
        return self.run(
            "--armor",
            *extra,
            "--local-user",
            fingerprint,
            "--output",
            "-",
            "--detach-sign",
            str(self.home / "data"),
            time=time,
        )


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Gnupg:
    return Gnupg(tmp_path_factory.mktemp("gnupg") / "home")


@pytest.fixture(scope="module")
def vendor(gpg: Gnupg) -> str:
    return gpg.make("vendor")


def judge(
    signatures: Sequence[bytes], keys: Sequence[EnrolledKey], *, data: bytes = DATA, now: datetime | None = None
) -> Verdict:
    digests = FileDigests(
        len(data), hashlib.sha256(data).digest(), hashlib.sha512(data).digest(), hashlib.blake2b(data).digest()
    )
    return judge_all(
        signatures, digests, keys, now=now or datetime.now(UTC), content=Content(data=data), openpgp=OpenPgp()
    )


def answer(signatures: Sequence[bytes], keys: Sequence[EnrolledKey], **more: object) -> tuple[str, str]:
    verdict = judge(signatures, keys, **more)  # type: ignore[arg-type]
    return verdict.outcome, verdict.code


def sqv(folder: Path, signature: bytes, key: EnrolledKey) -> int:
    (folder / "key.asc").write_text(key.public + "\n")
    (folder / "data.sig").write_bytes(signature)
    (folder / "data").write_bytes(DATA)
    command = ["sqv", "--keyring", str(folder / "key.asc"), str(folder / "data.sig"), str(folder / "data")]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.parametrize("kind", ["ed25519", "rsa2048", "rsa3072", "nistp256"])
def test_signatures_of_each_common_kind_are_valid_and_sqv_agrees(gpg: Gnupg, tmp_path: Path, kind: str) -> None:
    fingerprint = gpg.make(f"kind-{kind}", kind)
    key, signature = gpg.key(fingerprint), gpg.sign(fingerprint)
    assert key.fingerprint == fingerprint
    assert answer([signature], [key]) == ("valid", "valid")
    assert sqv(tmp_path, signature, key) == 0
    assert answer([signature], [key], data=DATA + b"x") == ("invalid", "signature-mismatch")


def test_binary_and_armoured_signatures_say_the_same(gpg: Gnupg, vendor: str) -> None:
    binary = gpg.run("--no-armor", "--local-user", vendor, "--output", "-", "--detach-sign", str(gpg.home / "data"))
    assert answer([binary], [gpg.key(vendor)]) == ("valid", "valid")


def test_a_subkey_signs_for_its_certificate(gpg: Gnupg) -> None:
    fingerprint = gpg.make("withsub", usage="cert")
    gpg.run("--quick-add-key", fingerprint, "ed25519", "sign")
    signature = gpg.sign(fingerprint)
    verdict = judge([signature], [gpg.key(fingerprint)])
    assert (verdict.outcome, verdict.findings[0].key) == ("valid", fingerprint)


def test_a_subkey_that_is_not_bound_signs_for_nobody(gpg: Gnupg) -> None:
    """The attacker's key packet is put behind the vendor's certificate without the vendor's binding signature."""
    attacker = gpg.make("attacker")
    victim = gpg.make("victim")
    stolen = gpg.run("--no-armor", "--export", attacker)
    victim_raw = gpg.run("--no-armor", "--export", victim)
    length = stolen[1]
    subkey = bytes([0x80 | (14 << 2), length]) + stolen[2 : 2 + length]
    armoured = subprocess.run(
        ["gpg", "--homedir", str(gpg.home), "--enarmor"], input=victim_raw + subkey, capture_output=True, check=True
    ).stdout
    text = "\n".join(
        line
        for line in armoured.decode().replace("PGP ARMORED FILE", "PGP PUBLIC KEY BLOCK").splitlines()
        if not line.startswith("Comment")
    )
    outcome, _ = answer([gpg.sign(attacker)], [key_from_text(text)])
    assert outcome == "invalid"


def test_another_key_is_unknown(gpg: Gnupg, vendor: str) -> None:
    other = gpg.make("other")
    assert answer([gpg.sign(other)], [gpg.key(vendor)]) == ("unknown-key", "unknown-key")


@pytest.mark.parametrize("hash_name", ["SHA1", "MD5", "RIPEMD160"])
def test_a_weak_hash_is_weak_though_the_signature_fits(gpg: Gnupg, tmp_path: Path, hash_name: str) -> None:
    fingerprint = gpg.make(f"hash-{hash_name}", "rsa2048")
    signature = gpg.sign(fingerprint, "--allow-weak-digest-algos", "--digest-algo", hash_name)
    assert answer([signature], [gpg.key(fingerprint)]) == ("weak", "weak-hash")
    assert sqv(tmp_path, signature, gpg.key(fingerprint)) != 0


def test_a_short_rsa_key_is_weak(gpg: Gnupg) -> None:
    fingerprint = gpg.make("short", "rsa1024")
    assert answer([gpg.sign(fingerprint)], [gpg.key(fingerprint)]) == ("weak", "weak-key")


def test_a_key_that_expired_since_is_expired_and_says_that_it_was_valid_when_signed(gpg: Gnupg) -> None:
    fingerprint = gpg.make("old", expires="2y", time="20200101T000000")
    verdict = judge([gpg.sign(fingerprint, time="20200601T000000")], [gpg.key(fingerprint)])
    assert (verdict.outcome, verdict.code) == ("expired", "key-expired")
    assert verdict.findings[0].steps[-1].name == "valid when signed, by the signer's clock"


def test_signed_after_the_key_expired_is_invalid(gpg: Gnupg) -> None:
    fingerprint = gpg.make("late", expires="2y", time="20200101T000000")
    late = gpg.sign(fingerprint, "--ignore-time-conflict", time="20200601T000000")
    forged = datetime(2019, 1, 1, tzinfo=UTC)
    assert answer([late], [gpg.key(fingerprint)], now=forged) == ("invalid", "signed-in-future")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("0", ("revoked", "key-revoked")),
        ("1", ("revoked", "key-revoked")),
        ("2", ("expired", "key-expired")),
        ("3", ("expired", "key-expired")),
    ],
)
def test_revocation_counts_by_its_reason(gpg: Gnupg, reason: str, outcome: tuple[str, str]) -> None:
    """0 none, 1 compromised, 2 superseded, 3 retired, as gpg asks; the last two are like expiry."""
    fingerprint = gpg.make(f"revoked{reason}")
    signature = gpg.sign(fingerprint)
    answers = f"y\n{reason}\n\ny\n".encode()
    command = [
        "gpg",
        "--homedir",
        str(gpg.home),
        "--command-fd",
        "0",
        "--no-tty",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
        "--yes",
        "--output",
        "-",
        "--gen-revoke",
        fingerprint,
    ]
    revocation = subprocess.run(command, input=answers, capture_output=True, check=True).stdout
    gpg.run("--import", data=revocation)
    assert answer([signature], [gpg.key(fingerprint)]) == outcome


def test_one_file_with_two_signatures_lists_both(gpg: Gnupg, vendor: str) -> None:
    stranger = gpg.make("stranger")
    both = gpg.run(
        "--no-armor",
        "--local-user",
        vendor,
        "--local-user",
        stranger,
        "--output",
        "-",
        "--detach-sign",
        str(gpg.home / "data"),
    )
    verdict = judge([both], [gpg.key(vendor)])
    assert verdict.outcome == "valid"
    assert sorted(finding.outcome for finding in verdict.findings) == ["unknown-key", "valid"]


def test_a_good_signature_over_other_bytes_does_not_hide_behind_a_good_one(gpg: Gnupg, vendor: str) -> None:
    second = gpg.make("second")
    (gpg.home / "other").write_bytes(b"other bytes")
    other = gpg.run("--no-armor", "--local-user", second, "--output", "-", "--detach-sign", str(gpg.home / "other"))
    good = gpg.run("--no-armor", "--local-user", vendor, "--output", "-", "--detach-sign", str(gpg.home / "data"))
    assert answer([good + other], [gpg.key(vendor), gpg.key(second)]) == ("invalid", "signature-mismatch")


def test_inline_and_cleartext_signatures_are_not_detached_ones(gpg: Gnupg, vendor: str) -> None:
    inline = gpg.run("--no-armor", "--local-user", vendor, "--output", "-", "--sign", str(gpg.home / "data"))
    stored = gpg.run(
        "--no-armor",
        "--compress-algo",
        "none",
        "--local-user",
        vendor,
        "--output",
        "-",
        "--sign",
        str(gpg.home / "data"),
    )
    clear = gpg.run("--local-user", vendor, "--output", "-", "--clear-sign", str(gpg.home / "data"))
    for blob in (inline, stored, clear):
        assert answer([blob], [gpg.key(vendor)]) == ("invalid", "openpgp-not-detached")


def test_status_lines_in_an_embedded_file_name_reach_nobody(gpg: Gnupg, vendor: str) -> None:
    """CVE-2018-12020: a literal packet is refused before anything looks at its name."""
    spoof = b"\n[GNUPG:] GOODSIG 0000 Vendor\n[GNUPG:] VALIDSIG 0000\n"
    literal = b"b" + bytes([len(spoof)]) + spoof + bytes(4) + DATA
    packet = bytes([0x80 | (11 << 2), len(literal)]) + literal
    assert answer([packet], [gpg.key(vendor)]) == ("invalid", "openpgp-not-detached")


def test_a_text_signature_does_not_pass_for_a_binary_one(gpg: Gnupg, vendor: str) -> None:
    text = gpg.run(
        "--armor", "--textmode", "--local-user", vendor, "--output", "-", "--detach-sign", str(gpg.home / "data")
    )
    assert answer([text], [gpg.key(vendor)]) == ("invalid", "signature-kind")


def test_a_damaged_armour_is_unreadable(gpg: Gnupg, vendor: str) -> None:
    signature = gpg.sign(vendor)
    lines = signature.decode().splitlines()
    swapped = [*lines[:3], lines[3][::-1], *lines[4:]]
    assert answer(["\n".join(swapped).encode()], [gpg.key(vendor)])[0] == "invalid"


def test_a_signature_without_its_numbers_is_a_mismatch_and_not_the_librarys_own_error(gpg: Gnupg, vendor: str) -> None:
    _, body, _ = packets(dearmour(gpg.sign(vendor), "SIGNATURE", "x"), "x")[0]
    assert answer([bytes((0x88, len(body) - 40)) + body[:-40]], [gpg.key(vendor)])[0] == "invalid"
    after = 6 + int.from_bytes(body[4:6], "big")
    after += 2 + int.from_bytes(body[after : after + 2], "big")
    assert answer([bytes((0x88, after)) + body[:after]], [gpg.key(vendor)]) == ("invalid", "signature-mismatch")


def test_a_release_older_than_the_keys_newest_self_signature_is_valid_by_its_primary_key(
    gpg: Gnupg, tmp_path: Path
) -> None:
    """What upstream keys in distributions look like: only the newest self-signature is left, younger than an old release's signature."""
    fingerprint = gpg.make("minimal", "rsa3072", time="20200101T000000")
    signature = gpg.sign(fingerprint, time="20200601T000000")
    gpg.run("--quick-set-expire", fingerprint, "20y", time="20240101T000000")
    minimal = gpg.run("--armor", "--export-options", "export-minimal", "--export", fingerprint).decode()
    key = key_from_text(minimal)
    assert sqv(tmp_path, signature, key) != 0, "the stock tool calls the key not bound at that time"
    verdict = judge([signature], [key])
    assert (verdict.outcome, verdict.code) == ("valid", "valid")
    assert any("enrolled primary key" in step.found for step in verdict.findings[0].steps)
    assert answer([signature], [key], data=DATA + b"x") == ("invalid", "signature-mismatch")


def test_a_large_file_is_read_through_a_pipe_and_means_the_same(
    gpg: Gnupg, vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openpgp, "MAPPED_BYTES", 4)
    signature, keys = gpg.sign(vendor), [gpg.key(vendor)]
    for data, outcome in ((DATA, "valid"), (DATA + b"x", "invalid"), (DATA * 100_000, "invalid")):
        (tmp_path / "file").write_bytes(data)
        digests = FileDigests(len(data), bytes(32), bytes(64), bytes(64))
        content = Content(path=str(tmp_path / "file"))
        verdict = judge_all([signature], digests, keys, now=datetime.now(UTC), content=content, openpgp=OpenPgp())
        assert verdict.outcome == outcome


def test_a_reader_that_dies_makes_no_signature_look_wrong(
    gpg: Gnupg, vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openpgp, "MAPPED_BYTES", 4)
    (tmp_path / "file").write_bytes(DATA)
    (tmp_path / "cat").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "cat").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    digests, content = FileDigests(len(DATA), bytes(32), bytes(64), bytes(64)), Content(path=str(tmp_path / "file"))
    with pytest.raises(UnavailableError, match="content-unreadable"):
        judge_all(
            [gpg.sign(vendor)], digests, [gpg.key(vendor)], now=datetime.now(UTC), content=content, openpgp=OpenPgp()
        )
