"""Seeds of the targets in shaped.py and agreement.py, made out of the seeds of the plain targets."""

from __future__ import annotations

import base64
import bz2
import gzip

import zstandard

from tests.fuzz import agreement
from tests.proofs.sources.tars import END, file, folder
from tests.signers import PemSigner
from transparency.proofs.digest import Digest
from transparency.proofs.filetable import FileEntry, format_file_table
from transparency.proofs.signatures.openpgp import dearmour

_TAR = folder(b"p/") + file(b"p/a", b"hello\n") + END
_ARMOURED = b"-----BEGIN PGP "
_SMALL = 4000


def add_shaped(found: dict[str, list[bytes]]) -> None:
    """Put the shaped targets' seeds beside the plain ones'."""
    found["tar_summed"] = [*found["tar"], b"\xb7" + bytes(8) + b"/"]
    found["zip_entries"] = [
        bytes([0, 0, 3, 5, 0, 0]) + b"p/ahello" + bytes([1, 0, 3, 5, 0, 0]) + b"p/bhello",
        bytes([33, 1, 1, 3, 16, 0]) + b"aabc" + bytes([2, 3, 1, 1, 0, 0]) + b"la" + bytes([0, 2, 2, 0, 0, 0]) + b"d/",
        bytes([24, 0, 1, 0, 3, 9]) + b"a" + b"\x75\x70\x05\x00\x01\x02\x03\x04\x05" + b"\x01zero",
    ]
    found["streams"] = [
        b"\x00" + bz2.compress(_TAR)[4:],
        b"\x01" + zstandard.compress(_TAR)[4:],
        b"\x02" + gzip.compress(_TAR)[3:],
        *(b"\x03" + seed[4:] for seed in found["zipfile"]),
        b"\x04" + _TAR,
    ]
    found["gzip_members"] = [gzip.compress(_TAR)[4:], gzip.compress(b"a")[4:] + gzip.compress(b"b")]
    found["file_table"] = [
        format_file_table([FileEntry(b"a", 0o100644, Digest(bytes(32)), bytes(20), 3, 1, False, "python")])  # noqa: FBT003 - a field
    ]
    found["escaping"] = [b"a b%\xff", b"a%20b%FF"]
    found["times"] = [b"2026-11-24T10:00:00Z"]
    _add_keys(found)
    _add_documents(found)
    _add_debian(found)


def _add_debian(found: dict[str, list[bytes]]) -> None:
    digests = [
        f" {letter * 64} 9 pump_1.0{rest}" for letter, rest in (("a", ".orig.tar.xz"), ("b", "-2.debian.tar.xz"))
    ]
    text = "\n".join(["Format: 3.0 (quilt)", "Source: pump", "Version: 1.0-2", "Checksums-Sha256:", *digests]).encode()
    change = b"--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n a\n-b\n+B\n c\n d\n@@ -7,2 +7,3 @@ x\n g\n+new\n h\n"
    make = b"diff --git a/g b/g\nnew file mode 100755\n--- /dev/null\n+++ b/g\n@@ -0,0 +1,2 @@\n+one\n+two\n\\ No newline at end of file\n"
    remove = b"--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
    content = b"a\nb\nc\nd\ne\nf\ng\nh\n"
    found["dsc"] = [text, text.replace(b"3.0 (quilt)", b"1.0").replace(b"-2.debian.tar.xz", b"-2.diff.gz")]
    found["cleartext"] = [
        b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
        + body
        + b"\n-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n"
        for body in (text, b"- -dash \nx\r")
    ]
    found["series"] = [b"01-fix.patch\n# why\nmore/02.diff -p1 # x\n"]
    found["patch_text"] = [change + make, b"Description: x\n\n" + remove]
    found["patch_apply"] = [
        len(body).to_bytes(2, "big") + body + patch for body, patch in ((content, change + make), (b"a\n", remove))
    ]
    tar = file(b"pkg/f", content)
    found["overlay"] = [
        bytes((0, len(tar) // 512)) + tar + rest for rest in (change, folder(b"d/") + file(b"d/x", b"y"))
    ]
    readers = {"cleartext": 15, "dsc": 16}
    found["readers"] += [bytes([number]) + seed for name, number in readers.items() for seed in found[name]]


def _add_keys(found: dict[str, list[bytes]]) -> None:
    found["sshsig_blob"] = [
        base64.b64decode(b"".join(seed.split(b"\n")[1:-2]))[10:]
        for seed in found["sshsig"]
        if seed.startswith(b"-----BEGIN SSH")
    ]
    kinds = [b"ssh-ed25519", b"ssh-rsa", b"ecdsa-sha2-nistp256", b"sk-ssh-ed25519@openssh.com"]
    found["ssh_key_blob"] = [
        bytes([kinds.index(kind)]) + base64.b64decode(blob)[4 + len(kind) :]
        for kind, blob in (seed.split()[:2] for seed in found["keys"] if seed.startswith((b"ssh-", b"ecdsa-")))
    ]
    pems = [PemSigner().key.public, PemSigner(p256=True).key.public]
    found["pem_blob"] = [base64.b64decode("".join(pem.split("\n")[1:-1])) for pem in pems]
    certificate = next(seed for seed in found["openpgp_key"] if not seed.startswith((_ARMOURED, b"ssh-", b"RW")))
    signature = next(
        dearmour(seed, "SIGNATURE", "seed") for seed in found["openpgp"] if seed.startswith(_ARMOURED + b"SIGNATURE")
    )
    found["openpgp_blob"] = [certificate]
    both = len(certificate).to_bytes(2, "big") + certificate + signature
    found["openpgp_check"] = found["openpgp_library"] = [both]


def _add_documents(found: dict[str, list[bytes]]) -> None:
    names = [
        "canonical",
        "canonical",
        "manifest",
        "checksums",
        "leaf",
        "times",
        "note_keys",
        "trust",
        "envelope",
        "predicate",
        "container",
        "container",
    ]
    found["readers"] = [
        bytes([number]) + seed
        for number, name in enumerate(names)
        for seed in found.get(name, [])
        if len(seed) < _SMALL or name == "container"
    ]
    found["readers"] += [
        bytes([len(names) + number]) + seed
        for number, start in enumerate((b"ssh-", b"RW", b"-----BEGIN PUBLIC"))
        for seed in found["keys"]
        if seed.startswith(start)
    ]
    found["verifiers"] = agreement.base_members()
    found["hostile_centre"] = agreement.base_records()
    found["dossier_bytes"] = found["dossier"]
