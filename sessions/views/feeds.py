"""Calendar feeds. Public ones contain what visitors see, for every reader, so that shared caches may store them.

A feed is one select of the entries that were written with their sessions. Its ETag names the revision that its readers
see, so that an unchanged one needs one small query.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from core.accounts.models import User
from core.web.http_caching import conditional_response, read_only_endpoint
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab, Programme, Track
from labs.viewer import VISITOR
from sessions import calendar_entries, withdrawn_feeds
from sessions.calendar_links import as_delegate
from sessions.calendar_texts import events, format_id, in_each_language, public_events
from sessions.calendars import CONTENT_TYPE, Events, Feed, Vevent, event_file, events_of, feed_bytes
from sessions.models import Session

MAX_AGE_SECONDS = 300
# What the head of a lab's feed needs.
_HEAD = ("id", "slug", "title", "theme", "time_zone", "languages", "public_revision", "public_revised_at")
_LAB_HEAD = tuple(f"lab__{name}" for name in _HEAD)
# What `Lab.objects.visible_to(VISITOR)` asks, which Django composes in five times the time of the rest of a 304.
_PUBLIC_LAB = f"SELECT {', '.join(_HEAD)} FROM labs_lab WHERE slug = %s AND visibility = 'public'"  # noqa: S608


def _calendar(language: str, *, shared: bool, file_name: str = "") -> HttpResponse:
    """Return a calendar's response without its content.

    `shared` allows shared caches; otherwise only the client's own, with revalidation.
    """
    response = HttpResponse(content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = (
        f"public, max-age={MAX_AGE_SECONDS}" if shared else "private, no-cache"
    )
    response.headers["Content-Language"] = language
    if not shared:
        response.headers["X-Robots-Tag"] = "noindex"
    if file_name:
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name}.ics"'
    return response


def _public_calendar(
    request: HttpRequest,
    identity: tuple[object, ...],
    revised_at: datetime | None,
    build: Callable[[], bytes],
    language: str,
    file_name: str = "",
) -> HttpResponse:
    """Return a calendar for everybody, or 304 if the client has it (RFC 9110 §13.2.2).

    `identity` names the feed and its public revision. `revised_at` is the last change that every reader of the feed
    sees, None if no date changes with each.
    """
    return conditional_response(
        request,
        _calendar(language, shared=True, file_name=file_name),
        None if revised_at is None else whole_second(revised_at),
        version=repr((format_id(), language, *identity)),
        build=build,
    )


def private_calendar(
    request: HttpRequest, content: bytes, language: str, *, file_name: str = ""
) -> HttpResponse:
    """Return a calendar for one reader, or 304. It has no date, since none changes with all that he or she sees."""
    response = _calendar(language, shared=False, file_name=file_name)
    response.content = content
    return conditional_response(request, response)


def whole_second(revised_at: datetime) -> int:
    """Return the change's second; the one before while that second lasts, since another change may follow."""
    running = math.floor(timezone.now().timestamp())
    return min(math.floor(revised_at.timestamp()), running - 1)


def asked_language(request: HttpRequest, default: str) -> str:
    """Return the language of `?lang=`, else the default: Accept-Language of calendar programs is not the reader's."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else default


def _empty_calendar(
    request: HttpRequest, identity: tuple[object, ...], revised_at: datetime | None
) -> HttpResponse:
    """Return an empty calendar without a name, for subscribers to what is no longer public."""
    language = asked_language(request, settings.LANGUAGE_CODE)
    return _public_calendar(
        request,
        (*identity, revised_at),
        revised_at,
        lambda: feed_bytes(Feed("", Events(b"", {}), language=language)),
        language,
    )


@access.public
@read_only_endpoint
def lab(request: HttpRequest, lab: str) -> HttpResponse:
    """The public sessions of a lab; none where it was withdrawn."""
    found = next(iter(Lab.objects.raw(_PUBLIC_LAB, [lab])), None)
    if found is None:
        withdrawn = withdrawn_feeds.withdrawn_lab(lab)
        if withdrawn is None:
            raise Http404
        return _empty_calendar(request, ("withdrawn lab", withdrawn.pk), withdrawn.public_revised_at)
    language = asked_language(request, found.default_language)
    return _public_calendar(
        request,
        ("lab", *found.public_version),
        found.public_revised_at,
        lambda: feed_bytes(
            calendar_entries.lab_feed(found, public_events("lab", found.pk, language), language)
        ),
        language,
    )


@access.public
@read_only_endpoint
def track(request: HttpRequest, lab: str, track: str) -> HttpResponse:
    """The public sessions of one track; a track that never had any does not exist for visitors."""
    visible = Session.objects.visible_to(VISITOR).filter(track=OuterRef("pk"))
    tracks = Track.objects.filter(Exists(visible), lab__slug=lab).select_related("lab")
    found = tracks.filter(slug=track).first()
    if found is None:
        emptied = withdrawn_feeds.emptied_track(lab, track)
        if emptied is None:
            raise Http404
        return _empty_calendar(request, ("emptied track", emptied.pk, track), emptied.public_revised_at)
    language = asked_language(request, found.lab.default_language)
    return _public_calendar(
        request,
        ("track", found.pk, *found.lab.public_version),
        found.lab.public_revised_at,
        lambda: feed_bytes(
            calendar_entries.track_feed(found, public_events("track", found.pk, language), language)
        ),
        language,
    )


@access.public
@read_only_endpoint
def programme(request: HttpRequest, programme: str) -> HttpResponse:
    """The public sessions of all public labs of a programme; none where it was withdrawn with all of them."""
    found = (
        Programme.objects.visible_to(VISITOR)
        .filter(slug=programme)
        # Including withdrawn labs, whose date is that of the withdrawal.
        .annotate(
            labs_seen=Count("labs__public_revised_at"),
            revision=Sum("labs__public_revision"),
            labs_revised_at=Max("labs__public_revised_at"),
        )
        .first()
    )
    if found is None:
        withdrawn = withdrawn_feeds.withdrawn_programme(programme)
        if withdrawn is None:
            raise Http404
        return _empty_calendar(request, ("withdrawn programme", withdrawn.pk), None)
    language = asked_language(request, found.default_language)
    seen = (found.labs_seen, found.revision, found.labs_revised_at)
    return _public_calendar(
        request,
        ("programme", found.pk, found.revised_at, *seen),
        max([found.revised_at, found.labs_revised_at or found.revised_at]),
        lambda: feed_bytes(
            calendar_entries.programme_feed(
                found, public_events("lab__programme", found.pk, language), language
            )
        ),
        language,
    )


@access.public
@read_only_endpoint
def session(request: HttpRequest, lab: str, session: str) -> HttpResponse:
    """One session as a file, for viewers who may see it."""
    # A public session is the same for all viewers: no query for the user.
    for viewer in (VISITOR, None):
        visible = Session.objects.visible_to(viewer or viewer_of(request)).filter(lab__slug=lab, slug=session)
        by_language: list[Any] = list(
            in_each_language(visible).select_related("lab").only("slug", *_LAB_HEAD).order_by()
        )
        if by_language:
            break
    else:
        raise Http404
    found = by_language[0]
    language = asked_language(request, found.lab.default_language)

    def build() -> bytes:
        written = [
            Vevent(row.text, row.zone, row.first_on, row.last_on)
            for row in by_language
            if row.language == language
        ]
        return event_file(events_of(written), language)

    if viewer is not VISITOR:
        return private_calendar(request, build(), language, file_name=found.slug)
    identity = ("session", found.pk, *found.lab.public_version)
    return _public_calendar(request, identity, found.lab.public_revised_at, build, language, found.slug)


def delegate_feed(request: HttpRequest, user: User) -> HttpResponse:
    """The calendar of a delegate, internal sessions included. The caller has checked the private link."""
    viewer = as_delegate(user)
    sessions = Session.objects.visible_to(viewer).filter(lab__programme__in=viewer.cities_by_programme)
    language = asked_language(request, user.language)
    feed = calendar_entries.delegate_feed(events(sessions, language), language)
    return private_calendar(request, feed_bytes(feed), language)
