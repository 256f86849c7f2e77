"""Deliver a signed archive, a Debian source (.dsc), or a signed tag of a git repository, from a vendor's CI or by hand.

Of a Debian source the .dsc is named; the files that it lists lie beside it, and go with it.

The token comes from --token-file or from the environment variable TRANSPARENCY_TOKEN; it is issued on the product's page and is good for
that product alone. What is interrupted goes on when the same command is given again; what was delivered is not delivered twice.

Exit code 0: admitted (with --dry-run: it would be; with --no-wait: handed in). 1: in quarantine or refused, the answer lists why.
2: unusable input, or a portal that cannot be reached or does not let the token in.
"""

from __future__ import annotations

import base64
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transparency.client.portal import Portal
from transparency.client.push_source import ENDING, source_files
from transparency.client.push_words import Teller, tell_outcome
from transparency.client.send_file import send_file
from transparency.proofs.errors import UnavailableError, UnusableInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from transparency.client.portal import Answer

TOKEN_VARIABLE = "TRANSPARENCY_TOKEN"  # noqa: S105 - its name
ROLES = ("release-archive", "upstream", "distribution", "patched")
# What the portal looks at, and no more.
MAX_SIGNATURE_BYTES, MAX_SIGNATURES = 64 * 1024, 16
MAX_TOKEN_BYTES = 1024
FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.5, 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "archive", metavar="ARCHIVE", help="the archive exactly as it is published, a .dsc, or a bundle"
    )
    parser.add_argument("--product", required=True, metavar="SLUG")
    parser.add_argument("--release", required=True, metavar="VERSION")
    parser.add_argument("--url", required=True, metavar="URL", help="the portal, such as https://centre.agency.gov")
    parser.add_argument("--token-file", metavar="FILE", help=f"where the token is (default: ${TOKEN_VARIABLE})")
    parser.add_argument("--signature", action="append", default=[], metavar="FILE", help="a detached signature")
    parser.add_argument(
        "--checksums", metavar="FILE", help="what the signatures are over: a list that names the archive (SHA256SUMS)"
    )
    parser.add_argument("--sbom", metavar="FILE", help="a bill of materials, compared once the source is admitted")
    parser.add_argument("--over", choices=("archive", "decompressed"), default="archive", help="what was signed")
    parser.add_argument("--role", choices=ROLES, default=ROLES[0])
    parser.add_argument(
        "--tag", metavar="NAME", help="ARCHIVE is a git repository (git bundle create): this signed tag of it"
    )
    parser.add_argument("--commit", metavar="ID", help="ARCHIVE is a git repository: this signed commit of it")
    parser.add_argument("--dry-run", action="store_true", help="check everything, list every refusal, keep nothing")
    parser.add_argument("--no-wait", dest="wait", action="store_false", help="do not wait for the verdict")
    parser.add_argument("--wait", dest="wait", action="store_true", help="wait for the verdict (the default)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(wait=True)


def run(arguments: argparse.Namespace) -> int:
    """Send, deliver, wait; return the exit code. A portal that stays away is unusable input: nothing was decided."""
    try:
        return _push(arguments)
    except UnavailableError as error:
        raise UnusableInputError(
            error.code, expected=error.expected, found=error.found, subject=error.subject
        ) from error


def _push(arguments: argparse.Namespace) -> int:
    signatures = _signatures(arguments.signature)
    files = _files(arguments)
    teller = Teller()
    portal = Portal(arguments.url, _token(arguments.token_file), say=teller.say)
    sent = [send_file(portal, arguments.product, path, teller.show) for path in files]
    job = _deliver(portal, arguments, [identity for identity, _ in sent], signatures)
    if not arguments.wait:
        teller.say("handed in; the verdict comes later")
        return tell_outcome(job, as_json=arguments.json)
    job = _follow(portal, job, teller)
    if not arguments.dry_run:  # whoever tried first delivers the same files next, without sending them again
        for _, state in sent:
            state.forget()
    return tell_outcome(job, as_json=arguments.json)


def _files(arguments: argparse.Namespace) -> list[Path]:
    """What is to be sent, the archive or the .dsc first; what cannot be delivered is said before anything is sent."""
    files = [Path(name) for name in (arguments.archive, arguments.checksums, arguments.sbom) if name]
    for path in files:
        if not path.is_file():
            raise UnusableInputError("no-such-file", expected="a file", found="none", subject=str(path))
    if arguments.checksums and arguments.over != "archive":
        raise UnusableInputError("cover-and-decompressed", expected="--checksums or --over", found="both")
    if not _is_source(arguments) and not _is_git(arguments):
        return files
    beside = arguments.signature or arguments.checksums or arguments.sbom
    if beside or arguments.over != "archive" or arguments.role != ROLES[0]:
        code, what = ("git-options", "a repository") if _is_git(arguments) else ("dsc-options", "a .dsc")
        found = "--signature, --checksums, --sbom, --over or --role"
        raise UnusableInputError(code, expected=f"{what} alone; its signature is inside", found=found)
    return files if _is_git(arguments) else source_files(files[0])


def _is_git(arguments: argparse.Namespace) -> bool:
    return arguments.tag is not None or arguments.commit is not None


def _is_source(arguments: argparse.Namespace) -> bool:
    return str(arguments.archive).endswith(ENDING)


def _deliver(
    portal: Portal, arguments: argparse.Namespace, uploads: Sequence[str], signatures: Sequence[bytes]
) -> dict[str, Any]:
    """Hand in what was sent: the archive, and the list where there is one; or the source. Asking again is the same job."""
    asked: dict[str, Any] = {"release": arguments.release, "dryRun": arguments.dry_run}
    if _is_git(arguments):
        wanted = {"tag": arguments.tag, "commit": arguments.commit}
        asked |= {"repository": uploads[0], **{name: value for name, value in wanted.items() if value is not None}}
        return _job(portal.ask("POST", f"products/{arguments.product}/deliveries", asked))
    if _is_source(arguments):
        asked |= {"dsc": uploads[0], "files": uploads[1:]}
        return _job(portal.ask("POST", f"products/{arguments.product}/deliveries", asked))
    asked |= {
        "role": arguments.role,
        "archive": uploads[0],
        "signatures": [base64.b64encode(data).decode() for data in signatures],
        "over": arguments.over,
    }
    given = [name for name in ("checksums", "sbom") if getattr(arguments, name)]
    asked |= dict(zip(given, uploads[1:], strict=True))
    return _job(portal.ask("POST", f"products/{arguments.product}/deliveries", asked))


def _signatures(names: Sequence[str]) -> list[bytes]:
    if len(names) > MAX_SIGNATURES:
        raise UnusableInputError("signatures-many", expected=f"at most {MAX_SIGNATURES}", found=str(len(names)))
    return [_read(Path(name), MAX_SIGNATURE_BYTES) for name in names]


def _token(file: str | None) -> str:
    text = _read(Path(file), MAX_TOKEN_BYTES).decode("utf-8", "replace") if file else os.environ.get(TOKEN_VARIABLE, "")
    token = text.strip()
    if not token or not (token.isascii() and token.isprintable() and " " not in token):
        expected = f"a token in --token-file or ${TOKEN_VARIABLE}"
        raise UnusableInputError("token-missing", expected=expected, found="none" if not token else "something else")
    return token


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise UnusableInputError(
            "file-unreadable", expected="a readable file", found=error.strerror or "", subject=str(path)
        ) from error
    if len(data) > limit:
        raise UnusableInputError("file-too-large", expected=f"at most {limit} bytes", found="more", subject=str(path))
    return data


def _follow(portal: Portal, job: dict[str, Any], teller: Teller) -> dict[str, Any]:
    """The job when it has ended."""
    pause, step = FIRST_POLL_SECONDS, ""
    while job["state"] in {"queued", "running"}:
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)
        job = _job(portal.ask("GET", f"jobs/{job['job']}"))
        progress = job.get("progress")
        said = str(progress.get("step", "")) if isinstance(progress, dict) else ""
        if said and said != step:
            step = said
            teller.now(step)
    teller.say(f"{job['state']}: {job['page']}")
    return job


def _job(answer: Answer) -> dict[str, Any]:
    """The answer as a job; whatever else it is ends the command."""
    needed = ("job", "state", "page")
    if answer.code or not all(isinstance(answer.value.get(name), str) for name in needed):
        raise answer.refusal()
    return answer.value
