"""Opening without a rush: numbers in the last minutes before, a draw of their order that anyone can check, and letting
people in at a pace.

Nothing is written at the draw. Numbers given before the opening are put in the order of
SHA-256("<seed>:<count>:<number>"), and later ones follow in the order of arrival. The seed is secret until then, while
its own SHA-256 is published from the start; `count`, how many numbers were given, is known to nobody before the
opening, so that even who knows the seed cannot pick a good number. Where registration is set to open again after a
draw, the proof of that one is kept, and the next has a seed of its own. All instants are the database's, so that nodes
whose clocks differ agree.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from core.jobs.database_clock import database_now
from core.web import signed_links
from core.web.errors import InvalidFields, RuleViolation
from labs.models import Lab
from registrations.models import EarlierDraw, Opening, QueueNumber, RegistrationRules
from registrations.models.openings import new_seed
from registrations.models.rules import rules_of

PURPOSE = "registration.queue"
FIELD = "queue_number"
GATHERING = timedelta(minutes=10)
# From the opening to the first turn: until then a number that was given in the last moment is stored.
SETTLING = timedelta(seconds=5)
STALLED_SECONDS = 2
MAX_NUMBERS = 200_000
# Sent forms per number: one, and corrections of a mistyped address.
USES = 3

NEEDS_NUMBER = _("Many people are registering. Take a number and wait for your turn.")
NOT_YOUR_TURN = _("It is not your turn yet. Wait on the page with your number.")
OPENED_WITH_A_DRAW = _(
    "Registration has opened with a draw. Choose a later time than now, or leave the opening as it is."
)
USED_UP = _("This number was used already. Take another one.")


class Phase(Enum):
    """Where an opening with a draw stands."""

    EARLY = "early"  # no numbers yet
    GATHERING = "gathering"  # numbers are given
    QUEUE = "queue"  # open for those whose turn it is
    OPEN = "open"  # everybody's turn has come


@dataclass(frozen=True)
class QueueState:
    """An opening at one instant. `drawn` is how many numbers took part in the draw, `admitted` how many places have had
    their turn. Before the opening both are 0.
    """

    opening: Opening
    now: datetime
    opens_at: datetime
    pace: int
    drawn: int

    @property
    def phase(self) -> Phase:
        if self.now < self.opens_at - GATHERING:
            return Phase.EARLY
        if self.now < self.opens_at:
            return Phase.GATHERING
        return Phase.QUEUE if self.admitted < self.opening.last_number else Phase.OPEN

    @property
    def admitted(self) -> int:
        """`pace` places have their turn at once, and as many again each minute, second by second."""
        if not self.is_drawn:
            return 0
        return self.pace + int((self.now - self.opens_at - SETTLING).total_seconds() * self.pace / 60)

    @property
    def is_drawn(self) -> bool:
        return self.now >= self.opens_at + SETTLING

    @property
    def took_place(self) -> bool:
        """Whether the order of somebody's number was drawn."""
        return self.is_drawn and self.drawn > 0

    @property
    def seconds_left(self) -> int:
        """Whole seconds until numbers are given, or until the draw; 0 after it."""
        begins = self.opens_at - GATHERING if self.phase == Phase.EARLY else self.opens_at + SETTLING
        return max(0, -int(-(begins - self.now).total_seconds() // 1))

    def place_of(self, number: int) -> int | None:
        """Return the place of a number in the order of turns, 1 for the first. None before the draw."""
        if not self.is_drawn:
            return None
        return places_of(self.opening.seed, self.drawn)[number - 1] if number <= self.drawn else number

    def has_turn(self, number: int) -> bool:
        place = self.place_of(number)
        return place is not None and place <= self.admitted

    def wait_of(self, number: int) -> int:
        """Return about how many seconds are left until the turn of a number, after the draw."""
        place = self.place_of(number) or 0
        return max(0, -(-(place - self.admitted) * 60 // self.pace))


def draws(lab: Lab, rules: RegistrationRules) -> bool:
    """Tell whether the lab's registration opens with a draw."""
    return rules.opening_draw and lab.registration_opens_at is not None


def ensure(lab: Lab) -> None:
    """Create the lab's seed, once; it stays the same when the draw is turned off and on again."""
    Opening.objects.get_or_create(lab=lab)


def state_of(
    lab: Lab, rules: RegistrationRules, now: datetime | None = None, opening: Opening | None = None
) -> QueueState | None:
    """Return where the opening stands; None for a lab that opens without a draw.

    `now` is the database's time and `opening` the lab's draw, where they have just been read.
    """
    return _state(lab, rules, now, opening) if draws(lab, rules) else None


def proof_of(
    lab: Lab, rules: RegistrationRules, now: datetime | None = None, opening: Opening | None = None
) -> QueueState | None:
    """Return the same for those who check a draw: one that took place stays when the rule is turned off."""
    state = _state(lab, rules, now, opening)
    if state and (draws(lab, rules) or state.took_place or state.opening.earlier.exists()):
        return state
    return None


def _state(
    lab: Lab, rules: RegistrationRules, now: datetime | None, opening: Opening | None
) -> QueueState | None:
    opening = opening or Opening.objects.filter(lab=lab).first()
    opens_at = lab.registration_opens_at
    if opening is None or opens_at is None:
        return None
    now = now or database_now()
    drawn = _given_before(opening, opens_at) if now >= opens_at else 0
    return QueueState(opening, now, opens_at, rules.people_per_minute, drawn)


def _given_before(opening: Opening, opens_at: datetime) -> int:
    return opening.numbers.filter(at__lt=opens_at).order_by().aggregate(n=Max("number"))["n"] or 0


@transaction.atomic
def keep_draw(lab: Lab) -> None:
    """Keep the proof of a draw that took place, before the lab is saved with another opening. The next has a new seed
    wherever the hour of the draw has passed.

    Numbers that were given stay valid and take part again. Raises InvalidFields where the opening would be in the
    past, which would draw the order again for those who know it.
    """
    # Locked only where the opening moves: everybody who takes a number waits for this row.
    moves = Opening.objects.filter(lab=lab.pk).exclude(lab__registration_opens_at=lab.registration_opens_at)
    opening = moves.select_for_update(no_key=True, of=("self",)).first()
    if opening is None:
        return
    before = Lab.objects.filter(pk=lab.pk).values_list("registration_opens_at", flat=True).first()
    now = database_now()
    if before in (None, lab.registration_opens_at) or now < before + SETTLING:
        return
    if count := _given_before(opening, before):
        if lab.registration_opens_at is not None and lab.registration_opens_at <= now:
            raise InvalidFields({"registration_opens_at": [OPENED_WITH_A_DRAW]})
        opening.earlier.create(opens_at=before, seed=opening.seed, count=count)
    # Also where nobody took part: the page tells the seed since then.
    opening.seed = new_seed()
    opening.save(update_fields=["seed"])


def seed_hash(opening: Opening | EarlierDraw) -> str:
    """Return the hash that is published before the draw: SHA-256 of the seed's hexadecimal digits."""
    return hashlib.sha256(opening.seed.encode()).hexdigest()


@lru_cache(maxsize=8)
def places_of(seed: str, count: int) -> list[int]:
    """Return the place of each number from 1 to `count`, by number - 1."""
    order = sorted(
        range(1, count + 1), key=lambda one: hashlib.sha256(f"{seed}:{count}:{one}".encode()).digest()
    )
    places = [0] * count
    for place, number in enumerate(order, 1):
        places[number - 1] = place
    return places


@lru_cache(maxsize=2)
def table_of(seed: str, count: int) -> bytes:
    """Return numbers with their places as CSV, which never changes after the draw; about 2 MB of 200,000."""
    lines = (f"{number},{place}\r\n" for number, place in enumerate(places_of(seed, count), 1))
    return "".join(["number,place\r\n", *lines]).encode()


def take_number(lab: Lab, public_id: UUID, state: QueueState | None = None) -> QueueNumber:
    """Give the next number. A second call with the same id, which the form brings, returns the same one. `state` is
    what was read for the same request.

    Raises RuleViolation (codes: no_queue, early) where no numbers are given.
    """
    state = state or state_of(lab, rules_of(lab))
    if state is None or state.phase == Phase.OPEN:
        raise RuleViolation("no_queue", _("No number is needed at the moment."))
    if state.phase == Phase.EARLY:
        raise RuleViolation("early", _("Numbers are given from ten minutes before registration opens."))
    if state.opening.last_number >= MAX_NUMBERS:
        raise RuleViolation("too_many_numbers", _("All numbers are given. Come back after the opening."))
    try:
        return _store_number(state, public_id)
    except IntegrityError:
        known = QueueNumber.objects.filter(opening=lab.pk, public_id=public_id).first()
        if known is None:
            raise
        return known


@transaction.atomic
def _store_number(state: QueueState, public_id: UUID) -> QueueNumber:
    number, at = _next_number(state.opening.pk)
    began = time.monotonic()
    made = QueueNumber.objects.create(
        opening=state.opening, number=number, public_id=public_id, at=at or state.now
    )
    if time.monotonic() - began > STALLED_SECONDS:
        # The draw may have taken place without this number.
        raise RuleViolation("stalled", _("This took too long. Try again."))
    return made


def _next_number(lab_id: int) -> tuple[int, datetime | None]:
    """Count one more and return it, with the instant at which the row was locked on PostgreSQL.

    One statement instead of two, since everybody waits for this row: its lock lasts from here to the commit.
    """
    clock = ", clock_timestamp()" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registrations_opening SET last_number = last_number + 1 WHERE lab_id = %s"  # noqa: S608
            f" RETURNING last_number{clock}",
            [lab_id],
        )
        found = cursor.fetchone()
    return found[0], found[1] if clock else None


def token_of(number: QueueNumber) -> str:
    """Return the token of the page that keeps this number."""
    return signed_links.make_token(PURPOSE, number.public_id, 1)


def find(lab: Lab, token: str) -> QueueNumber | None:
    """Return the lab's number that this token opens."""
    public_id = signed_links.subject_of(token)
    if public_id is None or not signed_links.is_valid(token, PURPOSE, public_id, 1):
        return None
    return QueueNumber.objects.filter(opening=lab.pk, public_id=public_id).first()


def may_enter(lab: Lab, state: QueueState | None, token: str) -> bool:
    """Tell whether the form is shown to somebody with this token, which may be empty."""
    if state is None or state.phase == Phase.OPEN:
        return True
    number = find(lab, token) if state.phase == Phase.QUEUE else None
    return number is not None and state.has_turn(number.number)


def check(lab: Lab, rules: RegistrationRules, token: str) -> QueueNumber | None:
    """Return the number with which a form may be sent now; None where none is needed.

    Raises RuleViolation (codes: needs_number, not_your_turn).
    """
    state = state_of(lab, rules)
    if state is None or state.phase == Phase.OPEN:
        return None
    number = find(lab, token)
    if number is None:
        raise RuleViolation("needs_number", NEEDS_NUMBER)
    if not state.has_turn(number.number):
        raise RuleViolation("not_your_turn", NOT_YOUR_TURN)
    return number


def use(number: QueueNumber | None) -> None:
    """Count a form that is sent with this number. Raises RuleViolation (code: number_used)."""
    if number is None:
        return
    left = QueueNumber.objects.filter(pk=number.pk, uses__lt=USES)
    if not left.update(uses=F("uses") + 1):
        raise RuleViolation("number_used", USED_UP)
