"""Pages of comparisons: choosing two sources, what comes first, lines that differ, and who sees which file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cast import deliver, finish
from tests.services.test_compare_snapshots import SHIPPED, WRITTEN
from tests.services.test_debian import Source
from transparency.models import Comparison, Delivery, Grant, Job, Person
from transparency.permissions import Right
from transparency.services import compare_snapshots
from transparency.services.compare_snapshots import Wanted, request_comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cast import Cast
    from tests.web.conftest import Browse
    from transparency.models import Release


def pair(cast: Cast, *, restricted: bool = False, second: Mapping[str, bytes] = SHIPPED) -> tuple[Release, Release]:
    return (
        deliver(cast, product="written", files=WRITTEN, restricted=restricted),
        deliver(cast, product="shipped", files=second),
    )


def compared(first: Release, second: Release) -> Comparison:
    assert first.subject is not None
    assert second.subject is not None
    job = finish(request_comparison(wanted=Wanted(first.subject, second.subject), by=None, send=False))
    return Comparison.objects.get(pk=(job.result or {})["comparison"])


def sent(first: Release, second: Release) -> dict[str, object]:
    return {"first": first.deliveries.get().pk, "second": second.deliveries.get().pk}


def test_choosing_two_sources_leads_to_what_nothing_accounts_for(browse: Browse, cast: Cast) -> None:
    first, second = pair(cast)
    answer = browse("stan").post("/compare/", sent(first, second), follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain[0][0] == f"/comparisons/{Comparison.objects.get().pk}/"
    assert "5 files differ and nothing here accounts for them. 2 files are the same." in text
    table = text[text.index('id="files"') :]
    assert table.index("main.c") < table.index("blob.bin") < table.index("gone.c") < table.index("configure")
    assert "stamp.c" not in table
    explained = browse("stan").get(f"/comparisons/{Comparison.objects.get().pk}/?class=export-ignored").content.decode()
    assert "ci/run" in explained
    assert "line 1" in explained


def test_a_file_is_shown_with_the_lines_that_differ(browse: Browse, cast: Cast) -> None:
    row = compared(*pair(cast))
    page = browse("stan").get(f"/comparisons/{row.pk}/0/").content.decode()
    assert "return 0;" in page
    assert "return 1;" in page
    assert "1 line only as written, 1 line only as shipped" in page
    assert "/products/shipped/1.0/file/main.c" in page
    assert browse("stan").get(f"/comparisons/{row.pk}/99/").status_code == 404


def test_markup_and_hidden_characters_in_a_changed_line_are_shown_as_text(browse: Browse, cast: Cast) -> None:
    evil = "<script>alert(1)</script> \u202e\n".encode()
    row = compared(*pair(cast, second=SHIPPED | {"main.c": evil}))
    page = browse("stan").get(f"/comparisons/{row.pk}/0/").content.decode()
    assert "&lt;script&gt;" in page
    assert "‹U+202E›" in page
    assert "\u202e" not in page
    assert "<script>alert" not in page


def test_a_file_without_lines_says_so(browse: Browse, cast: Cast) -> None:
    row = compared(*pair(cast))
    assert "A file without lines" in browse("stan").get(f"/comparisons/{row.pk}/1/").content.decode()


def test_both_sources_have_to_be_readable(browse: Browse, cast: Cast) -> None:
    first, second = pair(cast, restricted=True)
    row = compared(first, second)
    for person, status in (("stan", 404), ("bela", 404), ("olga", 404), ("vera", 200)):
        for page in ("", "0/"):
            assert browse(person).get(f"/comparisons/{row.pk}/{page}").status_code == status, (person, page)
    assert browse(None).get(f"/comparisons/{row.pk}/").status_code == 302
    assert "no-store" in browse("vera").get(f"/comparisons/{row.pk}/").headers["Cache-Control"]
    refused = browse("stan").post("/compare/", sent(first, second))
    assert refused.status_code == 422
    assert "written" not in refused.content.decode().replace("As it was written", "").replace("What was written", "")


def test_a_right_on_a_folder_shows_and_counts_that_folder_alone(browse: Browse, cast: Cast) -> None:
    first, second = pair(cast, restricted=True, second=SHIPPED | {"ci/evil": b"evil\n"})
    row = compared(first, second)
    Grant.objects.create(person=cast.stranger, product=first.product, rights=[Right.READ_SOURCE], folder="ci")
    page = browse("stan").get(f"/comparisons/{row.pk}/").content.decode()
    assert "1 file differs and nothing here accounts for it. 0 files are the same." in page
    assert "ci/evil" in page
    for hidden in ("main.c", "gone.c", "blob.bin", "place.c", "configure"):
        assert hidden not in page, hidden
    seen = [number for number in range(11) if browse("stan").get(f"/comparisons/{row.pk}/{number}/").status_code == 200]
    assert len(seen) == 2  # ci/evil, and ci/run that was left out on purpose


def test_a_right_that_ended_ends_the_page(browse: Browse, cast: Cast) -> None:
    first, second = pair(cast, restricted=True)
    row = compared(first, second)
    grant = Grant.objects.create(person=cast.stranger, product=first.product, rights=[Right.READ_SOURCE])
    assert browse("stan").get(f"/comparisons/{row.pk}/").status_code == 200
    grant.delete()
    assert browse("stan").get(f"/comparisons/{row.pk}/").status_code == 404


def test_a_withdrawn_source_is_compared_no_more(browse: Browse, cast: Cast) -> None:
    first, second = pair(cast)
    row = compared(first, second)
    second.deliveries.update(state=Delivery.State.WITHDRAWN)
    assert browse("stan").get(f"/comparisons/{row.pk}/").status_code == 404


def test_much_work_becomes_a_job_that_leads_to_the_result(
    browse: Browse, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_snapshots, "SMALL_PAIRS", 0)
    answer = browse("stan").post("/compare/", sent(*pair(cast)))
    job = Job.objects.get(kind="compare")
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    finish(job)
    assert f"/comparisons/{Comparison.objects.get().pk}/" in browse("stan").get(f"/jobs/{job.pk}/").content.decode()


def test_one_person_cannot_keep_all_workers_busy(browse: Browse, cast: Cast) -> None:
    first, second = pair(cast)
    person = Person.objects.get(username="stan")
    for number in range(compare_snapshots.MAX_OPEN):
        Job.objects.create(kind="compare", idempotency_key=str(number), requested_by=person)
    answer = browse("stan").post("/compare/", sent(first, second))
    assert (answer.status_code, Comparison.objects.count()) == (422, 0)
    assert "Too many comparisons of yours" in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"first_below": "nothing"}, "There is no such folder"),
        ({"second": ""}, "This field is required"),
        ({"second": "999999"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_the_form(
    browse: Browse, cast: Cast, change: dict[str, object], sentence: str
) -> None:
    answer = browse("stan").post("/compare/", sent(*pair(cast)) | change)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_source_is_not_compared_with_itself(browse: Browse, cast: Cast) -> None:
    first, _ = pair(cast)
    answer = browse("stan").post("/compare/", sent(first, first))
    assert "These are the same" in answer.content.decode()


def test_the_page_of_a_delivery_leads_to_its_comparison_with_the_subject(browse: Browse, cast: Cast) -> None:
    rows = Source().arrive(cast)
    page = browse("stan").get(f"/deliveries/{rows['patched'].pk}/").content.decode()
    link = f"/compare/?first={rows['distribution'].pk}&amp;second={rows['patched'].pk}"
    assert link in page
    form = browse("stan").get(link.replace("&amp;", "&")).content.decode()
    assert form.count(" selected>") == 2
    assert "Compare them file by file" not in browse(None).get(f"/deliveries/{rows['patched'].pk}/").content.decode()
