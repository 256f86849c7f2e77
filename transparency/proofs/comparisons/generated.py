"""Names that tools give to files they generate or copy into a release. A name is a reason to ask for proof, and never the proof.

>>> looks_generated(b"build-aux/config.guess"), looks_generated(b"m4/host.m4"), looks_generated(b"src/main.c")
(True, True, False)
"""

from __future__ import annotations

_NAMES = frozenset(
    b"""ABOUT-NLS INSTALL Makefile.in PKG-INFO aclocal.m4 ar-lib autoconf.h.in compile config.guess config.h.in config.rpath
    config.sub configure depcomp gitlog-to-changelog git-version-gen install-sh ltmain.sh mdate-sh missing mkinstalldirs py-compile
    remove-potcdate.sin remove-potcdate.sed tap-driver.sh test-driver texinfo.tex ylwrap Makefile.in.in Rules-quot boldquot.sed
    quot.sed en@boldquot.header en@quot.header insert-header.sin insert-header.sed""".split()
)
_ENDINGS = (b".m4", b".gmo", b".egg-info/SOURCES.txt", b".egg-info/PKG-INFO")


def looks_generated(path: bytes) -> bool:
    """Whether autotools, gettext or packaging tools make or copy files of that name."""
    return path.rpartition(b"/")[2] in _NAMES or path.endswith(_ENDINGS)
