"""Schemathesis asks the machine interface by its own document, with and without a token, and finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.transport.wsgi import WSGITransport

from tests.cast import deliver
from transparency.models import Upload
from transparency.services.issue_token import issue_token
from transparency.services.publish_log import publish_log
from transparency.web import api_access
from transparency.web.api_page import document

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings
    from schemathesis import Case, Response

    from tests.cast import Cast
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
SEED = 20_260_701
ONLY_NETWORK = {"max_redirects", "verify", "cert", "proxies"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of its checks hand what only a network client takes to the in-process one (4.32.5)."""
    send = WSGITransport.send

    def in_process(self: WSGITransport, case: Case[Any], **kwargs: Any) -> Response:
        return send(self, case, **{name: value for name, value in kwargs.items() if name not in ONLY_NETWORK})

    monkeypatch.setattr(WSGITransport, "send", in_process)


def ask(*, token: str, examples: int, seed: int, stateful: bool) -> tuple[int, list[str]]:
    """How many requests were answered, and what was wrong with any of them."""
    # 422: a request of the right shape that means nothing here, such as a version that no release can have.
    understood = ["2xx", "401", "403", "404", "409", "411", "413", "422", "429"]
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})},
            "phases": {"stateful": {"enabled": stateful}},
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "checks": {"positive_data_acceptance": {"expected-statuses": understood}},
        }
    )
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), config=config)
    asked, wrong = 0, []
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(str(event.exception if isinstance(event, events.FatalError) else event.info))
        if isinstance(event, events.ScenarioFinished):
            asked += len(event.recorder.interactions)
            for case, checks in event.recorder.checks.items():
                wrong += [
                    f"{check.name}: {event.recorder.cases[case].value.as_curl_command()}\n{check.failure_info.failure}"
                    for check in checks
                    if check.failure_info
                ]
    return asked, wrong


@pytest.fixture
def world(cast: Cast, open_release: Release, restricted_release: Release, settings: Settings) -> Release:
    settings.UPLOAD_RESERVE_BYTES = 0
    settings.ALLOWED_HOSTS = ["*"]
    publish_log()
    return open_release


def run(
    cast: Cast,
    world: Release,
    monkeypatch: pytest.MonkeyPatch,
    *,
    examples: int,
    seed: int = SEED,
    stateful: bool = False,
) -> None:
    monkeypatch.setattr(api_access, "WRONG_A_MINUTE", 10**9)
    operations = sum(len(item) for item in document()["paths"].values())
    both = issue_token(product=world.product, owner=cast.vendor, name="fuzz", days=1, scopes=["deliver", "read"])[1]
    for token in ("", both):
        asked, wrong = ask(token=token, examples=examples, seed=seed, stateful=stateful)
        assert wrong == [], "\n\n".join(wrong[:10])
        assert asked > operations * 5
    assert Upload.objects.exists()  # what it asked for happened


def test_schemathesis_finds_nothing(cast: Cast, world: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    run(cast, world, monkeypatch, examples=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_schemathesis_finds_nothing_in_a_long_run(
    cast: Cast, world: Release, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    deliver(cast, product="gadget", version="2.0")
    run(cast, world, monkeypatch, examples=200, seed=seed, stateful=True)
