"""Names that tools give to files they generate, or copy unchanged, into a release. A name is a reason to ask for proof, never the proof.

>>> looks_generated(b"configure"), is_copied(b"configure")
(True, False)
>>> looks_generated(b"m4/host.m4"), is_copied(b"m4/host.m4"), looks_generated(b"src/main.c")
(True, True, False)
"""

from __future__ import annotations

_COPIED = frozenset(
    b"""ABOUT-NLS INSTALL Makefile.in.in Makevars.template Rules-quot ar-lib boldquot.sed compile config.guess config.rpath
    config.sub depcomp en@boldquot.header en@quot.header git-version-gen gitlog-to-changelog insert-header.sed insert-header.sin
    install-sh ltmain.sh mdate-sh missing mkinstalldirs py-compile quot.sed remove-potcdate.sed remove-potcdate.sin
    tap-driver.sh test-driver texinfo.tex ylwrap""".split()
)
_GENERATED = frozenset(b"Makefile.in PKG-INFO aclocal.m4 autoconf.h.in config.h.in configure".split())
_GENERATED_ENDINGS = (b".gmo", b".egg-info/SOURCES.txt", b".egg-info/PKG-INFO")


def is_copied(path: bytes) -> bool:
    """Whether a tool copies files of that name as they are, so that their digests can be known."""
    name = path.rpartition(b"/")[2]
    return name in _COPIED or (name.endswith(b".m4") and name not in _GENERATED)


def looks_generated(path: bytes) -> bool:
    """Whether autotools, gettext or packaging tools make or copy files of that name."""
    return is_copied(path) or path.rpartition(b"/")[2] in _GENERATED or path.endswith(_GENERATED_ENDINGS)
