"""A release's dossier, built from rows and checked as a stranger would; and what must never be in one."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from reviews.services.accept_envelope import accept_envelope
from reviews.services.build_dossier import build_dossier
from reviews.services.export_trust import export_trust
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from reviews.services.write_note import write_note
from tests.cast import OPEN_FILES, RESTRICTED_FILES, deliver, finish, make_archive
from tests.reviews.services.signing import sign_statement
from tests.services.test_debian import DEBIAN, ORIG, UPSTREAM, Source, tar
from tests.signers import OpenPgpSigner
from transparency.errors import EvidenceError
from transparency.gateways.openpgp import OpenPgp
from transparency.models import Delivery, LogEntry, Person, Release, TrustAnchor
from transparency.proofs.dossier import members_of, parse_dossier
from transparency.proofs.records import parse_delivery_record
from transparency.proofs.trust import Requirements, parse_trust_file
from transparency.proofs.verification import verify_dossier
from transparency.services.ensure_release import ensure_release
from transparency.services.receive_delivery import receive_delivery
from transparency.services.stored_files import Received
from transparency.services.stores import log_store

if TYPE_CHECKING:
    from pathlib import Path

    from reviews.models import Engagement
    from tests.cast import Cast, Key
    from transparency.proofs.links.report import Report


def attest(person: Person, key: Key, engagement: Engagement, path: str, lines: int) -> None:
    mark_region(person=person, engagement=engagement, path=path, start=1, end=lines)
    anchor = TrustAnchor.objects.get(person=person)
    statement = freeze_statement(person=person, engagement=engagement, anchor=anchor, conclusion="no-unexplained")
    accept_envelope(person=person, statement=statement, data=sign_statement(statement, key))


def check(data: bytes, **require: int) -> Report:
    """What somebody says who trusts the installation's own enrolments."""
    trust = parse_trust_file(export_trust().data)
    wanted = replace(Requirements(), **require)  # type: ignore[arg-type]
    return verify_dossier(data, now=timezone.now(), trust=replace(trust, require=wanted), openpgp=OpenPgp())


def status_of(report: Report) -> dict[str, str]:
    return {link.name: link.status for link in report.links}


def redeliver(cast: Cast, release: Release, archive: bytes, *, name: str, signature: bytes | None) -> None:
    received = Received(name, io.BytesIO(archive))
    signatures = [] if signature is None else [signature]
    finish(
        receive_delivery(
            release=release, archive=received, signatures=signatures, role="patched", sender=cast.vendor, send=False
        )
    )


def test_an_open_releases_dossier_holds_under_the_installations_trust_file(
    cast: Cast, engagement: Engagement, foreign_engagement: Engagement
) -> None:
    attest(cast.auditor, cast.auditor_key, engagement, "src/main.c", 5)
    attest(cast.other_auditor, cast.other_auditor_key, foreign_engagement, "README", 2)
    data = build_dossier(release=engagement.release)
    report = check(data, attestations=2, authorities=2, share_read_percent=62)
    assert report.exit_code == 0, status_of(report)
    assert {review.authority: (review.read, review.in_scope) for review in report.reviews} == {
        "north": (5, 8),
        "south": (2, 8),
    }
    assert check(data, share_read_percent=63).unmet == ("shareReadPercent",)
    assert verify_dossier(data, now=timezone.now()).exit_code == 3
    assert parse_dossier(data).index.visibility == "public"


def test_the_same_checkpoint_gives_the_same_bytes(cast: Cast, engagement: Engagement) -> None:
    attest(cast.auditor, cast.auditor_key, engagement, "README", 1)
    assert build_dossier(release=engagement.release) == build_dossier(release=engagement.release)


def test_a_release_without_reviews_or_builds_has_a_dossier(cast: Cast) -> None:
    report = check(build_dossier(release=deliver(cast, product="plain")))
    assert report.exit_code == 0
    assert (status_of(report)["attestations"], status_of(report)["builds"]) == ("not claimed", "not claimed")


def test_thoughts_and_people_are_never_in_a_dossier(cast: Cast, engagement: Engagement) -> None:
    write_note(person=cast.auditor, engagement=engagement, path="README", start=1, end=1, text="a private thought")
    mark_region(person=cast.auditor, engagement=engagement, path="src/util.h", start=1, end=1, level="examined")
    attest(cast.auditor, cast.auditor_key, engagement, "README", 1)
    dossier = parse_dossier(build_dossier(release=engagement.release))
    payload = dossier.parts.attestations[0].record
    text = b"".join(
        data for name, data in members_of(dossier.parts).items() if name != "verify.py"
    )  # "coverage" has a name in it
    for hidden in (
        b"a private thought",
        b"anna",
        b"Anna",
        b"vera",
        b"examined",
        cast.auditor_key.public.split()[2].encode(),
    ):
        assert hidden not in text
        assert hidden not in payload


def test_a_restricted_releases_dossier_opens_its_commitments(cast: Cast, restricted_engagement: Engagement) -> None:
    attest(cast.auditor, cast.auditor_key, restricted_engagement, "secret-plan.txt", 1)
    data = build_dossier(release=restricted_engagement.release)
    dossier = parse_dossier(data)
    assert dossier.index.visibility == "restricted"
    assert all(item.opening for item in dossier.parts.attestations)
    assert b"RESTRICTED" in dossier.parts.readme
    report = check(data, attestations=1)
    assert report.exit_code == 0, status_of(report)


def test_an_open_dossier_beside_a_restricted_product_names_nothing_of_it(
    cast: Cast, engagement: Engagement, restricted_engagement: Engagement
) -> None:
    attest(cast.auditor, cast.auditor_key, engagement, "README", 1)
    attest(cast.auditor, cast.auditor_key, restricted_engagement, "secret-plan.txt", 1)
    data = build_dossier(release=engagement.release)
    public = [data, *(path.read_bytes() for path in log_store()._root.rglob("*") if path.is_file())]
    subject = restricted_engagement.release.subject
    assert subject is not None
    hidden = [b"vault", subject.manifest.encode(), subject.opening_root.encode(), b"secret-plan", b"engine-core"]
    hidden += [entry.digest.encode() for entry in LogEntry.objects.filter(opening__isnull=False)]
    for name in hidden:
        assert all(name not in content for content in public), name
    assert parse_dossier(data).parts.log.leaf  # the newest entry is the restricted product's: commitments alone
    assert check(data, attestations=1).exit_code == 0


def test_other_deliveries_come_after_the_subjects_and_quarantine_stays_out(cast: Cast, open_release: Release) -> None:
    patched = make_archive(dict(OPEN_FILES) | {"fix.c": b"int fixed;\n"})
    redeliver(cast, open_release, patched, name="patched.tar.gz", signature=cast.vendor_key.sign(patched))
    unsigned = make_archive({"evil.c": b"int evil;\n"})
    redeliver(cast, open_release, unsigned, name="evil.tar.gz", signature=None)
    assert Delivery.objects.filter(state=Delivery.State.QUARANTINED).count() == 1
    data = build_dossier(release=open_release)
    records = [parse_delivery_record(part.logged.record) for part in parse_dossier(data).parts.deliveries]
    assert [record.archive.name for record in records] == ["widget-1.0.tar.gz", "patched.tar.gz"]
    assert b"evil" not in data
    assert check(data).exit_code == 0


def test_a_release_that_nothing_was_delivered_to_has_no_dossier(cast: Cast) -> None:
    empty = ensure_release(vendor="acme", product="empty", version="1", restricted=False)
    with pytest.raises(EvidenceError) as refusal:
        build_dossier(release=empty)
    assert refusal.value.code == "release-without-subject"


def test_the_zip_is_read_by_ordinary_tools(cast: Cast, open_release: Release) -> None:
    with zipfile.ZipFile(io.BytesIO(build_dossier(release=open_release))) as read:
        assert read.testzip() is None
        names = read.namelist()
        readme = read.read("README.txt").decode("ascii")
        keys = json.loads(read.read("keys.json"))
    assert names == sorted(names)
    assert "python3 verify.py dossier.zip --trust trust.json" in readme
    assert max(map(len, readme.splitlines())) <= 110
    assert keys["authorities"] == []
    assert [holder["name"] for holder in keys["vendors"]] == ["acme"]


def test_the_commands_of_the_readme_work_as_they_stand(cast: Cast, engagement: Engagement, tmp_path: Path) -> None:
    attest(cast.auditor, cast.auditor_key, engagement, "README", 1)
    with zipfile.ZipFile(io.BytesIO(build_dossier(release=engagement.release))) as read:
        read.extractall(tmp_path)
    archive = make_archive(OPEN_FILES, "widget-1.0")
    (tmp_path / "ARCHIVE").write_bytes(archive)
    keys = (("acme", cast.vendor_key), ("north", cast.auditor_key))
    (tmp_path / "allowed_signers").write_text("".join(f"{name} {key.public}" for name, key in keys))
    readme = (tmp_path / "README.txt").read_text()
    blocks = re.findall(r"(?:^ {7}\S.*\n)+", readme, re.MULTILINE)
    commands = [re.sub(r"^ {7}", "", block, flags=re.MULTILINE) for block in blocks]
    runnable = [command for command in commands if command.startswith(("sha256sum", "ssh-keygen", "python3 -c"))]
    assert len(runnable) == 4
    for command in runnable:
        done = subprocess.run(["sh", "-ec", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
    assert 'Good "source-review@' in done.stdout


def test_a_trust_file_can_leave_out_vendors_of_restricted_products(cast: Cast, restricted_release: Release) -> None:
    whole, narrow = export_trust(), export_trust(open_only=True)
    assert [holder.name for holder in parse_trust_file(whole.data).ring.vendors] == ["acme"]
    assert parse_trust_file(narrow.data).ring.vendors == ()
    assert any("restricted" in warning for warning in whole.warnings)
    assert not any("restricted" in warning for warning in narrow.warnings)
    assert [holder.name for holder in parse_trust_file(narrow.data).ring.authorities] == ["north", "south"]
    assert RESTRICTED_FILES.keys().isdisjoint(whole.data.decode())


def test_a_trust_file_names_every_fingerprint_to_compare(cast: Cast, open_release: Release) -> None:
    trust = export_trust()
    printed = "\n".join(trust.fingerprints)
    for anchor in TrustAnchor.objects.all():
        assert anchor.fingerprint in printed
    assert parse_trust_file(trust.data).require == Requirements()
    assert "another channel" in trust.warnings[0]


def test_a_debian_source_is_checked_by_its_signed_text_and_its_own_signature_alone(cast: Cast) -> None:
    """Signatures over single files are no part of the record, so they are not in the dossier either."""
    upstream = OpenPgpSigner("Upstream <upstream@example.org>")
    library = tar({"lib-2.0/lib.c": b"int lib;\n"})
    name = "pump_1.0.orig-lib.tar.gz"
    archives = {ORIG: tar(UPSTREAM), "pump_1.0-2.debian.tar.gz": tar(DEBIAN), name: library}
    rows = Source(archives=archives, beside={f"{name}.asc": upstream.sign(library)}).arrive(cast)
    assert [row.over_file for row in rows["distribution"].signatures.all()] == ["", name]
    data = build_dossier(release=rows["distribution"].release)
    parts = parse_dossier(data).parts
    assert {(len(item.signatures), item.list is not None) for item in parts.deliveries} == {(1, True)}
    status = status_of(check(data))
    assert {status[f"deliveries/0{number}/signature"] for number in (1, 2, 3)} == {"ok"}
