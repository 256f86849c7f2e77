"""The console script `transparency`: what runs on other people's machines, without Django; account and network for `push` alone.

Each command is a module with `add_arguments(parser)` and `run(arguments) -> exit code`. Exit codes that all share: 2 for
unusable input, 1 for what was refused or could not be decided; with `--json` both print `{"error": {…}}`.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from typing import TYPE_CHECKING

from transparency.client import manifest, push, sign, verify
from transparency.client.terminal import printable
from transparency.proofs.errors import EvidenceError, UnavailableError, UnusableInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

EXIT_REFUSED = 1
EXIT_UNUSABLE = 2
EXIT_INTERRUPTED = 130

COMMANDS: tuple[tuple[str, ModuleType, str], ...] = (
    ("verify", verify, "check a dossier link by link, offline, with your own trust file"),
    ("manifest", manifest, "print the manifest and the ids of an archive or a folder"),
    ("sign", sign, "sign a statement with your own key, outside any portal"),
    ("push", push, "deliver a signed archive or a Debian source to a centre, from a vendor's CI or by hand"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; argparse exits with 2 by itself."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows its number; it never stops an answer half-way.
            stream.reconfigure(errors="backslashreplace")
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except UnusableInputError as error:
        return _fail(error, EXIT_UNUSABLE, as_json=getattr(parsed, "json", False))
    except (EvidenceError, UnavailableError) as error:
        return _fail(error, EXIT_REFUSED, as_json=getattr(parsed, "json", False))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it; what Python would write at exit goes nowhere instead of failing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="transparency",
        description="Check that the program in use is the program whose source was read; nothing has to be believed.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module, summary in COMMANDS:
        command = commands.add_parser(name, help=summary, description=module.__doc__)
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def _fail(error: EvidenceError | UnavailableError, code: int, *, as_json: bool) -> int:
    if as_json:
        found = {"code": error.code, "expected": error.expected, "found": error.found}
        if error.subject:
            found["subject"] = error.subject
        print(json.dumps({"error": found}, sort_keys=True))
    else:
        print(f"transparency: {printable(error)}", file=sys.stderr)
    return code
