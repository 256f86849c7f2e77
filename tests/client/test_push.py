"""`transparency push` against a running portal, and against one that misbehaves."""

from __future__ import annotations

import io
import json
import os
import threading
import time
import uuid
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from tests.cast import OPEN_FILES, make_archive
from tests.sboms import spdx2
from transparency.client import portal as portal_module
from transparency.client import push
from transparency.client.main import main
from transparency.client.portal import check_url
from transparency.models import Delivery, Job, Product, Release, Sbom, Upload
from transparency.proofs.digest import Digest
from transparency.proofs.errors import UnusableInputError
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.finish_upload import finish_upload
from transparency.services.issue_token import issue_token
from transparency.services.perform_job import perform_job
from transparency.services.receive_chunk import receive_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import Settings
    from pytest_django.live_server_helper import LiveServer

    from tests.cast import Cast

PIECE = 64


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.UPLOAD_CHUNK_BYTES, settings.UPLOAD_RESERVE_BYTES = PIECE, 0
    monkeypatch.setattr(portal_module, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(portal_module, "TRIES", 4)
    monkeypatch.setattr(push, "FIRST_POLL_SECONDS", 0.05)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("TRANSPARENCY_TOKEN", raising=False)


def run(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(["push", *map(str, arguments)])
        except SystemExit as ended:  # argparse
            code = int(str(ended.code))
    return code, out.getvalue(), err.getvalue()


class Vendor:
    """A vendor's machine: an archive, its signature, a token in a file."""

    def __init__(self, cast: Cast, url: str, folder: Path) -> None:
        self.cast, self.url, self.folder = cast, url, folder
        product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product
        enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
        self.product = product
        self.token = folder / "token"
        self.token.write_text(issue_token(product=product, owner=cast.vendor, name="CI", days=1)[1] + "\n")
        self.archive = folder / "widget-2.0.tar.gz"
        self.signature = folder / "widget-2.0.tar.gz.sig"
        self.write(make_archive({**OPEN_FILES, "noise": os.urandom(400)}, "widget-2.0"))

    def write(self, data: bytes) -> None:
        self.archive.write_bytes(data)
        self.signature.write_bytes(self.cast.vendor_key.sign(data))

    def push(self, *more: object) -> tuple[int, str, str]:
        return run(
            self.archive, "--product", "widget", "--release", "2.0", "--url", self.url, "--token-file", self.token,
            "--signature", self.signature, *more,
        )  # fmt: skip

    def answer(self, *more: object) -> tuple[int, dict[str, Any]]:
        code, out, _ = self.push("--json", *more)
        return code, json.loads(out)

    @property
    def states(self) -> list[Path]:
        return list((self.folder / "state").rglob("*.json"))


@pytest.fixture
def vendor(cast: Cast, live_server: LiveServer, tmp_path: Path) -> Vendor:
    return Vendor(cast, live_server.url, tmp_path)


@pytest.fixture
def worker(cast: Cast) -> Iterator[None]:
    """Does whatever is queued, as a worker process would."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.02):
            for job in Job.objects.filter(state=Job.State.QUEUED):
                perform_job(job=job.pk)
        connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()


live = pytest.mark.django_db(transaction=True)


@live
def test_an_archive_is_admitted_and_the_answer_is_that_of_an_import(vendor: Vendor, worker: None) -> None:
    code, answer = vendor.answer()
    assert (code, answer["state"], answer["verdict"]["outcome"]) == (0, "admitted", "valid")
    assert answer["manifest"] == Release.objects.get(version="2.0").subject.manifest  # type: ignore[union-attr]
    assert answer["page"] == f"{vendor.url}/jobs/{answer['job']}/"
    assert Delivery.objects.get().archive_name == "widget-2.0.tar.gz"
    assert vendor.states == []
    assert vendor.answer() == (code, answer), "what was delivered is not delivered twice"


@live
def test_what_is_quarantined_exits_with_one_and_says_why(vendor: Vendor, worker: None) -> None:
    vendor.signature.write_bytes(vendor.cast.auditor_key.sign(vendor.archive.read_bytes()))
    code, out, err = vendor.push()
    assert code == 1
    assert "quarantined: verdict unknown-key" in out
    assert "widget-2.0.tar.gz: 0.0 of 0.0 MiB" in err


@live
def test_a_dry_run_lists_every_refusal_and_flag_and_the_files_need_not_be_sent_again(
    vendor: Vendor, worker: None
) -> None:
    vendor.write(make_archive({"a": b"x", "a/../../evil\u202e": b"y", "b\\c": b"z"}, "w"))
    code, out, _ = vendor.push("--dry-run")
    assert code == 1
    assert "would be quarantined: verdict valid" in out
    assert "refused: dot-dot: w/a/../../evil%E2%80%AE" in out or "refused: " in out
    assert "\u202e" not in out
    assert "flagged: " in out
    assert (Delivery.objects.count(), Release.objects.filter(version="2.0").count()) == (0, 0)
    upload = Upload.objects.get()
    assert vendor.push()[0] == 1
    assert Upload.objects.get() == upload
    assert Delivery.objects.get().state == "quarantined"


@live
def test_a_list_covers_the_archive(vendor: Vendor, worker: None) -> None:
    sums = vendor.folder / "SHA256SUMS"
    sums.write_text(f"{Digest.of(vendor.archive.read_bytes())}  {vendor.archive.name}\n")
    vendor.signature.write_bytes(vendor.cast.vendor_key.sign(sums.read_bytes()))
    assert vendor.push("--checksums", sums, "--no-wait")[0] == 0
    job = Job.objects.get()
    assert job.payload["cover"]["name"] == "SHA256SUMS"


@live
@pytest.mark.parametrize("with_list", [False, True])
def test_a_bill_of_materials_goes_along(vendor: Vendor, worker: None, with_list: bool) -> None:
    bill = vendor.folder / "widget.spdx.json"
    bill.write_text(json.dumps(spdx2(OPEN_FILES, version="2.0")))
    more: list[object] = ["--sbom", bill]
    if with_list:
        sums = vendor.folder / "SHA256SUMS"
        sums.write_text(f"{Digest.of(vendor.archive.read_bytes())}  widget-2.0.tar.gz\n")
        vendor.signature.write_bytes(vendor.cast.vendor_key.sign(sums.read_bytes()))
        more += ["--checksums", sums]
    assert vendor.push(*more)[0] == 0
    deadline = time.monotonic() + 60
    while not Sbom.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    row = Sbom.objects.get()
    assert (row.file_name, row.tree["same"], row.tree["undeclaredPaths"]) == (
        "widget.spdx.json",
        len(OPEN_FILES),
        ["noise"],
    )


@live
def test_a_push_that_was_interrupted_goes_on_where_it_was(vendor: Vendor, worker: None) -> None:
    assert vendor.push("--dry-run", "--no-wait")[0] == 0
    [state] = vendor.states
    data = vendor.archive.read_bytes()
    upload = Upload.objects.get(pk=json.loads(state.read_text())["id"])
    Upload.objects.all().delete()
    again = Upload.objects.create(
        pk=upload.pk, product=vendor.product, sender=vendor.cast.vendor, name=upload.name, size=upload.size
    )
    for offset in (0, PIECE):
        piece = data[offset : offset + PIECE]
        receive_chunk(upload=again, offset=offset, data=piece, sha256=Digest.of(piece))
    code, _, err = vendor.push()
    assert code == 0
    assert "going on from there" in err
    assert Upload.objects.get().pk == upload.pk


@live
def test_another_file_of_the_same_name_is_never_joined_to_what_was_sent(vendor: Vendor, worker: None) -> None:
    """The state is that of the file before; its bytes on the portal differ, at the beginning and later on."""
    real = vendor.archive.read_bytes()
    for cheat in (b"x" * PIECE, real[:PIECE] + b"x" * PIECE):
        Upload.objects.all().delete()
        vendor.push("--dry-run", "--no-wait")
        [state] = vendor.states
        pk = uuid.UUID(json.loads(state.read_text())["id"])
        Upload.objects.all().delete()
        other = Upload.objects.create(
            pk=pk, product=vendor.product, sender=vendor.cast.vendor, name=vendor.archive.name, size=len(real)
        )
        for offset in range(0, len(cheat), PIECE):
            piece = cheat[offset : offset + PIECE]
            receive_chunk(upload=other, offset=offset, data=piece, sha256=Digest.of(piece))
        assert vendor.push("--dry-run", "--no-wait")[0] == 0
        assert Upload.objects.get().stored["sha256"] == Digest.of(real).hex  # type: ignore[index]


@live
def test_a_file_that_changed_since_is_sent_anew(vendor: Vendor, worker: None) -> None:
    vendor.push("--dry-run", "--no-wait")
    first = Upload.objects.get().pk
    vendor.write(make_archive({**OPEN_FILES, "more": b"x"}, "widget-2.0"))
    assert vendor.push()[0] == 0
    assert Upload.objects.get().pk != first
    assert Delivery.objects.get().archive_sha256 == Digest.of(vendor.archive.read_bytes()).hex


@live
def test_an_upload_finished_as_something_else_is_not_delivered(vendor: Vendor, worker: None) -> None:
    vendor.push("--dry-run", "--no-wait")
    [state] = vendor.states
    size = vendor.archive.stat().st_size
    Upload.objects.all().delete()
    other = Upload.objects.create(
        pk=uuid.UUID(json.loads(state.read_text())["id"]), product=vendor.product, sender=vendor.cast.vendor,
        name=vendor.archive.name, size=size,
    )  # fmt: skip
    while other.received < size:
        piece = bytes(min(PIECE, size - other.received))
        other = receive_chunk(upload=other, offset=other.received, data=piece, sha256=Digest.of(piece))
    finish_upload(upload=other)
    assert vendor.push()[0] == 0
    assert Delivery.objects.get().archive_sha256 == Digest.of(vendor.archive.read_bytes()).hex


@live
def test_what_the_portal_does_not_let_in_exits_with_two(vendor: Vendor, cast: Cast) -> None:
    for changed, code in (
        (("--product", "nothing"), "product-unknown"),
        (("--release", "a b"), "name-malformed"),
    ):
        ended, answer = vendor.answer(*changed)
        assert (ended, answer["error"]["code"]) == (2, code)
    vendor.write(b"no archive at all")
    assert vendor.answer()[1]["error"]["code"] == "archive-type-unknown"
    vendor.token.write_text("tcd_" + "A" * 43)
    assert vendor.answer() == (2, {"error": {"code": "token-unknown", "expected": "a token that was issued here",
                                             "found": "another one", "subject": vendor.archive.name}})  # fmt: skip
    assert Job.objects.count() == 0
    assert Product.objects.count() == 1


@pytest.mark.parametrize(
    "url",
    ["http://centre.agency.gov", "ftp://x", "https://", "https://me:secret@x", "https://x/?a=b", "https://x/#a", "x", "https://x:99999", "http://localhost.evil.test", "http://127.0.0.1@evil.test"],
)  # fmt: skip
def test_addresses_that_would_tell_the_token_to_somebody_are_refused(url: str) -> None:
    with pytest.raises(UnusableInputError, match="url-unusable"):
        check_url(url)


def test_addresses_of_portals_are_taken() -> None:
    assert check_url("https://centre.agency.gov/") == "https://centre.agency.gov"
    assert check_url("https://agency.gov:8443/centre") == "https://agency.gov:8443/centre"
    for own in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        assert check_url(own) == own


@contextmanager
def misbehaving(
    *answers: tuple[int, dict[str, str], bytes],
) -> Iterator[tuple[str, list[tuple[str, str, dict[str, str]]]]]:
    """A server that gives these answers one after the other, the last one for ever; and what it was asked."""
    asked: list[tuple[str, str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.command, self.path, dict(self.headers)))
            status, headers, body = answers[min(len(asked), len(answers)) - 1]
            if status == 0:  # hangs up
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRANSPARENCY_TOKEN", "tcd_secret")
    path = tmp_path / "a.tar.gz"
    path.write_bytes(b"bytes")
    return path


def push_to(url: str, archive: Path, *more: object) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(archive, "--product", "p", "--release", "1", "--url", url, "--json", *more)
    return code, json.loads(out)


def test_a_redirect_is_not_followed_and_the_token_goes_nowhere(archive: Path) -> None:
    with misbehaving((200, {}, b"{}")) as (elsewhere, stolen):
        for status in (301, 302, 303, 307, 308):
            with misbehaving((status, {"Location": f"{elsewhere}/api"}, b"")) as (url, asked):
                code, answer = push_to(url, archive)
                assert (code, answer["error"]["code"]) == (2, "redirected")
                assert len(asked) == 1
        assert stolen == []


def test_weather_is_waited_out_and_the_digest_goes_with_every_piece(archive: Path) -> None:
    upload = {"id": "x", "received": 0, "state": "receiving", "chunkBytes": 3, "begins": None, "sha256": None}

    def moved(**facts: object) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, json.dumps({**upload, **facts}).encode()

    job = json.dumps({"job": "j", "state": "done", "page": "p", "report": {"state": "admitted"}}).encode()
    lost = json.dumps({"error": {"code": "upload-offset", "expected": "3", "found": "0"}}).encode()
    digest = Digest.of(b"bytes").hex
    with misbehaving(
        (0, {}, b""), (503, {"Retry-After": "0"}, b"<h1>proxy</h1>"), moved(), (502, {}, b""), (409, {}, lost),
        moved(received=5), (409, {}, b'{"error": {"code": "upload-busy"}}'), moved(state="stored", sha256=digest),
        (202, {}, job),
    ) as (url, asked):  # fmt: skip
        assert push_to(url, archive) == (0, {"job": "j", "page": "p", "state": "admitted"})
    assert [path.rpartition("/")[2] for _, path, _ in asked] == [
        "uploads", "uploads", "uploads", "0", "0", "3", "finish", "finish", "deliveries",
    ]  # fmt: skip
    assert all(headers["Authorization"] == "Bearer tcd_secret" for _, _, headers in asked)
    assert asked[3][2]["Content-Digest"].startswith("sha-256=:")


def test_a_portal_that_stays_away_is_exit_two(archive: Path) -> None:
    for status in (0, 500, 429):
        with misbehaving((status, {}, b"")) as (url, asked):
            code, answer = push_to(url, archive)
            assert (code, answer["error"]["code"], len(asked)) == (2, "portal-unreachable", 4)
    began = time.monotonic()
    assert push_to("http://127.0.0.1:1", archive)[1]["error"]["code"] == "portal-unreachable"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"id": 1}', b'{"error": 7}'])
@pytest.mark.parametrize("status", [200, 418])
def test_answers_that_are_none_are_not_believed(archive: Path, status: int, body: bytes) -> None:
    with misbehaving((status, {}, body)) as (url, _):
        code, answer = push_to(url, archive)
    assert code == 2
    assert answer["error"]["code"] in {"answer-unusable", "http-418"}


def test_a_portal_that_says_the_same_place_for_ever_is_left(archive: Path) -> None:
    upload = {"id": "x", "received": 0, "state": "receiving", "chunkBytes": 3, "begins": None, "sha256": None}
    stuck = b'{"error": {"code": "upload-offset", "expected": "0", "found": "0"}}'
    with misbehaving((201, {}, json.dumps(upload).encode()), (409, {}, stuck)) as (url, _):
        assert push_to(url, archive)[1]["error"]["code"] == "upload-offset"


def test_a_failed_job_exits_with_one_and_its_error(archive: Path) -> None:
    digest = Digest.of(b"bytes").hex
    upload = {"id": "x", "received": 5, "state": "stored", "chunkBytes": 3, "begins": None, "sha256": digest}
    failed = {"job": "j", "state": "failed", "page": "p\x1b[31m", "error": {"code": "bomb", "found": "\x1b[2J"}}
    begun, ended = json.dumps(upload).encode(), json.dumps(failed).encode()
    with misbehaving((201, {}, begun), (202, {}, ended)) as (url, _):
        code, answer = push_to(url, archive)
        assert (code, answer["error"]["code"]) == (1, "bomb")
    with misbehaving((201, {}, begun), (202, {}, ended)) as (url, _):
        code, out, err = run(archive, "--product", "p", "--release", "1", "--url", url)
        assert code == 1
        assert "\x1b" not in out + err


@pytest.mark.parametrize("token", ["", " ", "a b", "t\u00f6ken", "a\nb"])
def test_a_token_has_to_be_one(archive: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSPARENCY_TOKEN", token)
    assert push_to("http://127.0.0.1:1", archive)[1]["error"]["code"] == "token-missing"


def test_files_that_are_not_there_are_said_before_anything_is_sent(archive: Path, tmp_path: Path) -> None:
    with misbehaving((500, {}, b"")) as (url, asked):
        assert push_to(url, tmp_path / "none")[1]["error"]["code"] == "no-such-file"
        assert push_to(url, tmp_path)[1]["error"]["code"] == "no-such-file"
        assert push_to(url, archive, "--checksums", tmp_path / "none")[1]["error"]["code"] == "no-such-file"
        assert push_to(url, archive, "--signature", tmp_path / "none")[1]["error"]["code"] == "file-unreadable"
        large = tmp_path / "large"
        large.write_bytes(bytes(64 * 1024 + 1))
        assert push_to(url, archive, "--signature", large)[1]["error"]["code"] == "file-too-large"
        many = [item for _ in range(17) for item in ("--signature", archive)]
        assert push_to(url, archive, *many)[1]["error"]["code"] == "signatures-many"
        both = ("--checksums", archive, "--over", "decompressed")
        assert push_to(url, archive, *both)[1]["error"]["code"] == "cover-and-decompressed"
        assert asked == []
