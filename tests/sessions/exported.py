"""A lab with everything in it, for tests of exports."""

from datetime import date, time

from labs.models import Lab
from sessions.models import Session
from tests import factories as f

CANARY = "Only for organisers"


def full_lab() -> Lab:
    """A public lab of one winter week in Sofia: what visitors see, and what they do not (with CANARY in its texts)."""
    programme = f.ProgrammeFactory(slug="icc", name={"en": "Intelligent Cities"}, eu_funded=True)
    lab = f.LabFactory(
        slug="winter-lab",
        title={"en": "Winter Lab", "bg": "Зимно събитие"},
        programme=programme,
        starts_on=date(2027, 3, 25),
        ends_on=date(2027, 3, 31),
        format="hybrid",
        venue={"en": "Sofia Tech Park", "bg": "София Тех Парк"},
        description={"en": "What cities **tried**.", "bg": "Какво опитаха градовете."},
        registration_opens_at=None,
    )
    sofia = f.CityFactory(slug="sofia", name={"en": "Sofia", "bg": "София"})
    programme.cities.add(sofia)
    skills = f.TrackFactory(lab=lab, slug="skills", name={"en": "Skills", "bg": "Умения"}, position=0)
    f.TrackFactory(lab=lab, slug="hidden-track", name={"en": f"{CANARY} track"}, position=1)
    hall = f.RoomFactory(
        lab=lab,
        name={"en": "Hall <1>", "bg": "Зала 1"},
        address="1 Tech Street",
        online=False,
        join_link="",
        capacity=400,
        position=0,
    )
    f.RoomFactory(lab=lab, name={"en": f"{CANARY} room"}, online=True, position=1)
    f.LabDayFactory(lab=lab, on=date(2027, 3, 25), title={"en": "Opening day", "bg": "Първи ден"})
    f.LabDayFactory(lab=lab, on=date(2027, 3, 31), title={"en": f"{CANARY} day"})
    ivan = f.SpeakerFactory(
        programme=programme,
        slug="ivan",
        name={"en": "Ivan Ivanov", "bg": "Иван Иванов"},
        affiliation={"en": "City of Sofia"},
        biography={"en": "Works for *Sofia*."},
        city=sofia,
        website="https://example.org/ivan",
        languages=["bg", "en"],
    )
    maria = f.SpeakerFactory(programme=programme, slug="maria", name={"en": "Maria & Co"})
    hidden = f.SpeakerFactory(programme=programme, slug="hidden-speaker", name={"en": f"{CANARY} speaker"})
    plenary = f.SessionFactory(
        lab=lab,
        slug="plenary",
        title={"en": "=Plenary & <debate>", "bg": "Пленарна сесия"},
        abstract={"en": "First paragraph.\n\n- a point\n- another", "bg": "Първи абзац."},
        track=skills,
        room=hall,
        start_date=date(2027, 3, 25),
        start_time=time(9, 30),
        end_time=time(11),
        capacity=300,
        spoken_languages=["en"],
        interpreted_languages=["bg", "el"],
        interpretation_order_by=date(2027, 3, 1),
        join_link=f"https://meet.example.org/{CANARY.replace(' ', '-')}",
    )
    item = f.AgendaItemFactory(
        session=plenary,
        title={"en": "Panel", "bg": "Панел"},
        abstract={"en": "Four mayors."},
        start_time=time(9, 30),
        end_time=time(10, 15),
        starts_at=plenary.starts_at,
        ends_at=plenary.starts_at.replace(hour=8, minute=15),
        position=0,
    )
    f.AgendaItemFactory(session=plenary, title={"en": "Questions"}, position=1)
    f.AppearanceFactory(session=plenary, speaker=ivan, role="moderator", position=0)
    f.AppearanceFactory(session=plenary, speaker=maria, agenda_item=item, role="panellist", position=0)
    # Over the clock change of 28 March 2027, in another zone than the lab's.
    f.SessionFactory(
        lab=lab,
        slug="night",
        title={"en": "Night"},
        start_date=date(2027, 3, 27),
        start_time=time(23),
        end_date=date(2027, 3, 28),
        end_time=time(6),
        time_zone="Europe/Rome",
        format="online",
    )
    f.SessionFactory(
        lab=lab,
        slug="called-off",
        title={"en": "Called off"},
        status="cancelled",
        cancelled_at=lab.public_revised_at,
        cancel_reason={"en": "The speaker is ill"},
        start_date=date(2027, 3, 26),
    )
    internal = f.SessionFactory(
        lab=lab,
        slug="internal",
        title={"en": f"{CANARY} internal"},
        visibility="internal",
        start_date=date(2027, 3, 31),
    )
    internal.audience.add(sofia)
    f.AppearanceFactory(session=internal, speaker=hidden)
    f.SessionFactory(
        lab=lab,
        slug="draft",
        title={"en": f"{CANARY} draft"},
        visibility="draft",
        start_date=date(2027, 3, 30),
    )
    return Lab.objects.select_related("programme").get(pk=lab.pk)


def sessions_of(lab: Lab) -> list[Session]:
    return list(lab.sessions.order_by("slug"))
