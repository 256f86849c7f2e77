"""Files in pieces: resumed at the right byte, never mixed, bounded, swept; deliveries and dry runs made of them."""

from __future__ import annotations

import hashlib
import io
import threading
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.utils import timezone

from tests.cast import OPEN_FILES, finish, make_archive
from transparency.errors import EvidenceError, UnavailableError, UnusableInputError
from transparency.gateways.objectstore import ObjectStore
from transparency.models import Delivery, Job, Product, Release, Upload
from transparency.proofs.digest import Digest
from transparency.services.begin_upload import begin_upload
from transparency.services.deliver_uploads import deliver_uploads
from transparency.services.discard_upload import discard_upload
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.finish_upload import finish_upload, stored_file
from transparency.services.receive_chunk import receive_chunk
from transparency.services.receive_delivery import MAX_ARCHIVE_BYTES
from transparency.services.stored_files import Received
from transparency.services.stores import objects
from transparency.services.sweep_objects import sweep_objects
from transparency.services.sweep_uploads import sweep_uploads

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
PIECE = 64


@pytest.fixture
def product(cast: Cast) -> Product:
    """A product with an enrolled key and one release, of which nothing was delivered yet."""
    product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product
    enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    return product


@pytest.fixture(autouse=True)
def small_pieces(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.UPLOAD_CHUNK_BYTES = PIECE
    settings.UPLOAD_RESERVE_BYTES = 0


def begin(cast: Cast, product: Product, data: bytes, name: str = "widget-1.0.tar.gz") -> Upload:
    return begin_upload(product=product, sender=cast.vendor, name=name, size=len(data))


def send(upload: Upload, data: bytes, *, until: int | None = None) -> Upload:
    """The pieces from where the upload stands to `until`."""
    end = len(data) if until is None else until
    while upload.received < end:
        piece = data[upload.received : min(upload.received + PIECE, end)]
        upload = receive_chunk(upload=upload, offset=upload.received, data=piece, sha256=Digest.of(piece))
    return upload


def whole(cast: Cast, product: Product, data: bytes, name: str = "widget-1.0.tar.gz") -> Upload:
    return finish_upload(upload=send(begin(cast, product, data, name), data), sha256=Digest.of(data))


def scratch_files(home: Path) -> list[Path]:
    return list(home.glob("objects/p*/uploads/*"))


DATA = bytes(range(256)) * 2


def test_a_file_in_pieces_becomes_an_object_with_all_its_digests(cast: Cast, product: Product, home: Path) -> None:
    stored = stored_file(whole(cast, product, DATA))
    assert (stored.name, stored.size) == ("widget-1.0.tar.gz", len(DATA))
    assert stored.sha512 == hashlib.sha512(DATA).hexdigest()
    assert stored.blake2b512 == hashlib.blake2b(DATA).hexdigest()
    assert objects().read(product.store_key, stored.digest, limit=1000) == DATA
    assert scratch_files(home) == []


def test_a_server_that_died_after_writing_a_piece_takes_it_again(cast: Cast, product: Product, home: Path) -> None:
    upload = send(begin(cast, product, DATA), DATA, until=PIECE)
    [path] = scratch_files(home)
    with path.open("ab") as stream:  # written, never counted
        stream.write(b"half a piece of the next")
    Upload.objects.get(pk=upload.pk)
    finish_upload(upload=send(upload, DATA), sha256=Digest.of(DATA))


def test_finishing_again_gives_the_same_answer_even_after_dying_on_the_way(cast: Cast, product: Product) -> None:
    upload = whole(cast, product, DATA)
    assert finish_upload(upload=upload).stored == upload.stored
    key = product.store_key
    with objects().upload(key, upload.pk.hex) as file:  # as it lay there between object and row
        file.append(0, DATA)
        objects().finish_upload(key, file, size=len(DATA))
    Upload.objects.filter(pk=upload.pk).update(state=Upload.State.RECEIVING, stored=None)
    assert finish_upload(upload=upload).stored == upload.stored


def test_a_piece_at_another_place_is_told_where_to_go_on(cast: Cast, product: Product) -> None:
    upload = send(begin(cast, product, DATA), DATA, until=PIECE)
    for offset in (0, PIECE - 1, PIECE + 1, 2 * PIECE):
        with pytest.raises(EvidenceError, match="upload-offset") as refused:
            receive_chunk(upload=upload, offset=offset, data=b"xx", sha256=Digest.of(b"xx"))
        assert refused.value.expected == str(PIECE)
    assert Upload.objects.get().received == PIECE


def test_a_piece_that_was_damaged_on_its_way_is_not_kept(cast: Cast, product: Product) -> None:
    upload = begin(cast, product, DATA)
    with pytest.raises(EvidenceError, match="chunk-digest"):
        receive_chunk(upload=upload, offset=0, data=DATA[:PIECE], sha256=Digest.of(b"something else"))
    assert Upload.objects.get().received == 0


def test_pieces_have_a_size(cast: Cast, product: Product) -> None:
    upload = begin(cast, product, DATA)
    for piece in (b"", bytes(PIECE + 1)):
        with pytest.raises(UnusableInputError, match="chunk-size"):
            receive_chunk(upload=upload, offset=0, data=piece, sha256=Digest.of(piece))


def test_more_bytes_than_announced_are_refused(cast: Cast, product: Product, home: Path) -> None:
    upload = begin(cast, product, b"four")
    with pytest.raises(UnusableInputError, match="upload-too-long"):
        receive_chunk(upload=upload, offset=0, data=b"five!", sha256=Digest.of(b"five!"))
    assert sum(path.stat().st_size for path in scratch_files(home)) == 0


def test_fewer_bytes_than_announced_are_not_finished(cast: Cast, product: Product) -> None:
    upload = send(begin(cast, product, DATA), DATA, until=PIECE)
    with pytest.raises(EvidenceError, match="upload-unfinished"):
        finish_upload(upload=upload)


def test_another_file_than_announced_is_not_stored(cast: Cast, product: Product) -> None:
    upload = send(begin(cast, product, DATA), DATA)
    with pytest.raises(EvidenceError, match="upload-mismatch"):
        finish_upload(upload=upload, sha256=Digest.of(b"another"))
    assert Upload.objects.get().state == Upload.State.RECEIVING
    assert not objects().has(product.store_key, Digest.of(DATA))
    with pytest.raises(EvidenceError, match="upload-mismatch"):
        finish_upload(upload=whole(cast, product, DATA), sha256=Digest.of(b"another"))


def test_names_that_are_no_file_names_are_refused(cast: Cast, product: Product) -> None:
    for name in ("", ".", "..", "a/b", "a\x00b", "a\nb", "n" * 256, "\ud800"):
        with pytest.raises(UnusableInputError, match="name-malformed"):
            begin(cast, product, DATA, name)


def test_sizes_that_cannot_be_are_refused(cast: Cast, product: Product) -> None:
    for size, code in ((0, "upload-empty"), (-1, "upload-empty"), (MAX_ARCHIVE_BYTES + 1, "object-too-large")):
        with pytest.raises(UnusableInputError, match=code):
            begin_upload(product=product, sender=cast.vendor, name="a", size=size)


def test_beginning_again_by_the_same_identity_is_the_same_upload_and_nobody_elses(cast: Cast, product: Product) -> None:
    identity = uuid.uuid4()
    asked = {"product": product, "name": "a", "size": 9, "identity": identity}
    first = begin_upload(sender=cast.vendor, **asked)  # type: ignore[arg-type]
    assert begin_upload(sender=cast.vendor, **asked) == first  # type: ignore[arg-type]
    with pytest.raises(EvidenceError, match="upload-exists"):
        begin_upload(sender=cast.operator, **asked)  # type: ignore[arg-type]
    with pytest.raises(EvidenceError, match="upload-exists"):
        begin_upload(sender=cast.vendor, **asked | {"size": 10})  # type: ignore[arg-type]
    assert Upload.objects.count() == 1


def test_uploads_on_their_way_are_counted_by_person_and_by_product(
    cast: Cast, product: Product, settings: Settings
) -> None:
    settings.UPLOADS_PER_PERSON, settings.UPLOADS_PER_PRODUCT = 2, 3
    begin(cast, product, DATA)
    second = begin(cast, product, DATA)
    with pytest.raises(EvidenceError, match="upload-quota"):
        begin(cast, product, DATA)
    begin_upload(product=product, sender=cast.operator, name="a", size=1)
    with pytest.raises(EvidenceError, match="upload-quota"):
        begin_upload(product=product, sender=cast.operator, name="b", size=1)
    discard_upload(upload=second)
    begin(cast, product, DATA)


def test_bytes_are_counted_until_they_are_delivered(cast: Cast, product: Product, settings: Settings) -> None:
    archive = make_archive(OPEN_FILES)
    settings.UPLOAD_BYTES_PER_PERSON = 2 * len(archive)
    upload = whole(cast, product, archive)
    with pytest.raises(EvidenceError, match="upload-quota"):
        begin_upload(product=product, sender=cast.vendor, name="a", size=len(archive) + 1)
    finish(
        deliver_uploads(product=product, sender=cast.vendor, version="1.0", archive=upload, signatures=[], send=False)
    )
    begin_upload(product=product, sender=cast.vendor, name="a", size=2 * len(archive))
    settings.UPLOAD_BYTES_PER_PRODUCT = 1
    with pytest.raises(EvidenceError, match="upload-quota"):
        begin_upload(product=product, sender=cast.operator, name="a", size=2)


def test_a_disk_without_room_for_what_was_promised_takes_no_more(
    cast: Cast, product: Product, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ObjectStore, "free_bytes", lambda _store: 1000)
    settings.UPLOAD_RESERVE_BYTES = 100
    first = begin_upload(product=product, sender=cast.vendor, name="a", size=600)
    with pytest.raises(UnavailableError, match="disk-full"):
        begin_upload(product=product, sender=cast.vendor, name="b", size=301)
    send(first, bytes(600), until=PIECE)
    begin_upload(product=product, sender=cast.vendor, name="b", size=301)


def test_writers_at_once_never_mix_and_the_file_is_one_of_theirs(cast: Cast, product: Product) -> None:
    """Eight clients send different pieces to the same places; each place holds one client's piece, whole."""
    upload = begin(cast, product, bytes(PIECE * 6))
    outcomes: list[str] = []

    def client(mark: int) -> None:
        try:
            for place in range(6):
                piece = bytes([mark]) * PIECE
                try:
                    receive_chunk(upload=upload, offset=place * PIECE, data=piece, sha256=Digest.of(piece))
                    outcomes.append(f"{place} taken")
                except (EvidenceError, UnavailableError) as error:
                    outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(mark,)) for mark in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = Upload.objects.get()
    taken = sorted(outcome for outcome in outcomes if outcome.endswith("taken"))
    assert taken == [f"{place} taken" for place in range(row.received // PIECE)]
    assert set(outcomes) - set(taken) <= {"upload-offset", "upload-busy"}
    finished = finish_upload(upload=send(row, bytes(PIECE * 6)))
    data = objects().read(product.store_key, stored_file(finished).digest, limit=10_000)
    assert all(len(set(data[place * PIECE : (place + 1) * PIECE])) == 1 for place in range(6))


def test_a_piece_for_a_discarded_upload_is_told_so(cast: Cast, product: Product, home: Path) -> None:
    upload = send(begin(cast, product, DATA), DATA, until=PIECE)
    discard_upload(upload=upload)
    discard_upload(upload=upload)
    assert scratch_files(home) == []
    with pytest.raises(EvidenceError, match="upload-unknown"):
        receive_chunk(upload=upload, offset=PIECE, data=b"x", sha256=Digest.of(b"x"))
    with pytest.raises(EvidenceError, match="upload-unknown"):
        finish_upload(upload=upload)


def test_what_nobody_went_on_with_for_a_week_is_forgotten(cast: Cast, product: Product, home: Path) -> None:
    half, stored = send(begin(cast, product, DATA), DATA, until=PIECE), whole(cast, product, DATA)
    assert sweep_uploads(now=timezone.now() + timedelta(days=6)) == 0
    send(half, DATA, until=2 * PIECE)
    Upload.objects.filter(pk=stored.pk).update(touched_at=timezone.now() - timedelta(days=8))
    assert sweep_uploads() == 1
    assert sweep_uploads(now=timezone.now() + timedelta(days=8)) == 1
    assert scratch_files(home) == []
    assert Upload.objects.count() == 0
    assert objects().has(product.store_key, stored_file(stored).digest), "the sweep of objects has its own week"


def test_the_sweep_of_objects_sweeps_uploads_too(cast: Cast, product: Product, home: Path) -> None:
    send(begin(cast, product, DATA), DATA, until=PIECE)
    sweep_objects(now=timezone.now() + timedelta(days=2))
    assert len(scratch_files(home)) == 1
    sweep_objects(now=timezone.now() + timedelta(days=8))
    assert scratch_files(home) == []


def test_a_delivery_of_an_upload_is_a_delivery_like_any_other(cast: Cast, product: Product) -> None:
    archive = make_archive(OPEN_FILES)
    upload, signatures = whole(cast, product, archive), [cast.vendor_key.sign(archive)]
    asked = {"product": product, "sender": cast.vendor, "version": "2.0", "archive": upload, "signatures": signatures}
    job = finish(deliver_uploads(**asked, send=False))  # type: ignore[arg-type]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.verdict, delivery.archive_name) == ("admitted", "valid", "widget-1.0.tar.gz")
    assert delivery.release.version == "2.0"
    assert deliver_uploads(**asked, send=False) == job  # type: ignore[arg-type]


def test_a_list_that_was_uploaded_covers_the_archive(cast: Cast, product: Product) -> None:
    archive = make_archive(OPEN_FILES)
    sums = f"{Digest.of(archive)}  widget-1.0.tar.gz\n".encode()
    job = deliver_uploads(
        product=product,
        sender=cast.vendor,
        version="1.0",
        archive=whole(cast, product, archive),
        checksums=whole(cast, product, sums, "SHA256SUMS"),
        signatures=[cast.vendor_key.sign(sums)],
        send=False,
    )
    assert job.payload["cover"]["form"] == "checksums"
    assert job.payload["cover"]["sha256"] == Digest.of(sums).hex


def test_a_dry_run_reports_and_leaves_no_release_behind(cast: Cast, product: Product) -> None:
    archive = make_archive({"a": b"x", "a/../../evil": b"y", "b\\c": b"z"})
    job = deliver_uploads(
        product=product,
        sender=cast.vendor,
        version="9-secret",
        archive=Received("widget-9.tar.gz", io.BytesIO(archive)),
        signatures=[cast.vendor_key.sign(archive)],
        dry_run=True,
        send=False,
    )
    report = (finish(job).result or {})["report"]
    assert report["release"] == "9-secret"
    assert [finding["path"] for finding in report["refused"]] == ["product-1.0/a/../../evil"]
    assert not Release.objects.filter(version="9-secret").exists()
    assert (Delivery.objects.count(), Upload.objects.count()) == (0, 0)


UNDELIVERABLE = (
    ({"role": "attested"}, "role-unknown"),
    ({"version": "no spaces"}, "name-malformed"),
    ({"version": "no spaces", "dry_run": True}, "name-malformed"),
    ({"archive": Received("a.txt", io.BytesIO(b"no archive"))}, "archive-type-unknown"),
    ({"signatures": [b"x"] * 17}, "signatures-many"),
    ({"checksums": Received("S", io.BytesIO(b"x")), "over": "decompressed"}, "cover-and-decompressed"),
)


def test_what_cannot_be_delivered_leaves_nothing_behind(cast: Cast, product: Product) -> None:
    for changed, code in UNDELIVERABLE:
        archive = Received("a.tar.gz", io.BytesIO(make_archive(OPEN_FILES)))
        asked = {"product": product, "sender": cast.vendor, "version": "2.0", "archive": archive, "signatures": []}
        with pytest.raises(UnusableInputError, match=code):
            deliver_uploads(**asked | changed)  # type: ignore[arg-type]
    assert list(Release.objects.values_list("version", flat=True)) == ["1.0"]
    assert Job.objects.count() == 0


def test_uploads_of_others_and_unfinished_ones_are_not_delivered(cast: Cast, product: Product) -> None:
    upload = begin(cast, product, DATA)
    other = ensure_release(vendor="rival", product="gadget", version="1.0", restricted=False).product
    request = {"version": "2.0", "archive": upload, "signatures": []}
    for changed, code in (
        ({"product": product, "sender": cast.vendor}, "upload-unfinished"),
        ({"product": other, "sender": cast.vendor}, "upload-foreign"),
        ({"product": product, "sender": cast.operator}, "upload-foreign"),
    ):
        with pytest.raises(EvidenceError, match=code):
            deliver_uploads(**request | changed)  # type: ignore[arg-type]
