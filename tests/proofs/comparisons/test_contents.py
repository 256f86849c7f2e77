"""Rules over contents: what each accounts for, and the ways to hide something behind it."""

from __future__ import annotations

import pytest

from transparency.proofs.comparisons.classes import Difference, FileClass
from transparency.proofs.comparisons.contents import expands_to, judge_contents

ID = b"0123456789abcdef0123456789abcdef01234567"


def judged(first: bytes, second: bytes, *, subst: bool = False) -> str:
    return judge_contents(first, second, subst=subst).value


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (b"a\nb\n", b"a\r\nb\r\n", "line-ends"),
        (b"a\nb", b"a\r\nb", "line-ends"),
        (b"// a \\\nevil();\n// b\n", b"// a \\\r\nevil();\n// b\n", "line-ends-mixed"),
        (b"a\rb\n", b"a\rb\r\n", "line-ends-mixed"),
        (b"a\n", b"a\n\n", "content-differs"),
        (b"\0a\n", b"\0a\r\n", "content-differs"),
    ],
)
def test_line_ends_explain_a_whole_file_of_one_kind_alone(first: bytes, second: bytes, name: str) -> None:
    assert judged(first, second) == judged(second, first) == name


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (b"# $Id$\n", b"# $Id: x.c,v 1.2 2024/01/02 10:11:12 jo Exp $\n", "keywords"),
        (b"$Revision: 1 $ $Date$", b"$Revision: 12 $ $Date: 2024-01-02 $", "keywords"),
        (b"# $Id$\nint a;\n", b"# $Id: 2 $\nint b;\n", "content-differs"),
        (b'v="$Id$"\n', b'v="$Id: `evil` $"\n', "content-differs"),
        (b"v='$Id$'\n", b"v='$Id: '; evil ' $'\n", "content-differs"),
        (b"/* $Id$ */\n", b"/* $Id: */ evil(); /* $ */\n", "content-differs"),
        (b"# $Id$\n", b"# $Id: a\nevil $\n", "content-differs"),
        (b"$Word$", b"$Word: 1 $", "content-differs"),
    ],
)
def test_a_keyword_explains_a_stamp_and_no_code(first: bytes, second: bytes, name: str) -> None:
    assert judged(first, second) == judged(second, first) == name


@pytest.mark.parametrize(
    ("written", "shipped"),
    [
        (b"v='$Format:%H$'\n", b"v='" + ID + b"'\n"),
        (b"$Format:%h$ $Format:%cI$", b"0123abc 2024-02-03T04:05:06+01:00"),
        (b"$Format:%ci$|", b"2024-02-03 04:05:06 +0100|"),
        (b"refs$Format:%d$.", b"refs (HEAD -> main, tag: v1.0, origin/main)."),
        (b"refs$Format:%d$.", b"refs."),
        (b"$Format:%D$\n", b"tag: v1.0\n"),
        (b"$Format:%(describe:tags)$\n", b"v1.0-3-g0123abc\n"),
        (b"$Format:commit %h of %cs$\n", b"commit 0123abc of 2024-02-03\n"),
        (b"a $Format:%H$ b $Format:%H$ c", b"a " + ID + b" b " + ID + b" c"),
    ],
)
def test_what_git_writes_for_a_placeholder_is_explained(written: bytes, shipped: bytes) -> None:
    assert judged(written, shipped, subst=True) == "export-subst"
    assert judged(written, shipped) == "content-differs"


@pytest.mark.parametrize(
    ("written", "shipped"),
    [
        (b"v='$Format:%H$'\n", b"v=''; evil; ''\n"),
        (b"v='$Format:%H$'\n", b"v='" + ID + b"'\nevil\n"),
        (b"v='$Format:%H$'\nok\n", b"v='" + ID + b"'\nevil\n"),
        (b"v=$Format:%d$;", b"v= (a; evil);"),
        (b"v=$Format:%(describe)$", b"v=$(evil)"),
        (b"v=$Format:%s$", b"v=words of the commit"),
        (b"v=$Format:%an$", b"v=Somebody"),
        (b"a $Format:%H$ b $Format:%H$ c", b"a " + ID + b" b " + ID[::-1] + b" c"),
        (b"no placeholder", b"another text"),
        (b"$Format:%h$", ID[:3]),
    ],
)
def test_what_git_would_not_write_there_is_not(written: bytes, shipped: bytes) -> None:
    assert not expands_to(written, shipped)
    assert judged(written, shipped, subst=True) == "content-differs"


def test_what_accounts_for_the_content_does_not_account_for_another_mode() -> None:
    assert Difference(FileClass.KEYWORDS, 1, 1).is_explained
    assert not Difference(FileClass.KEYWORDS, 1, 1, modes_differ=True).is_explained


def test_a_name_explains_nothing() -> None:
    assert not Difference(FileClass.GENERATED, None, 1).is_explained
