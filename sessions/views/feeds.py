"""Calendars to subscribe to. Public ones are the visitor's view for everybody, so that any cache may keep them.

What is kept of a feed is kept under the revisions of its labs, so that an unchanged one costs one small query. Its ETag
is made of its bytes: revisions move with what readers may not see, bytes do not.
"""

import hashlib
import math
import threading
from collections.abc import Callable
from datetime import datetime
from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, Manager, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from core.accounts.models import User
from core.timezones.zones import rules_version
from core.web.http_caching import conditional_response, read_only_endpoint
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab, Programme, Track
from labs.viewer import VISITOR
from sessions import calendar_entries, withdrawn_feeds
from sessions.calendar_links import as_delegate
from sessions.calendars import CONTENT_TYPE, Feed, feed_bytes
from sessions.models import Session
from sessions.models.agenda import SessionQuerySet

# Raise it when the way entries are written changes: calendars and caches then fetch them anew.
FORMAT_VERSION = 3
VERSION = f"{FORMAT_VERSION} tzdata {rules_version()}"
MAX_AGE_SECONDS = 300
CACHE_SECONDS = 24 * 60 * 60

MAX_MEMORY_BYTES = 8 * 1024 * 1024
memory_cache: dict[
    str, bytes
] = {}  # by the hash of what they are made of, so that nothing there is out of date; the oldest goes first
_lock = threading.Lock()

Build = Callable[[], bytes]


def calendar_response(
    request: HttpRequest,
    identity: tuple[object, ...],
    revised_at: datetime | None,
    build: Build,
    *,
    language: str,
    shared: bool,
    file_name: str = "",
) -> HttpResponse:
    """Answer with a calendar, or with 304 where the asker has it already (RFC 9110 §13.2.2).

    `identity` names feed and revisions: equal identities mean equal bytes, which are kept in the cache. The asker is
    shown nothing of it. `revised_at` is the last change that every reader of the feed sees, None where no date tells
    of each. `shared` lets any cache keep the answer; otherwise only the asker's own, which asks each time.
    """
    made_of = repr((VERSION, settings.BASE_URL, language, *identity))
    content = _cached_bytes(hashlib.sha256(made_of.encode()).hexdigest()[:32], build)
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = (
        f"public, max-age={MAX_AGE_SECONDS}" if shared else "private, no-cache"
    )
    response.headers["Content-Language"] = language
    if not shared:
        response.headers["X-Robots-Tag"] = "noindex"
    if file_name:
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name}.ics"'
    return conditional_response(request, response, None if revised_at is None else _whole_second(revised_at))


def _whole_second(revised_at: datetime) -> int:
    """Return the change's second; the one before while that second still runs, because it may see another change."""
    running = math.floor(timezone.now().timestamp())
    return min(math.floor(revised_at.timestamp()), running - 1)


def _cached_bytes(identity: str, build: Build) -> bytes:
    """Return the bytes of a feed: this process's own copy, else the cache's, else made anew.

    A cache copies a feed at each answer, which for a large one takes longer than all the rest.
    """
    content = memory_cache.get(identity)
    if content is not None:
        return content
    key = f"calendar:{identity}"
    content = cache.get(key)
    if content is None:
        content = build()
        cache.set(key, content, CACHE_SECONDS)
    if len(content) <= MAX_MEMORY_BYTES // 4:
        with _lock:
            while memory_cache and sum(map(len, memory_cache.values())) + len(content) > MAX_MEMORY_BYTES:
                del memory_cache[next(iter(memory_cache))]
            memory_cache[identity] = content
    return content


def asked_language(request: HttpRequest, default: str) -> str:
    """Return the language asked for in the address. A calendar program's own language says nothing of its reader's."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else default


def _public(sessions: Manager[Session]) -> SessionQuerySet:
    """Return what every visitor sees of these sessions."""
    return cast(SessionQuerySet, sessions.all()).visible_to(VISITOR).for_pages()


def _feed_response(
    request: HttpRequest,
    identity: tuple[object, ...],
    revised_at: datetime | None,
    make: Callable[[str], Feed],
    default_language: str,
) -> HttpResponse:
    language = asked_language(request, default_language)
    return calendar_response(
        request, identity, revised_at, lambda: feed_bytes(make(language)), language=language, shared=True
    )


def _empty_calendar(
    request: HttpRequest, identity: tuple[object, ...], revised_at: datetime | None
) -> HttpResponse:
    """Answer whoever is still subscribed to what is public no longer. Not even the name of it is told."""
    return _feed_response(
        request,
        identity,
        revised_at,
        lambda language: Feed("", [], language=language),
        settings.LANGUAGE_CODE,
    )


@access.public
@read_only_endpoint
def lab(request: HttpRequest, lab: str) -> HttpResponse:
    """The public sessions of a lab; none where it was withdrawn."""
    # Calendars ask again and again for what has not changed: only what tells so is fetched for every answer.
    what_tells = ("pk", "revision", "revised_at", "public_revised_at", "languages")
    known = Lab.objects.visible_to(VISITOR).filter(slug=lab).order_by().values_list(*what_tells).first()
    if known is None:
        withdrawn = withdrawn_feeds.withdrawn_lab(lab)
        if withdrawn is None:
            raise Http404
        return _empty_calendar(request, ("withdrawn lab", withdrawn.pk), withdrawn.public_revised_at)
    pk, *revision, revised_at, languages = known

    def make(language: str) -> Feed:
        found = Lab.objects.select_related("programme").get(pk=pk)
        return calendar_entries.lab_feed(found, _public(found.sessions), language)

    return _feed_response(request, ("lab", pk, *revision), revised_at, make, languages[0])


@access.public
@read_only_endpoint
def track(request: HttpRequest, lab: str, track: str) -> HttpResponse:
    """The public sessions of one track; a track that never had any does not exist for visitors."""
    visible = Session.objects.visible_to(VISITOR).filter(track=OuterRef("pk"))
    tracks = Track.objects.filter(Exists(visible), lab__slug=lab).select_related("lab__programme")
    found = tracks.filter(slug=track).first()
    if found is None:
        emptied = withdrawn_feeds.emptied_track(lab, track)
        if emptied is None:
            raise Http404
        return _empty_calendar(request, ("emptied track", emptied.pk, track), emptied.public_revised_at)
    return _feed_response(
        request,
        ("track", found.pk, *_revision_of(found.lab)),
        found.lab.public_revised_at,
        lambda language: calendar_entries.track_feed(
            found.lab, found, _public(found.lab.sessions).filter(track=found), language
        ),
        found.lab.default_language,
    )


@access.public
@read_only_endpoint
def programme(request: HttpRequest, programme: str) -> HttpResponse:
    """The public sessions of all public labs of a programme; none where it was withdrawn with all of them."""
    found = Programme.objects.visible_to(VISITOR).filter(slug=programme).first()
    if found is None:
        withdrawn = withdrawn_feeds.withdrawn_programme(programme)
        if withdrawn is None:
            raise Http404
        return _empty_calendar(request, ("withdrawn programme", withdrawn.pk), None)
    labs = list(
        Lab.objects.filter(programme=found)
        .order_by("pk")
        .values_list("pk", "revision", "revised_at", "public_revised_at", "visibility")
    )
    public = tuple(lab[:3] for lab in labs if lab[-1] == Lab.Visibility.PUBLIC)
    # Labs that were withdrawn, too: their date tells since when they are gone, and moves no further.
    dates = [at for *_revision, at, _visibility in labs if at is not None]
    return _feed_response(
        request,
        ("programme", found.pk, found.revised_at, public),
        max([found.revised_at, *dates]),
        lambda language: calendar_entries.programme_feed(
            found, _public(Session.objects).filter(lab__programme=found), language
        ),
        found.default_language,
    )


@access.public
@read_only_endpoint
def session(request: HttpRequest, lab: str, session: str) -> HttpResponse:
    """One session as a file, for whoever may see it."""
    # What everybody sees is the same for all: who is signed in is not even looked at.
    for viewer in (VISITOR, None):
        visible = Session.objects.visible_to(viewer or viewer_of(request)).filter(lab__slug=lab, slug=session)
        found = visible.select_related("lab").first()
        if found is not None:
            break
    else:
        raise Http404
    shared = viewer is VISITOR
    language = asked_language(request, found.lab.default_language)
    return calendar_response(
        request,
        ("session", found.pk, *_revision_of(found.lab)),
        found.lab.public_revised_at if shared else None,
        lambda: calendar_entries.session_file(visible.for_pages().get(), language),
        language=language,
        shared=shared,
        file_name=found.slug,
    )


def _revision_of(lab: Lab) -> tuple[object, ...]:
    """Return what names this state of the lab: a restored backup counts anew, but not in the same instants."""
    return lab.revision, lab.revised_at


def delegate_feed(request: HttpRequest, user: User) -> HttpResponse:
    """The calendar of a delegate, internal sessions included. The caller has checked the private link."""
    viewer = as_delegate(user)
    programmes = tuple(sorted(viewer.cities_by_programme))
    labs = Lab.objects.filter(programme__in=programmes, visibility=Lab.Visibility.PUBLIC).order_by("pk")
    sessions = Session.objects.visible_to(viewer).filter(lab__programme__in=programmes).for_pages()
    language = asked_language(request, user.language)
    return calendar_response(
        request,
        (
            "delegate",
            user.feed_id,
            tuple(sorted(viewer.delegations)),
            tuple(labs.values_list("pk", "revision", "revised_at")),
        ),
        # Nobody dates the day on which somebody ceases to be a delegate, or a session to be one of his or hers.
        None,
        lambda: feed_bytes(calendar_entries.delegate_feed(sessions, language)),
        language=language,
        shared=False,
    )
