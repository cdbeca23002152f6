"""Emails to speakers with their private link: asking for profile, reply and slides, and reminding who is missing some.

Each is queued in the transaction of what it tells, in the speaker's language. One speaker is reminded at most once in
seven days, whoever presses the button, and asked at most three times a day.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext

from core.mail.models import Message
from core.mail.queue import queue
from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.web.errors import RuleViolation
from core.web.localized_fields import text_of
from core.web.rate_limits import allow
from labs.models import Lab
from sessions.appearance_replies import Reply
from sessions.models import Appearance, Session, Speaker
from sessions.speaker_contacts import message_key
from sessions.speaker_gaps import SpeakerOfLab, speakers_of
from sessions.speaker_links import link_of, valid_until

BETWEEN_REMINDERS = timedelta(days=7)
ASKED_A_DAY = 3


@dataclass(frozen=True)
class Reminder:
    """What a speaker would be reminded of. `why_not` says in words why the speaker is not written to; "" if so."""

    of_lab: SpeakerOfLab
    language: str
    why_not: str = ""

    @property
    def speaker(self) -> Speaker:
        return self.of_lab.speaker

    @property
    def lines(self) -> list[str]:
        """What is missing, in the language of the email."""
        with translation.override(self.language):
            return [missing.in_words(self.language) for missing in self.of_lab.to_mend]


def language_for(speaker: Speaker, lab: Lab) -> str:
    """Return the language in which the speaker is written to."""
    return speaker.language or lab.default_language


def reminders(lab: Lab, now: datetime) -> list[Reminder]:
    """Return who of the lab misses something that he or she can mend, with who is not written to, and why."""
    found = []
    for one in speakers_of(lab, now):
        if not one.to_mend:
            continue
        speaker, why = one.speaker, ""
        last = max((at for at in (speaker.asked_at, speaker.reminded_at) if at), default=None)
        if not speaker.email:
            why = gettext("No email address")
        elif last is None:
            why = gettext("Not asked yet")
        elif last > now - BETWEEN_REMINDERS:
            day = formatting.long_date(wall(last, lab.time_zone).date(), translation.get_language() or "en")
            why = gettext("Last email on %(day)s") % {"day": day}
        found.append(Reminder(one, language_for(speaker, lab), why))
    return found


@transaction.atomic
def remind(lab: Lab, speakers: Collection[str], now: datetime) -> int:
    """Remind those of these speakers (slugs) who are due; return how many."""
    count = 0
    for one in reminders(lab, now):
        if one.why_not or one.speaker.slug not in speakers:
            continue
        before = now - BETWEEN_REMINDERS
        due = Q(reminded_at__isnull=True) | Q(reminded_at__lte=before)
        # Of two who press at once, the second finds that it was done.
        if Speaker.objects.filter(due, pk=one.speaker.pk).update(reminded_at=now):
            write_to(one, lab, "speaker_reminded", now)
            count += 1
    return count


@transaction.atomic
def ask(speaker: Speaker, lab: Lab, now: datetime) -> Message:
    """Send the speaker the private link. Raises RuleViolation (codes: no_email, too_often)."""
    row = Speaker.objects.select_for_update(of=("self",), no_key=True).get(pk=speaker.pk)
    if not row.email:
        raise RuleViolation("no_email", gettext("Enter the speaker’s email address first."), "email")
    if not allow("speaker-asked", str(row.public_id), ASKED_A_DAY, 24 * 60 * 60):
        raise RuleViolation(
            "too_often", gettext("The link was sent three times today. Send it again tomorrow.")
        )
    Speaker.objects.filter(pk=row.pk).update(asked_at=now)
    row.asked_at = speaker.asked_at = now
    [of_lab] = speakers_of(lab, now, [row]) or [SpeakerOfLab(row)]
    of_lab.speaker = row
    return write_to(Reminder(of_lab, language_for(row, lab)), lab, "speaker_asked", now)


def never_asked(lab: Lab, now: datetime) -> list[SpeakerOfLab]:
    """Return who of the lab has an address and was never sent the link."""
    return [one for one in speakers_of(lab, now) if one.speaker.email and one.speaker.asked_at is None]


@transaction.atomic
def ask_everyone(lab: Lab, now: datetime) -> int:
    """Send the link to everybody of the lab who has an address and was never asked; return how many."""
    count = 0
    for one in never_asked(lab, now):
        if Speaker.objects.filter(pk=one.speaker.pk, asked_at__isnull=True).update(asked_at=now):
            one.speaker.asked_at = now
            write_to(Reminder(one, language_for(one.speaker, lab)), lab, "speaker_asked", now)
            count += 1
    return count


def write_to(one: Reminder, lab: Lab, occasion: str, now: datetime) -> Message:
    """Queue an email to a speaker, with the private link."""
    speaker, language = one.speaker, one.language
    until = valid_until(speaker) if speaker.pk else None
    return queue(
        occasion,
        key=f"{message_key(speaker)}{occasion}:{lab.pk}:{int(now.timestamp() * 1_000_000)}",
        language=language,
        to_name=text_of(speaker.name, language, lab),
        to_email=speaker.email,
        context={
            "lab_title": text_of(lab.title, language, lab),
            "lab_dates": formatting.date_range(lab.starts_on, lab.ends_on, language),
            "lab_place": _place(lab, language),
            "appearances": appearance_lines(one.of_lab, language),
            "missing": one.lines,
            "until": zone_hours.moment(until, lab.time_zone, language) if until else "",
        },
        lab=lab,
        links={"speaking": link_of(speaker)},
    )


def _place(lab: Lab, language: str) -> str:
    """Return the venue and the format of the lab: "Town hall, Brussels, in person and online"."""
    venue = text_of(lab.venue, language, lab)
    with translation.override(language):
        format = "" if venue and lab.format == Lab.Format.IN_PERSON else str(lab.get_format_display())
    return ", ".join(part for part in (venue, format) if part)


def appearance_lines(one: SpeakerOfLab, language: str) -> list[str]:
    """Return a line for each session of the speaker: "Opening, 6 April 2027, 11:30–13:00, Sofia (UTC+3): Moderator"."""
    with translation.override(language):
        return [
            _line(session, [each for each in one.appearances if each.session_id == session.pk], language)
            for session in one.sessions
            if session.is_placed and not session.is_cancelled and one.reply_in(session) != Reply.DECLINED
        ]


def _line(session: Session, appearances: Sequence[Appearance], language: str) -> str:
    starts, ends = (wall(at, session.time_zone) for at in (session.starts_at, session.ends_at))
    roles = ", ".join(dict.fromkeys(str(each.get_role_display()) for each in appearances))
    zone = zone_hours.city_words(session.time_zone, [session.starts_at], language)
    title = text_of(session.title, language, session.lab)
    return f"{title}, {formatting.span(starts, ends, language)}, {zone}: {roles}"
