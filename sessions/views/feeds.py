"""Calendar feeds. Public ones contain what visitors see, for every reader, so that shared caches may store them.

Feeds are cached by the revisions of their labs, so that an unchanged one needs one small query. The ETag is a hash of
the bytes: revisions also change with data that readers may not see.
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

# Increment it when the format of entries changes, to invalidate caches.
FORMAT_VERSION = 3
VERSION = f"{FORMAT_VERSION} tzdata {rules_version()}"
MAX_AGE_SECONDS = 300
CACHE_SECONDS = 24 * 60 * 60

MAX_MEMORY_BYTES = 8 * 1024 * 1024
memory_cache: dict[
    str, bytes
] = {}  # by the hash of feed and revisions, so never outdated; the oldest is evicted first
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
    """Return a calendar, or 304 if the client has it (RFC 9110 §13.2.2).

    `identity` is the cache key: feed and revisions, which the client never sees. `revised_at` is the last change that
    every reader of the feed sees, None if no date changes with each. `shared` allows shared caches; otherwise only the
    client's own, with revalidation.
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
    """Return the change's second; the one before while that second lasts, since another change may follow."""
    running = math.floor(timezone.now().timestamp())
    return min(math.floor(revised_at.timestamp()), running - 1)


def _cached_bytes(identity: str, build: Build) -> bytes:
    """Return the bytes of a feed from this process's memory, else from the cache, else built.

    Django's cache copies a feed at each read, which is slow for a large one.
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
    """Return the language of `?lang=`, else the default: Accept-Language of calendar programs is not the reader's."""
    asked = request.GET.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else default


def _public(sessions: Manager[Session]) -> SessionQuerySet:
    """Return the sessions that visitors see."""
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
    """Return an empty calendar without a name, for subscribers to what is no longer public."""
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
    # Most requests are for unchanged feeds: first fetch only the revision.
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
    # Including withdrawn labs, whose date is that of the withdrawal.
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
    """One session as a file, for viewers who may see it."""
    # A public session is the same for all viewers: no query for the user.
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
    """Return the key of this state of the lab, with the date: after a restore, revisions may repeat."""
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
        # No date, since none changes when delegations or audiences change.
        None,
        lambda: feed_bytes(calendar_entries.delegate_feed(sessions, language)),
        language=language,
        shared=False,
    )
