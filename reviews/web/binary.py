"""What the page of a file without lines says of its bytes: what they begin like, hex, printable runs, entropy. Bounded before reading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reviews.rules.opaque import ROW_BYTES, SAMPLE_BYTES, begins_like, entropies, hex_rows, printable_runs
from transparency.errors import EvidenceError
from transparency.queries import read_file

if TYPE_CHECKING:
    from django.http import QueryDict

    from transparency.models import Snapshot
    from transparency.proofs.filetable import FileEntry

MOST_BYTES = 8 * 1024**2
PAGE_BYTES = 4096
RUNS = 200
BLOCKS = 64
BITS = 8
BAR_WIDTH, BAR_HEIGHT = 10, 80
_NUMBER = re.compile(r"[0-9]{1,9}\Z")


def shown_bytes(snapshot: Snapshot, entry: FileEntry, asked: QueryDict) -> dict[str, Any]:
    """The context. What is larger than MOST_BYTES is not read here at all."""
    if entry.size > MOST_BYTES:
        found = f"{entry.size:,} bytes"
        error = EvidenceError("file-too-large", expected=f"at most {MOST_BYTES:,} bytes", found=found)
        return {"bytes_refused": error, "git_blob": entry.sha1.hex()}
    try:
        _, data = read_file(snapshot, entry.path, limit=MOST_BYTES)
    except EvidenceError as error:
        return {"bytes_refused": error, "git_blob": entry.sha1.hex()}
    pages = max(-(-len(data) // PAGE_BYTES), 1)
    page = min(max(_number(asked.get("bytes", ""), 1), 1), pages)
    start = (page - 1) * PAGE_BYTES
    return {
        "bytes": {
            "begins_like": begins_like(data),
            "rows": hex_rows(data, start, PAGE_BYTES),
            "row_bytes": ROW_BYTES,
            "page": page,
            "pages": pages,
            "before": page - 1 or None,
            "after": page + 1 if page < pages else None,
            "strings": printable_runs(data, _number(asked.get("strings", ""), 0), RUNS),
            "bars": _bars(data),
        },
        "git_blob": entry.sha1.hex(),
    }


def _bars(data: bytes) -> dict[str, Any]:
    """Bars of a picture: one for each block, as high as its bytes are evenly spread."""
    found = entropies(data, BLOCKS)
    block = max(-(-len(data) // BLOCKS), 1)
    return {
        "each": [
            {"x": place * BAR_WIDTH, "y": round(BAR_HEIGHT - height, 1), "height": round(height, 1)}
            for place, height in enumerate(bits / BITS * BAR_HEIGHT for bits in found)
        ],
        "width": max(len(found), 1) * BAR_WIDTH,
        "block": block,
        "sampled": block > SAMPLE_BYTES,
        "sample": SAMPLE_BYTES,
        "mean": sum(found) / len(found) if found else 0.0,
        "highest": max(found, default=0.0),
    }


def _number(text: str, otherwise: int) -> int:
    return int(text) if _NUMBER.match(text) else otherwise
