"""Every case of every table through the real import: receipt, signature, sandbox, quarantine or snapshot, and nothing beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile import test_links, test_tar_games
from tests.hostile.imports import check_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cast import Cast
    from tests.hostile.cases import Case

TABLES: dict[str, Mapping[str, Case]] = {
    "tar-sizes": test_tar_games.SIZES,
    "tar-kinds": test_tar_games.KINDS,
    "tar-extensions": test_tar_games.EXTENSIONS,
    "tar-headers": test_tar_games.HEADERS,
    "tar-ends": test_tar_games.ENDS,
    "links": test_links.GAMES,
}


@pytest.mark.parametrize("family", TABLES)
@pytest.mark.usefixtures("outside")
def test_each_case_is_refused_by_name_or_readable_whole(cast: Cast, family: str) -> None:
    check_all(cast, family, TABLES[family])
