"""Two sources beside each other: choose them, see what nothing accounts for first, and each file with the lines that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reviews.web.compare_form import CompareForm, name_of
from reviews.web.compared import comparison_or_404
from reviews.web.comparison_words import WORDS
from reviews.web.places import readable, release_address
from transparency.errors import EvidenceError, UnavailableError, sentence_for
from transparency.models import Job
from transparency.services.compare_snapshots import is_small, request_comparison
from transparency.services.perform_job import perform_job
from transparency.services.show_changed_lines import show_changed_lines
from transparency.web.access import signed_in
from transparency.web.caching import NEVER

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from reviews.web.compared import ReadableSource, SeenComparison, ShownFile
    from transparency.models import Person, Snapshot
    from transparency.proofs.comparisons.lines import LineRow
    from transparency.proofs.filetable import FileEntry
    from transparency.services.compare_snapshots import Wanted

FILES_A_PAGE = 100


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest) -> HttpResponse:
    """Choose two sources; what was compared before is shown at once, what is much becomes a job."""
    person = signed_in(request)
    sent = request.POST if request.method == "POST" else None
    form = CompareForm(sent, initial=request.GET.dict(), person=person)
    if form.is_valid():
        wanted = form.wanted()
        if found := wanted.found():
            return redirect("comparison", found.pk)
        try:
            return _begun(_job_of(wanted, person))
        except EvidenceError as error:
            form.add_error(None, sentence_for(error.code))
    return render(request, "reviews/compare.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_safe
def comparison(request: HttpRequest, identity: int) -> HttpResponse:
    seen = comparison_or_404(request, identity)
    kind = request.GET.get("class", "unexplained")
    kind = kind if kind in {*WORDS, "explained"} else "unexplained"
    page = Paginator(seen.numbers_of(kind), FILES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        **_sides(seen),
        "unexplained": seen.unexplained,
        "counts": [(WORDS[name], count) for name, count in seen.counts.items() if count and name in WORDS],
        "identical": seen.counts["identical"],
        "kind": kind,
        "words": WORDS.get(kind),
        "page": page,
        "files": [_listed(each) for each in seen.shown(list(page.object_list))],
    }
    return _never_kept(render(request, "reviews/comparison.html", context))


@login_required
@require_safe
def compared_file(request: HttpRequest, identity: int, number: int) -> HttpResponse:
    """One file on both sides, with the lines that differ."""
    seen = comparison_or_404(request, identity)
    file = seen.file_or_404(number)
    place = seen.numbers.index(number)
    context = {
        **_sides(seen),
        "file": file,
        "name": readable(file.second_path or file.first_path),
        "words": WORDS[file.found.kind.value],
        "on_first": _on_side(seen.first, seen.row.first, file.first, file.first_path),
        "on_second": _on_side(seen.second, seen.row.second, file.second, file.second_path),
        "before": seen.numbers[place - 1] if place else None,
        "after": seen.numbers[place + 1] if place + 1 < len(seen.numbers) else None,
        **_lines(seen, file.first, file.second),
    }
    return _never_kept(render(request, "reviews/compared_file.html", context))


def _job_of(wanted: Wanted, person: Person) -> Job:
    small = is_small(wanted)
    job = request_comparison(wanted=wanted, by=person, send=not small)
    if small and job.state == Job.State.QUEUED:
        perform_job(job=job.pk)
        job.refresh_from_db()
    return job


def _begun(job: Job) -> HttpResponse:
    if job.state == Job.State.DONE and job.result:
        return redirect("comparison", job.result["comparison"])
    return redirect("job", job.pk)


def _sides(seen: SeenComparison) -> dict[str, Any]:
    return {
        "comparison": seen.row,
        "whole": seen.whole,
        "first": seen.first.deliveries[0],
        "second": seen.second.deliveries[0],
        "first_name": name_of(seen.first.deliveries[0]),
        "second_name": name_of(seen.second.deliveries[0]),
    }


def _listed(each: ShownFile) -> dict[str, Any]:
    """A row of the table. A file that moved has two names."""
    file = each.file
    first, second = file.first_path, file.second_path
    return {
        "number": each.number,
        "name": readable(second or first),
        "was": readable(first) if first and second and file.found.kind == "moved" else "",
        "words": WORDS[file.found.kind.value],
        "file": file,
        "explained": file.found.is_explained,
    }


def _on_side(source: ReadableSource, snapshot: Snapshot, entry: FileEntry | None, path: str) -> dict[str, Any]:
    """What one side has of the file, and where it is read."""
    if entry is None:
        return {}
    release = source.release_of_file(path, snapshot)
    return {
        "entry": entry,
        "name": readable(path),
        "mode": f"{entry.mode:o}",
        "address": release_address("file", release, path) if release else "",
    }


def _lines(seen: SeenComparison, first: FileEntry | None, second: FileEntry | None) -> dict[str, Any]:
    """The lines, or why there are none to show."""
    if first and second and first.sha256 == second.sha256:
        return {"same": True}
    try:
        changed = show_changed_lines(first=(seen.row.first, first), second=(seen.row.second, second))
    except (EvidenceError, UnavailableError) as error:
        return {"no_lines": sentence_for(error.code), "code": error.code}
    return {"changed": changed, "rows": [_row(each) for each in changed.rows]}


def _row(row: LineRow) -> dict[str, Any]:
    text = row.text.decode("utf-8", "surrogateescape")
    return {
        "row": row,
        "text": text.removesuffix("\n"),
        "no_end": bool(text) and not text.endswith("\n") and not row.cut,
    }


def _never_kept(response: HttpResponse) -> HttpResponse:
    """Either source may be restricted, and either may stop being open to the reader."""
    response.headers["Cache-Control"] = NEVER
    return response
