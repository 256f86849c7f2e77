"""Real values of each format, made by the project's own writers and by the real tools."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import zstandard

from tests.cms import HandMade, stamped, token
from tests.fuzz.gits import add_gits
from tests.fuzz.packages import add_packages
from tests.fuzz.sboms import add_sboms
from tests.fuzz.shapedseeds import add_shaped
from tests.fuzz.wallseeds import add_wall
from tests.proofs.sources.tars import END, file, folder, gnu_long, hardlink, pax, symlink
from tests.proofs.sources.zips import DEFLATE, Entry, described, make_zip
from tests.signers import CertificateSigner, MinisignSigner, OpenPgpSigner, PemSigner, SignifySigner, SshSigner
from tests.simulator import Simulator
from transparency.proofs.attest.dsse import parse_envelope
from transparency.proofs.container import parse_container
from transparency.proofs.events import EventRecord, format_event_record
from transparency.proofs.log.note import format_skey, generate_signing_key
from transparency.proofs.signatures.openpgp import dearmour
from transparency.proofs.trust import format_trust_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOW = datetime(2026, 11, 24, tzinfo=UTC)
MAX_SEED_BYTES = 200_000


# Which member of a dossier is a seed of which target, by the end of its name.
_MEMBERS = (
    ("manifest.txt", ("manifest",)),
    ("/leaf.json", ("leaf", "canonical")),
    ("/opening.json", ("opening",)),
    (".tlog-proof", ("log_proof",)),
    ("log/checkpoint", ("checkpoint",)),
    ("keys.json", ("key_ring", "canonical")),
    ("/list", ("checksums",)),
)


def seeds(scratch: Path) -> dict[str, list[bytes]]:
    """Seeds by target; keys and signatures are made anew in `scratch`."""
    found: dict[str, list[bytes]] = {
        "tar": list(_tars()),
        "gzip": [gzip.compress(tar)[2:] for tar in _tars()],
        "zipfile": [
            make_zip(
                Entry(b"p/a", b"hello" * 50, DEFLATE), Entry(b"p/", mode=0o040755), Entry(b"p/l", b"a", mode=0o120777)
            ),
            make_zip(described(Entry(b"p/a", b"hello" * 50, DEFLATE)), Entry(b"p/b", b"b"), comment=b"note"),
        ],
        "zst_frames": [
            zstandard.compress(b"abc" * 100),
            zstandard.compress(b"abc") * 2 + b"\x50\x2a\x4d\x18\x01\x00\x00\x00x",
        ],
        "paths": [
            b"a/b.c",
            b".git",
            b"a/.GIT /b",
            b"git~1",
            b"..",
            b"a//b",
            "\u00e9\u202e".encode(),
            b"con.txt",
            b"a\\..\\b",
        ],
        "note_keys": [format_skey(generate_signing_key("a.example/log")).encode()],
        "tiles": [b"tile/0/x001/067.p/8", b"tile/entries/000", b"\x01\x00\x03abc"],
        "canonical": [b'{"a":[1,2,{"b":null}],"c":"\\u20ac"}', b"[1e3,-0.5,true]"],
        "checksums": [64 * b"a" + b"  a\n", b"SHA256 (b) = " + 64 * b"0" + b"\n", b"\\" + 64 * b"1" + b" *a\\nb\n"],
    }
    for number, restricted in enumerate((False, True)):
        simulator = Simulator(scratch / f"simulator-{number}", restricted=restricted).complete()
        for name in ("container", "dossier"):
            found.setdefault(name, []).append(simulator.dossier())
        found.setdefault("dossier_index", []).append(parse_container(simulator.dossier())["dossier.json"])
        found.setdefault("trust", []).append(format_trust_file(simulator.trust()))
        _add_members(found, parse_container(simulator.dossier()))
    _add_signers(found, scratch)
    add_shaped(found)
    add_wall(found)
    add_packages(found)
    add_sboms(found)
    add_gits(found)
    return {name: [seed for seed in values if len(seed) <= MAX_SEED_BYTES] for name, values in found.items()}


def _add_members(found: dict[str, list[bytes]], members: dict[str, bytes]) -> None:
    for name, data in members.items():
        for ending, targets in _MEMBERS:
            if name.endswith(ending):
                for target in targets:
                    found.setdefault(target, []).append(data)
        if name.endswith("/record.json"):
            kind = name.partition("/")[0]
            target = {"deliveries": "delivery_record", "builds": "builds_record", "attestations": "envelope"}[kind]
            found.setdefault(target, []).append(data)
            if target == "envelope":
                payload = parse_envelope(data).payload
                found.setdefault("statement", []).append(payload)
                found.setdefault("predicate", []).append(json.dumps(json.loads(payload)["predicate"]).encode())


def _add_signers(found: dict[str, list[bytes]], scratch: Path) -> None:
    signify = SignifySigner(scratch)
    found["signify"], found["signify_key"] = [signify.sign(b"message")], [signify.key.public.encode()]
    found["keys"] = [signify.public.read_bytes()]
    for signer in (
        SshSigner(scratch, "s"),
        MinisignSigner(scratch),
        MinisignSigner(scratch, "old", legacy=True),
        OpenPgpSigner(),
    ):
        signature, key = signer.sign(b"message"), signer.key.public.encode()
        for name in ("sshsig", "minisign", "openpgp", "judge"):
            found.setdefault(name, []).append(signature)
        for name in ("keys", "ssh_key", "minisign_key", "openpgp_key"):
            found.setdefault(name, []).append(key)
    found["keys"].append(PemSigner().key.public.encode())
    found["cosign"] = [PemSigner(p256=p256).sign(b"message") for p256 in (False, True)]
    found["minisign_secret"] = [(scratch / "minisign.key").read_bytes()]
    for name, what in (("openpgp", "SIGNATURE"), ("openpgp_key", "PUBLIC KEY BLOCK")):
        found[name] += [dearmour(data, what, "seed") for data in found[name] if b"PGP " + what.encode() in data]
    authority = CertificateSigner(scratch)
    made = HandMade(authority.identity, b"message")
    stamp = token(authority.identity, b"message", _NOW)
    found["cms"] = [authority.sign(b"message"), made.bytes(), stamped(made, stamp)]
    found["certificate"], found["timestamp"] = [authority.authority.der, authority.identity.der], [stamp]
    found["keys"].append(authority.key.public.encode())
    found["judge"].append(made.bytes())
    event = EventRecord(
        "acme", "pump", "1", "open", "withdrawn", None, None, None, "k", "a", "b", "why", "acme", _NOW, 32 * "0"
    )  # fmt: skip
    found["event_record"] = [format_event_record(event)]


def _tars() -> Iterator[bytes]:
    yield file(b"pkg/a", b"hello\n") + folder(b"pkg/d/") + symlink(b"pkg/l", b"a") + hardlink(b"pkg/h", b"pkg/a") + END
    yield (
        pax({b"path": b"pkg/long", b"size": b"3"})
        + file(b"x", b"abc")
        + gnu_long(b"pkg/" + 200 * b"n" + b"\0")
        + file(b"y")
        + END
    )
    yield (
        file(b".gitmodules", b'[submodule "a"]\n\tpath = a\n\turl = ./a\n')
        + file(b"b/.gitattributes", b"* text\n")
        + END
    )
