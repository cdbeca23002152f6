"""The OpenGraph image of a public lab."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import override

from core.timezones.formatting import date_range
from core.web.http_caching import conditional_response, read_only_endpoint
from core.web.kept import kept, release
from core.web.localized_fields import text_and_language, text_of
from core.web.palette import DEFAULT_COLOURS
from labs import access
from labs.models import Lab
from labs.viewer import VISITOR
from sessions import programme, social_image
from sessions.timetable import tile
from sessions.views.feeds import asked_language

MAX_AGE_SECONDS = 3600
KEPT_SECONDS = 7 * 24 * 60 * 60


@access.public
@read_only_endpoint
def lab(request: HttpRequest, lab: str) -> HttpResponse:
    """Return the lab's image as visitors see it, without internal sessions."""
    found = get_object_or_404(Lab.objects.visible_to(VISITOR).select_related("programme"), slug=lab)
    language = asked_language(request, found.default_language)
    response = HttpResponse(content_type="image/png")
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    response.headers["Content-Language"] = language
    made_of = ("picture", *found.public_version, language)
    return conditional_response(
        request,
        response,
        version=repr((release(), made_of)),
        build=lambda: kept(made_of, KEPT_SECONDS, lambda: social_image.png(_sharing(found, language))),
    )


def _sharing(lab: Lab, language: str) -> social_image.Sharing:
    fallback = lab.default_language
    sessions = lab.sessions.visible_to(VISITOR).only(*programme.BLOCK_FIELDS)
    with override(language):
        return social_image.Sharing(
            title=text_and_language(lab.title, language, fallback)[0],
            theme=text_and_language(lab.theme, language, fallback)[0],
            days=date_range(lab.starts_on, lab.ends_on, language),
            programme=text_of(lab.programme.name, language, lab.programme),
            colours=lab.theme_values or DEFAULT_COLOURS,
            figure=tile(programme.blocks(sessions, lab.time_zone)),
        )
