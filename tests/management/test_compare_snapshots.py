"""`compare_snapshots` as scripts call it: names of sources, exit codes, JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from tests.cast import Cast, deliver
from tests.services.test_debian import DEBIAN, UPSTREAM, Source
from transparency.models import Delivery, KnownFile


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


def test_what_patches_make_of_a_source_is_explained_by_them_and_by_nothing_else(cast: Cast) -> None:
    rows = Source().arrive(cast)
    code, answer = run("pump/1.0-2/distribution", "pump/1.0-2/patched")
    assert (code, [(file["class"], file["first"]) for file in answer["files"]]) == (0, [("patched", "main.c")])
    code, answer = run("pump/1.0-2/patched", "pump/1.0-2/distribution")
    assert (code, [file["class"] for file in answer["files"]]) == (1, ["content-differs"])
    code, answer = run("pump/1.0-2/upstream", "pump/1.0-2/patched")
    assert (code, "patched" in {file["class"] for file in answer["files"]}) == (1, False)
    Delivery.objects.filter(pk=rows["patched"].pk).update(derived_from=None)
    code, answer = run("pump/1.0-2/distribution", "pump/1.0-2/patched")
    assert (code, [file["class"] for file in answer["files"]]) == (1, ["content-differs"])


def test_a_patch_that_makes_a_tools_file_unlike_every_known_one_is_still_shown_first(cast: Cast) -> None:
    KnownFile.objects.create(name="a.m4", sha256="0" * 64, package="tool", version="1", path="a.m4", source="0" * 64)
    patch = b"Odd.\n\n--- a/a.m4\n+++ b/a.m4\n@@ -1 +1 @@\n-x\n+inert\n"
    debian = DEBIAN | {"debian/patches/fix.patch": patch}
    Source(upstream=UPSTREAM | {"pump-1.0/a.m4": b"x\n"}, debian=debian).arrive(cast)
    code, answer = run("pump/1.0-2/distribution", "pump/1.0-2/patched")
    assert (code, [(file["class"], file["first"]) for file in answer["files"]]) == (1, [("unlike-known", "a.m4")])


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
