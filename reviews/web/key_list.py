"""The keys that pages obey, page by page: what the page of keys shows. None of them states or changes anything by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from transparency.web.caching import ASK_AGAIN

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

KEYS: tuple[tuple[str, tuple[tuple[tuple[str, ...], str], ...]], ...] = (
    (
        "Every page",
        (
            (("/",), "to the jump box: a product, release, path, digest, key or log entry"),
            (("?",), "the list of keys: this page, or the list that the page itself holds"),
            (
                ("Tab", "Shift Tab"),
                "to the next and the last link, button or field; the first one skips to the content",
            ),
        ),
    ),
    ("Folder", ((("u",), "to the folder above"),)),
    (
        "File",
        (
            (("u",), "to the folder"),
            (("[", "]"), "the file before, the file after"),
            (("m",), "to the button that marks the selected lines as read; pressing it is left to you"),
            (("n",), "to the note on the selected lines"),
            (("r",), "to the reply of the next thread, from the selected line on"),
            (("j", "k"), "select the next line, the one before"),
            (("Shift j", "Shift k"), "make the selection longer or shorter"),
        ),
    ),
)


@require_safe
def keys_help(request: HttpRequest) -> HttpResponse:
    response = render(request, "reviews/keys_help.html", {"groups": KEYS})
    response.headers["Cache-Control"] = ASK_AGAIN
    return response
