"""A portal's doors for machines (/api/v1/), asked over HTTPS with a token, again and again while it is only weather.

The token goes to the origin that was named and nowhere else: no redirect is followed, and plain http is for one's own machine alone.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import random
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transparency.proofs.errors import UnavailableError, UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

MAX_ANSWER_BYTES = 64 * 1024**2
TIMEOUT_SECONDS = 60.0
# Hashing 16 GiB at the end of an upload is one request.
LONG_SECONDS = 900.0
TRIES = 9
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
_WEATHER = frozenset({408, 425, 429, 500, 502, 503, 504})
_BUSY = "upload-busy"
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the JSON object of the body."""

    status: int
    value: dict[str, Any]

    @property
    def code(self) -> str:
        """The error's code, empty where there is none."""
        return str(self._error.get("code", ""))

    @property
    def expected(self) -> str:
        return str(self._error.get("expected", ""))

    @property
    def _error(self) -> dict[str, Any]:
        found = self.value.get("error") if self.status >= http.client.BAD_REQUEST else None
        return found if isinstance(found, dict) else {}

    def refusal(self, *, subject: str = "") -> UnusableInputError:
        """What the portal refused, as an error of the command."""
        code = self.code or f"http-{self.status}"
        return UnusableInputError(
            code, expected=self.expected, found=str(self._error.get("found", "")), subject=subject
        )


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],  # noqa: ARG002 - urllib's signature, here and below
        code: int,
        msg: str,  # noqa: ARG002
        headers: http.client.HTTPMessage,  # noqa: ARG002
        newurl: str,
    ) -> None:
        raise UnusableInputError("redirected", expected=f"an answer from {req.host}", found=f"{code} to {newurl[:200]}")


class Portal:
    def __init__(self, url: str, token: str, *, say: Callable[[str], None]) -> None:
        self.url = check_url(url)
        self._token = token
        self._say = say
        local = self.url.startswith("http:")
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        # No proxy of the environment sees a token on its way to one's own machine.
        handlers += [urllib.request.ProxyHandler({})] if local else []
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
        self._opener = urllib.request.build_opener(*handlers)

    def ask(
        self, method: str, place: str, value: dict[str, Any] | None = None, *, seconds: float = TIMEOUT_SECONDS
    ) -> Answer:
        """The answer, whatever its status; tried again while it is weather (`portal-unreachable` when it stays)."""
        data = None if value is None else json.dumps(value).encode()
        return self._persist(method, place, data, {"Content-Type": "application/json"}, seconds)

    def put_chunk(self, place: str, data: bytes) -> Answer:
        """Send a piece with its digest. Trying again is safe: the portal takes it once and says where it stands."""
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        headers = {"Content-Type": "application/octet-stream", "Content-Digest": f"sha-256=:{digest}:"}
        return self._persist("PUT", place, data, headers, TIMEOUT_SECONDS)

    def _persist(self, method: str, place: str, data: bytes | None, headers: dict[str, str], seconds: float) -> Answer:
        pause, trouble = FIRST_PAUSE_SECONDS, ""
        for tried in range(1, TRIES + 1):
            try:
                answer, wait = self._once(method, place, data, headers, seconds)
                if answer.status not in _WEATHER and answer.code != _BUSY:
                    return answer
                trouble = f"status {answer.status} {answer.code}".rstrip()
            except (OSError, http.client.HTTPException) as error:
                trouble, wait = _told(error), 0.0
            if tried < TRIES:
                seconds_to_wait = max(wait, pause * random.uniform(0.5, 1.0))  # noqa: S311 - so that many do not come at once
                self._say(f"{trouble}; trying again in {seconds_to_wait:.0f} s")
                time.sleep(min(seconds_to_wait, LONGEST_PAUSE_SECONDS))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        raise UnavailableError("portal-unreachable", expected=f"an answer from {self.url}", found=trouble)

    def _once(
        self, method: str, place: str, data: bytes | None, headers: dict[str, str], seconds: float
    ) -> tuple[Answer, float]:
        request = urllib.request.Request(  # noqa: S310 - check_url has seen to its scheme
            f"{self.url}/api/v1/{place}", data=data, method=method, headers=headers
        )
        # Not among the headers that urllib would repeat elsewhere.
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=seconds) as response:
                return Answer(response.status, _object(response.read(MAX_ANSWER_BYTES + 1))), 0.0
        except urllib.error.HTTPError as error:
            with error:
                answer = Answer(error.code, _object(error.read(MAX_ANSWER_BYTES + 1)))
            return answer, _seconds(error.headers.get("Retry-After"))


def check_url(url: str) -> str:
    """The portal's address without a slash at its end (`url-unusable`)."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise UnusableInputError("url-unusable", expected="https://HOST", found=url[:200]) from error
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _OWN_MACHINE)
    if not (safe and host) or parts.username is not None or parts.query or parts.fragment:
        expected = "https://HOST, or http on this machine, without a name, a query or a fragment"
        raise UnusableInputError("url-unusable", expected=expected, found=url[:200])
    return url.rstrip("/")


def _told(error: OSError | http.client.HTTPException) -> str:
    """What went wrong on the way. A certificate that is refused today is refused in a minute as well."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        raise UnusableInputError(
            "certificate-refused", expected="a certificate that this machine trusts", found=reason.verify_message
        ) from error
    return str(reason) or type(reason).__name__


def _object(data: bytes) -> dict[str, Any]:
    """The body as JSON; an error page of something on the way is none, and then the status has to do."""
    if len(data) > MAX_ANSWER_BYTES:
        raise UnusableInputError("answer-too-large", expected=f"at most {MAX_ANSWER_BYTES} bytes", found="more")
    try:
        value = json.loads(data or b"{}")
    except ValueError:
        value = {}
    return value if isinstance(value, dict) else {}


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() else 0.0
