"""Alerts for a lab's organisers, computed from current data, most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import cast

from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from core.mail.delivery import Summary
from core.mail.health import BEAT_IS_LATE, MAIL_IS_LATE
from core.timezones import formatting
from core.timezones.wall_clock import wall
from core.web.localized_fields import languages_of, text_and_language
from core.webhooks.models import Endpoint
from labs.models import Lab
from registrations.models import Seat
from registrations.signals import alerts_requested
from sessions import conflicts
from sessions.conflict_words import in_words
from sessions.conflicts import has_no_place
from sessions.models import Session
from sessions.models.seating import Mode

Disabled = Endpoint.Disabled
SOON_SPAN = timedelta(days=14)
MAX_NAMED_SESSIONS = 2  # sessions named in a line; the rest are counted


class Kind(Enum):
    WORKER_LATE = "worker-late"
    MAIL_FAILED = "mail-failed"
    NO_SESSIONS = "no-sessions"
    LAB_DRAFT = "lab-draft"
    NO_WINDOW = "no-window"
    NO_PLACE = "no-place"
    APPROVALS = "approvals"
    WAITING = "waiting"
    CONFLICTS = "conflicts"
    DRAFTS = "drafts"
    NO_SPEAKER = "no-speaker"
    NO_TITLE = "no-title"
    CERTIFICATES_OUTDATED = "certificates-outdated"
    CERTIFICATES_FAILED = "certificates-failed"
    WEBHOOK_OFF = "webhook-off"


URGENT = frozenset(
    {
        Kind.WORKER_LATE,
        Kind.MAIL_FAILED,
        Kind.NO_PLACE,
        Kind.CERTIFICATES_OUTDATED,
        Kind.CERTIFICATES_FAILED,
        Kind.WEBHOOK_OFF,
    }
)


@dataclass(frozen=True)
class Alert:
    """One alert: what, why it matters, and the link to solve it."""

    kind: Kind
    what: str
    meaning: str
    address: str
    action: str

    @property
    def is_urgent(self) -> bool:
        return self.kind in URGENT


def alerts_of(lab: Lab, sessions: Sequence[Session], mail: Summary, now: datetime) -> list[Alert]:
    """Return the alerts of this lab.

    `sessions` are all of the lab, with their rooms, annotated with `people` (the number of appearances).
    """
    coming = [one for one in sessions if one.ends_at > now and not one.is_cancelled]
    shown = [one for one in coming if one.visibility != Session.Visibility.DRAFT]
    found = [
        *_mail(lab, mail),
        *_lab(lab, sessions, coming, now),
        *_no_place(lab, shown),
        *_conflicts(lab, now),
        *_approvals(lab),
        *_waiting(lab, shown),
        *_drafts(lab, coming, now),
        *_no_speaker(lab, shown),
        *_no_title(lab, shown),
        *_webhooks(lab),
    ]
    for _receiver, more in alerts_requested.send(Lab, lab=lab):
        found.extend(cast("list[Alert]", more))
    return sorted(found, key=lambda one: not one.is_urgent)


def worker_is_late(mail: Summary) -> bool:
    return mail.beat_age is None or mail.beat_age > BEAT_IS_LATE


def _mail(lab: Lab, mail: Summary) -> Iterable[Alert]:
    outbox = reverse("console_mail", args=[lab.slug])
    waiting_long = mail.oldest_unsent_age is not None and mail.oldest_unsent_age > MAIL_IS_LATE
    if worker_is_late(mail) and (mail.queued or waiting_long):
        yield Alert(
            Kind.WORKER_LATE,
            gettext("Email is not being sent"),
            ngettext(
                "%(count)d email is waiting to be sent. Tell the people who run this service.",
                "%(count)d emails are waiting to be sent. Tell the people who run this service.",
                mail.queued,
            )
            % {"count": mail.queued},
            outbox,
            gettext("Emails"),
        )
    bad = mail.failed + mail.bounced
    if bad:
        parts = []
        if mail.bounced:
            parts.append(
                ngettext("%(count)d email bounced", "%(count)d emails bounced", mail.bounced)
                % {"count": mail.bounced}
            )
        if mail.failed:
            parts.append(
                ngettext("%(count)d email failed", "%(count)d emails failed", mail.failed)
                % {"count": mail.failed}
            )
        yield Alert(
            Kind.MAIL_FAILED,
            ", ".join(parts),
            ngettext(
                "One person may not know about a change to a registration.",
                "These people may not know about changes to their registrations.",
                bad,
            ),
            outbox,
            gettext("Emails"),
        )


def _lab(lab: Lab, sessions: Sequence[Session], coming: Sequence[Session], now: datetime) -> Iterable[Alert]:
    today = wall(now, lab.time_zone).date()
    settings = reverse("console_lab_edit", args=[lab.slug])
    if not sessions:
        yield Alert(
            Kind.NO_SESSIONS,
            gettext("There are no sessions yet"),
            gettext("Sessions appear on the programme page, in the calendars and in the registration form."),
            reverse("console_session_new", args=[lab.slug]),
            gettext("Add a session"),
        )
    if lab.is_over(now):
        return
    days = (lab.starts_on - today).days
    if lab.visibility == Lab.Visibility.DRAFT and days <= SOON_SPAN.days:
        yield Alert(
            Kind.LAB_DRAFT,
            ngettext(
                "The lab is still a draft and begins in %(days)d day",
                "The lab is still a draft and begins in %(days)d days",
                days,
            )
            % {"days": days}
            if days > 0
            else gettext("The lab has begun and is still a draft"),
            gettext("Only its organisers can see it."),
            reverse("console_lab_publish", args=[lab.slug]),
            gettext("Publish"),
        )
    if lab.registration_opens_at is None and coming:
        yield Alert(
            Kind.NO_WINDOW,
            gettext("Nobody can register"),
            gettext("You have not set when registration opens."),
            settings,
            gettext("Settings"),
        )


def _no_place(lab: Lab, shown: Iterable[Session]) -> list[Alert]:
    without = [one for one in shown if has_no_place(one)]
    return _about(
        Kind.NO_PLACE,
        lab,
        without,
        ngettext(
            "%(title)s has no room and no join link",
            "%(count)d sessions have no room and no join link: %(title)s",
            len(without),
        ),
        gettext("People with a seat will not know where to go."),
        gettext("Choose a room"),
    )


def _conflicts(lab: Lab, now: datetime) -> Iterable[Alert]:
    """Tell of conflicts in the schedule, beside those that have an alert of their own."""
    own = (conflicts.Kind.NO_PLACE, conflicts.Kind.NO_SPEAKER)
    found = [one for one in conflicts.conflicts_of(lab, now) if one.kind not in own]
    if found:
        yield Alert(
            Kind.CONFLICTS,
            ngettext("%(count)d conflict in the schedule", "%(count)d conflicts in the schedule", len(found))
            % {"count": len(found)},
            in_words(found[0]),
            reverse("console_conflicts", args=[lab.slug]),
            gettext("Conflicts"),
        )


def _approvals(lab: Lab) -> Iterable[Alert]:
    if count := Seat.objects.filter(session__lab=lab, state=Seat.State.PENDING).count():
        yield Alert(
            Kind.APPROVALS,
            ngettext("%(count)d seat waits for approval", "%(count)d seats wait for approval", count)
            % {"count": count},
            gettext("Nobody has these seats until you decide."),
            reverse("console_approvals", args=[lab.slug]),
            gettext("Decide"),
        )


def _waiting(lab: Lab, shown: Iterable[Session]) -> Iterable[Alert]:
    waited_for = ((one, seating) for one in shown for seating in one.seatings if seating.waiting)
    for session, seating in waited_for:
        if seating.capacity is None or seating.has_free_seat:
            continue
        meaning = ngettext("The only seat is taken.", "All %(count)d seats are taken.", seating.capacity) % {
            "count": seating.capacity
        }
        title = _title(session, lab)
        if session.is_hybrid:
            title = f"{title} ({seating.mode.label})"
        is_in_room = not session.is_hybrid or seating.mode == Mode.ROOM
        if is_in_room and session.room and (session.room.capacity or 0) > seating.capacity:
            meaning += " " + gettext("Room capacity: %(count)d.") % {"count": session.room.capacity}
        yield Alert(
            Kind.WAITING,
            ngettext(
                "%(count)d person is waiting for %(title)s",
                "%(count)d people are waiting for %(title)s",
                seating.waiting,
            )
            % {"count": seating.waiting, "title": title},
            meaning,
            reverse("console_session_edit", args=[lab.slug, session.slug]),
            gettext("Add seats"),
        )


def _drafts(lab: Lab, coming: Iterable[Session], now: datetime) -> list[Alert]:
    drafts = [
        one
        for one in coming
        if one.visibility == Session.Visibility.DRAFT and one.starts_at - now <= SOON_SPAN
    ]
    if not drafts:
        return []
    first = formatting.short_day(wall(drafts[0].starts_at, lab.time_zone).date(), get_language() or "en")
    return _about(
        Kind.DRAFTS,
        lab,
        drafts,
        ngettext("%(title)s is still a draft", "%(count)d sessions are still drafts: %(title)s", len(drafts)),
        gettext("The first is on %(day)s.") % {"day": first},
        gettext("Open"),
    )


def _no_speaker(lab: Lab, shown: Iterable[Session]) -> list[Alert]:
    without = [
        one for one in shown if one.visibility == Session.Visibility.PUBLIC and not getattr(one, "people", 1)
    ]
    return _about(
        Kind.NO_SPEAKER,
        lab,
        without,
        ngettext(
            "%(title)s has no speaker", "%(count)d public sessions have no speaker: %(title)s", len(without)
        ),
        gettext("Visitors see no speaker."),
        gettext("Open"),
    )


def _no_title(lab: Lab, shown: Sequence[Session]) -> Iterable[Alert]:
    for code in lab.languages:
        without = [one for one in shown if code not in languages_of(one.title)]
        language = formatting.locale_of(code).get_language_name(get_language() or "en") or code
        yield from _about(
            Kind.NO_TITLE,
            lab,
            without,
            ngettext(
                "%(title)s has no title in one of the lab’s languages",
                "%(count)d sessions have no title in one of the lab’s languages: %(title)s",
                len(without),
            ),
            gettext("Missing in %(language)s: readers see the title in another language.")
            % {"language": language},
            gettext("Open"),
        )


def _about(
    kind: Kind, lab: Lab, sessions: Sequence[Session], what: str, meaning: str, action: str
) -> list[Alert]:
    """Return one alert about these sessions, linked to the first; none where there are none."""
    if not sessions:
        return []
    names = ", ".join(_title(one, lab) for one in sessions[:MAX_NAMED_SESSIONS])
    if len(sessions) > MAX_NAMED_SESSIONS:
        names += "…"
    what %= {"count": len(sessions), "title": names}
    address = reverse("console_session_edit", args=[lab.slug, sessions[0].slug])
    return [Alert(kind, what, meaning, address, action)]


def _title(session: Session, lab: Lab) -> str:
    return text_and_language(session.title, get_language() or "en", lab.default_language)[0]


def _webhooks(lab: Lab) -> Iterable[Alert]:
    """Tell of a webhook that was switched off because nothing could be delivered. One query."""
    off = Endpoint.objects.filter(lab=lab, disabled_because__in=[Disabled.FAILING, Disabled.GONE]).first()
    if off is not None:
        yield Alert(
            Kind.WEBHOOK_OFF,
            gettext("A webhook was switched off"),
            gettext("Events could not be delivered to %(url)s, so no more are sent.") % {"url": off.url},
            reverse("console_webhook", args=[lab.slug, off.public_id]),
            gettext("Webhook"),
        )
