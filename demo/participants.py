"""Artificial participants: "Demo participant 17", demo17@example.org, written in bulk without queueing emails.

The result equals that of `registrations.seats` with the same choices in the same order.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction

from core.accounts.models import User
from core.jobs import tallies
from core.web.email_addresses import address_key
from labs.models import City, Lab, StakeholderGroup
from labs.revisions import touch
from registrations import persons
from registrations.breakdowns import FORM_SEEN
from registrations.consent import current_version
from registrations.models import Attendance, Registration, Seat, SeatMovement
from registrations.statistics import ATTENDED, REGISTERED
from sessions.models import Session
from sessions.models.seating import Mode

# How many people choose each session of the coming lab, by its slug.
COMING_CHOICES = {
    "opening": 287,
    "upskilling-workforce": 136,
    "reskilling-funding": 116,
    "dialogue-breton-mayors": 319,
    "benefits-for-business": 38,
    "peer-group-1": 23,
    "peer-group-2": 14,
    "tech4good-marketplace": 172,
    "closing": 241,
}
COMING_PEOPLE, UNCONFIRMED, CANCELLED = 412, 14, 9
PAST_CHOICES = {
    "upskilling-workforce": 44,
    "reskilling-funding": 31,
    "dialogue-breton-mayors": 52,
    "peer-group-1": 9,
    "peer-group-2": 6,
    "tech4good-marketplace": 35,
    "closing": 29,
}
PAST_PEOPLE, PAST_FIRST_NUMBER = 60, 501

HOST_CITY = "sofia"
CONFIRMED_WITHIN = timedelta(minutes=9)

NAMES = {"en": "Demo participant {}", "bg": "Примерен участник {}", "el": "Δοκιμαστικός συμμετέχων {}"}
LANGUAGE_OF_COUNTRY = {"BG": "bg", "GR": "el"}
OTHER_CITIES = {
    "Plovdiv": ("BG", "Europe/Sofia"),
    "Larissa": ("GR", "Europe/Athens"),
    "Graz": ("AT", "Europe/Vienna"),
}
GROUP_WEIGHTS = (30, 12, 16, 18, 9, 15)

# (seat, instant, new state, reason)
Move = Callable[[Seat, datetime, str, str], None]


@dataclass
class Person:
    """One unsaved registration. `choices` are its sessions."""

    registration: Registration
    created_at: datetime
    choices: list[Session] = field(default_factory=list)


@dataclass
class Count:
    """The counters of one session in one mode while the choices are processed in order."""

    taken: int = 0
    waiting_list: list[Seat] = field(default_factory=list)


@dataclass
class Counts:
    """The counters of one session."""

    session: Session
    modes: dict[str, Count] = field(default_factory=lambda: {mode: Count() for mode in Mode})
    last_queue_position: int = 0


@transaction.atomic
def register_for_coming(lab: Lab, now: datetime) -> None:
    """Fill the coming lab: most confirmed, some unconfirmed, some cancelled; one session with a waiting list."""
    rng = random.Random(5)  # noqa: S311  (the same people every time; nothing here is secret)
    opened = lab.registration_opens_at or now - timedelta(days=27)
    # Increasingly many, up to some minutes ago.
    instants = sorted(
        opened + (now - timedelta(minutes=10) - opened) * rng.random() ** 0.6
        for _person in range(COMING_PEOPLE)
    )
    people = _people(lab, instants, 1, rng)
    for person in rng.sample(people[-60:], UNCONFIRMED):
        person.registration.state = Registration.State.UNCONFIRMED
    asked = [p for p in people if p.registration.state == Registration.State.CONFIRMED]
    _choose(lab, asked, COMING_CHOICES, rng)
    for person in people:
        if person not in asked:
            person.choices = [rng.choice(asked).choices[0]]
    for person in rng.sample(asked[20:250], CANCELLED):
        person.registration.state = Registration.State.CANCELLED
        confirmed_at = person.created_at + CONFIRMED_WITHIN
        person.registration.cancelled_at = confirmed_at + (now - confirmed_at) * rng.uniform(0.9, 0.995)
    _write(lab, people)


@transaction.atomic
def register_for_past(lab: Lab, taken_by: User) -> None:
    """Fill the past lab: everyone confirmed, most with attendance, so that certificates can be issued."""
    rng = random.Random(4)  # noqa: S311  (as above)
    first = datetime.combine(lab.starts_on, datetime.min.time(), UTC)
    instants = sorted(first - timedelta(days=rng.uniform(0.5, 21)) for _person in range(PAST_PEOPLE))
    people = _people(lab, instants, PAST_FIRST_NUMBER, rng)
    _choose(lab, people, PAST_CHOICES, rng)
    _write(lab, people)
    attendances = []
    for person in people:
        comes = rng.random() < 0.88
        for session in person.choices:
            if comes and rng.random() < 0.85:
                at = session.starts_at + timedelta(minutes=rng.randint(-5, 15))
                attendance = Attendance(
                    registration=person.registration, session=session, taken_at=at, taken_by=taken_by
                )
                attendance._history_date = at  # type: ignore[attr-defined]
                attendances.append(attendance)
    Attendance.objects.bulk_create(attendances)
    came = {attendance.registration_id for attendance in attendances}
    tallies.add(ATTENDED, len(came), lab_id=lab.pk)
    Attendance.history.bulk_history_create(attendances, default_user=taken_by)


def _people(lab: Lab, instants: Sequence[datetime], first_number: int, rng: random.Random) -> list[Person]:
    """Return confirmed registrations, unsaved, created at these instants."""
    cities = list(lab.programme.cities.order_by("slug"))
    weights = [
        6 if city.slug == "sofia" else 3 if city.country in LANGUAGE_OF_COUNTRY else 2 for city in cities
    ]
    groups: list[StakeholderGroup] = list(lab.programme.stakeholder_groups.all())
    consent = current_version(lab)
    people = []
    for number, created_at in enumerate(instants, start=first_number):
        home = rng.choices(cities, weights)[0]
        city: City | None = home
        country, zone, elsewhere = home.country, home.time_zone, ""
        if rng.random() < 0.06:
            elsewhere = rng.choice(sorted(OTHER_CITIES))
            city, (country, zone) = None, OTHER_CITIES[elsewhere]
        language = LANGUAGE_OF_COUNTRY.get(country, "en") if rng.random() < 0.85 else "en"
        email = f"demo{number}@example.org"
        registration = Registration(
            lab=lab,
            state=Registration.State.CONFIRMED,
            name=NAMES[language].format(number),
            email=email,
            email_key=address_key(email),
            city=city,
            city_text=elsewhere,
            organisation=f"Demo organisation {number % 40 + 1}" if rng.random() < 0.6 else "",
            stakeholder_group=rng.choices(groups, GROUP_WEIGHTS[: len(groups)])[0] if groups else None,
            language=language,
            time_zone=zone,
            consent_version=consent,
            consent_language=language,
            consent_at=created_at,
            confirmed_at=created_at + CONFIRMED_WITHIN * rng.uniform(0.1, 1),
        )
        people.append(Person(registration, created_at))
    return people


def _choose(lab: Lab, people: list[Person], choices: Mapping[str, int], rng: random.Random) -> None:
    """Let this many people choose each session; internal ones only people of its audience."""
    sessions = {session.slug: session for session in lab.sessions.prefetch_related("audience")}
    for slug, wanted in choices.items():
        session = sessions[slug]
        audience = {city.pk for city in session.audience.all()}
        invited = [p for p in people if not session.is_internal or p.registration.city_id in audience]
        for person in rng.sample(invited, min(wanted, len(invited))):
            person.choices.append(session)
    # Everyone has at least one session.
    open_to_all = next(s for s in sessions.values() if s.capacity is None and not s.is_internal)
    for person in people:
        person.choices = person.choices or [open_to_all]


def _write(lab: Lab, people: list[Person]) -> None:
    """Save registrations with their seats, movements, counters and history."""
    registrations = []
    for person in people:
        registration = person.registration
        if registration.state == Registration.State.UNCONFIRMED:
            registration.confirmed_at = None
        registration._history_date = (  # type: ignore[attr-defined]
            registration.cancelled_at or registration.confirmed_at or person.created_at
        )
        registrations.append(registration)
    persons.keep_all([one for one in registrations if one.state != Registration.State.UNCONFIRMED])
    Registration.objects.bulk_create(registrations)
    # Saving has set these to now.
    for person in people:
        person.registration.created_at = person.created_at
        person.registration.revised_at = person.registration._history_date  # type: ignore[attr-defined]
    Registration.objects.bulk_update(registrations, ["created_at", "revised_at"], batch_size=100)
    Registration.history.bulk_history_create(registrations)
    registered = sum(one.state == Registration.State.CONFIRMED for one in registrations)
    tallies.add(REGISTERED, registered, lab_id=lab.pk)
    tallies.add(FORM_SEEN, 3 * registered, lab_id=lab.pk)
    counts = {session.pk: Counts(session) for session in lab.sessions.all()}
    seats, movements = _seats(people, counts)
    Seat.objects.bulk_create(seats)
    SeatMovement.objects.bulk_create(movements)
    for pk, count in counts.items():
        taken = {f"{mode}_taken": one.taken for mode, one in count.modes.items()}
        waiting = {f"{mode}_waiting": len(one.waiting_list) for mode, one in count.modes.items()}
        Session.objects.filter(pk=pk).update(
            last_queue_position=count.last_queue_position, **taken, **waiting
        )
    touch(lab.pk, sessions=())


def _seats(people: Iterable[Person], counts: Mapping[int, Counts]) -> tuple[list[Seat], list[SeatMovement]]:
    """Process confirmations and cancellations in chronological order, as `registrations.seats` does."""
    seats: dict[tuple[int, int], Seat] = {}
    movements: list[SeatMovement] = []
    events: list[tuple[datetime, int, Person]] = []
    for person in people:
        registration = person.registration
        for session in person.choices:
            seats[registration.pk, session.pk] = Seat(
                registration=registration,
                session=session,
                mode=_mode(registration, session),
                state=Seat.State.REQUESTED,
                changed_at=person.created_at,
            )
        for at in (registration.confirmed_at, registration.cancelled_at):
            if at is not None:
                events.append((at, registration.pk, person))

    def move(seat: Seat, at: datetime, after: str, reason: str) -> None:
        movements.append(SeatMovement(seat=seat, at=at, before=seat.state, after=after, reason=reason))
        seat.state, seat.changed_at = after, at

    for at, _pk, person in sorted(events, key=lambda event: event[:2]):
        registration = person.registration
        for session in sorted(person.choices, key=lambda session: session.pk):
            seat, count = seats[registration.pk, session.pk], counts[session.pk]
            if at == registration.cancelled_at:
                _cancel_seat(seat, count, at, move)
            else:
                _assign_seat(seat, count, at, move)
    return list(seats.values()), movements


def _mode(registration: Registration, session: Session) -> str:
    """Return how this person attends: those of the host city come to the room."""
    if not session.is_hybrid:
        return session.modes[0]
    return Mode.ROOM if registration.city and registration.city.slug == HOST_CITY else Mode.ONLINE


def _assign_seat(seat: Seat, counts: Counts, at: datetime, move: Move) -> None:
    count, capacity = counts.modes[seat.mode], counts.session.seating(seat.mode).capacity
    if (capacity is None or count.taken < capacity) and not count.waiting_list:
        count.taken += 1
        move(seat, at, Seat.State.CONFIRMED, SeatMovement.Reason.CHOSEN)
    elif counts.session.waiting_list:
        count.waiting_list.append(seat)
        move(seat, at, Seat.State.WAITING, SeatMovement.Reason.FULL)
    else:
        move(seat, at, Seat.State.CANCELLED, SeatMovement.Reason.CLOSED)
        return
    counts.last_queue_position += 1
    seat.queue_position = counts.last_queue_position


def _cancel_seat(seat: Seat, counts: Counts, at: datetime, move: Move) -> None:
    reason, count = SeatMovement.Reason.REGISTRATION_CANCELLED, counts.modes[seat.mode]
    if seat.state == Seat.State.CONFIRMED:
        count.taken -= 1
        move(seat, at, Seat.State.CANCELLED, reason)
        if count.waiting_list:
            next_in_line = count.waiting_list.pop(0)
            count.taken += 1
            move(next_in_line, at, Seat.State.CONFIRMED, SeatMovement.Reason.PROMOTED)
    elif seat.state == Seat.State.WAITING:
        count.waiting_list.remove(seat)
        move(seat, at, Seat.State.CANCELLED, reason)
    seat.queue_position = None
