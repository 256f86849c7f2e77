"""An inclusion proof as a picture: from the leaf at the foot, join by join, to the root on top. Places are numbers of an SVG, 360 wide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.proofs.log.merkle import Step

WIDTH = 360
BOX_WIDTH, BOX_HEIGHT = 150, 34
LEVEL_HEIGHT = 68
SHOWN = 12
_LEFT, _RIGHT, _MIDDLE = 10, 200, 105


@dataclass(frozen=True, slots=True)
class Box:
    """A hash at its place. `kind`: `own` was computed on the way, `given` comes with the proof, `root` is the checkpoint's."""

    x: int
    y: int
    kind: str
    label: str
    text: str

    @property
    def middle(self) -> int:
        return self.x + BOX_WIDTH // 2

    @property
    def top_line(self) -> int:
        return self.y + 13

    @property
    def base_line(self) -> int:
        return self.y + 27


@dataclass(frozen=True, slots=True)
class Line:
    """From the top of a box to the foot of the one that it makes."""

    x1: int
    y1: int
    x2: int
    y2: int
    kind: str


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def drawing_of(leaf: bytes, steps: Sequence[Step]) -> Drawing:
    """Each level has the computed hash and the given one on their true sides."""
    height = LEVEL_HEIGHT * len(steps) + BOX_HEIGHT + 2
    boxes: list[Box] = []
    lines: list[Line] = []
    own = leaf
    for level, step in enumerate(steps):
        y = height - 1 - BOX_HEIGHT - LEVEL_HEIGHT * level
        own_x, given_x = (_RIGHT, _LEFT) if step.beside_is_left else (_LEFT, _RIGHT)
        pair = (
            Box(own_x, y, "own", "the leaf" if level == 0 else f"made by join {level}", own.hex()[:SHOWN]),
            Box(given_x, y, "given", f"given, hash {level + 1}", step.beside.hex()[:SHOWN]),
        )
        last = level + 1 == len(steps)
        target = _MIDDLE if last else (_RIGHT if steps[level + 1].beside_is_left else _LEFT)
        lines += [Line(box.middle, y, target + BOX_WIDTH // 2, y - LEVEL_HEIGHT + BOX_HEIGHT, box.kind) for box in pair]
        boxes += pair
        own = step.joined
    boxes.append(Box(_MIDDLE, 1, "root", "the root" if steps else "the leaf is the root", own.hex()[:SHOWN]))
    return Drawing(WIDTH, height, tuple(boxes), tuple(lines))
