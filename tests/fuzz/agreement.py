"""The two programs that check dossiers, against each other: verify.py and proofs must accept the same bytes, and neither may break.

`readers` compares the readers of single documents; `verifiers` whole dossiers whose members were changed behind a rewritten index;
`hostile_centre` dossiers of a log that records whatever it is given.
"""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.simulator import NORTH, TIME, Item, Simulator
from transparency.proofs.attest.dsse import parse_envelope
from transparency.proofs.attest.predicates import parse_source_review
from transparency.proofs.builds.checksums import parse_checksums
from transparency.proofs.canonical import canonical_json, parse_canonical, parse_json
from transparency.proofs.container import format_container, parse_container, read_members
from transparency.proofs.digest import Digest
from transparency.proofs.dossier import build_dossier
from transparency.proofs.errors import EvidenceError, UnusableInputError
from transparency.proofs.links.dsc import files_named, signed_text
from transparency.proofs.log.leaf import parse_leaf
from transparency.proofs.log.note import parse_vkey
from transparency.proofs.manifest import parse_manifest
from transparency.proofs.signatures.keys import parse_key
from transparency.proofs.times import parse_time
from transparency.proofs.trust import format_trust_file, parse_trust_file
from transparency.proofs.verification import verify_dossier
from transparency.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.proofs.links.report import Report

# verify.py computes curves in plain Python; what was found about the same bytes stays true.
_check_ed25519 = verify.check_ed25519


@lru_cache(maxsize=10_000)
def _found(public: bytes, signature: bytes, message: bytes) -> verify.Bad | None:
    try:
        _check_ed25519(public, signature, message)
    except verify.Bad as error:
        return error
    return None


def _remembered(public: bytes, signature: bytes, message: bytes) -> None:
    if error := _found(public, signature, message):
        raise verify.Bad(*error.args)


NOW = "2026-11-24T00:00:00Z"
_RESTRICTED_AND_OPEN = 2


def _of_text(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda data: read(data.decode("utf-8", "replace"))


def _key(kind: str) -> tuple[Callable[[bytes], Any], Callable[[bytes], Any]]:
    """Keys as they stand in trust files: one line of text of a stated format."""

    def value(data: bytes) -> dict[str, Any]:
        return {
            "format": kind,
            "public": data.decode("utf-8", "replace"),
            "namespaces": [],
            "from": None,
            "until": None,
        }

    return (lambda data: parse_key(kind, value(data)["public"])), (
        lambda data: verify.read_key(value(data), strict=True)
    )


# Ours and verify.py's, of the same document.
READERS: tuple[tuple[Callable[[bytes], Any], Callable[[bytes], Any]], ...] = (
    (lambda data: parse_json(data, limit=1 << 20), lambda data: verify.read_json(data, 1 << 20)),
    (lambda data: parse_canonical(data, limit=1 << 20), lambda data: verify.read_canonical(data, 1 << 20)),
    (parse_manifest, verify.read_manifest),
    (parse_checksums, verify.read_list),
    (parse_leaf, verify.read_leaf),
    (_of_text(parse_time), _of_text(verify.read_time)),
    (_of_text(parse_vkey), _of_text(verify.read_vkey)),
    (parse_trust_file, verify.read_trust),
    (parse_envelope, verify.read_envelope),
    (
        lambda data: parse_source_review(parse_json(data, limit=1 << 20)),
        lambda data: verify.check_predicate(
            verify.obj(verify.read_json(data, 1 << 20), ""), "log.simulated.test/source"
        ),
    ),
    (parse_container, lambda data: verify.need(verify.canonical_zip(verify.read_zip(data)) == data, "")),
    (read_members, verify.read_zip),
    _key("ssh"),
    _key("minisign"),
    _key("pem"),
    (signed_text, verify.dsc_text),
    (files_named, verify.dsc_names),
)
# The predicate, whose origin one of the two leaves to a later step.
_PREDICATE = 9


def readers(data: bytes) -> None:
    """The first byte says which document; both readers accept it or both refuse it."""
    number = data[0] % len(READERS) if data else 0
    ours, theirs = READERS[number]
    if _accepts(ours, data[1:]) != _accepts(theirs, data[1:]):
        if number == _PREDICATE and b"log.simulated.test/source" not in data:
            return
        raise AssertionError(f"the readers of document {number} disagree: {data[1:]!r}")


def verifiers(data: bytes) -> None:
    """Members of an honest dossier exchanged, cut and written over, behind an index that agrees with them."""
    _same(format_container(_reindexed(_edited(dict(_honest(data[:1] > b"\x7f")), data[1:]))))


def dossier_bytes(data: bytes) -> None:
    """Any bytes as a dossier."""
    _same(data)


def hostile_centre(data: bytes) -> None:
    """A record that a log took as it was: the readers behind every signature and proof agree about it."""
    kind, record = ("delivery", "builds", "attestation")[data[0] % 3 if data else 0], data[1:]
    simulator = _centre()
    before = list(simulator.log.leaves), [list(shelf) for shelf in _shelves(simulator)]
    try:
        _log(simulator, kind, record)
        _same(build_dossier(simulator.parts()), centre=simulator)
    finally:
        simulator.log.leaves[:] = before[0]
        for shelf, items in zip(_shelves(simulator), before[1], strict=True):
            shelf[:] = items


def remember_curves() -> None:
    """Let verify.py look up what it computed before: a fuzzer asks about the same few signatures all day."""
    verify.check_ed25519 = _remembered


def base_members() -> list[bytes]:
    """Seeds of `verifiers`: edits that change nothing, one for each member."""
    return [bytes([0, number, 0, 0, 0, 0]) for number in range(len(_honest(restricted=False)))]


def base_records() -> list[bytes]:
    """Seeds of `hostile_centre`: the honest records."""
    return [bytes([number]) + shelf[0].record for number, shelf in enumerate(_shelves(_centre()))]


def _accepts(read: Callable[[bytes], Any], data: bytes) -> bool:
    try:
        read(data)
    except (EvidenceError, verify.Bad, verify.Unusable):
        return False
    return True


@lru_cache(maxsize=_RESTRICTED_AND_OPEN)
def _honest(restricted: bool) -> dict[str, bytes]:
    return parse_container(_simulator(restricted).dossier())


@lru_cache(maxsize=_RESTRICTED_AND_OPEN)
def _simulator(restricted: bool) -> Simulator:
    with tempfile.TemporaryDirectory() as folder:
        return Simulator(Path(folder) / "keys", restricted=restricted).complete()


@lru_cache(maxsize=1)
def _centre() -> Simulator:
    with tempfile.TemporaryDirectory() as folder:
        return Simulator(Path(folder) / "keys").complete()


def _shelves(simulator: Simulator) -> tuple[list[Item], list[Item], list[Item]]:
    return simulator.deliveries, simulator.builds, simulator.attestations


def _log(simulator: Simulator, kind: str, record: bytes) -> None:
    honest = {"delivery": simulator.deliveries, "builds": simulator.builds, "attestation": simulator.attestations}[kind]
    like = honest[0]
    subjects: list[tuple[str, Digest]] = [("manifest", simulator.subject)]
    if kind == "delivery":
        subjects.append(("opening", simulator.delivery_record(like.signatures).snapshot.opening_root))
    org = NORTH if kind == "attestation" else "acme"
    item = simulator.log_record(record, kind=kind, subjects=subjects, org=org, time=TIME)
    item.signatures, item.list = like.signatures, like.list
    honest[0] = item


def _edited(members: dict[str, bytes], data: bytes) -> dict[str, bytes]:
    """Each edit: which member, what (write over, put in, cut out, exchange), where, how much."""
    names = sorted(name for name in members if name != "dossier.json")
    stream = io.BytesIO(data)
    while len(head := stream.read(5)) == 5:
        name, verb, place, much = names[head[0] % len(names)], head[1] % 4, int.from_bytes(head[2:4], "big"), head[4]
        content = members[name]
        at = place % (len(content) + 1)
        if verb == 3:
            other = names[place % len(names)]
            members[name], members[other] = members[other], members[name]
            continue
        new = b"" if verb == 2 else stream.read(much)
        gone = {0: len(new), 1: 0, 2: much}[verb]
        members[name] = content[:at] + new + content[at + gone :]
    return members


def _reindexed(members: dict[str, bytes]) -> dict[str, bytes]:
    index = json.loads(members["dossier.json"])
    index["files"] = {name: Digest.of(data).hex for name, data in members.items() if name != "dossier.json"}
    index["subject"] = Digest.of(members["manifest.txt"]).hex
    return members | {"dossier.json": canonical_json(index)}


def _same(data: bytes, *, centre: Simulator | None = None) -> None:
    """Both verifiers, with and without the trust file, give one answer: exit code, failed link, states, checkpoint."""
    trusted = centre or _simulator(False)  # noqa: FBT003 - the key of the cache
    for trust in (trusted.trust(), None):
        try:
            report: Report | None = verify_dossier(data, now=parse_time(NOW), trust=trust)
        except UnusableInputError:
            report = None
        theirs = _answer(data, format_trust_file(trust) if trust else None)
        if report is None:
            assert theirs == {"exit": 2}
            continue
        seen = report.checkpoint
        ours = {
            "exit": report.exit_code,
            "failed": report.failed,
            "unmet": list(report.unmet),
            "links": [(link.name, link.status) for link in report.links],
            "checkpoint": seen and (seen.origin, seen.size, f"{seen.time:%Y-%m-%dT%H:%M:%SZ}"),
        }
        assert ours == theirs, (ours, theirs)


def _answer(data: bytes, trust: bytes | None) -> dict[str, Any]:
    """What verify.py prints about these bytes."""
    folder = _scratch()
    (folder / "dossier.zip").write_bytes(data)
    arguments = [str(folder / "dossier.zip"), "--json", "--now", NOW]
    if trust is not None:
        (folder / "trust.json").write_bytes(trust)
        arguments += ["--trust", str(folder / "trust.json")]
    out = io.StringIO()
    with redirect_stdout(out):
        code = verify.main(arguments)
    found = json.loads(out.getvalue())
    if "error" in found:
        return {"exit": code}
    seen = found["checkpoint"]
    return {
        "exit": code,
        "failed": found["failed"],
        "unmet": found["unmet"],
        "links": [(link["name"], link["status"]) for link in found["links"]],
        "checkpoint": seen and (seen["origin"], seen["size"], seen["time"]),
    }


@lru_cache(maxsize=1)
def _scratch() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - a private folder in it
    return Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
