"""The doors for machines: who is let in, what each refusal says, that nothing of other products can be told apart from nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import OPEN_FILES, deliver, finish, make_archive
from transparency.models import ApiToken, Delivery, Grant, Job, Product, Release, Upload
from transparency.permissions import Right
from transparency.proofs.digest import Digest
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.issue_token import issue_token
from transparency.services.revoke_token import revoke_token
from transparency.web.api_access import WRONG_A_MINUTE, wrong_tokens

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.cast import Cast
    from transparency.models import Person

pytestmark = pytest.mark.django_db(transaction=True)
PIECE = 64
DATA = bytes(range(200))


class Machine:
    """A vendor's CI: a token and no cookies. Its client insists on CSRF tokens, which machines have none of."""

    def __init__(self, token: str) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, place: str, value: object = None, **headers: str) -> tuple[int, dict[str, Any]]:
        data = b"" if value is None else json.dumps(value).encode()
        return self.send(method, place, data, "application/json", **headers)

    def send(self, method: str, place: str, data: bytes, kind: str, **headers: str) -> tuple[int, dict[str, Any]]:
        answer = self.client.generic(
            method, f"/api/v1/{place}", data, content_type=kind, headers={**self.headers, **headers}
        )
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        return answer.status_code, json.loads(answer.content or b"{}")

    def begin(self, data: bytes = DATA, product: str = "widget", name: str = "widget-2.0.tar.gz") -> str:
        status, upload = self.ask("POST", f"products/{product}/uploads", {"name": name, "size": len(data)})
        assert status == 201, upload
        identity: str = upload["id"]
        return identity

    def piece(self, identity: str, offset: int, data: bytes, digest: bytes | None = None) -> tuple[int, dict[str, Any]]:
        said = base64.b64encode(digest or hashlib.sha256(data).digest()).decode()
        place = f"uploads/{identity}/chunks/{offset}"
        return self.send("PUT", place, data, "application/octet-stream", **{"Content-Digest": f"sha-256=:{said}:"})

    def whole(self, data: bytes, **asked: str) -> str:
        identity = self.begin(data, **asked)
        for offset in range(0, len(data), PIECE):
            assert self.piece(identity, offset, data[offset : offset + PIECE])[0] == 200
        status, upload = self.ask("POST", f"uploads/{identity}/finish", {"sha256": hashlib.sha256(data).hexdigest()})
        assert (status, upload["state"], upload["sha256"]) == (200, "stored", hashlib.sha256(data).hexdigest())
        return identity


@pytest.fixture(autouse=True)
def small_pieces(settings: Settings) -> None:
    settings.UPLOAD_CHUNK_BYTES = PIECE
    settings.UPLOAD_RESERVE_BYTES = 0
    wrong_tokens.forget()


@pytest.fixture
def product(cast: Cast) -> Product:
    product = ensure_release(vendor="acme", product="widget", version="1.0", restricted=False).product
    enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)
    return product


def token_of(person: Person, product: Product) -> str:
    return issue_token(product=product, owner=person, name="CI", days=30)[1]


@pytest.fixture
def machine(cast: Cast, product: Product) -> Machine:
    return Machine(token_of(cast.vendor, product))


def code_of(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    assert set(answer[1]["error"]) == {"code", "expected", "found"}
    return answer[0], answer[1]["error"]["code"]


def test_a_delivery_goes_from_pieces_to_its_report(machine: Machine, cast: Cast) -> None:
    archive = make_archive(OPEN_FILES)
    asked = {
        "release": "2.0",
        "archive": machine.whole(archive),
        "signatures": [base64.b64encode(cast.vendor_key.sign(archive)).decode()],
    }
    status, job = machine.ask("POST", "products/widget/deliveries", asked)
    assert (status, job["state"], job["report"]) == (202, "queued", None)
    assert machine.ask("POST", "products/widget/deliveries", asked)[1]["job"] == job["job"]
    finish(Job.objects.get())
    status, job = machine.ask("GET", f"jobs/{job['job']}")
    assert (status, job["state"]) == (200, "done")
    assert job["report"]["state"] == "admitted"
    assert job["report"]["verdict"]["outcome"] == "valid"
    assert job["page"].endswith(f"/jobs/{job['job']}/")
    delivery = Delivery.objects.get()
    assert (delivery.sender, delivery.archive_name) == (cast.vendor, "widget-2.0.tar.gz")


def test_a_dry_run_names_every_refusal_and_keeps_nothing(machine: Machine, cast: Cast) -> None:
    archive = make_archive({"a": b"x", "a/../../evil": b"y"})
    asked = {
        "release": "9.9-embargoed",
        "archive": machine.whole(archive),
        "signatures": [base64.b64encode(cast.vendor_key.sign(archive)).decode()],
        "dryRun": True,
    }
    _, job = machine.ask("POST", "products/widget/deliveries", asked)
    assert job["kind"] == "check-delivery"
    finish(Job.objects.get())
    _, job = machine.ask("GET", f"jobs/{job['job']}")
    assert job["report"]["refused"]
    assert Delivery.objects.count() == 0
    assert not Release.objects.filter(version="9.9-embargoed").exists()


def test_an_interrupted_upload_tells_where_it_stands_and_what_it_began_with(machine: Machine) -> None:
    identity = machine.begin()
    assert machine.piece(identity, 0, DATA[:PIECE])[1]["received"] == PIECE
    status, upload = machine.ask("GET", f"uploads/{identity}")
    assert (status, upload["received"], upload["size"], upload["chunkBytes"]) == (200, PIECE, len(DATA), PIECE)
    assert upload["begins"] == {"bytes": PIECE, "sha256": hashlib.sha256(DATA[:PIECE]).hexdigest()}
    status, refused = machine.piece(identity, 0, DATA[:PIECE])
    assert (status, refused["error"]["code"], refused["error"]["expected"]) == (409, "upload-offset", str(PIECE))


def test_beginning_again_by_ones_own_id_is_the_same_upload(machine: Machine) -> None:
    asked = {"id": str(uuid.uuid4()), "name": "a.tar.gz", "size": 9}
    first = machine.ask("POST", "products/widget/uploads", asked)
    assert first[0] == 201
    assert machine.ask("POST", "products/widget/uploads", asked) == first
    assert code_of(machine.ask("POST", "products/widget/uploads", asked | {"size": 8})) == (409, "upload-exists")


def test_what_is_wrong_with_a_piece_is_said(machine: Machine) -> None:
    identity = machine.begin()
    place = f"uploads/{identity}/chunks/0"
    good = f"sha-256=:{base64.b64encode(hashlib.sha256(b'x').digest()).decode()}:"
    assert code_of(machine.piece(identity, 1, b"x")) == (409, "upload-offset")
    assert code_of(machine.piece(identity, 0, b"x", hashlib.sha256(b"y").digest())) == (422, "chunk-digest")
    assert code_of(machine.piece(identity, 0, bytes(PIECE + 1))) == (413, "chunk-size")
    assert code_of(machine.piece(identity, 0, b"")) == (411, "length-missing")
    for said in ("", "sha-256=:AAAA:", "md5=:AAAA:", good + ", md5=:AAAA:", good[:-1]):
        answer = machine.send("PUT", place, b"x", "application/octet-stream", **{"Content-Digest": said})
        assert code_of(answer) == (400, "request-malformed"), said
    assert machine.ask("GET", f"uploads/{identity}")[1]["received"] == 0
    small = machine.begin(b"ab")
    assert code_of(machine.piece(small, 0, b"abc")) == (422, "upload-too-long")
    assert code_of(machine.ask("POST", f"uploads/{small}/finish")) == (409, "upload-unfinished")


def test_another_file_than_announced_is_refused_at_the_end_and_can_be_discarded(machine: Machine) -> None:
    identity = machine.begin(b"ab")
    machine.piece(identity, 0, b"ab")
    other = {"sha256": hashlib.sha256(b"cd").hexdigest()}
    assert code_of(machine.ask("POST", f"uploads/{identity}/finish", other)) == (409, "upload-mismatch")
    assert code_of(machine.ask("POST", f"uploads/{identity}/finish", {"sha256": 7})) == (422, "digest-malformed")
    assert machine.ask("DELETE", f"uploads/{identity}")[0] == 204
    assert code_of(machine.ask("DELETE", f"uploads/{identity}")) == (404, "not-found")


def test_requests_that_are_not_understood_are_refused_and_never_guessed(machine: Machine) -> None:
    archive = machine.whole(make_archive(OPEN_FILES))
    asked: dict[str, object] = {"release": "2.0", "archive": archive}
    for changed in (
        {"dryRun": "true"}, {"dryRun": 1}, {"dry_run": True}, {"release": 2}, {"release": None}, {"archive": 1},
        {"archive": archive.upper()}, {"signatures": "x"}, {"signatures": ["*"]}, {"signatures": [1]}, {"over": "all"},
        {"checksums": "SHA256SUMS"},
    ):  # fmt: skip
        answer = machine.ask("POST", "products/widget/deliveries", asked | changed)
        assert code_of(answer) == (400, "request-malformed"), changed
    for raw in (b"[]", b"{", b"\xff", b'{"release": "1", "release": "2"}'):
        answer = machine.send("POST", "products/widget/deliveries", raw, "application/json")
        assert code_of(answer) == (400, "request-malformed"), raw
    for name, size in ((None, 1), ("a", None), ("a", True), ("a", "1"), ("a", 1.5)):
        answer = machine.ask("POST", "products/widget/uploads", {"name": name, "size": size})
        assert code_of(answer) == (400, "request-malformed"), (name, size)
    large = json.dumps({"release": "x" * 3_000_000}).encode()
    answer = machine.send("POST", "products/widget/deliveries", large, "application/json")
    assert code_of(answer) == (413, "request-too-large")
    for changed, code in (
        ({"role": "evidence"}, "role-unknown"), ({"release": "a b"}, "name-malformed"),
        ({"signatures": ["AA=="] * 17}, "signatures-many"),
    ):  # fmt: skip
        assert code_of(machine.ask("POST", "products/widget/deliveries", asked | changed)) == (422, code)
    assert Job.objects.count() == 0


def test_quotas_and_sizes_are_said(machine: Machine, settings: Settings) -> None:
    settings.UPLOADS_PER_PERSON = 1
    huge = machine.ask("POST", "products/widget/uploads", {"name": "a", "size": 2**60})
    assert code_of(huge) == (413, "object-too-large")
    machine.begin()
    second = machine.ask("POST", "products/widget/uploads", {"name": "a", "size": 1})
    assert code_of(second) == (403, "upload-quota")
    settings.UPLOADS_PER_PERSON, settings.UPLOAD_RESERVE_BYTES = 2, 2**60
    full = machine.ask("POST", "products/widget/uploads", {"name": "a", "size": 1})
    assert code_of(full) == (507, "disk-full")


PLACES = (
    ("POST", "products/widget/uploads"),
    ("GET", "uploads/{upload}"),
    ("DELETE", "uploads/{upload}"),
    ("PUT", "uploads/{upload}/chunks/0"),
    ("POST", "uploads/{upload}/finish"),
    ("POST", "products/widget/deliveries"),
    ("GET", "jobs/{job}"),
)


def test_nobody_is_let_in_without_a_good_token(cast: Cast, product: Product, machine: Machine) -> None:
    upload = machine.begin()
    job = str(deliver(cast, product="widget", version="3.0").deliveries.get().job_id)
    old, expired = issue_token(product=product, owner=cast.vendor, name="old", days=1)
    ApiToken.objects.filter(pk=old.pk).update(valid_until=timezone.now() - timedelta(seconds=1))
    row, revoked = issue_token(product=product, owner=cast.vendor, name="gone", days=1)
    revoke_token(token=row)
    before = Upload.objects.values_list("pk", "received").get()
    bad = {"": "token-missing", "x": "token-unknown", "tcd_" + "A" * 43: "token-unknown", expired: "token-expired",
           revoked: "token-revoked", row.digest: "token-unknown"}  # fmt: skip
    for method, place in PLACES:
        for token, code in bad.items():
            wrong_tokens.forget()
            asked = Machine(token).ask(method, place.format(upload=upload, job=job), {"name": "a", "size": 1})
            assert code_of(asked) == (401, code), (place, token)
    session = Client()
    assert session.login(username="vera", password="vera-password-long")
    for method, place in PLACES:
        answer = session.generic(method, f"/api/v1/{place.format(upload=upload, job=job)}")
        assert answer.status_code == 401, "a cookie is no token"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for scheme in ("Basic ", "Bearer", "tcd "):
        machine.headers["Authorization"] = scheme + token_of(cast.vendor, product)
        assert machine.ask("GET", f"uploads/{upload}")[0] == 401
    assert Upload.objects.values_list("pk", "received").get() == before


def test_a_token_knows_its_own_product_and_its_owners_uploads_alone(
    cast: Cast, product: Product, machine: Machine
) -> None:
    """Every address with every foreign object: 404, as for what does not exist."""
    vault = deliver(cast, product="vault", restricted=True)
    rival = ensure_release(vendor="rival", product="gadget", version="1.0", restricted=False).product
    upload, job = machine.begin(), str(vault.deliveries.get().job_id)
    strangers = {
        "the vendor, for another product": token_of(cast.vendor, vault.product),
        "the operator, for this product": token_of(cast.operator, product),
        "another vendor": token_of(cast.stranger, rival),
    }
    for whose, token in strangers.items():
        other = Machine(token)
        for method, place in (("GET", ""), ("DELETE", ""), ("PUT", "/chunks/0"), ("POST", "/finish")):
            digest = {"Content-Digest": f"sha-256=:{'A' * 43}=:"}
            answer = other.ask(method, f"uploads/{upload}{place}", None, **digest)
            assert code_of(answer) == (404, "not-found"), (whose, method, place)
            missing = other.ask(method, f"uploads/{uuid.uuid4()}{place}", None, **digest)
            assert missing == answer
        own = {"vault": "vault", "widget": "widget", "gadget": "gadget"}[
            ApiToken.objects.get(digest=Digest.of(token.encode()).hex).product.slug
        ]
        asked = {"release": "2.0", "archive": upload}
        assert code_of(other.ask("POST", f"products/{own}/deliveries", asked)) == (404, "not-found"), whose
    for place in ("products/vault/uploads", "products/gadget/uploads", "products/nothing/uploads"):
        assert code_of(machine.ask("POST", place, {"name": "a", "size": 1})) == (404, "not-found")
    for place in ("products/vault/deliveries", "products/nothing/deliveries"):
        assert code_of(machine.ask("POST", place, {"release": "1.0", "archive": upload})) == (404, "not-found")
    for identity in (job, str(uuid.uuid4())):
        assert code_of(machine.ask("GET", f"jobs/{identity}")) == (404, "not-found")
    assert Upload.objects.get().received == 0


def test_a_token_ends_with_the_right_of_its_owner(cast: Cast, product: Product) -> None:
    grant = Grant.objects.create(person=cast.stranger, product=product, rights=[Right.DELIVER])
    machine = Machine(token_of(cast.stranger, product))
    upload = machine.begin()
    grant.delete()
    assert code_of(machine.ask("GET", f"uploads/{upload}")) == (403, "right-ended")
    assert code_of(machine.ask("POST", "products/widget/uploads", {"name": "a", "size": 1})) == (403, "right-ended")
    leaver = Machine(token_of(cast.vendor, product))
    assert leaver.begin()
    cast.vendor.is_active = False
    cast.vendor.save()
    assert code_of(leaver.ask("POST", "products/widget/uploads", {"name": "a", "size": 1})) == (403, "right-ended")


def test_wrong_tokens_are_slowed_down_and_good_ones_are_not(machine: Machine) -> None:
    guesser = Machine("tcd_" + "B" * 43)
    for _ in range(WRONG_A_MINUTE):
        assert guesser.ask("GET", f"uploads/{uuid.uuid4()}")[0] == 401
    assert code_of(guesser.ask("GET", f"uploads/{uuid.uuid4()}")) == (429, "token-attempts")
    assert machine.ask("GET", f"uploads/{machine.begin()}")[0] == 200


def test_other_methods_and_addresses_are_answered_as_json(machine: Machine) -> None:
    assert code_of(machine.ask("GET", "products/widget/uploads")) == (405, "method-not-allowed")
    assert code_of(machine.ask("OPTIONS", "products/widget/uploads")) == (405, "method-not-allowed")
    for nowhere in ("nothing", "builds/%0A", "uploads/a%0Ab", "products/%0A/releases/1"):
        assert code_of(machine.ask("GET", nowhere)) == (404, "not-found"), nowhere


def test_the_last_use_is_noted_and_not_with_every_piece(machine: Machine, product: Product) -> None:
    token = product.tokens.get()
    assert token.last_used_at is None
    machine.begin()
    first = product.tokens.get().last_used_at
    machine.begin()
    assert product.tokens.get().last_used_at == first


def test_flagged_members_of_a_restricted_source_are_told_to_whoever_handed_it_in(cast: Cast) -> None:
    release = deliver(cast, product="vault", files={"back\\slash": b"x\n", "b": b"y\n"}, restricted=True)
    job = f"jobs/{release.deliveries.get().job_id}"
    vendor, operator = (Machine(token_of(person, release.product)) for person in (cast.vendor, cast.operator))
    assert len(vendor.ask("GET", job)[1]["report"]["flagged"]) == 1
    assert operator.ask("GET", job)[1]["report"]["flagged"] == []
