"""What machines read: as the document says it, nothing of what one may not know of, evidence that can be checked elsewhere."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from django.conf import settings
from django.test import Client

from reviews.services.accept_envelope import accept_envelope
from reviews.services.freeze_statement import freeze_statement
from reviews.services.mark_region import mark_region
from tests.cast import ORIGIN, deliver
from tests.handed_sboms import add_sbom
from tests.reviews.conftest import engage
from tests.reviews.services.signing import sign_statement
from tests.sboms import spdx2
from transparency.models import ApiToken, Delivery, Grant, LogEntry, Product
from transparency.permissions import Right
from transparency.proofs.log.note import parse_vkey
from transparency.proofs.log.proof import check_log_proof, parse_log_proof
from transparency.queries import installation
from transparency.services.ensure_release import ensure_release
from transparency.services.issue_token import issue_token
from transparency.services.publish_log import publish_log
from transparency.web.api_access import wrong_tokens
from transparency.web.api_page import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from reviews.models import Attestation
    from tests.cast import Cast
    from transparency.models import Person, Release

pytestmark = pytest.mark.django_db(transaction=True)


class Tool:
    """A program that reads: a token or none, and never a cookie."""

    def __init__(self, person: Person | None = None, product: Product | None = None, *scopes: str) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.headers: dict[str, str] = {}
        if person and product:
            token = issue_token(product=product, owner=person, name="tool", days=1, scopes=scopes or ("read",))[1]
            self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, place: str, **headers: str) -> Answer:
        place = place if place.startswith("/") else f"/api/v1/{place}"
        return self.client.get(place, headers={**self.headers, **headers})

    def read(self, place: str) -> dict[str, Any]:
        answer = self.get(place)
        assert answer.status_code == 200, answer.content
        value: dict[str, Any] = json.loads(answer.content)
        return value


@pytest.fixture(autouse=True)
def no_wrong_tokens() -> None:
    wrong_tokens.forget()


def attest(cast: Cast, release: Release) -> Attestation:
    """A statement about the release, signed by the auditor's own key and accepted."""
    engagement = engage(cast.auditor, release)
    path = "README" if release.product.slug == "widget" else "secret-plan.txt"
    mark_region(person=cast.auditor, engagement=engagement, path=path, start=1, end=1, level="read")
    statement = freeze_statement(
        person=cast.auditor, engagement=engagement, anchor=cast.auditor.anchors.get(), conclusion="concerns"
    )
    return accept_envelope(person=cast.auditor, statement=statement, data=sign_statement(statement, cast.auditor_key))


def places_of(release: Release) -> Iterator[tuple[str, str]]:
    """Every address of the document that names something of a release, and the same for what does not exist."""
    here, there = (f"products/{slug}/releases/{release.version}" for slug in (release.product.slug, "nothing"))
    yield f"products/{release.product.slug}", "products/nothing"
    yield f"products/{release.product.slug}/releases", "products/nothing/releases"
    yield here, there
    for below in ("deliveries", "builds", "sboms", "attestations", "chain"):
        yield f"{here}/{below}", f"{there}/{below}"
    numbers = {
        "deliveries": release.deliveries.get().pk,
        "builds": release.build_lists.get().pk,
        "sboms": (release.sboms.first() or add_sbom(release, spdx2({"gone.c": b""}))).pk,
        "attestations": release.attestations.get().pk,
    }
    for kind, number in numbers.items():
        yield f"{kind}/{number}", f"{kind}/999999"
    yield f"builds/{numbers['builds']}/artifacts", "builds/999999/artifacts"


def test_what_is_hidden_is_answered_byte_for_byte_as_what_is_not_there(
    cast: Cast, open_release: Release, restricted_release: Release
) -> None:
    for release in (open_release, restricted_release):
        attest(cast, release)
    publish_log()
    whole = {path for path, item in document()["paths"].items() if "get" in item and "{" in path}
    pairs, opened = list(places_of(restricted_release)), list(places_of(open_release))
    assert len(pairs) == len(
        [path for path in whole if "log/" not in path and "jobs" not in path and "uploads" not in path]
    )
    artifact = restricted_release.build_lists.get().artifacts.get().sha256
    strangers = {
        "nobody": Tool(),
        "vendor, by a token for another product": Tool(cast.vendor, open_release.product),
        "another vendor, by a token for what a grant opened": Tool(
            with_grant(cast, open_release), open_release.product
        ),
    }
    for who, tool in strangers.items():
        for hidden, missing in pairs:
            one, two = tool.get(hidden), tool.get(missing)
            assert (one.status_code, one.content, dict(one.headers)) == (404, two.content, dict(two.headers)), (
                who,
                hidden,
            )
            assert set(json.loads(one.content)["error"]) == {"code", "expected", "found"}
            assert one.headers["Cache-Control"] == "no-store"
        for place, _ in opened:
            assert tool.get(place).status_code == 200, (who, place)
        assert [each["slug"] for each in tool.read("products")["products"]] == ["widget"]
        assert tool.read(f"artifacts?sha256={artifact}")["artifacts"] == []
    own = Tool(cast.vendor, restricted_release.product)
    for hidden, _ in pairs:
        answer = own.get(hidden)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), hidden
        assert "ETag" not in answer.headers
    assert [each["slug"] for each in own.read("products")["products"]] == ["vault", "widget"]
    assert own.read(f"artifacts?sha256={artifact}")["artifacts"][0]["name"] == "vault.bin"


def with_grant(cast: Cast, release: Release) -> Person:
    """Somebody of another vendor who may deliver the product, and so issue tokens for it."""
    Grant.objects.create(person=cast.stranger, product=release.product, rights=[Right.DELIVER])
    return cast.stranger


def test_every_answer_is_as_the_document_says(cast: Cast, open_release: Release, restricted_release: Release) -> None:
    attest(cast, open_release)
    attest(cast, restricted_release)
    publish_log()
    ask = {
        release.product.slug: [place for place, _ in places_of(release)]
        for release in (open_release, restricted_release)
    }
    seen = set()
    listing = f"artifacts?sha256={open_release.build_lists.get().artifacts.get().sha256}"
    plain = ["products", listing, "log", "log/entries", "log/entries/0", "log/entries?after=1&limit=1"]
    for tool, places in (
        (Tool(), ask["widget"] + plain),
        (Tool(cast.vendor, restricted_release.product), ask["vault"] + plain),
        (Tool(cast.operator, restricted_release.product), ask["vault"]),
    ):
        for place in places:
            value = tool.read(place)
            path, schema = schema_of(place)
            seen.add(path)
            jsonschema_rs.validator_for(schema).validate(value)
            assert value["asOf"]["origin"] == ORIGIN
            assert value["asOf"]["size"] == LogEntry.objects.filter(index__isnull=False).count()
    reads = {path for path, item in document()["paths"].items() if {} in item.get("get", {}).get("security", [])}
    assert seen == reads


def schema_of(place: str) -> tuple[str, dict[str, Any]]:
    """The document's path that an address is of, and the schema of its answer with everything that it refers to."""
    address = f"/api/v1/{place.partition('?')[0]}"
    paths = document()["paths"]
    path = next(each for each in paths if re.fullmatch(re.sub(r"\{[a-z]+\}", "[^/]+", each), address))
    content = paths[path]["get"]["responses"]["200"]["content"]["application/json"]
    return path, {**content["schema"], "components": document()["components"]}


def test_evidence_can_be_checked_without_the_portal(cast: Cast, open_release: Release) -> None:
    row = attest(cast, open_release)
    publish_log()
    tool = Tool()
    answer = tool.read(f"attestations/{row.pk}")
    assert base64.b64decode(answer["envelope"]) == bytes(row.envelope)
    told = answer["attestation"]
    assert (told["stated"]["conclusion"], told["stated"]["authority"], told["stated"]["read"]) == (
        "concerns",
        "north",
        1,
    )
    assert "Anna" not in json.dumps(answer)
    entry = tool.read(told["logged"]["entry"])
    key = parse_vkey(installation().vkey)
    proof = parse_log_proof(entry["proof"].encode())
    head = check_log_proof(proof, base64.b64decode(entry["entry"]["leaf"]), key, ORIGIN)
    assert (head.size, head.root.hex) == (entry["asOf"]["size"], entry["asOf"]["root"])
    assert entry["entry"]["value"] == row.digest
    links = {link["name"]: link["status"] for link in tool.read("products/widget/releases/1.0/chain")["links"]}
    assert "proved" in links.values()
    assert {status for name, status in links.items() if name.startswith("attestations/")} >= {"stated"}


def test_a_restricted_envelope_goes_to_those_alone_who_may_read_the_source(
    cast: Cast, restricted_release: Release
) -> None:
    row = attest(cast, restricted_release)
    product = restricted_release.product
    assert Tool(cast.vendor, product).read(f"attestations/{row.pk}")["envelope"]
    answer = Tool(cast.operator, product).read(f"attestations/{row.pk}")
    assert answer["envelope"] is None
    assert "secret-plan" not in json.dumps(answer)


def test_flagged_members_of_a_restricted_source_are_told_to_its_readers_alone(cast: Cast) -> None:
    release = deliver(cast, product="vault", files={"back\\slash": b"x\n", "b": b"y\n"}, restricted=True)
    place = f"deliveries/{release.deliveries.get().pk}"
    vendor, operator = (Tool(person, release.product).read(place) for person in (cast.vendor, cast.operator))
    assert ([each["path"] for each in vendor["delivery"]["flagged"]], vendor["delivery"]["untold"]) == (
        ["back%5Cslash"],
        0,
    )
    assert (operator["delivery"]["flagged"], operator["delivery"]["untold"]) == ([], 1)
    assert operator["delivery"]["steps"][0]["name"] == "received"


def test_quarantine_is_told_to_tokens_of_its_own_product_alone(cast: Cast, open_release: Release) -> None:
    row = open_release.deliveries.get()
    Delivery.objects.filter(pk=row.pk).update(state=Delivery.State.QUARANTINED)
    listed = "products/widget/releases/1.0/deliveries"
    assert Tool().read(listed)["deliveries"] == []
    assert Tool().get(f"deliveries/{row.pk}").content == Tool().get("deliveries/99").content
    assert Tool(cast.vendor, open_release.product).read(listed)["deliveries"][0]["state"] == "quarantined"


def test_pages_leave_no_gap_where_something_is_hidden(cast: Cast) -> None:
    for slug in ("a", "b", "c"):
        ensure_release(vendor="acme", product=slug, version="1.0", restricted=False)
    before = walk(Tool(), "products?limit=1", "products")
    for slug in ("aa", "bb", "zz"):
        ensure_release(vendor="acme", product=slug, version="1.0", restricted=True)
    assert walk(Tool(), "products?limit=1", "products") == before == (["a", "b", "c"], 3)
    product = Product.objects.get(slug="aa")
    assert walk(Tool(cast.vendor, product), "products?limit=2", "products") == (["a", "aa", "b", "c"], 2)
    for version in ("2.0", "3.0", "10.0"):
        release = ensure_release(vendor="acme", product="aa", version=version, restricted=True)
    Grant.objects.create(person=cast.stranger, release=release, rights=[Right.DELIVER])
    # A grant on one release lets its holder know of the product and of that release alone.
    secret = Tool(cast.vendor, product)
    ApiToken.objects.filter(product=product).update(owner=cast.stranger)
    assert walk(secret, "products/aa/releases?limit=1", "releases", "version") == (["10.0"], 1)


def walk(tool: Tool, place: str | None, name: str, key: str = "slug") -> tuple[list[str], int]:
    """All items behind each other, and how many pages it took."""
    found, pages = [], 0
    while place:
        answer = tool.read(place)
        found += [each[key] for each in answer[name]]
        place, pages = answer["next"], pages + 1
        assert pages < 20
    return found, pages


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "limit=", "after=-1", "after=x", "after=99999999999999999999"],
)
def test_a_query_that_is_not_understood_is_400(cast: Cast, query: str) -> None:
    answer = Tool().get(f"log/entries?{query}")
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (400, "request-malformed")
    assert query.partition("=")[0] in json.loads(answer.content)["error"]["expected"]


def test_a_token_is_good_for_its_scopes_alone_and_ends_with_its_owner(cast: Cast, open_release: Release) -> None:
    product = open_release.product
    delivering, reading = Tool(cast.vendor, product, "deliver"), Tool(cast.vendor, product, "read")
    both = Tool(cast.vendor, product, "deliver", "read")
    assert (delivering.get("products").status_code, reading.get("products").status_code) == (403, 200)
    assert (both.get("products").status_code, both.get(f"jobs/{open_release.deliveries.get().job_id}").status_code) == (
        200,
        200,
    )
    refused = reading.get(f"jobs/{open_release.deliveries.get().job_id}")
    assert (refused.status_code, json.loads(refused.content)["error"]["code"]) == (403, "scope-missing")
    wrong = Tool()
    wrong.headers = {"Authorization": "Bearer nonsense"}
    assert wrong.get("products").status_code == 401  # never taken for nobody
    cast.vendor.is_active = False
    cast.vendor.save()
    answer = reading.get("products")
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (403, "right-ended")


def test_a_cookie_opens_nothing(cast: Cast, restricted_release: Release) -> None:
    client = Client()
    assert client.login(username="vera", password="vera-password-long")
    answer = client.get("/api/v1/products/vault")
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_answers_for_everybody_are_asked_about_again_and_those_by_token_never_kept(
    cast: Cast, open_release: Release
) -> None:
    first = Tool().get("products/widget")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"]
    again = Tool().get("products/widget", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Product.objects.update(name="Another name")
    assert Tool().get("products/widget", **{"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert Tool(cast.vendor, open_release.product).get("products/widget").headers["Cache-Control"] == "no-store"
    head = Tool().client.head("/api/v1/products/widget")
    assert (head.status_code, head.content) == (200, b"")


def test_whatever_goes_wrong_is_said_in_one_shape(cast: Cast, open_release: Release) -> None:
    client = Client(raise_request_exception=False)
    asked = {
        404: client.get("/api/v1/nothing"),
        405: client.delete("/api/v1/products"),
        401: client.post("/api/v1/products/widget/uploads"),
        400: client.get("/api/v1/products", headers={"host": "evil.test"}),
        415: client.post(
            "/api/v1/products/widget/deliveries",
            b"<x/>",
            content_type="text/xml",
            headers=Tool(cast.vendor, open_release.product, "deliver").headers,
        ),
    }
    assert asked[405].headers["Allow"] == "GET, HEAD"
    for tile in Path(settings.LOG_ROOT).rglob("*"):
        if tile.is_file() and "tile" in tile.parts:
            tile.unlink()
    asked[503] = client.get("/api/v1/log/entries/0")
    LogEntry.objects.update(leaf=b"torn")
    asked[500] = client.get("/api/v1/log/entries")
    for status, answer in asked.items():
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json"), answer.content
        assert set(json.loads(answer.content)["error"]) == {"code", "expected", "found"}
        assert answer.headers["Cache-Control"] == "no-store"
        assert b"evil.test" not in answer.content


def test_the_page_reads_the_whole_document_to_people(cast: Cast) -> None:
    page = Client().get("/api/").content.decode()
    for path, item in document()["paths"].items():
        for operation in item.values():
            assert f'id="{operation["operationId"]}"' in page, path
    for shape in re.findall(r'href="#(shape-[^"]+)"', page):
        assert f'id="{shape}"' in page
    for name in ("Delivery", "Attestation", "ErrorAnswer", "Upload"):
        assert f'href="#shape-{name}' in page
    kept = json.loads(Client().get("/api/v1/openapi.json").content)
    assert kept == document()


def test_examples_of_the_document_are_what_it_says() -> None:
    wrong = [
        (name, member, example)
        for name, schema in document()["components"]["schemas"].items()
        for member, said in schema["properties"].items()
        for example in said.get("examples", [])
        if not jsonschema_rs.validator_for({**said, "components": document()["components"]}).is_valid(example)
    ]
    assert wrong == []
