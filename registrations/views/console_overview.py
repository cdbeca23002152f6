"""The console's first pages: all labs of a person, and one lab at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Count, F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.mail.delivery import summary
from core.mail.models import Message
from core.timezones.wall_clock import wall
from labs import access
from labs.current_viewer import viewer_of
from labs.models import City, Delegate, Lab, Programme
from labs.organisation import operator
from labs.viewer import Viewer
from labs.views.form_posts import person
from registrations import alerts, statistics
from registrations.chart_svg import chart
from sessions import calendar_links, zone_rules
from sessions.models import Session
from sessions.unannounced_changes import pending_sessions

NEEDS_ATTENTION = (Message.State.FAILED, Message.State.BOUNCED)


@dataclass(frozen=True)
class LabOverview:
    """A lab in the list, with its figures. `days_to_first` counts from today to its next session, None without one."""

    lab: Lab
    organises: bool
    registrations: int
    seats: int
    waiting: int
    mails: int
    attended: int
    days_to_first: int | None


@dataclass(frozen=True)
class ProgrammeOverview:
    """What a delegate may see in a programme: the cities, and the labs with internal sessions open to them."""

    programme: Programme
    cities: list[City]
    labs: list[tuple[Lab, int]]


@access.signed_in
@require_safe
def organise(request: HttpRequest) -> HttpResponse:
    """The labs that this person works on, coming ones first; for a delegate, what he or she may see."""
    viewer = viewer_of(request)
    now = timezone.now()
    labs = list(Lab.objects.worked_on_by(viewer).select_related("programme").order_by("starts_on", "slug"))
    glances = _lab_overviews(labs, viewer, now)
    coming = [one for one in glances if not one.lab.is_over(now)]
    past = [one for one in reversed(glances) if one.lab.is_over(now)]
    owned = (
        Programme.objects.all()
        if viewer.is_superuser
        else Programme.objects.filter(pk__in=viewer.owned_programmes)
    )
    organises_any = viewer.is_superuser or bool(viewer.owned_programmes or viewer.organised_labs)
    mail = summary() if organises_any else None
    sights = _programme_overviews(viewer)
    return render(
        request,
        "registrations/console/organise.html",
        {
            "coming": coming,
            "past": past,
            "programmes": owned.annotate(lab_count=Count("labs")).order_by("slug"),
            "mail": mail,
            "mail_late": mail is not None and alerts.worker_is_late(mail),
            "zone_rules_outdated": viewer.is_superuser and zone_rules.is_outdated(),
            "unannounced": _unannounced(labs, viewer),
            "operator_missing": viewer.is_superuser and operator() is None,
            "sights": sights,
            "calendar": calendar_links.delegate_calendar_url(person(request)) if sights else "",
            "is_staff_anywhere": viewer.is_staff_anywhere,
        },
    )


def _unannounced(labs: list[Lab], viewer: Viewer) -> list[tuple[Lab, int]]:
    """Return the labs with changes that people have not been told of, and of how many sessions. One query."""
    by_lab = {lab.pk: lab for lab in labs if viewer.organises(lab)}
    pending = pending_sessions(Session.objects.filter(lab__in=by_lab)) if by_lab else []
    return [(by_lab[pk], number) for pk, number in Counter(one.lab_id for one in pending).items()]


def _lab_overviews(labs: list[Lab], viewer: Viewer, now: datetime) -> list[LabOverview]:
    """Return the figures of several labs, in three queries."""
    ids = [lab.pk for lab in labs if viewer.organises(lab)]
    people = statistics.people_counts(ids)
    mails = dict(
        Message.objects.filter(lab__in=ids, state__in=NEEDS_ATTENTION)
        .order_by()
        .values_list("lab")
        .annotate(n=Count("*"))
    )
    rows = (
        Session.objects.filter(lab__in=ids)
        .order_by("lab", "starts_at")
        .values_list(
            "lab",
            "starts_at",
            "ends_at",
            "status",
            F("room_taken") + F("online_taken"),
            F("room_waiting") + F("online_waiting"),
        )
    )
    sessions = {lab: list(found) for lab, found in groupby(rows, key=lambda row: row[0])}
    glances = []
    for lab in labs:
        own = sessions.get(lab.pk, [])
        following = [row[1] for row in own if row[2] > now and row[3] == Session.Status.SCHEDULED]
        glances.append(
            LabOverview(
                lab,
                viewer.organises(lab),
                people.get(lab.pk, {}).get(statistics.REGISTERED, 0),
                sum(row[4] for row in own),
                sum(row[5] for row in own),
                mails.get(lab.pk, 0),
                people.get(lab.pk, {}).get(statistics.ATTENDED, 0),
                _days_until(following, lab, now),
            )
        )
    return glances


def _programme_overviews(viewer: Viewer) -> list[ProgrammeOverview]:
    """Return the overviews of a delegate, by programme."""
    if not viewer.delegations:
        return []
    rows = (
        Delegate.objects.filter(user=viewer.user_id)
        .select_related("programme", "city")
        .order_by("programme", "city")
    )
    as_delegate = Viewer(user_id=viewer.user_id, delegations=viewer.delegations)
    programmes = {row.programme_id for row in rows}
    counts = dict(
        Session.objects.visible_to(as_delegate)
        .filter(visibility=Session.Visibility.INTERNAL, lab__programme__in=programmes)
        .order_by()
        .values_list("lab")
        .annotate(Count("pk", distinct=True))
    )
    labs = list(Lab.objects.filter(pk__in=counts).order_by("-starts_on"))
    sights = []
    for programme, found in groupby(rows, key=lambda row: row.programme):
        own = [(lab, counts[lab.pk]) for lab in labs if lab.programme_id == programme.pk]
        sights.append(ProgrammeOverview(programme, [row.city for row in found], own))
    return sights


@access.organiser
@require_safe
def lab(request: HttpRequest, lab: Lab) -> HttpResponse:
    """One lab at a glance: figures, what waits for somebody, email, seats, registrations over time."""
    now = timezone.now()
    today = wall(now, lab.time_zone).date()
    sessions = list(
        lab.sessions.filter(is_placed=True)
        .select_related("room", "track")
        .annotate(people=Count("appearances", distinct=True))
        .order_by("starts_at", "pk")
    )
    for session in sessions:
        session.lab = lab
    mail = summary(lab.pk)
    totals, cities_here, cities = statistics.totals_and_cities(lab)
    counts = statistics.by_day(lab)
    closes = lab.registration_closes_at
    # The drawing ends with the registration window, or with the lab; not with today, years later.
    until = min(today, lab.ends_on if closes is None else wall(closes, lab.time_zone).date())
    until = max([until, *(day for day, _people in counts)])
    following = [one for one in sessions if one.ends_at > now and not one.is_cancelled]
    return render(
        request,
        "registrations/console/overview.html",
        {
            "lab": lab,
            "section": "overview",
            "totals": totals,
            "new_today": dict(counts).get(today, 0),
            "cities": {"here": cities_here, "all": lab.programme.cities_total or cities},
            "days_to_first": _days_until([one.starts_at for one in following], lab, now),
            "running": bool(following) and following[0].starts_at <= now,
            "attention": alerts.alerts_of(lab, sessions, mail, now),
            "mail": mail,
            "mail_left": mail.sent + mail.delivered,
            "mail_late": alerts.worker_is_late(mail),
            "beat_words": _age(mail.beat_age),
            "oldest_words": _age(mail.oldest_unsent_age),
            "sessions": sessions,
            "chart": chart(counts, until),
            "is_open": lab.takes_registrations(now),
            "opens_later": lab.registration_opens_at is not None and lab.registration_opens_at > now,
        },
    )


def _days_until(starts: Sequence[datetime], lab: Lab, now: datetime) -> int | None:
    """Return the days from today to the first of these instants by the lab's clock, 0 if it has passed."""
    if not starts:
        return None
    there, here = (wall(at, lab.time_zone).date() for at in (starts[0], now))
    return max((there - here).days, 0)


@dataclass(frozen=True)
class Age:
    """A span as one number of its largest unit."""

    number: int
    unit: str


def _age(span: timedelta | None) -> Age | None:
    if span is None:
        return None
    seconds = max(int(span.total_seconds()), 0)
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return Age(seconds // length, unit)
    return Age(seconds, "seconds")
