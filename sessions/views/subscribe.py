"""Instructions for subscribing to calendars, and the private calendar of a delegate."""

from __future__ import annotations

import functools
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from core.accounts.models import User
from core.web.localized_fields import text_and_language
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import Lab
from labs.viewer import VISITOR
from sessions import calendar_links
from sessions.calendar_links import CalendarAddress, public_calendar
from sessions.opengraph import lab_preview
from sessions.views.lab_page import tracks_of
from sessions.views.pages import language_of, page


@access.public
@require_safe
def subscribe(request: HttpRequest, lab: str) -> HttpResponse:
    """How to put the lab into one's own calendar: once, or so that it stays up to date."""
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    language = language_of()
    fallback = found.default_language
    calendar = functools.partial(public_calendar, language=language, default=fallback)
    public = found.sessions.visible_to(VISITOR).select_related("track")
    tracks = tracks_of(public, "", language, fallback)
    title = text_and_language(found.title, language, fallback)[0]
    own = None
    if viewer.cities_by_programme.get(found.programme_id):
        own = CalendarAddress(
            gettext("Your sessions as a delegate"),
            calendar_links.delegate_calendar_url(cast(User, request.user)),
        )
    context = {
        "lab": found,
        "public": found.visibility == Lab.Visibility.PUBLIC,
        "calendar": calendar("lab_feed", found.slug, name=title),
        "tracks": [
            (track, calendar("track_feed", found.slug, track.slug, name=track.name)) for track in tracks
        ],
        "own": own,
        "preview": lab_preview(found, language, "subscribe"),
    }
    return page(request, viewer, "sessions/subscribe.html", context)


@access.signed_in
@require_POST
def renew_calendar(request: HttpRequest, lab: str) -> HttpResponseRedirect:
    """Replace a delegate's calendar URL, which revokes the old one."""
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    if not viewer.cities_by_programme.get(found.programme_id):
        raise Http404
    calendar_links.renew_delegate_calendar_url(cast(User, request.user))
    return redirect(f"{reverse('subscribe', args=[found.slug])}#own")
