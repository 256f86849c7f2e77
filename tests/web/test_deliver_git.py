"""Git repositories from the browser's form and from machines: one tag or commit, checked first, delivered from the same file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cast import Cast, finish
from tests.gitrepos import GitRepo
from tests.services.test_git_folders import tar_of
from tests.web.posts import check_refusals
from tests.web.test_api import Machine, code_of, token_of
from tests.web.test_step_up import grow_old
from transparency.models import Delivery, Event, Job, LogEntry, Product, Release, Snapshot, TrustAnchor
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.web.own_checks import own_checks

if TYPE_CHECKING:
    from pathlib import Path

    from django.http import HttpResponse
    from django.test import Client
    from pytest_django.fixtures import Settings

    from tests.web.conftest import Browse

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/products/pump/-/deliver/git/"
KEPT = (Release, TrustAnchor, Event, LogEntry, Delivery, Snapshot)


@pytest.fixture
def repo(tmp_path: Path, cast: Cast) -> GitRepo:
    made = GitRepo(tmp_path / "repo.git")
    made.tag("v1.0", made.commit(signer=cast.vendor_key), signer=cast.vendor_key)
    return made


@pytest.fixture
def product(cast: Cast) -> Product:
    product = ensure_release(vendor="acme", product="pump", version="0.9", restricted=False).product
    enrol_product_anchor(
        product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor, namespaces=("git",)
    )
    return product


def counts() -> list[int]:
    return [model.objects.count() for model in KEPT]


def post(client: Client, data: bytes, **said: object) -> HttpResponse:
    sent = SimpleUploadedFile("pump.bundle", data)
    answer: HttpResponse = client.post(  # type: ignore[assignment]
        PAGE, {"version": "1.0", "do": "deliver", "archive": sent, "tag": "v1.0", **said}
    )
    return answer


def test_a_form_with_a_bundle_and_a_tag_becomes_a_delivery_whose_page_tells_every_step(
    browse: Browse, product: Product, repo: GitRepo
) -> None:
    vera = browse("vera")
    answer = post(vera, repo.bundle())
    assert answer.status_code == 302
    finish(Job.objects.get())
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.sender and delivery.sender.username) == ("admitted", "vera")
    page = vera.get(f"/deliveries/{delivery.pk}/").content.decode()
    commit, tree = repo.git("rev-parse", "v1.0^{commit}"), repo.git("rev-parse", "v1.0^{tree}")
    for words in (
        "repository checked", "tag names one commit", commit, tree, "refs/tags/v1.0", "signed a tag that names one commit",
        "git clone --quiet --bare pump.bundle", "-n git -s", "v1.0.tag",
    ):  # fmt: skip
        assert words in page, words
    cover = vera.get(f"/deliveries/{delivery.pk}/cover")
    assert cover.content.startswith(f"object {commit}\n".encode())


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("kind", ["bundle", "tar"])
def test_the_commands_on_the_page_say_what_the_page_says(
    browse: Browse, cast: Cast, product: Product, tmp_path: Path, object_format: str, kind: str
) -> None:
    repo = GitRepo(tmp_path / "pump.git", object_format)
    repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
    data = repo.bundle() if kind == "bundle" else tar_of(repo.folder)
    sent = SimpleUploadedFile(f"pump.{kind}", data)
    browse("vera").post(PAGE, {"version": "1.0", "do": "deliver", "archive": sent, "tag": "v1.0"})
    finish(Job.objects.get())
    delivery = Delivery.objects.get()
    here = tmp_path / "elsewhere"
    here.mkdir()
    anchors = TrustAnchor.objects.filter(product=product)
    _, leads, signed = own_checks(delivery, anchors)
    (here / f"pump.{kind}").write_bytes(data)
    client = browse("vera")
    (here / "v1.0.tag").write_bytes(client.get(f"/deliveries/{delivery.pk}/cover").content)
    (here / f"pump.{kind}.1.sig").write_bytes(client.get(f"/deliveries/{delivery.pk}/signatures/1").content)
    for check in (leads, signed):
        done = subprocess.run(["sh", "-c", check.commands], cwd=here, capture_output=True, text=True, check=True)
        assert check.says in done.stdout


def test_a_signed_commit(browse: Browse, product: Product, repo: GitRepo) -> None:
    post(browse("vera"), repo.bundle(), tag="", commit=repo.git("rev-parse", "main"))
    finish(Job.objects.get())
    assert (Delivery.objects.get().role, Delivery.objects.get().state) == ("signed-commit", "admitted")


def test_what_was_refused_is_told_with_what_to_do(browse: Browse, product: Product, repo: GitRepo, cast: Cast) -> None:
    repo.tag("v1.0", repo.commit(), signer=cast.vendor_key, ref="v9.9")
    post(browse("vera"), repo.bundle(), tag="v9.9")
    finish(Job.objects.get())
    page = browse("vera").get(f"/deliveries/{Delivery.objects.get().pk}/").content.decode()
    assert "The tag was signed under another name" in page
    assert "sign a tag of another name" in page


@pytest.mark.parametrize(
    ("data", "said", "words"),
    [
        (b"# v2 git bundle\n\n", {"tag": ""}, "one of the two"),
        (b"# v2 git bundle\n\n", {"commit": 40 * "a"}, "one of the two"),
        (b"# v2 git bundle\n\n", {"tag": "../x"}, "This is no name of a tag."),
        (b"# v2 git bundle\n\n", {"tag": "", "commit": "HEAD"}, "not the whole name of a commit"),
        (b"hello", {}, "This is not an archive of a kind that we read."),
    ],
)
def test_a_question_that_is_none_is_answered_at_its_field(
    browse: Browse, product: Product, data: bytes, said: dict[str, object], words: str
) -> None:
    answer = post(browse("vera"), data, **said)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Job.objects.exists()


def test_only_who_may_deliver_hands_a_repository_in(browse: Browse, product: Product) -> None:
    check_refusals(
        browse, PAGE, {"version": "1.0", "do": "deliver"}, allowed="vera", strangers=(), forbidden=("anna", "stan"),
        unchanged=counts, missing="/products/nothing/-/deliver/git/", has_page=True,
    )  # fmt: skip


def test_a_check_counts_a_key_and_delivering_enrols_it_for_git(browse: Browse, cast: Cast, repo: GitRepo) -> None:
    ensure_release(vendor="acme", product="pump", version="0.9", restricted=False)
    before, vera = counts(), browse("vera")
    post(vera, repo.bundle(), do="check", key=SimpleUploadedFile("key.pub", cast.vendor_key.public.encode()))
    job = finish(Job.objects.get())
    assert (job.kind, counts()) == ("check-git", before)
    assert (job.result or {})["report"]["verdict"]["outcome"] == "valid"
    assert "tag names one commit" in vera.get(f"/jobs/{job.pk}/").content.decode()
    vera.post(f"/jobs/{job.pk}/deliver/")
    finish(Job.objects.get(kind="import-git"))
    assert TrustAnchor.objects.get(product__slug="pump").namespaces == ["git"]
    assert Delivery.objects.get().state == "admitted"


def test_a_key_in_the_form_asks_who_delivers(browse: Browse, cast: Cast, repo: GitRepo) -> None:
    ensure_release(vendor="acme", product="pump", version="0.9", restricted=False)
    vera = browse("vera")
    grow_old(vera)
    key = SimpleUploadedFile("key.pub", cast.vendor_key.public.encode())
    assert post(vera, repo.bundle(), key=key).status_code == 422
    assert not Job.objects.exists()


class TestMachines:
    @pytest.fixture
    def machine(self, cast: Cast, product: Product, settings: Settings) -> Machine:
        settings.UPLOAD_CHUNK_BYTES, settings.UPLOAD_RESERVE_BYTES = 64, 0
        return Machine(token_of(cast.vendor, product))

    def test_an_upload_and_a_tag_become_a_delivery_and_a_dry_run_keeps_nothing(
        self, machine: Machine, repo: GitRepo
    ) -> None:
        asked = {
            "release": "1.0",
            "repository": machine.whole(repo.bundle(), product="pump", name="a.bundle"),
            "tag": "v1.0",
        }
        before = counts()
        for more, kind in (({"dryRun": True}, "check-git"), ({}, "import-git")):
            assert counts() == before
            status, job = machine.ask("POST", "products/pump/deliveries", asked | more)
            assert (status, job["kind"]) == (202, kind)
            finish(Job.objects.get(kind=kind))
            report = machine.ask("GET", f"jobs/{job['job']}")[1]["report"]
            assert (report["role"], report["state"]) == ("signed-tag", "admitted")
        assert Delivery.objects.count() == 1

    def test_what_does_not_belong_together_is_refused_with_its_code(self, machine: Machine, repo: GitRepo) -> None:
        upload = machine.whole(repo.bundle(), product="pump", name="a.bundle")
        asked = {"release": "1.0", "repository": upload, "tag": "v1.0"}
        other = {"release": "1.0", "repository": upload}
        for question, code in (
            (asked | {"signatures": []}, "git-options"),
            (asked | {"role": "upstream"}, "git-options"),
            (asked | {"files": []}, "git-options"),
            (asked | {"commit": 40 * "a"}, "git-wanted"),
            (other, "git-wanted"),
            (other | {"tag": "-x"}, "git-ref-name"),
            (other | {"commit": "HEAD"}, "git-object-name"),
            (other | {"tag": 1}, "request-malformed"),
        ):
            assert code_of(machine.ask("POST", "products/pump/deliveries", question))[1] == code, question
        assert not Job.objects.exists()


def test_the_page_tells_the_commits_since_the_last_tag(
    browse: Browse, product: Product, repo: GitRepo, cast: Cast
) -> None:
    vera = browse("vera")
    post(vera, repo.bundle())
    finish(Job.objects.get())
    first = repo.git("rev-parse", "main")
    earlier = Delivery.objects.get()
    assert "Since the last imported tag" not in vera.get(f"/deliveries/{earlier.pk}/").content.decode()
    second = repo.commit({"a": b"1\n"}, parents=(first,), signer=cast.vendor_key)
    repo.tag("v2.0", second, signer=cast.vendor_key)
    post(vera, repo.bundle(), tag="v2.0", version="2.0")
    finish(Job.objects.get(state="queued"))
    page = vera.get(f"/deliveries/{Delivery.objects.get(release__version='2.0').pk}/").content.decode()
    for words in ("Since the last imported tag", "1 commit since", "1 signed by an enrolled key", first, second):
        assert words in page, words
    assert "The earlier commit comes before this one." in page
