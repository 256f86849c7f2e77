"""`compare_snapshots` as scripts call it: names of sources, exit codes, JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from tests.cast import Cast, deliver
from tests.services.test_debian import Source


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("compare_snapshots", *arguments, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_the_exit_code_says_whether_everything_is_explained(cast: Cast) -> None:
    written = deliver(cast, product="written", files={"a": b"1\n", "b": b"x\n"})
    deliver(cast, product="shipped", files={"a": b"1\r\n", "b": b"x\n"})
    deliver(cast, product="changed", files={"a": b"2\n", "b": b"x\n"})
    code, answer = run("written/1.0", "shipped/1.0")
    assert (code, answer["unexplained"], answer["counts"]["line-ends"], answer["counts"]["identical"]) == (0, 0, 1, 1)
    assert answer["files"][0]["second"] == "a"
    assert written.subject is not None
    code, answer = run(written.subject.manifest, "changed/1.0")
    assert (code, answer["unexplained"]) == (1, 1)
    [file] = answer["files"]
    assert (file["class"], file["explained"], file["first"], file["secondMode"]) == (
        "content-differs",
        False,
        "a",
        "100644",
    )


def test_what_patches_changed_is_found_between_the_deliveries_of_one_release(cast: Cast) -> None:
    Source().arrive(cast)
    code, answer = run("pump/1.0-2/distribution", "pump/1.0-2/patched")
    assert code == 1
    assert [(file["class"], file["first"]) for file in answer["files"]] == [("content-differs", "main.c")]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("nothing/1.0", "written/1.0"), "release-unknown"),
        (("written/1.0/patched", "written/1.0"), "snapshot-unknown"),
        (("0" * 64, "written/1.0"), "snapshot-unknown"),
        (("written/1.0", "written/1.0", "--first-below", "nothing"), "comparison-folder"),
    ],
)
def test_a_name_of_nothing_is_unusable(cast: Cast, names: tuple[str, ...], code: str) -> None:
    deliver(cast, product="written", files={"a": b"1\n"})
    status, answer = run(*names)
    assert (status, answer["error"]["code"]) == (2, code)
