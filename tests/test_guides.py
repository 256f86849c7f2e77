"""The guides say what is there: pictures, addresses, names of pages and buttons, links between documents."""

from __future__ import annotations

import html
import re
import struct
import zlib
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from tests.png import SIGNATURE, shrink, size_of

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
GUIDES = sorted(DOCS.glob("first-hour-*.md"))
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
MOST_PICTURES, MOST_BYTES, WIDTH = 12, 150_000, 1280
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_NAME = re.compile(r"(?<![*\w])\*([^*\n]+)\*(?![*\w])")
_ADDRESS = re.compile(r"`(/[a-z][a-z0-9./-]*)`")


def on_pages() -> str:
    """All that templates and the code of pages can say, without markup."""
    code = [path.read_text() for room in ("reviews/web", "transparency/web") for path in (ROOT / room).rglob("*.py")]
    drawn = [re.sub(r"<[^>]*>", "\n", path.read_text()) for path in (ROOT / "templates").rglob("*.html")]
    return html.unescape("\n".join(code + drawn))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_uses_the_names_and_addresses_of_the_pages(guide: Path) -> None:
    text, said = guide.read_text(), on_pages()
    names = {name for name in _NAME.findall(text) if name != "italics"}
    assert len(names) >= 8, "a guide that names nothing guides nobody"
    assert sorted(name for name in names if name not in said) == []
    for address in _ADDRESS.findall(text):
        try:
            resolve(address)
        except Resolver404:
            pytest.fail(f"{guide.name} names {address}, which leads nowhere")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_what_a_document_links_to_is_there(page: Path) -> None:
    targets = [target for target in _LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_pictures_are_shown_and_small() -> None:
    pictures = sorted((DOCS / "images").glob("*.png"))
    assert 0 < len(pictures) <= MOST_PICTURES
    shown = {
        DOCS / target for guide in GUIDES for target in _LINK.findall(guide.read_text()) if target.endswith(".png")
    }
    assert shown == set(pictures)
    for picture in pictures:
        assert picture.stat().st_size <= MOST_BYTES, picture.name
        assert size_of(picture.read_bytes())[0] == WIDTH, picture.name


def test_a_shrunk_picture_shows_the_same_pixels_whatever_its_filters_were() -> None:
    rows = [[bytes((30 * row + 7 * column, 200 - row, column)) for column in range(4)] for row in range(5)]
    data, above = b"", bytes(12)
    for kind, row in enumerate(map(b"".join, rows)):
        left, corner = bytes(3) + row[:-3], bytes(3) + above[:-3]
        guess = (bytes(12), left, above, bytes((a + b) // 2 for a, b in zip(left, above, strict=True)), None)[kind]
        guess = guess or bytes(map(paeth, left, above, corner))
        data += bytes([kind]) + bytes((a - b) & 255 for a, b in zip(row, guess, strict=True))
        above = row
    small = shrink(
        SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 5, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(data))
    )
    palette = small[small.index(b"PLTE") + 4 :]
    start = small.index(b"IDAT")
    (size,) = struct.unpack(">I", small[start - 4 : start])
    pixels = zlib.decompress(small[start + 4 : start + 4 + size])
    shown = [[palette[3 * at : 3 * at + 3] for at in pixels[place + 1 : place + 5]] for place in range(0, 25, 5)]
    assert shown == rows
    assert size_of(small) == (4, 5)
    with pytest.raises(ValueError, match="not a PNG"):
        size_of(b"GIF89a" + small)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def paeth(left: int, above: int, corner: int) -> int:
    distances = [
        (abs(value - (left + above - corner)), order, value) for order, value in enumerate((left, above, corner))
    ]
    return min(distances)[2]
