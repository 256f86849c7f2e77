"""What a browser calls itself, short enough to be known again. It can claim anything: a hint for its owner, never a proof.

>>> browser_named("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
'Firefox on Linux'
>>> browser_named("curl/8.5.0")
'curl/8.5.0'
"""

from __future__ import annotations

# The first that is in the text: most browsers also claim to be those further down.
_PROGRAMS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chromium without a screen"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
MOST_CHARACTERS = 60


def browser_named(agent: str) -> str:
    program = next((name for mark, name in _PROGRAMS if mark in agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    if program is None:
        return agent[:MOST_CHARACTERS] or "a browser that does not say what it is"
    return f"{program} on {system}" if system else program
