"""Addresses of folders and files, and the trail of crumbs that leads to them. Paths are escaped as in the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from transparency.proofs.escaping import unescape_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from transparency.models import Release

Crumb = tuple[str, str]


def release_address(name: str, release: Release, path: str = "", *, withdrawn: int | None = None) -> str:
    """The address of the page called `name` (`tree`, `folder`, `file`, `raw`) of a release; with a delivery that was withdrawn, of that."""
    arguments: list[str | int] = [release.product.slug, release.version]
    if withdrawn:
        name, arguments = f"withdrawn-{name}", [*arguments, withdrawn]
    return reverse(name, args=[*arguments, path] if path else arguments)


def address_maker(name: str, release: Release, *, withdrawn: int | None = None) -> Callable[[str], str]:
    """What `release_address` says of each of many paths that are not empty: the part before the path is made once."""
    before = release_address(name, release, "x", withdrawn=withdrawn).rpartition("x")
    return lambda path: f"{before[0]}{path.replace('%', '%25')}{before[2]}"


def crumbs_to(release: Release, path: str, *, withdrawn: int | None = None) -> list[Crumb]:
    """(name, address) from the product down to `path`; the last one has no address."""
    crumbs = [
        (release.product.name, reverse("product", args=[release.product.slug])),
        (release.version, release_address("release", release)),
        ("Withdrawn source" if withdrawn else "Source", release_address("tree", release, withdrawn=withdrawn)),
    ]
    parts = path.split("/") if path else []
    for depth, part in enumerate(parts, start=1):
        crumbs.append(
            (readable(part), release_address("folder", release, "/".join(parts[:depth]), withdrawn=withdrawn))
        )
    return [*crumbs[:-1], (crumbs[-1][0], "")]


def readable(path: str) -> str:
    """An escaped path as people read it: UTF-8 where it is UTF-8. Hidden characters are still in it, for the template to show."""
    return unescape_path(path).decode("utf-8", "surrogateescape")


def parent_of(path: str) -> str:
    return path.rpartition("/")[0]
