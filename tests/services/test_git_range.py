"""What is said of the commits since the last imported tag: who signed them and what is odd. Context: it lets nothing in and keeps nothing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gitrepos import FILES, PERSON, GitRepo, commit_body
from tests.services.test_git_sources import arrive, state
from transparency.errors import EvidenceError
from transparency.gateways.contained.rangewire import parse_range

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import Cast
    from transparency.models import Delivery


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo.git")


def said(delivery: Delivery) -> dict[str, Any]:
    found: dict[str, Any] = (delivery.git or {})["range"]
    return found


def told(delivery: Delivery) -> dict[str, tuple[str, list[str]]]:
    return {item["name"]: (item["outcome"], list(item["odd"])) for item in said(delivery)["commits"]}


def dated(repo: GitRepo, parent: str, author: int, committer: int) -> str:
    body = commit_body(repo.tree(FILES), (parent,)).decode()
    first, second = (PERSON.replace("1770000000", str(at)) for at in (author, committer))
    body = body.replace(f"author {PERSON}", f"author {first}").replace(f"committer {PERSON}", f"committer {second}")
    return repo.write("commit", body.encode())


def test_the_first_tag_has_no_range(cast: Cast, repo: GitRepo) -> None:
    repo.tag("v1.0", repo.commit(), signer=cast.vendor_key)
    assert said(arrive(cast, repo.bundle())) is None


def test_who_signed_what_since_the_last_tag_and_what_is_odd(cast: Cast, repo: GitRepo) -> None:
    first = repo.commit()
    repo.tag("v1.0", first, signer=cast.vendor_key)
    arrive(cast, repo.bundle())
    signed = repo.commit({"a": b"1\n"}, parents=(first,), signer=cast.vendor_key)
    unknown = repo.commit({"a": b"2\n"}, parents=(signed,), signer=cast.auditor_key)
    plain = repo.commit({"a": b"3\n"}, parents=(unknown,))
    late = dated(repo, plain, 1770100000, 1770000100)
    early = dated(repo, late, 1760000000, 1760000000)
    ahead = dated(repo, early, 4102444800, 4102444800)
    repo.git("update-ref", "refs/heads/main", ahead)
    repo.tag("v2.0", ahead, signer=cast.vendor_key)
    delivery = arrive(cast, repo.bundle(), tag="v2.0", version="2.0")
    assert state(delivery) == ("admitted", "valid", "valid")
    assert told(delivery) == {
        signed: ("valid", []),
        unknown: ("unknown-key", []),
        plain: ("unsigned", []),
        late: ("unsigned", ["date-author"]),
        early: ("unsigned", ["date-parent"]),
        ahead: ("unsigned", ["date-future"]),
    }
    found = said(delivery)
    assert (found["since"], found["line"], found["on_branch"]) == (first, "follows", True)
    assert (found["count"], found["signed"], found["odd"]) == (6, 1, 3)
    assert {item["name"]: item["key"] for item in found["commits"]}[signed].startswith("SHA256:")


def test_a_signature_moved_to_another_commit_is_none_of_it(cast: Cast, repo: GitRepo) -> None:
    first = repo.commit()
    repo.tag("v1.0", first, signer=cast.vendor_key)
    arrive(cast, repo.bundle())
    signed = repo.commit({"a": b"1\n"}, parents=(first,), signer=cast.vendor_key)
    body = repo.run("cat-file", "commit", signed).stdout
    forged = repo.write("commit", body.replace(b"A change.", b"B change."))
    two = repo.write(
        "commit", body.replace(b"\ngpgsig ", b"\ngpgsig-sha256 x\ngpgsig ").replace(first.encode(), forged.encode())
    )
    last = repo.commit(parents=(two,))
    repo.tag("v2.0", last, signer=cast.vendor_key)
    delivery = arrive(cast, repo.bundle(), tag="v2.0", version="2.0")
    assert told(delivery) == {forged: ("invalid", []), two: ("invalid", ["unreadable"]), last: ("unsigned", [])}
    assert said(delivery)["signed"] == 0


def test_a_merge_with_changes_of_its_own(cast: Cast, repo: GitRepo) -> None:
    first = repo.commit()
    repo.tag("v1.0", first, signer=cast.vendor_key)
    arrive(cast, repo.bundle())
    left = repo.commit({**FILES, "l": b"1\n"}, parents=(first,))
    right = repo.commit({**FILES, "r": b"1\n"}, parents=(first,))
    honest = repo.commit({**FILES, "l": b"1\n", "r": b"1\n"}, parents=(left, right))
    more = repo.commit({**FILES, "l": b"1\n", "r": b"1\n", "m": b"1\n"}, parents=(first,))
    evil = repo.commit({**FILES, "l": b"1\n", "r": b"1\n", "m": b"1\n", "evil": b"x\n"}, parents=(honest, more))
    repo.tag("v2.0", evil, signer=cast.vendor_key)
    delivery = arrive(cast, repo.bundle(), tag="v2.0", version="2.0")
    odd = {name: odd for name, (_, odd) in told(delivery).items() if odd}
    assert odd == {evil: ["merge-changes"]}


def test_a_history_that_was_written_anew_and_a_tag_on_no_branch(cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
    first = repo.commit()
    repo.tag("v1.0", repo.commit({"a": b"1\n"}, parents=(first,)), signer=cast.vendor_key)
    arrive(cast, repo.bundle())
    apart = repo.commit({"a": b"2\n"}, parents=(first,), branch="apart")
    repo.git("update-ref", "-d", "refs/heads/apart")
    repo.tag("v2.0", apart, signer=cast.vendor_key)
    second = arrive(cast, repo.bundle(), tag="v2.0", version="2.0")
    assert (said(second)["line"], said(second)["on_branch"], said(second)["count"]) == ("rewritten", False, 1)
    other = GitRepo(tmp_path / "other.git", "sha256")
    other.tag("v3.0", other.commit(), signer=cast.vendor_key)
    third = arrive(cast, other.bundle(), tag="v3.0", version="3.0")
    assert (state(third)[0], said(third)["line"], said(third)["count"]) == ("admitted", "missing", 1)


NAME = 40 * "1"
RANGE = {"line": "follows", "onBranch": True, "count": 1, "lookedAt": 1, "signed": 1, "odd": 0}
COMMIT = [NAME, "valid", "SHA256:x", []]


@pytest.mark.parametrize(
    "value",
    [
        None,
        RANGE,
        {**RANGE, "commits": [COMMIT], "line": "other"},
        {**RANGE, "commits": [COMMIT], "count": -1},
        {**RANGE, "commits": [COMMIT], "signed": True},
        {**RANGE, "commits": [COMMIT], "onBranch": 1},
        {**RANGE, "commits": 201 * [COMMIT]},
        {**RANGE, "commits": [[NAME, "valid", "x"]]},
        {**RANGE, "commits": [["1", "valid", "x", []]]},
        {**RANGE, "commits": [[NAME, "signed", "x", []]]},
        {**RANGE, "commits": [[NAME, "valid", "x\n", []]]},
        {**RANGE, "commits": [[NAME, "valid", "x", ["other"]]]},
        {**RANGE, "commits": [[NAME, "valid", "x", 7]]},
    ],
)
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(EvidenceError, match="contained-answer"):
        parse_range(value, since=NAME, object_format="sha1")
    assert parse_range({**RANGE, "commits": [COMMIT]}, since=NAME, object_format="sha1").commits[0].name == NAME
