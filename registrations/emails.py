"""The emails of a registration: what each says, to whom, once. Each is queued in the transaction of what it tells.

An email is wholly in the person's language, with the person's hours first and the lab's beside them where they differ.
Emails to an address that nobody has confirmed carry nothing that the sender of the form typed: no name, no words.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from core.mail.models import Message
from core.mail.queue import queue
from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.web.absolute_urls import absolute_url
from registrations import answers, documents, links
from registrations import my_registrations as my_registrations_links
from registrations.models import (
    Choice,
    Person,
    QuestionSet,
    Registration,
    Seat,
)
from registrations.models.rules import rules_of
from registrations.personal_calendar import entries_file
from registrations.rules import seats_in_words
from registrations.seat_lines import listed_sessions, overview, session_address, text_of

BY_ORGANISER = gettext_lazy("An organiser has changed your sessions.")
# An address gets at most one email of a kind that anybody may ask for within this time.
QUIET = timedelta(minutes=20)


def confirm_address(
    registration: Registration,
    days: int,
    selected: Sequence[Seat],
    *,
    again: bool = False,
    is_asked_for: bool = False,
) -> Message:
    """Ask the address whether it wants to be registered in what it `selected`; the question stands for `days`.

    Colleagues with one address tell each other's questions apart by initials: letters that can say nothing else.
    Only what everybody may see of the selected sessions is listed; of others, how many there are.
    """
    once = f"confirm-address:{registration.public_id}"
    return queue_for(
        registration,
        "confirm_address",
        quiet_key("confirm-address", registration) if again else once,
        _asked(registration, days, selected),
        {"confirm": links.CONFIRM, "leave": links.LEAVE},
        to_name="",
        is_first=not again,
        is_asked_for=is_asked_for,
    )


def confirm_reminder(registration: Registration, days: int, selected: Sequence[Seat]) -> Message:
    """Repeat the request to confirm an address, some days later, with the same contents."""
    return queue_for(
        registration,
        "confirm_reminder",
        f"confirm-reminder:{registration.public_id}",
        _asked(registration, days, selected),
        {"confirm": links.CONFIRM, "leave": links.LEAVE},
        to_name="",
        is_asked_for=True,
    )


def _asked(registration: Registration, days: int, selected: Sequence[Seat]) -> dict[str, Any]:
    public = [seat for seat in selected if session_address(seat.session, registration.lab)]
    with translation.override(registration.language):
        seats_rule = seats_in_words(rules_of(registration.lab))
        if held_until := min((seat.until for seat in selected if seat.until), default=None):
            until = moment_text(registration, held_until)
            seats_rule = gettext("Free seats are held for you until %(until)s.") % {"until": until}
    return {
        **listed_sessions(registration, public),
        "seats_rule": seats_rule,
        "days": days,
        "holder": initials(registration.name),
        "more": len(selected) - len(public),
    }


def already_registered(registration: Registration, selected: Sequence[Seat] = ()) -> Message:
    """Answer a second form for a confirmed address; nothing of what was typed into the second one is in it.

    What everybody may see of what it `selected` is listed, with a link to where it can be added. Each other choice is
    an email of its own, so that none is lost in the quiet time.
    """
    public = [seat for seat in selected if session_address(seat.session, registration.lab)]
    slugs = [seat.session.slug for seat in public]
    purposes = {"manage": links.MANAGE, **({"add": links.adding(slugs)} if slugs else {})}
    return queue_for(
        registration,
        "already_registered",
        ":".join(
            [quiet_key("already-registered", registration), *sorted(str(seat.session_id) for seat in public)]
        ),
        listed_sessions(registration, public),
        purposes,
        is_asked_for=True,
    )


def link_again(registration: Registration, is_asked_for: bool = False) -> Message:
    """Send the private link: when someone asked for it at this address, or when an organiser resends it."""
    return queue_for(
        registration,
        "registration_link",
        quiet_key("registration-link", registration),
        {},
        {"manage": links.MANAGE},
        is_asked_for=is_asked_for,
    )


def my_registrations(person: Person) -> Message:
    """Send the link to all registrations of an address, which colleagues may share: no name is in it."""
    window = int(timezone.now().timestamp() // QUIET.total_seconds())
    return queue(
        "my_registrations",
        key=f"my-registrations:{person.public_id}:{person.link_version}:{window}",
        language=person.language,
        to_name="",
        to_email=person.email,
        context={"days": my_registrations_links.LINK_DAYS},
        person_id=person.pk,
        links={"mine": my_registrations_links.email_link(person)},
        is_asked_for=True,
    )


def confirmation(
    registration: Registration,
    seats: Sequence[Seat],
    sessions: Iterable[Any] | None = None,
    full: Iterable[Choice] = (),
) -> Message:
    """Say what is now the person's, with the calendar entries attached; `sessions` as for `entries_file`.

    `full` are choices that had no place left, with their questions.
    """
    return queue_for(
        registration,
        "confirmation",
        f"confirmation:{registration.public_id}:{instant_text(registration.confirmed_at)}",
        {
            **overview(registration, seats),
            # The form asked for both, but organisers and cities enter people without it.
            "documents_left": documents.required_left(registration),
            "full_choices": [
                [text_of(one.label, registration), text_of(one.question.label, registration)] for one in full
            ],
            "questions_left": answers.left_unanswered(
                registration, [seat.session_id for seat in seats if seat.state != Seat.State.CANCELLED]
            )
            if registration.entered_by_id
            else 0,
            "photos_left": rules_of(registration.lab).asks_photos and not registration.photos,
        },
        {
            "manage": links.MANAGE,
            "sessions": links.SESSIONS,
            "subscribe": links.SUBSCRIBE,
            "calendar": links.CALENDAR,
            "cancel": links.CANCEL,
            "leave": links.LEAVE,
        },
        calendar=entries_file(registration, seats, sessions=sessions),
        is_first=True,
    )


def changed(
    registration: Registration,
    seats: Sequence[Seat],
    given_up: Sequence[Seat] = (),
    was: Mapping[int, str] | None = None,
    why: str | Promise = "",
) -> Message:
    """Say what is the person's after a change of sessions, and what no longer is; that leaves the calendar.

    `was` says of each session that is new or attended in another way, by id, how it was attended: "" if not at all.
    `why` is a sentence to begin with where the person did not ask for the change, said in the person's language.
    """
    with translation.override(registration.language):
        because = str(why)
    return queue_for(
        registration,
        "registration_changed",
        f"registration-changed:{registration.public_id}:{instant_text(timezone.now())}",
        {**overview(registration, seats, given_up, was), "why": because},
        {
            "manage": links.MANAGE,
            "sessions": links.SESSIONS,
            "subscribe": links.SUBSCRIBE,
            "calendar": links.CALENDAR,
        },
        calendar=entries_file(registration, seats, given_up),
    )


def cancelled(registration: Registration, seats: Sequence[Seat]) -> Message:
    """Say that the registration is cancelled, by the person or by an organiser, and its seats are given up."""
    return queue_for(
        registration,
        "registration_cancelled",
        f"registration-cancelled:{registration.public_id}:{instant_text(registration.cancelled_at)}",
        {
            "again": absolute_url("register", registration.lab.slug),
            "is_by_organiser": registration.cancelled_as == Registration.CancelledAs.BY_ORGANISER,
        },
        {"manage": links.MANAGE},
        calendar=entries_file(registration, [], given_up=seats),
    )


def moment_text(registration: Registration, at: datetime) -> str:
    """Return day, time and zone in the person's zone and language."""
    language, zone = registration.language, registration.time_zone
    local = wall(at, zone)
    day = formatting.long_date(local.date(), language)
    return f"{day}, {formatting.clock(local)}, {zone_hours.city_words(zone, [at], language)}"


def still_coming(registration: Registration, seats: Sequence[Seat], release_at: datetime | None) -> Message:
    """Ask whether somebody is still coming; with `release_at` seats are released then without an answer."""
    return queue_for(
        registration,
        "still_coming",
        f"still-coming:{registration.public_id}",
        {
            **listed_sessions(registration, seats),
            "until": moment_text(registration, release_at) if release_at else "",
        },
        {"manage": links.COMING},
    )


def seats_refused(registration: Registration, seats: Sequence[Seat], note: str) -> Message:
    """Say that the organisers did not approve these seats, with what they wrote about it."""
    found = listed_sessions(registration, seats)
    return queue_for(
        registration,
        "seats_refused",
        f"seats-refused:{registration.public_id}:{instant_text(timezone.now())}",
        {**found, "lines": [], "given_up": found["lines"], "note": note},
        {"manage": links.MANAGE},
        calendar=entries_file(registration, [], given_up=seats),
    )


def further_questions(registration: Registration, question_set: QuestionSet) -> Message:
    """Say that the organisers ask something of people who have a seat; once for each set of questions."""
    key = f"further-questions:{question_set.pk}:{registration.public_id}"
    context = {"questions_title": text_of(question_set.title, registration)}
    purposes = {"answers": links.ANSWERS, "manage": links.MANAGE}
    return queue_for(registration, "further_questions", key, context, purposes)


def queue_for(
    registration: Registration,
    occasion: str,
    key: str,
    context: Mapping[str, Any],
    purposes: Mapping[str, links.Purpose],
    *,
    to_name: str | None = None,
    calendar: bytes = b"",
    is_first: bool = False,
    is_asked_for: bool = False,
) -> Message:
    """Queue an email about a registration, with the private links of these purposes by their names."""
    language, lab = registration.language, registration.lab
    own = {
        "lab_title": text_of(lab.title, registration),
        "form_sent_on": formatting.long_date(
            wall(registration.created_at, registration.time_zone).date(), language
        ),
        "entered_by": _entered_by(registration),
        "kept_until": formatting.long_date(registration.kept_until, language),
        "is_attached": bool(calendar),
        "reference": registration.reference if to_name is None else "",
    }
    return queue(
        occasion,
        key=key,
        language=language,
        to_name=registration.name if to_name is None else to_name,
        to_email=registration.email,
        context={**own, **context},
        lab=lab,
        registration_id=registration.pk,
        leads_to=[line["join_link"] for line in context.get("lines", ()) if line["join_link"]],
        links={name: links.email_link(registration, purpose) for name, purpose in purposes.items()},
        calendar=calendar,
        is_first=is_first,
        is_asked_for=is_asked_for,
    )


def _entered_by(registration: Registration) -> str:
    """Return who entered the address: "city", "organiser", or "" for the form."""
    if registration.nominated_until is not None:
        return "city"
    return "organiser" if registration.entered_by_id is not None else ""


def initials(name: str) -> str:
    """Return "M. P." for "Maria Petrova": the first letter or figure of each of the first three words."""
    firsts = (next((sign for sign in word if sign.isalnum()), "") for word in name.split())
    return " ".join(f"{sign.upper()}." for sign in [sign for sign in firsts if sign][:3])


def quiet_key(kind: str, registration: Registration) -> str:
    """Return a key that stays the same for a while, so that nobody can fill somebody else's mailbox.

    A corrected address has links of a new version, and is written to at once.
    """
    window = int(timezone.now().timestamp() // QUIET.total_seconds())
    return f"{kind}:{registration.public_id}:{registration.link_version}:{window}"


def instant_text(at: datetime | None) -> str:
    return str(int(at.timestamp() * 1_000_000)) if at else ""
