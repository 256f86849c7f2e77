"""Confusions of signatures through the real import: admitted or in quarantine, the code, and a row for every signature."""

from __future__ import annotations

import base64
import io
import subprocess
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from tests.cast import Cast, make_archive
from tests.gateways.test_openpgp import Gnupg
from tests.hostile.imports import check_invisible, check_readable, delivery_of, stored
from tests.signers import MinisignSigner, SignifySigner, SshSigner
from transparency.models import LogEntry, Product
from transparency.proofs.digest import Digest
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_delivery import MAX_SIGNATURE_BYTES, receive_delivery
from transparency.services.revoke_anchor import revoke_anchor
from transparency.services.stored_files import Received
from transparency.services.stores import objects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("outside")

ARCHIVE = make_archive({"a.c": b"int a;\n"}, "pump-1.0")
KEPT = {b"pump-1.0/a.c": b"int a;\n"}
OTHER = b"the signature of another file\n"
STATUS = "\n[GNUPG:] GOODSIG 0123456789ABCDEF Vendor\n[GNUPG:] VALIDSIG 0123456789ABCDEF\n[GNUPG:] TRUST_FULLY\n"
VALID, UNKNOWN, MISMATCH = ("valid", "valid"), ("unknown-key", "unknown-key"), ("invalid", "signature-mismatch")
UNREADABLE, NOT_DETACHED = ("invalid", "signature-unreadable"), ("invalid", "openpgp-not-detached")


@dataclass(frozen=True)
class Handed:
    """What comes with the archive: signature files, the keys enrolled before, and how each of those is taken back."""

    signatures: list[bytes]
    keys: list[str]
    revoked: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Tools:
    """The tools that people have, with a folder of this test's own."""

    gpg: Gnupg
    folder: Path

    def pgp(self, name: str, kind: str = "ed25519", expires: str = "never", time: str = "") -> str:
        return self.gpg.make(name, kind, expires=expires, time=time)

    def public(self, fingerprint: str) -> str:
        return self.gpg.run("--armor", "--export", fingerprint).decode()

    def signed(self, mode: str, fingerprint: str, *extra: str) -> bytes:
        data = str(self.gpg.home / "data")
        return self.gpg.run("--armor", "--local-user", fingerprint, "--output", "-", *extra, mode, data)

    def over(self, data: bytes, fingerprint: str) -> bytes:
        """A detached signature over other bytes than the archive."""
        (self.gpg.home / "data").write_bytes(data)
        signature = self.gpg.sign(fingerprint)
        (self.gpg.home / "data").write_bytes(ARCHIVE)
        return signature

    def ssh(self, name: str) -> SshSigner:
        return SshSigner(self.folder, name)

    def ssh_public(self, name: str) -> str:
        return (self.folder / f"{name}.pub").read_text()

    def minisign(self, name: str, *, legacy: bool = False) -> MinisignSigner:
        return MinisignSigner(self.folder, name, legacy=legacy)

    def revoke(self, fingerprint: str, reason: str) -> None:
        """The key's own revocation, as gpg makes it: 1 compromised, 2 superseded."""
        command = [
            "gpg",
            "--homedir",
            str(self.gpg.home),
            "--command-fd",
            "0",
            "--no-tty",
            "--pinentry-mode",
            "loopback",
        ]
        command += ["--passphrase", "", "--yes", "--output", "-", "--gen-revoke", fingerprint]
        made = subprocess.run(command, input=f"y\n{reason}\n\ny\n".encode(), capture_output=True, check=True)
        self.gpg.run("--import", data=made.stdout)


def inline(tools: Tools) -> Handed:
    name = tools.pgp("inline")
    return Handed([tools.signed("--sign", name)], [tools.public(name)])


def stored_inline(tools: Tools) -> Handed:
    name = tools.pgp("stored")
    return Handed([tools.signed("--sign", name, "--compress-algo", "none")], [tools.public(name)])


def cleartext(tools: Tools) -> Handed:
    name = tools.pgp("clear")
    return Handed([tools.signed("--clear-sign", name)], [tools.public(name)])


def sigspoof(tools: Tools) -> Handed:
    name = tools.pgp("spoof")
    return Handed(
        [tools.signed("--sign", name, "--compress-algo", "none", "--set-filename", STATUS)], [tools.public(name)]
    )


def spoof_beside(tools: Tools) -> Handed:
    """A literal packet whose file name is status lines, and nothing that signs."""
    text = STATUS.encode()
    literal = b"b" + bytes([len(text)]) + text + bytes(4) + b"x"
    return Handed([bytes([0x80 | (11 << 2), len(literal)]) + literal], [tools.public(tools.pgp("victim"))])


def good_and_bad(tools: Tools) -> Handed:
    good, bad = tools.pgp("good"), tools.pgp("bad")
    return Handed([tools.gpg.sign(good), tools.over(OTHER, bad)], [tools.public(good), tools.public(bad)])


def good_and_bad_of_unknown(tools: Tools) -> Handed:
    good, bad = tools.pgp("good2"), tools.pgp("bad2")
    return Handed([tools.over(OTHER, bad), tools.gpg.sign(good)], [tools.public(good)])


def two_in_one_file(tools: Tools) -> Handed:
    good, other = tools.pgp("good3"), tools.pgp("other3")
    return Handed([tools.signed("--detach-sign", good, "--local-user", other)], [tools.public(good)])


def two_formats(tools: Tools) -> Handed:
    ssh, minisign = tools.ssh("one"), tools.minisign("two")
    return Handed([ssh.sign(ARCHIVE), minisign.sign(OTHER)], [tools.ssh_public("one"), minisign.public.read_text()])


def good_and_garbage(tools: Tools) -> Handed:
    return Handed([tools.ssh("beside").sign(ARCHIVE), b"garbage"], [tools.ssh_public("beside")])


def good_and_weak(tools: Tools) -> Handed:
    weak, ssh = tools.pgp("weak2", "rsa2048"), tools.ssh("strong")
    signature = tools.gpg.sign(weak, "--allow-weak-digest-algos", "--digest-algo", "SHA1")
    return Handed([signature, ssh.sign(ARCHIVE)], [tools.public(weak), tools.ssh_public("strong")])


def namespace(name: str) -> Callable[[Tools], Handed]:
    def make(tools: Tools) -> Handed:
        return Handed([tools.ssh(f"ns-{len(name)}").sign(ARCHIVE, name)], [tools.ssh_public(f"ns-{len(name)}")])

    return make


def lines_of(signature: bytes) -> list[bytes]:
    return signature.split(b"\n")


def changed_comment(tools: Tools) -> Handed:
    signer = tools.minisign("changed")
    first, own, _, *rest = lines_of(signer.sign(ARCHIVE))
    return Handed([b"\n".join((first, own, b"trusted comment: version 9.9", *rest))], [signer.public.read_text()])


def another_files_comment(tools: Tools) -> Handed:
    signer = tools.minisign("moved")
    ours, other = lines_of(signer.sign(ARCHIVE)), lines_of(signer.sign(OTHER))
    return Handed([b"\n".join((*ours[:2], *other[2:]))], [signer.public.read_text()])


def prehashed_as_plain(tools: Tools) -> Handed:
    """The two letters that tell the forms apart are outside of what is signed."""
    signer = tools.minisign("marker")
    first, own, *rest = lines_of(signer.sign(ARCHIVE))
    plain = base64.b64encode(b"Ed" + base64.b64decode(own)[2:])
    return Handed([b"\n".join((first, plain, *rest))], [signer.public.read_text()])


def sha1(tools: Tools) -> Handed:
    name = tools.pgp("sha1", "rsa2048")
    return Handed([tools.gpg.sign(name, "--allow-weak-digest-algos", "--digest-algo", "SHA1")], [tools.public(name)])


def short_rsa(tools: Tools) -> Handed:
    name = tools.pgp("short", "rsa1024")
    return Handed([tools.gpg.sign(name)], [tools.public(name)])


def expired_since(tools: Tools) -> Handed:
    name = tools.pgp("since", expires="2y", time="20200101T000000")
    return Handed([tools.gpg.sign(name, time="20200601T000000")], [tools.public(name)])


def signed_after_expiry(tools: Tools) -> Handed:
    """The owner lengthened the key to sign, and the enrolled certificate is the one that ended before."""
    name = tools.pgp("late", expires="1y", time="20200101T000000")
    ended = tools.public(name)
    tools.gpg.run("--quick-set-expire", name, "0", time="20200102T000000")
    return Handed([tools.gpg.sign(name, time="20230101T000000")], [ended])


def signed_in_future(tools: Tools) -> Handed:
    name = tools.pgp("early")
    return Handed([tools.gpg.sign(name, time="20600101T000000")], [tools.public(name)])


def revoked_by_owner(reason: str) -> Callable[[Tools], Handed]:
    def make(tools: Tools) -> Handed:
        name = tools.pgp(f"revoked{reason}")
        signature = tools.gpg.sign(name)
        tools.revoke(name, reason)
        return Handed([signature], [tools.public(name)])

    return make


def revoked_here(revocation: str) -> Callable[[Tools], Handed]:
    def make(tools: Tools) -> Handed:
        name = f"here-{revocation}"
        return Handed([tools.ssh(name).sign(ARCHIVE)], [tools.ssh_public(name)], [revocation])

    return make


def unbound_subkey(tools: Tools) -> Handed:
    """The attacker's key packet stands behind the vendor's certificate, and nobody of the vendor's bound it."""
    attacker, victim = tools.pgp("attacker"), tools.pgp("holder")
    stolen = tools.gpg.run("--no-armor", "--export", attacker)
    subkey = bytes([0x80 | (14 << 2), stolen[1]]) + stolen[2 : 2 + stolen[1]]
    whole = tools.gpg.run("--no-armor", "--export", victim) + subkey
    armoured = tools.gpg.run("--enarmor", data=whole).decode().replace("PGP ARMORED FILE", "PGP PUBLIC KEY BLOCK")
    text = "\n".join(line for line in armoured.splitlines() if not line.startswith("Comment"))
    return Handed([tools.gpg.sign(attacker)], [text])


def lone(signature: bytes) -> Callable[[Tools], Handed]:
    return lambda tools: Handed([signature], [tools.public(tools.pgp(f"lone{len(signature)}"))])


def of_another_file(tools: Tools) -> Handed:
    name = tools.pgp("another")
    return Handed([tools.over(OTHER, name)], [tools.public(name)])


def text_mode(tools: Tools) -> Handed:
    name = tools.pgp("text")
    return Handed([tools.gpg.sign(name, "--textmode")], [tools.public(name)])


def signify_of_another(tools: Tools) -> Handed:
    (tools.folder / "b").mkdir()
    ours, other = SignifySigner(tools.folder), SignifySigner(tools.folder / "b")
    return Handed([other.sign(ARCHIVE)], [ours.public.read_text()])


def key_as_signature(tools: Tools) -> Handed:
    public = tools.public(tools.pgp("itself"))
    return Handed([public.encode()], [public])


# Who hands in what; the verdict; and the outcome of each signature.
Answer = tuple[str, str]
CONFUSIONS: dict[str, tuple[Callable[[Tools], Handed], Answer, list[Answer]]] = {
    "inline-signed": (inline, NOT_DETACHED, [NOT_DETACHED]),
    "inline-signed, not compressed": (stored_inline, NOT_DETACHED, [NOT_DETACHED]),
    "cleartext-signed": (cleartext, NOT_DETACHED, [NOT_DETACHED]),
    "CVE-2018-12020 status lines in an embedded name": (sigspoof, NOT_DETACHED, [NOT_DETACHED]),
    "CVE-2018-12020 status lines and no signature": (spoof_beside, NOT_DETACHED, [NOT_DETACHED]),
    "a good one and a bad one, both enrolled": (good_and_bad, MISMATCH, [VALID, MISMATCH]),
    "a bad one by nobody and a good one": (good_and_bad_of_unknown, VALID, [UNKNOWN, VALID]),
    "two in one file, one by nobody": (two_in_one_file, VALID, [VALID, UNKNOWN]),
    "two formats, one over other bytes": (two_formats, MISMATCH, [VALID, MISMATCH]),
    "a good one and garbage": (good_and_garbage, UNREADABLE, [VALID, UNREADABLE]),
    "a weak one and a good one": (good_and_weak, VALID, [("weak", "weak-hash"), VALID]),
    "an SSH namespace of git": (namespace("git"), ("invalid", "namespace-mismatch"), [("invalid", "namespace-mismatch")]),
    "an SSH namespace of reviews": (namespace("source-review@log.centre.test"), ("invalid", "namespace-mismatch"), [("invalid", "namespace-mismatch")]),
    "a changed trusted comment": (changed_comment, ("invalid", "trusted-comment-mismatch"), [("invalid", "trusted-comment-mismatch")]),
    "the trusted comment of another file": (another_files_comment, ("invalid", "trusted-comment-mismatch"), [("invalid", "trusted-comment-mismatch")]),
    "prehashed as if it were not": (prehashed_as_plain, MISMATCH, [MISMATCH]),
    "SHA-1": (sha1, ("weak", "weak-hash"), [("weak", "weak-hash")]),
    "RSA of 1024 bits": (short_rsa, ("weak", "weak-key"), [("weak", "weak-key")]),
    "a key that expired since": (expired_since, ("expired", "key-expired"), [("expired", "key-expired")]),
    "signed after the key expired": (signed_after_expiry, ("invalid", "signed-after-expiry"), [("invalid", "signed-after-expiry")]),
    "signed in the future": (signed_in_future, ("invalid", "signed-in-future"), [("invalid", "signed-in-future")]),
    "revoked by its owner as compromised": (revoked_by_owner("1"), ("revoked", "key-revoked"), [("revoked", "key-revoked")]),
    "revoked by its owner as superseded": (revoked_by_owner("2"), ("expired", "key-expired"), [("expired", "key-expired")]),
    "revoked here as compromised": (revoked_here("compromised"), ("revoked", "key-revoked"), [("revoked", "key-revoked")]),
    "retired here": (revoked_here("retired"), ("expired", "key-window"), [("expired", "key-window")]),
    "a subkey that nobody bound": (unbound_subkey, ("invalid", "subkey-not-bound"), [("invalid", "subkey-not-bound")]),
    "an empty file": (lone(b""), UNREADABLE, [UNREADABLE]),
    "garbage that begins as a packet": (lone(b"\xff" * 40), NOT_DETACHED, [NOT_DETACHED]),
    "garbage": (lone(bytes(41)), UNREADABLE, [UNREADABLE]),
    "text": (lone(b"this is signed\n"), UNREADABLE, [UNREADABLE]),
    "a file too long": (lone(b"-----BEGIN PGP SIGNATURE-----\n" + b"A" * MAX_SIGNATURE_BYTES), UNREADABLE, [UNREADABLE]),
    "a key where a signature should be": (key_as_signature, UNREADABLE, [UNREADABLE]),
    "over another file": (of_another_file, MISMATCH, [MISMATCH]),
    "of a text": (text_mode, ("invalid", "signature-kind"), [("invalid", "signature-kind")]),
    "by another signify key": (signify_of_another, UNKNOWN, [UNKNOWN]),
}  # fmt: skip


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Gnupg:
    made = Gnupg(tmp_path_factory.mktemp("gnupg") / "home")
    (made.home / "data").write_bytes(ARCHIVE)
    return made


def test_a_confusion_is_told_by_its_code_with_a_row_for_each_signature(
    cast: Cast, gpg: Gnupg, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = {}
    for number, (name, (make, verdict, rows)) in enumerate(CONFUSIONS.items()):
        folder = tmp_path_factory.mktemp("signers")
        found[name] = one(cast, f"pump-{number}", make(Tools(gpg, folder)))
        assert found[name] == (verdict, rows), name
    assert len(found) == len(CONFUSIONS)


def one(cast: Cast, product: str, handed: Handed) -> tuple[Answer, list[Answer]]:
    """Import the archive with these signatures; what was found, after everything that stays was looked at."""
    release = ensure_release(vendor="acme", product=product, version="1.0", restricted=False)
    anchors = [
        enrol_product_anchor(product=release.product, public_text=key, enrolled_by=cast.vendor) for key in handed.keys
    ]
    for anchor, revocation in zip(anchors, handed.revoked, strict=False):
        # Whole seconds count: a key that was taken back in this second is still in use.
        before = timezone.now() - timedelta(hours=1)
        revoke_anchor(anchor=anchor, revocation=revocation, reason="for this test", by=cast.vendor, revoked_at=before)
    archive = Received("pump-1.0.tar.gz", io.BytesIO(ARCHIVE))
    job = receive_delivery(release=release, archive=archive, signatures=handed.signatures, send=False)
    assert perform_job(job=job.pk)
    delivery = delivery_of(job)
    if delivery.verdict == "valid":
        assert delivery.state == "admitted"
        check_readable(delivery, KEPT)
    else:
        assert delivery.state == "quarantined"
        assert (delivery.refused, delivery.flagged) == ([], [])  # nobody parsed what nobody signed
        check_invisible(delivery)
        kept = {Digest.of(item[: MAX_SIGNATURE_BYTES + 1]).hex for item in (ARCHIVE, *handed.signatures)}
        assert stored(Product.objects.get(slug=product)) == kept
        assert not LogEntry.objects.filter(digest=delivery.archive_sha256).exists()
    assert objects().has(release.product.store_key, Digest.of(ARCHIVE))
    rows = [*delivery.signatures.all()]
    assert [row.position for row in rows] == [*range(1, len(rows) + 1)]
    assert all(row.steps for row in rows)
    for row in rows:
        assert objects().has(release.product.store_key, Digest.parse(row.sha256))
        assert all("[GNUPG:]" not in text for step in row.steps for text in step.values())
    return (delivery.verdict, delivery.verdict_code), [(row.outcome, row.code) for row in rows]
