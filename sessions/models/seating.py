"""How a session can be attended, and its seats: those in the room and those online, each counted for itself."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from labs.models import Lab, Room


class Mode(models.TextChoices):
    """How one person attends a session."""

    ROOM = "room", pgettext_lazy("how one attends", "In person")
    ONLINE = "online", pgettext_lazy("how one attends", "Online")


MODES: dict[str, tuple[Mode, ...]] = {
    Lab.Format.IN_PERSON: (Mode.ROOM,),
    Lab.Format.ONLINE: (Mode.ONLINE,),
    Lab.Format.HYBRID: (Mode.ROOM, Mode.ONLINE),
}

# What the properties of `SeatingMixin` are computed from.
SEATING_FIELDS = (
    "format", "room_capacity", "room_taken", "room_held", "room_waiting", "online_capacity", "online_taken",
    "online_held", "online_waiting", "waiting_list",
)  # fmt: skip

# Columns of Session that `registrations.seats` alone writes, but for a change of format.
COUNTERS = (
    "room_taken", "room_held", "room_waiting", "online_taken", "online_held", "online_waiting", "last_queue_position",
)  # fmt: skip


def default_format(lab: Lab, room: Room | None) -> str:
    """Return the format of a session that names none: that of its room, or of the lab without a room."""
    if room is None:
        return lab.format
    return Lab.Format.ONLINE if room.online else Lab.Format.IN_PERSON


@dataclass(frozen=True)
class Seating:
    """The seats of a session in one mode. `capacity` is None without a limit.

    `held` are those of the seats taken that forms hold whose address is not confirmed.
    """

    mode: Mode
    capacity: int | None
    taken: int
    held: int
    waiting: int

    @property
    def left(self) -> int | None:
        """The free seats as everybody may know them, or None without a limit.

        Those that forms hold are counted as free: only the form of somebody who is not registered holds any.
        """
        return None if self.capacity is None else self.capacity - self.taken + self.held

    @property
    def is_full(self) -> bool:
        """Whether no seat is left, as everybody may know."""
        return self.left is not None and self.left <= 0

    @property
    def has_free_seat(self) -> bool:
        """Whether somebody can have a seat now. Tell nobody but organisers."""
        return self.capacity is None or self.taken < self.capacity


def seating_of(row: Any, mode: str) -> Seating:
    """Return the seats in this mode of a row with the columns of `SeatingMixin`."""
    return Seating(
        Mode(mode),
        getattr(row, f"{mode}_capacity"),
        getattr(row, f"{mode}_taken"),
        getattr(row, f"{mode}_held"),
        getattr(row, f"{mode}_waiting"),
    )


def offers(mode: str) -> Q:
    """Return the condition of sessions that can be attended in this mode."""
    return Q(format__in=[format for format, modes in MODES.items() if mode in modes])


def has_free_seat(mode: str) -> Q:
    """Return the condition of sessions that can be attended in this mode and have a free seat in it."""
    limit, taken = f"{mode}_capacity", f"{mode}_taken"
    return offers(mode) & (Q(**{f"{limit}__isnull": True}) | Q(**{f"{taken}__lt": F(limit)}))


def _has_seat_left(mode: str) -> Q:
    limit = f"{mode}_capacity"
    is_left = Q(**{f"{limit}__isnull": True}) | Q(**{f"{mode}_taken__lt": F(limit) + F(f"{mode}_held")})
    return offers(mode) & is_left


# The condition of sessions that are not full, as everybody may know.
HAS_SEAT_LEFT = _has_seat_left(Mode.ROOM) | _has_seat_left(Mode.ONLINE)


class SeatingMixin(models.Model):
    """The columns of a session's seats. Those of a mode that its format does not offer are empty."""

    format = models.CharField(max_length=10, choices=Lab.Format)
    room_capacity = models.PositiveIntegerField(null=True, blank=True)
    room_taken = models.PositiveIntegerField(default=0, editable=False)
    room_held = models.PositiveIntegerField(default=0, editable=False)
    room_waiting = models.PositiveIntegerField(default=0, editable=False)
    online_capacity = models.PositiveIntegerField(null=True, blank=True)
    online_taken = models.PositiveIntegerField(default=0, editable=False)
    online_held = models.PositiveIntegerField(default=0, editable=False)
    online_waiting = models.PositiveIntegerField(default=0, editable=False)
    waiting_list = models.BooleanField(default=True)
    needs_approval = models.BooleanField(default=False)
    last_queue_position = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The ways to attend, in person first."""
        return MODES[self.format]

    @property
    def is_hybrid(self) -> bool:
        return len(self.modes) > 1

    def set_format(self, format: str) -> None:
        """Set the format, unsaved. Seats and waiting people of a mode that it does not offer are counted in the other.

        The row must be locked; `registrations.modes.follow_format` then moves the seats themselves.
        """
        self.format = format
        if len(MODES.get(format, Mode)) == 1:
            [mode] = MODES[format]
            for counter in ("taken", "held", "waiting"):
                together = sum(getattr(self, f"{each}_{counter}") for each in Mode)
                for each in Mode:
                    setattr(self, f"{each}_{counter}", together if each == mode else 0)

    def seating(self, mode: str) -> Seating:
        """Return the seats in this mode."""
        return seating_of(self, mode)

    @property
    def seatings(self) -> list[Seating]:
        """The seats in each mode that the session offers."""
        return [seating_of(self, mode) for mode in self.modes]

    @property
    def capacity(self) -> int | None:
        """The seats in all modes together, or None where one of them has no limit."""
        limits = [seating.capacity for seating in self.seatings]
        return None if None in limits else sum(limit or 0 for limit in limits)

    @property
    def seats_taken(self) -> int:
        """The seats in all modes that somebody has."""
        return self.room_taken + self.online_taken

    @property
    def seats_waiting(self) -> int:
        """The people in the waiting lists of all modes."""
        return self.room_waiting + self.online_waiting

    @property
    def seats_left(self) -> int | None:
        """The free seats in all modes together as everybody may know them, or None where one of them has no limit."""
        capacity = self.capacity
        return None if capacity is None else capacity - self.seats_taken + self.room_held + self.online_held

    @property
    def is_full(self) -> bool:
        """Whether no mode has a seat left, as everybody may know."""
        return all(seating.is_full for seating in self.seatings)
