"""The API of exports: a lab's programme as a file, as the caller may see it."""

from enum import StrEnum
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Path, Router
from ninja.errors import Throttled

from core.api.api import FOR_EVERYBODY
from core.api.openapi import INLINE_SCHEMA
from core.api.problems import Problem
from core.pdf.renderer import RendererFailed
from labs.api_authentication import reader_of
from labs.current_viewer import get_visible_lab_or_404
from labs.viewer import VISITOR
from sessions.exports.budget import PER_SECONDS, may_print
from sessions.exports.formats import FORMATS, ProgrammeTooLong, build_own, build_public

router = Router(tags=["Sessions and speakers"])


class ExportFormat(StrEnum):
    """The names of `formats.FORMATS`."""

    PROGRAMME_PDF = "programme.pdf"
    POSTER_PDF = "poster.pdf"
    PROGRAMME_XLSX = "programme.xlsx"
    PROGRAMME_CSV = "programme.csv"
    PROGRAMME_JSON = "programme.json"
    SCHEDULE_XML = "schedule.xml"
    SCHEDULE_JSON = "schedule.json"


_FILES: dict[str, Any] = {
    **FOR_EVERYBODY,
    "responses": {
        200: {
            "description": "The file",
            "content": {
                media_type: {"schema": {"type": "string", "format": "binary"}}
                for media_type in sorted({kind.media_type.partition(";")[0] for kind in FORMATS.values()})
            },
        }
    },
}


@router.get("/labs/{lab}/exports/{export}", url_name="export", openapi_extra=_FILES)
def download(
    request: HttpRequest, lab: str, export: Annotated[ExportFormat, INLINE_SCHEMA, Path()]
) -> HttpResponse:
    """Download the programme of a lab as a file: what the caller can see, in the language asked for.

    Organisers also get drafts, internal sessions with invited cities, and join links. `programme.xlsx` and
    `programme.json` can be imported again. `schedule.xml` (frab) and `schedule.json` (pretalx) leave out cancelled
    sessions. A PDF of more than 1,000 sessions is not made (404).
    """
    viewer = reader_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    kind = FORMATS[export.value]
    if kind.is_printed and not may_print(request):
        raise Throttled(wait=PER_SECONDS)
    language = get_language() or settings.LANGUAGE_CODE
    try:
        content = (
            build_public(kind, found, language)
            if viewer == VISITOR
            else build_own(kind, found, viewer, language)
        )
    except ProgrammeTooLong as error:
        raise Problem(_("This programme is too long for a PDF"), status=404) from error
    except RendererFailed as error:
        raise Problem(_("The file could not be created"), status=503, retry_after=60) from error
    disposition = f'attachment; filename="{found.slug}-{kind.name}"'
    headers = {"Content-Disposition": disposition, "Content-Language": language}
    return HttpResponse(content, content_type=kind.media_type, headers=headers)
