"""Downloads of a lab's programme: files for everybody, which shared caches may store, and what one reader sees."""

from __future__ import annotations

import math
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.pdf.renderer import RendererFailed
from core.web.absolute_urls import absolute_url
from core.web.http_caching import conditional_response, read_only_endpoint
from core.web.kept import release
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import Lab
from labs.viewer import VISITOR
from sessions.exports.budget import PER_SECONDS, may_print
from sessions.exports.formats import (
    FORMATS,
    Format,
    ProgrammeTooLong,
    build_own,
    build_public,
    public_version,
    sees_more,
)
from sessions.opengraph import lab_preview
from sessions.views.feeds import MAX_AGE_SECONDS, asked_language
from sessions.views.pages import language_of, page

# The parameter by which somebody who sees more than visitors asks for all of it.
OWN = "own"


@access.public
@read_only_endpoint
def download(request: HttpRequest, lab: str, name: str) -> HttpResponse:
    """The programme in one format: as visitors see it, or with `?view=own` as the reader does."""
    kind = FORMATS[name]
    if kind.is_printed and not may_print(request):
        return no_file(request, "too many", 429)
    try:
        return _own(request, lab, kind) if request.GET.get("view") == OWN else _public(request, lab, kind)
    except ProgrammeTooLong:
        return no_file(request, "too long", 404)
    except RendererFailed:
        return no_file(request, "failed", 503)


def _public(request: HttpRequest, slug: str, kind: Format) -> HttpResponse:
    lab = get_visible_lab_or_404(VISITOR, slug)
    language = asked_language(request, lab.default_language)
    response = _response(kind, lab, language)
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    revised_at = max(lab.public_revised_at or lab.revised_at, lab.programme.revised_at)
    return conditional_response(
        request,
        response,
        _whole_second(revised_at),
        version=repr((release(), kind.name, public_version(lab, language))),
        build=lambda: build_public(kind, lab, language),
    )


def _own(request: HttpRequest, slug: str, kind: Format) -> HttpResponse:
    viewer = viewer_of(request)
    lab = get_visible_lab_or_404(viewer, slug)
    language = asked_language(request, language_of())
    response = _response(kind, lab, language)
    response.content = build_own(kind, lab, viewer, language)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    return conditional_response(request, response)


def _response(kind: Format, lab: Lab, language: str) -> HttpResponse:
    """Return the response without its content. Printed files open in the browser, others are saved."""
    response = HttpResponse(content_type=kind.media_type)
    disposition = "inline" if kind.is_printed else "attachment"
    response.headers["Content-Disposition"] = f'{disposition}; filename="{lab.slug}-{kind.name}"'
    response.headers["Content-Language"] = language
    return response


def _whole_second(revised_at: datetime) -> int:
    """Return the change's second; the one before while that second lasts, since another change may follow."""
    return min(math.floor(revised_at.timestamp()), math.floor(timezone.now().timestamp()) - 1)


def no_file(request: HttpRequest, why: str, status: int) -> HttpResponse:
    """Say why there is no file: "too many" were asked for, it is "too long", or the renderer "failed"."""
    response = render(request, "sessions/no_file.html", {"why": why}, status=status)
    response.headers["Cache-Control"] = "no-store"
    if status in (429, 503):
        response.headers["Retry-After"] = str(PER_SECONDS if status == 429 else 60)
    return response


@access.public
@require_safe
def downloads(request: HttpRequest, lab: str) -> HttpResponse:
    """What the programme can be downloaded as, and what each is for."""
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    language = language_of()
    suffix = f"?lang={language}" if language != found.default_language else ""
    context = {
        "lab": found,
        "public": found.visibility == Lab.Visibility.PUBLIC,
        "sees_more": viewer != VISITOR and sees_more(found, viewer),
        "language": language,
        "schedule_xml": absolute_url("schedule_xml", found.slug) + suffix,
        "suffix": suffix,
        "preview": lab_preview(found, language, "downloads"),
    }
    return page(request, viewer, "sessions/downloads.html", context)
