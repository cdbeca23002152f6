"""What changed in a lab's public programme, as a page and as an Atom feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from core.timezones import zone_hours
from core.web.absolute_urls import absolute_url
from core.web.edit_conflicts import Difference
from core.web.http_caching import conditional_response, read_only_endpoint
from core.web.localized_fields import text_and_language
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import Lab
from labs.viewer import VISITOR
from sessions import public_changes
from sessions.atom import CONTENT_TYPE, AtomEntry, AtomFeed, feed_bytes
from sessions.opengraph import lab_preview
from sessions.public_changes import Entry
from sessions.session_facts import subject_text
from sessions.views.feeds import MAX_AGE_SECONDS, asked_language, whole_second
from sessions.views.pages import language_of, page, reader_zone


@dataclass(frozen=True)
class Row:
    """A change as the page lists it: what happened, in a few words, and what was and is."""

    slug: str
    title: str
    at: datetime
    what: str
    differences: list[Difference]


@access.public
@require_safe
def changes(request: HttpRequest, lab: str) -> HttpResponse:
    """The latest changes that visitors may know of, newest first; the same for every reader."""
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    language, zone = language_of(), reader_zone(request) or found.time_zone
    entries = public_changes.entries(found, zone, language)
    context = {
        "lab": found,
        "zone": zone,
        "rows": [
            Row(
                entry.session.slug,
                title_of(entry, language),
                entry.updated_at,
                what(entry),
                entry.differences,
            )
            for entry in entries
        ],
        "feed": _address(found, language),
        "preview": lab_preview(found, language, "lab_changes"),
    }
    return page(request, viewer, "sessions/changes.html", context)


@access.public
@read_only_endpoint
def feed(request: HttpRequest, lab: str) -> HttpResponse:
    """The same as a feed, in the language asked for and the hours of the lab."""
    found = Lab.objects.visible_to(VISITOR).select_related("programme").filter(slug=lab).first()
    if found is None:
        raise Http404
    language = asked_language(request, found.default_language)
    response = HttpResponse(content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    response.headers["Content-Language"] = language
    revised_at = found.public_revised_at
    return conditional_response(
        request,
        response,
        None if revised_at is None else whole_second(revised_at),
        version=repr(("changes", 1, language, *found.public_version)),
        build=lambda: _feed(found, language),
    )


def _feed(lab: Lab, language: str) -> bytes:
    zone = lab.time_zone
    with translation.override(language):
        entries = public_changes.entries(lab, zone, language)
        title = text_and_language(lab.title, language, lab.default_language)[0]
        organiser = text_and_language(lab.programme.organiser, language, lab.default_language)[0]
        head = AtomFeed(
            title=gettext("Changes: %(lab)s") % {"lab": title},
            subtitle=gettext("What changed in the programme. All times: %(zone)s")
            % {"zone": zone_hours.zone_time(zone, language)},
            author=organiser or title,
            language=language,
            link=absolute_url("lab_changes", lab.slug),
            own_link=_address(lab, language),
            updated_at=lab.public_revised_at or timezone.now(),
        )
        return feed_bytes(head, [_entry(entry, lab, language) for entry in entries])


def _entry(entry: Entry, lab: Lab, language: str) -> AtomEntry:
    lines = []
    for one in entry.differences:
        if one.before:
            values = {"label": one.label, "was": one.before, "now": one.after}
            lines.append(gettext("%(label)s. Was: %(was)s. Now: %(now)s.") % values)
        else:
            lines.append(one.after)
    return AtomEntry(
        entry.public_id,
        f"{what(entry)}: {title_of(entry, language)}",
        "\n".join(lines),
        absolute_url("session", lab.slug, entry.session.slug),
        entry.at,
        entry.updated_at,
    )


def what(entry: Entry) -> str:
    """Return "New session", "New time, new room", in the active language."""
    return gettext("New session") if entry.is_new else subject_text(entry.differences)


def title_of(entry: Entry, language: str) -> str:
    return text_and_language(entry.session.title, language, entry.session.lab.default_language)[0]


def _address(lab: Lab, language: str) -> str:
    """Return the feed's address; in a language other than the lab's own it says which."""
    address = absolute_url("lab_changes_feed", lab.slug)
    return address if language == lab.default_language else f"{address}?lang={language}"
