"""Bills of materials handed in for a release: compared with its source, shown to whoever may know, and never a verdict."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from tests.cast import OPEN_FILES, RESTRICTED_FILES, Cast, deliver, finish
from tests.handed_sboms import add_sbom
from tests.proofs.packages.recognising import tar_gz
from tests.sboms import MAKERS, cyclonedx, spdx2, spdx3
from tests.web.posts import check_refusals
from tests.web.test_packages import hand_in
from transparency.gateways.sbom_parsing import parse_sbom_answer
from transparency.models import Delivery, Grant, Job, Sbom
from transparency.permissions import Right
from transparency.proofs.errors import EvidenceError
from transparency.proofs.sbom.document import MAX_PACKAGES, MAX_VALUE
from transparency.services import check_sbom
from transparency.services.ensure_release import ensure_release
from transparency.services.perform_job import perform_job
from transparency.services.receive_sbom import receive_sbom
from transparency.services.stored_files import Received
from transparency.services.sweep_objects import named_objects
from transparency.services.withdraw_delivery import withdraw_delivery

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)


def page_of(browse: Browse, row: Sbom, person: str | None = None) -> str:
    return browse(person).get(reverse("sbom", args=[row.pk])).content.decode()


@pytest.mark.parametrize("form", MAKERS)
def test_a_bill_that_names_all_of_the_source_leaves_nothing_over(open_release: Release, form: str) -> None:
    row = add_sbom(open_release, MAKERS[form](OPEN_FILES))
    assert (row.form, row.tree["declared"], row.tree["same"]) == (form, len(OPEN_FILES), len(OPEN_FILES))
    assert (row.tree["absent"], row.tree["undeclared"], row.tree["differing"]) == (0, 0, 0)
    assert row.tree["weakly"] == (len(OPEN_FILES) if form == "SPDX 2.3" else 0)
    assert row.findings == []


def test_what_differs_is_on_the_page_in_the_answer_and_on_the_release(
    cast: Cast, browse: Browse, open_release: Release
) -> None:
    files = {**OPEN_FILES, "README": b"another readme\n", "gone.c": b""}
    del files["src/util.h"]
    row = add_sbom(open_release, spdx3(files, version="2.0"), sender=cast.vendor)
    page = page_of(browse, row)
    assert "Declared and absent: 1 file" in page
    assert "There and undeclared: 1 file" in page
    assert "Another digest: 1 file" in page
    for path in ("gone.c", "src/util.h", "README"):
        assert path in page
    assert "What the bill is about has another version than the release." in page
    assert "No difference is a verdict on the source" in page
    assert "by <bdi>Acme</bdi>" in page
    answer = browse(None).get(f"/api/v1/sboms/{row.pk}").json()["sbom"]
    assert answer["files"]["absentPaths"] == ["gone.c"]
    assert answer["files"]["undeclaredPaths"] == ["src/util.h"]
    assert [item["path"] for item in answer["files"]["differences"]] == ["README"]
    assert [item["rule"] for item in answer["findings"]] == ["sbom-version"]
    listed = browse(None).get("/api/v1/products/widget/releases/1.0/sboms").json()["sboms"]
    assert listed == [answer]
    release = browse(None).get(reverse("release", args=["widget", "1.0"])).content.decode()
    assert "5 files declared, 1 of them absent, 1 of another digest, 1 undeclared" in release
    open_release.refresh_from_db()
    assert Delivery.objects.get(release=open_release).verdict == "valid"


def test_a_bill_without_files_says_nothing_about_any(browse: Browse, open_release: Release) -> None:
    row = add_sbom(open_release, cyclonedx({}))
    page = page_of(browse, row)
    assert "It names no file, so it says nothing about any" in page
    assert "undeclared" not in page
    assert "net.zlib/zlib" in page


def test_words_of_a_bill_are_shown_as_text(browse: Browse, open_release: Release) -> None:
    document = cyclonedx({"<b>\u202e": b""}, name="<script>alert(1)</script>\u202e")
    page = page_of(browse, add_sbom(open_release, document, name="<i>.json"))
    assert "<script>alert(1)" not in page
    assert "<i>.json" not in page
    assert "\u202e" not in page
    assert "%3Cb%3E%E2%80%AE" in page


def test_paths_below_the_top_folder_of_the_archive_are_found(open_release: Release) -> None:
    files = {f"widget-1.0/{path}": data for path, data in OPEN_FILES.items()}
    row = add_sbom(open_release, spdx2(files))
    assert (row.tree["same"], row.tree["absent"], row.tree["undeclared"]) == (len(OPEN_FILES), 0, 0)


def test_what_the_delivery_declares_is_compared_too(cast: Cast) -> None:
    data = b'{"name": "pump", "version": "1.0.0"}'
    delivery = hand_in(cast, "pump-1.0.0.tgz", tar_gz({"package/package.json": data}))
    row = add_sbom(delivery.release, spdx2({"package.json": data}, name="pump", version="1.0.0"))
    assert [each["rule"] for each in row.findings] == ["sbom-purl"]
    assert row.tree["same"] == 1


def test_of_a_restricted_product_paths_go_to_those_who_read_them(
    cast: Cast, browse: Browse, restricted_release: Release
) -> None:
    row = add_sbom(restricted_release, spdx3({"secret-plan.txt": b"x", "imagined.c": b""}, name="vault"))
    product = restricted_release.product
    Grant.objects.create(person=cast.auditor, product=product, rights=[Right.KNOW])
    Grant.objects.create(
        person=cast.other_auditor, product=product, rights=[Right.KNOW, Right.READ_SOURCE], folder="hidden"
    )
    words = ("secret-plan.txt", "imagined.c", "hidden/engine-core.c", "pkg:pypi/vault@1.0")
    seen = {name: tuple(word in page_of(browse, row, name) for word in words) for name in ("anna", "bela", "vera")}
    assert seen == {"anna": (False,) * 4, "bela": (False, False, True, False), "vera": (True,) * 4}
    assert "more path" in page_of(browse, row, "anna")
    assert browse(None).get(reverse("sbom", args=[row.pk])).status_code == 404
    assert browse(None).get(f"/api/v1/sboms/{row.pk}").status_code == 404
    assert RESTRICTED_FILES


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json-malformed"),
        (b'{"spdxVersion": "SPDX-2.2"}', "sbom-format"),
        (b'{"bomFormat": ' + b"[" * 70, "json-too-deep"),
        (b'{"a": 1, "a": 2}', "json-duplicate-key"),
        (json.dumps(spdx2({"../../etc/passwd\0": b""})).encode(), "sbom-malformed"),
    ],
    ids=range(5),
)
def test_a_document_that_cannot_be_read_strictly_ends_the_work_with_its_code(
    browse: Browse, open_release: Release, data: bytes, code: str
) -> None:
    job = receive_sbom(release=open_release, document=Received("x.json", io.BytesIO(data)), send=False)
    assert perform_job(job=job.pk)
    job.refresh_from_db()
    assert (job.state, job.error["code"] if job.error else "") == (Job.State.FAILED, code)
    assert not Sbom.objects.exists()


def test_without_an_admitted_source_there_is_nothing_to_compare_with(cast: Cast) -> None:
    release = ensure_release(vendor="acme", product="empty", version="1.0", restricted=False)
    with pytest.raises(EvidenceError, match="sbom-no-source"):
        receive_sbom(release=release, document=Received("x", io.BytesIO(b"{}")), send=False)


def test_the_same_document_is_one_row_and_its_bytes_are_kept(open_release: Release) -> None:
    first = add_sbom(open_release, spdx2(OPEN_FILES))
    assert add_sbom(open_release, spdx2(OPEN_FILES)).pk == first.pk
    assert first.sha256 in set(named_objects(open_release.product))


def test_content_beyond_the_limit_stays_unchecked_and_is_counted(
    open_release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_sbom, "MAX_HASHED_BYTES", 20)
    row = add_sbom(open_release, spdx2(OPEN_FILES))
    assert row.tree["unchecked"] > 0
    assert row.tree["same"] + row.tree["unchecked"] == len(OPEN_FILES)


def test_a_withdrawn_source_is_said_to_be_withdrawn(cast: Cast, browse: Browse, open_release: Release) -> None:
    row = add_sbom(open_release, spdx2(OPEN_FILES))
    withdraw_delivery(delivery=row.delivery, reason="a mistake", by=cast.vendor)
    assert "was withdrawn" in page_of(browse, row)


class TestAdding:
    def test_the_vendor_adds_one_in_the_browser(self, browse: Browse, open_release: Release) -> None:
        place = reverse("sbom-add", args=["widget", "1.0"])
        client = browse("vera")
        assert "Compare it with the source" in client.get(place).content.decode()
        data = json.dumps(cyclonedx(OPEN_FILES)).encode()
        answer = client.post(place, {"document": SimpleUploadedFile("w.cdx.json", data)})
        assert answer.status_code == 302
        job = Job.objects.get(kind="check-sbom")
        finish(job)
        page = client.get(answer.headers["Location"]).content.decode()
        row = Sbom.objects.get()
        assert reverse("sbom", args=[row.pk]) in page
        assert "w.cdx.json" in page
        assert row.sender is not None
        assert row.sender.username == "vera"

    def test_nobody_else_does(self, cast: Cast, browse: Browse, open_release: Release) -> None:
        check_refusals(
            browse,
            reverse("sbom-add", args=["widget", "1.0"]),
            {"document": SimpleUploadedFile("x.json", b"{}")},
            allowed="vera",
            strangers=(),
            forbidden=("anna", "stan"),
            unchanged=Job.objects.filter(kind="check-sbom").count,
            missing=reverse("sbom-add", args=["widget", "9.9"]),
            has_page=True,
        )
        deliver(cast, product="vault", version="9.9", files=RESTRICTED_FILES, restricted=True)
        assert browse("stan").get(reverse("sbom-add", args=["vault", "9.9"])).status_code == 404

    def test_a_form_without_a_file_says_so(self, browse: Browse, open_release: Release) -> None:
        answer = browse("vera").post(reverse("sbom-add", args=["widget", "1.0"]), {})
        assert answer.status_code == 422
        assert "There is something to correct" in answer.content.decode()

    def test_only_the_vendor_is_offered_it(self, browse: Browse, open_release: Release) -> None:
        place = reverse("release", args=["widget", "1.0"])
        assert "Add a bill of materials" in browse("vera").get(place).content.decode()
        assert "Add a bill of materials" not in browse("anna").get(place).content.decode()


class TestCommand:
    def run(self, *arguments: object) -> tuple[int, dict[str, Any]]:
        out = io.StringIO()
        try:
            call_command("import_sbom", *map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
        except SystemExit as ended:
            return int(ended.code or 0), json.loads(out.getvalue())
        return 0, json.loads(out.getvalue())

    def test_it_prints_how_the_two_compare(self, open_release: Release, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(json.dumps(spdx2({**OPEN_FILES, "gone\x1b": b""})))
        asked = (tmp_path / "x.json", "--product", "widget", "--release", "1.0")
        code, answer = self.run(*asked)
        assert (code, answer["tree"]["absentPaths"], answer["form"]) == (0, ["gone%1B"], "SPDX 2.3")
        assert answer["manifest"] == open_release.subject.manifest  # type: ignore[union-attr]
        out = io.StringIO()
        call_command("import_sbom", *map(str, asked), stdout=out, stderr=io.StringIO())
        assert re.search(r"absent: gone%1B", out.getvalue())

    def test_a_refused_document_ends_in_one_and_an_unknown_release_in_two(
        self, open_release: Release, tmp_path: Path
    ) -> None:
        (tmp_path / "x.json").write_bytes(b"[")
        asked = (tmp_path / "x.json", "--product", "widget")
        assert self.run(*asked, "--release", "1.0")[0] == 1
        code, answer = self.run(*asked, "--release", "8.0")
        assert (code, answer["error"]["code"]) == (2, "release-unknown")
        assert self.run(tmp_path / "none.json", "--product", "widget", "--release", "1.0")[0] == 2


class TestWall:
    """What a task that was taken over might say of a document."""

    GOOD: dict[str, Any] = {  # noqa: RUF012 - never changed
        "form": "SPDX 2.3",
        "name": "x",
        "packages": [["a", "1", "pkg:npm/a@1", "MIT"]],
        "subjects": [],
    }

    def test_a_good_one_comes_through(self) -> None:
        found = parse_sbom_answer(self.GOOD, b"none - a\n")
        assert (len(found.files), found.packages[0].licence) == (1, "MIT")

    @pytest.mark.parametrize(
        "changed",
        [
            {"form": "SPDX 9"},
            {"form": ["SPDX 2.3"]},
            {"name": None},
            {"name": "x" * 1000},
            {"packages": None},
            {"packages": [["a"]]},
            {"packages": [["a", "b", "c", 4]]},
            {"packages": [["a", "b", "c", "x" * (MAX_VALUE + 1)]]},
            {"packages": [["a", "b", "c", "d"]] * (MAX_PACKAGES + 1)},
            {"subjects": {}},
        ],
    )
    def test_another_shape_is_refused(self, changed: dict[str, Any]) -> None:
        with pytest.raises(EvidenceError, match="contained-answer"):
            parse_sbom_answer(self.GOOD | changed, b"")
