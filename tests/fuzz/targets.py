"""What is fuzzed: each target takes bytes and may end only in the errors that its parser promises; accepted input round-trips.

A target is named for the format; its seeds are real values of that format (tests/fuzz/seeds.py).
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from tests.fuzz import agreement, debian, gits, packages, sboms, shaped, wall
from tests.fuzz.shaped import LIMITS
from tests.proofs.sources.tars import PlainStream
from tests.proofs.sources.zips import take_zip
from transparency.gateways.decompress import open_archive
from transparency.proofs.attest.dsse import format_envelope, parse_envelope
from transparency.proofs.attest.predicates import format_source_review, parse_source_review
from transparency.proofs.attest.statement import format_statement, parse_statement
from transparency.proofs.builds.checksums import parse_checksums
from transparency.proofs.canonical import canonical_json, parse_canonical, parse_json
from transparency.proofs.container import format_container, parse_container
from transparency.proofs.dossier import build_dossier, format_index, parse_dossier, parse_index
from transparency.proofs.errors import EvidenceError
from transparency.proofs.events import format_event_record, parse_event_record
from transparency.proofs.log.checkpoint import format_checkpoint, parse_checkpoint
from transparency.proofs.log.leaf import format_leaf, format_opening, parse_leaf, parse_opening
from transparency.proofs.log.note import format_skey, format_vkey, parse_skey, parse_vkey
from transparency.proofs.log.proof import format_log_proof, parse_log_proof
from transparency.proofs.log.tiles import format_entries, parse_entries, parse_tile_path
from transparency.proofs.manifest import format_manifest, parse_manifest
from transparency.proofs.records import (
    format_builds_record,
    format_delivery_record,
    parse_builds_record,
    parse_delivery_record,
)
from transparency.proofs.signatures.certificate import (
    format_pem_certificate,
    parse_certificate,
    parse_pem_certificate,
)
from transparency.proofs.signatures.cms import parse_cms
from transparency.proofs.signatures.cosign import format_cosign, parse_cosign
from transparency.proofs.signatures.judge import FileDigests, judge_signature
from transparency.proofs.signatures.keys import key_from_text, parse_key
from transparency.proofs.signatures.minisign import parse_minisign, parse_minisign_key
from transparency.proofs.signatures.minisign_secret import parse_minisign_secret
from transparency.proofs.signatures.openpgp import parse_openpgp_signatures
from transparency.proofs.signatures.openpgp_key import parse_openpgp_certificate
from transparency.proofs.signatures.signify import format_signify, parse_signify, parse_signify_key
from transparency.proofs.signatures.sshsig import format_sshsig, parse_ssh_public_key, parse_sshsig
from transparency.proofs.signatures.timestamp import parse_timestamp
from transparency.proofs.sources.intake import take_in
from transparency.proofs.sources.membersource import TarSource
from transparency.proofs.sources.paths import judge_path
from transparency.proofs.sources.zstframes import count_frames
from transparency.proofs.times import parse_time
from transparency.proofs.trust import format_key_ring, format_trust_file, parse_key_ring, parse_trust_file

if TYPE_CHECKING:
    from collections.abc import Callable

Target = Any  # a function of bytes
DIGESTS = FileDigests(0, bytes(32), bytes(64), bytes(64))


def tar(data: bytes) -> None:
    """The tar reader and the whole pass: never an error, only refusals; without one, a manifest that reads."""
    intake = take_in(TarSource(PlainStream(data), LIMITS), io.BytesIO(), limits=LIMITS)
    if not intake.refused:
        entries = parse_manifest(intake.manifest)
        assert len(entries) == intake.files
        for entry in entries:
            assert not any(finding.fatal for finding in judge_path(entry.path))


def gzip(data: bytes) -> None:
    """Whatever the file is, its members' stream ends in data or in a coded error."""
    with open_archive(io.BytesIO(b"\x1f\x8b" + data)) as stream:
        while stream.read(1 << 16):
            pass
        stream.finish()


def zipfile(data: bytes) -> None:
    """The zip reader and the whole pass."""
    intake = take_zip(data, LIMITS)
    if not intake.refused:
        assert len(parse_manifest(intake.manifest)) == intake.files


def zst_frames(data: bytes) -> None:
    assert count_frames(lambda offset, count: data[offset : offset + count], len(data)) or not data


def paths(data: bytes) -> None:
    fatal = {finding.rule for finding in judge_path(data) if finding.fatal}
    parts = data.split(b"/")
    if b".." in parts or b"." in parts or b"" in parts or any(byte < 0x20 or byte == 0x7F for byte in data):
        assert fatal
    if any(part.lower() == b".git" for part in parts):
        assert "path-git" in fatal


def checksums(data: bytes) -> None:
    listed = parse_checksums(data)
    assert listed.digests


def sshsig(data: bytes) -> None:
    signature = parse_sshsig(data)
    assert parse_sshsig(format_sshsig(signature)) == signature


def ssh_key(data: bytes) -> None:
    parse_ssh_public_key(text(data))


def minisign(data: bytes) -> None:
    parse_minisign(data)


def minisign_key(data: bytes) -> None:
    parse_minisign_key(text(data))


def minisign_secret(data: bytes) -> None:
    if b"AAA" in data:  # without a passphrase's key derivation, which is slow by design
        parse_minisign_secret(text(data))


def signify(data: bytes) -> None:
    assert format_signify(parse_signify(data)) == data


def cosign(data: bytes) -> None:
    assert format_cosign(parse_cosign(data)).strip() == data.strip()


def cms(data: bytes) -> None:
    parse_cms(data)


def certificate(data: bytes) -> None:
    found = parse_certificate(data)
    assert parse_pem_certificate(format_pem_certificate(found)) == found
    found.key  # noqa: B018 - is read or refused
    found.identities()


def timestamp(data: bytes) -> None:
    parse_timestamp(data)


def signify_key(data: bytes) -> None:
    parse_signify_key(text(data))


def keys(data: bytes) -> None:
    key = key_from_text(text(data))
    assert parse_key(key.format, key.public).fingerprint == key.fingerprint


def openpgp(data: bytes) -> None:
    for signature in parse_openpgp_signatures(data):
        assert parse_openpgp_signatures(signature.packet) == (signature,)


def openpgp_key(data: bytes) -> None:
    certificate = parse_openpgp_certificate(data)
    assert certificate.keys[0].primary


def judge(data: bytes) -> None:
    """Any file as a signature: a finding, never an error, and never `valid` without a key."""
    for finding in judge_signature(data, DIGESTS, (), now=parse_time("2026-11-24T00:00:00Z")):
        assert finding.outcome in {"invalid", "unknown-key", "unavailable"}


def canonical(data: bytes) -> None:
    value = parse_json(data, limit=1 << 20)
    assert json.loads(data, parse_int=float) == value
    assert canonical_json(parse_json(canonical_json(value), limit=1 << 22)) == canonical_json(value)
    assert parse_canonical(data, limit=1 << 20) == value


def manifest(data: bytes) -> None:
    assert format_manifest(parse_manifest(data)) == data


def container(data: bytes) -> None:
    assert format_container(parse_container(data)) == data


def dossier(data: bytes) -> None:
    """What was parsed builds the same bytes again, unless the index has keys that are ignored."""
    parsed = parse_dossier(data)
    built = build_dossier(parsed.parts)
    assert parse_dossier(built) == parsed
    index = parse_container(data)["dossier.json"]
    assert built == data or index != format_index(parsed.index)


def dossier_index(data: bytes) -> None:
    parsed = parse_index(data)
    assert parse_index(format_index(parsed)) == parsed
    assert format_index(parsed) == data or set(json.loads(data)) > set(json.loads(format_index(parsed)))


def delivery_record(data: bytes) -> None:
    assert format_delivery_record(parse_delivery_record(data)) == data or b'"' in data


def builds_record(data: bytes) -> None:
    parsed = parse_builds_record(data)
    assert parse_builds_record(format_builds_record(parsed)) == parsed


def event_record(data: bytes) -> None:
    assert format_event_record(parse_event_record(data)) == data


def leaf(data: bytes) -> None:
    assert format_leaf(parse_leaf(data)) == data


def opening(data: bytes) -> None:
    assert format_opening(parse_opening(data)) == data


def checkpoint(data: bytes) -> None:
    assert format_checkpoint(parse_checkpoint(text(data))) == text(data)


def note_keys(data: bytes) -> None:
    words = text(data)
    if "PRIVATE" in words:
        assert format_skey(parse_skey(words)) == words
    else:
        assert format_vkey(parse_vkey(words)) == words


def log_proof(data: bytes) -> None:
    assert format_log_proof(parse_log_proof(data)) == data


def tiles(data: bytes) -> None:
    if data[:1] == b"t":
        assert parse_tile_path(text(data)).path == text(data)
    else:
        entries = parse_entries(data[1:], data[0] if data else 0)
        assert format_entries(entries) == data[1:]


def envelope(data: bytes) -> None:
    parsed = parse_envelope(data)
    written = format_envelope(parsed)
    assert parse_envelope(written) == parsed
    assert format_envelope(parse_envelope(written)) == written


def statement(data: bytes) -> None:
    parsed = parse_statement(data)
    assert parse_statement(format_statement(parsed)) == parsed


def predicate(data: bytes) -> None:
    review = parse_source_review(parse_json(data, limit=1 << 20))
    assert parse_source_review(format_source_review(review)) == review


def trust(data: bytes) -> None:
    parsed = parse_trust_file(data)
    assert parse_trust_file(format_trust_file(parsed)) == parsed


def key_ring(data: bytes) -> None:
    parsed = parse_key_ring(data)
    assert parse_key_ring(format_key_ring(parsed)) == parsed


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


TARGETS: dict[str, Callable[[bytes], None]] = {
    function.__name__: function
    for function in (
        tar, gzip, zipfile, zst_frames, paths, checksums, sshsig, ssh_key, minisign, minisign_key, minisign_secret, keys, openpgp, openpgp_key, judge,
        canonical, manifest, container, dossier, dossier_index, delivery_record, builds_record, event_record, leaf, opening, checkpoint,
        note_keys, log_proof, tiles, envelope, statement, predicate, trust, key_ring,
        shaped.tar_summed, shaped.zip_entries, shaped.streams, shaped.gzip_members, shaped.sshsig_blob, shaped.ssh_key_blob,
        shaped.pem_blob, shaped.openpgp_blob, shaped.openpgp_check, shaped.openpgp_library, shaped.file_table, shaped.escaping,
        shaped.times, agreement.readers, agreement.verifiers, agreement.dossier_bytes, agreement.hostile_centre,
        signify, signify_key, cosign, cms, certificate, timestamp, debian.cleartext, debian.dsc, debian.series, debian.patch_text, debian.patch_apply, debian.overlay,
        wall.contained_intake, wall.contained_verdict, wall.contained_message, wall.xz, wall.xz_streams,
        gits.git_tag, gits.git_commit, gits.git_tree, gits.git_bundle,
        packages.package_metadata, packages.purl, packages.rpm_header, packages.cpio_members,
        sboms.sbom, sboms.sbom_lines,
    )
}  # fmt: skip


def run(name: str, data: bytes) -> bool:
    """Whether the target accepted the input; what it does not promise to raise goes through."""
    try:
        TARGETS[name](data)
    except EvidenceError:
        return False
    return True
