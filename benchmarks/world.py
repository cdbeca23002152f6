"""Labs of the sizes that the limits speak of, with plainly artificial content."""

from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from core.timezones.wall_clock import instant
from labs.models import City, Lab, Programme, Room, StakeholderGroup, Track
from sessions import calendar_texts
from sessions.models import AgendaItem, Appearance, Session, Speaker

ABSTRACT = "What cities have tried, what came of it, and what others can take from it. " * 3


def programme() -> Programme:
    made = Programme.objects.create(
        slug="bench",
        name={"en": "Bench programme"},
        organiser={"en": "Bench"},
        languages=["en", "bg"],
        visibility="public",
    )
    for number in range(18):
        made.cities.add(
            City.objects.create(
                slug=f"city-{number}", name={"en": f"City {number}"}, country="BG", time_zone="Europe/Sofia"
            )
        )
    for number in range(6):
        StakeholderGroup.objects.create(
            programme=made, slug=f"group-{number}", name={"en": f"Group {number}"}
        )
    return made


def lab(of: Programme, slug: str, sessions: int, seats: int | None = 100) -> Lab:
    """A public lab with this many sessions, eight a day, each with an agenda item, a speaker, a track and a room."""
    first = timezone.now().date() + timedelta(days=30)
    made = Lab.objects.create(
        programme=of,
        slug=slug,
        title={"en": f"Bench lab {sessions}", "bg": f"Лаборатория {sessions}"},
        starts_on=first,
        ends_on=first + timedelta(days=sessions // 8 + 1),
        time_zone="Europe/Sofia",
        languages=["en", "bg"],
        visibility="public",
        registration_opens_at=timezone.now() - timedelta(days=1),
    )
    tracks = [
        Track.objects.create(
            lab=made, slug=f"track-{number}", name={"en": f"Track {number}", "bg": f"Тема {number}"}
        )
        for number in range(5)
    ]
    room = Room.objects.create(lab=made, name={"en": "Plenary", "bg": "Пленарна зала"}, online=True)
    speakers = [
        Speaker.objects.create(programme=of, slug=f"{slug}-{number}", name={"en": f"Bench speaker {number}"})
        for number in range(20)
    ]
    rows = []
    for number in range(sessions):
        on = first + timedelta(days=number // 8)
        starts, ends = time(8 + number % 8, 30), time(9 + number % 8, 15)
        rows.append(
            Session(
                lab=made,
                slug=f"session-{number}",
                title={
                    "en": f"Session {number}, with a title of the usual length",
                    "bg": f"Сесия {number} с обичайно заглавие",
                },
                abstract={"en": ABSTRACT, "bg": ABSTRACT},
                track=tracks[number % 5],
                room=room,
                start_date=on,
                start_time=starts,
                end_date=on,
                end_time=ends,
                time_zone="Europe/Sofia",
                starts_at=instant(on, starts, "Europe/Sofia"),
                ends_at=instant(on, ends, "Europe/Sofia"),
                visibility="public",
                format="online",
                online_capacity=seats,
                revised_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
    stored = Session.objects.bulk_create(rows)
    items = AgendaItem.objects.bulk_create(
        AgendaItem(
            session=session,
            title={"en": "Panel", "bg": "Панел"},
            start_time=session.start_time,
            end_time=session.end_time,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
        )
        for session in stored
    )
    Appearance.objects.bulk_create(
        Appearance(session=session, agenda_item=item, speaker=speakers[number % 20])
        for number, (session, item) in enumerate(zip(stored, items, strict=True))
    )
    calendar_texts.write(made.sessions.all())
    return made
