"""What a dishonest centre may log about covers, components and events, and the link that must notice.

Each cheat is logged as if it were true: leaves, proofs and index are right, only the content lies. `CHEATS` maps a name to the
function that logs it and to the link and code that it fails with; both verifiers are held to the link.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.cheats_git import GIT_CHEATS
from tests.signers import OpenPgpSigner, SshSigner
from tests.simulator import DEBIAN, DSC, ORIG, PATCHES, Simulator, archive_file, checksum_list, make_archive
from transparency.proofs.digest import Digest
from transparency.proofs.records import ArchiveFile, RecordedComponent, RecordedCover, parse_delivery_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OTHER = make_archive({"back": b"door\n"})
NAME = "pump-1.0.tar.gz"
FIRST, SIGNATURE, EVENT = "deliveries/01", "deliveries/01/signature", "events/01"


def pgp_world(folder: Path, *, restricted: bool = False) -> Simulator:
    """A vendor with an OpenPGP key; its signatures are made now, so the leaves are a little later."""
    soon = (datetime.now(UTC) + timedelta(minutes=5)).replace(microsecond=0)
    auditors = {"north": SshSigner(folder, "north")}
    return Simulator(folder, restricted=restricted, vendor=OpenPgpSigner(), auditors=auditors, time=soon)


def list_that_names_no_archive(world: Simulator) -> None:
    world.deliver_listed(checksum_list({"pump-1.0.zip": world.archive}))


def list_that_names_another_archive(world: Simulator) -> None:
    world.deliver_listed(checksum_list({NAME: OTHER}))


def list_in_a_folder_of_its_own(world: Simulator) -> None:
    world.deliver_listed(checksum_list({f"old/{NAME}": world.archive}))


def list_of_no_known_form(world: Simulator) -> None:
    world.deliver_listed(b"everything is in order\n")


def list_that_is_left_out(world: Simulator) -> None:
    world.deliver_listed().list = None


def list_swapped_for_another_signed_one(world: Simulator) -> None:
    world.deliver_listed().list = checksum_list({NAME: world.archive, "more": b"more"})


def list_beside_a_record_that_knows_none(world: Simulator) -> None:
    world.deliver().list = checksum_list({NAME: world.archive})


def list_signed_by_nobody(world: Simulator) -> None:
    listing, signature = checksum_list({NAME: world.archive}), world.vendor.sign(world.archive)
    world.deliver(world.covered_record(listing, [signature]), signatures=[signature], listing=listing)


def cover_of_another_digest(world: Simulator) -> None:
    listing = checksum_list({NAME: world.archive})
    signature = world.vendor.sign(listing)
    record = world.covered_record(listing, [signature])
    file = replace(archive_file("SHA256SUMS", listing), sha512="00" * 64)
    world.deliver(replace(record, cover=RecordedCover("checksums", file)), signatures=[signature], listing=listing)


def text_signature_offered_as_binary(world: Simulator) -> None:
    """The signature of the .dsc's text is over a text; over a list, or an archive, that is another thing."""
    listing = checksum_list({NAME: world.archive}).rstrip(b"\n")
    assert isinstance(world.vendor, OpenPgpSigner)
    signed = world.vendor.clearsign(listing)
    signature = signed[signed.index(b"-----BEGIN PGP SIGNATURE-----") :]
    world.deliver(world.covered_record(listing, [signature]), signatures=[signature], listing=listing)


def binary_signature_offered_as_text(world: Simulator) -> None:
    item = world.deliver_dsc()
    text = item.list or b""
    world.deliveries.clear()
    signature = world.vendor.sign(text.replace(b"\n", b"\r\n"))
    record = parse_delivery_record(item.record)
    world.deliver(replace(record, signatures=world.recorded([signature])), signatures=[signature], listing=text)


def clearsigned_file_offered_as_a_signature(world: Simulator) -> None:
    item = world.deliver_dsc()
    world.deliveries.clear()
    record, whole = parse_delivery_record(item.record), world.dsc()
    world.deliver(replace(record, signatures=world.recorded([whole])), signatures=[whole], listing=item.list)


def text_changed_after_signing(world: Simulator) -> None:
    item = world.deliver_dsc()
    world.deliveries.clear()
    text = (item.list or b"").replace(b"Homepage: none", b"Homepage: some")
    record = replace(parse_delivery_record(item.record), cover=RecordedCover("dsc", archive_file(DSC, text)))
    world.deliver(record, signatures=item.signatures, listing=text)


def text_with_an_end_that_is_not_signed(world: Simulator) -> None:
    """White space at line ends is outside the signature, so the text has none."""
    item = world.deliver_dsc()
    world.deliveries.clear()
    text = (item.list or b"").replace(b"Homepage: none", b"Homepage: none \t")
    record = replace(parse_delivery_record(item.record), cover=RecordedCover("dsc", archive_file(DSC, text)))
    world.deliver(record, signatures=item.signatures, listing=text)


def dsc_that_names_other_files(world: Simulator) -> None:
    world.deliver_dsc(world.dsc({DEBIAN: PATCHES, ORIG: OTHER}))


def dsc_that_names_one_file_more(world: Simulator) -> None:
    world.deliver_dsc(world.dsc({DEBIAN: PATCHES, ORIG: world.archive, "pump_1.0.orig-more.tar.gz": OTHER}))


def dsc_that_names_itself(world: Simulator) -> None:
    world.deliver_dsc(world.dsc({DEBIAN: PATCHES, ORIG: world.archive, DSC: OTHER}))


def component_of_another_digest(world: Simulator) -> None:
    world.deliver_dsc(
        components=(
            RecordedComponent(DEBIAN, len(PATCHES), Digest.of(b"other patches")),
            RecordedComponent(ORIG, len(world.archive), Digest.of(world.archive)),
        )
    )


def component_of_another_size(world: Simulator) -> None:
    world.deliver_dsc(
        components=(
            RecordedComponent(DEBIAN, len(PATCHES) + 1, Digest.of(PATCHES)),
            RecordedComponent(ORIG, len(world.archive), Digest.of(world.archive)),
        )
    )


def component_left_out(world: Simulator) -> None:
    world.deliver_dsc(components=(RecordedComponent(ORIG, len(world.archive), Digest.of(world.archive)),))


def upstream_archive_that_the_dsc_does_not_name(world: Simulator) -> None:
    world.deliver_dsc(role="upstream", archive=archive_file("pump_1.1.orig.tar.gz", world.archive))


def upstream_archive_of_another_digest(world: Simulator) -> None:
    world.deliver_dsc(role="upstream", archive=archive_file(ORIG, OTHER))


def release_archive_under_the_dsc_of_something_else(world: Simulator) -> None:
    world.deliver_dsc(role="release-archive", archive=archive_file(NAME, world.archive))


def components_that_a_list_does_not_name(world: Simulator) -> None:
    world.deliver_listed(components=(RecordedComponent("more.tar.gz", 4, Digest.of(b"more")),))


def tree_from_one_that_nobody_delivered(world: Simulator) -> None:
    world.deliver_dsc(role="patched", derived_from=Digest.of(b"another tree"))


def tree_from_itself(world: Simulator) -> None:
    world.deliver_dsc(role="patched", derived_from=world.subject)


def second_version_of_a_first(world: Simulator) -> None:
    """A record of version 2 that version 1 could have been."""
    item = world.deliver()
    data = item.record.replace(b"/delivery/v1", b"/delivery/v2")
    data = data.replace(b'"prefix"', b'"derivedFrom":null,"prefix"').replace(b'{"archive"', b'{"archive"', 1)
    data = data.replace(b',"derivedFrom"', b',"components":[],"cover":null,"derivedFrom"')
    relog(world, item, data, kind="delivery")


def event_about_another_product(world: Simulator) -> None:
    world.deliver()
    world.happen("withdrawn", product="valve")


def event_about_another_release(world: Simulator) -> None:
    world.deliver()
    world.happen("withdrawn", release="2.0")


def event_of_a_restricted_product_in_public(world: Simulator) -> None:
    world.deliver()
    world.happen("withdrawn", visibility="restricted")


def event_with_the_archive_of_another_delivery(world: Simulator) -> None:
    world.deliver()
    world.happen("withdrawn", archive=Digest.of(OTHER))


def event_with_the_manifest_of_another_delivery(world: Simulator) -> None:
    world.deliver()
    world.happen("withdrawn", manifest=None)


def event_by_somebody_else_than_its_leaf_says(world: Simulator) -> None:
    world.deliver()
    item = world.happen("withdrawn")
    world.events.clear()
    world.events.append(world.log_record(item.record, kind="event", subjects=subjects_of(world), org="rival"))


def event_logged_as_a_delivery(world: Simulator) -> None:
    world.deliver()
    item = world.happen("withdrawn")
    world.events.clear()
    world.events.append(world.log_record(item.record, kind="delivery", subjects=subjects_of(world), org="acme"))


def event_record_altered(world: Simulator) -> None:
    world.deliver()
    item = world.happen("withdrawn")
    item.record = item.record.replace(b'"withdrawn","key"', b'"admitted","key"')


def event_of_a_kind_that_nobody_knows(world: Simulator) -> None:
    world.deliver()
    item = world.happen("withdrawn")
    relog(world, item, item.record.replace(b'"event":"withdrawn"', b'"event":"forgotten"'), kind="event")


def event_with_a_person_in_it(world: Simulator) -> None:
    world.deliver()
    item = world.happen("withdrawn")
    relog(world, item, item.record.replace(b',"product"', b',"person":"olga","product"'), kind="event")


def events_in_another_order_than_the_log(world: Simulator) -> None:
    world.deliver()
    world.happen("withdrawn")
    world.happen("admitted")
    world.events.reverse()


def event_told_twice(world: Simulator) -> None:
    world.deliver()
    world.events.append(world.happen("withdrawn"))


def relog(world: Simulator, item: Any, data: bytes, *, kind: str) -> None:
    """Log these bytes in the place of an item's record."""
    snapshot = world.delivery_record([]).snapshot
    subjects = [("manifest", snapshot.manifest), *([("opening", snapshot.opening_root)] if kind == "delivery" else [])]
    again = world.log_record(data, kind=kind, subjects=subjects, org="acme")
    item.record, item.leaf, item.opening, item.index = again.record, again.leaf, again.opening, again.index


def subjects_of(world: Simulator) -> tuple[tuple[str, Digest], ...]:
    return (("manifest", world.subject),)


def big(name: str, data: bytes) -> ArchiveFile:
    """A file that is said to be larger than formats that sign every byte can read."""
    return replace(archive_file(name, data), size=257 * 1024**2)


CHEATS: dict[str, tuple[Callable[[Simulator], None], str, str]] = {
    function.__name__.replace("_", " "): (function, link, code)
    for function, link, code in (
        *GIT_CHEATS,
        (list_that_names_no_archive, FIRST, "cover-names"),
        (list_that_names_another_archive, FIRST, "cover-names"),
        (list_in_a_folder_of_its_own, FIRST, "cover-names"),
        (list_of_no_known_form, FIRST, "checksums-malformed"),
        (list_that_is_left_out, FIRST, "cover-file"),
        (list_swapped_for_another_signed_one, FIRST, "cover-file"),
        (list_beside_a_record_that_knows_none, FIRST, "cover-file"),
        (list_signed_by_nobody, SIGNATURE, "signature-fails"),
        (cover_of_another_digest, FIRST, "cover-file"),
        (text_signature_offered_as_binary, SIGNATURE, "signature-fails"),
        (binary_signature_offered_as_text, SIGNATURE, "signature-fails"),
        (clearsigned_file_offered_as_a_signature, SIGNATURE, "signature-fails"),
        (text_changed_after_signing, SIGNATURE, "signature-fails"),
        (text_with_an_end_that_is_not_signed, FIRST, "dsc-malformed"),
        (dsc_that_names_other_files, FIRST, "cover-names"),
        (dsc_that_names_one_file_more, FIRST, "cover-names"),
        (dsc_that_names_itself, FIRST, "cover-names"),
        (component_of_another_digest, FIRST, "cover-names"),
        (component_of_another_size, FIRST, "cover-names"),
        (component_left_out, FIRST, "cover-names"),
        (upstream_archive_that_the_dsc_does_not_name, FIRST, "cover-names"),
        (upstream_archive_of_another_digest, FIRST, "cover-names"),
        (release_archive_under_the_dsc_of_something_else, FIRST, "cover-names"),
        (components_that_a_list_does_not_name, FIRST, "cover-names"),
        (tree_from_one_that_nobody_delivered, FIRST, "record-derived"),
        (tree_from_itself, FIRST, "record-derived"),
        (second_version_of_a_first, FIRST, "record-version"),
        (event_about_another_product, EVENT, "record-release"),
        (event_about_another_release, EVENT, "record-release"),
        (event_of_a_restricted_product_in_public, EVENT, "record-visibility"),
        (event_with_the_archive_of_another_delivery, EVENT, "event-delivery"),
        (event_with_the_manifest_of_another_delivery, EVENT, "event-delivery"),
        (event_by_somebody_else_than_its_leaf_says, EVENT, "leaf-mismatch"),
        (event_logged_as_a_delivery, EVENT, "leaf-mismatch"),
        (event_record_altered, EVENT, "leaf-mismatch"),
        (event_of_a_kind_that_nobody_knows, EVENT, "record-event"),
        (event_with_a_person_in_it, EVENT, "record-event"),
        (events_in_another_order_than_the_log, "events/02", "event-order"),
        (event_told_twice, "events/02", "event-order"),
    )
}
