"""Real rows for tests. Every factory gives a complete, valid object; say only what the test is about."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

import factory
from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from core.accounts.models import User
from core.jobs import tallies
from core.mail import message_counts
from core.mail.models import Message
from core.timezones.wall_clock import instant
from core.webhooks.event_types import EventType
from core.webhooks.models import Delivery, Endpoint
from labs.models import (
    City,
    Delegate,
    Lab,
    LabDay,
    Operator,
    Programme,
    ProgrammeLogo,
    RoleInvitation,
    Room,
    Staff,
    StakeholderGroup,
    Track,
)
from registrations import persons
from registrations.consent import current_version
from registrations.models import (
    Attendance,
    Choice,
    Document,
    DocumentVersion,
    Opening,
    Question,
    QuestionSet,
    QueueNumber,
    Quota,
    Registration,
    RegistrationRules,
    Seat,
)
from registrations.quotas import taken_of
from registrations.statistics import ATTENDED, REGISTERED
from sessions import calendar_texts
from sessions.models import (
    AgendaItem,
    Appearance,
    CityGroup,
    CityGroupMember,
    CityProfile,
    Grouping,
    Session,
    Speaker,
)
from sessions.models.seating import MODES, default_format

Row = TypeVar("Row", bound=Model)

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@example.org")
    name = factory.Sequence(lambda n: f"Demo user {n}")

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.set_password(extracted or PASSWORD)
        if create:
            self.save(update_fields=["password"])


class CityFactory(DjangoModelFactory[City]):
    class Meta:
        model = City

    slug = factory.Sequence(lambda n: f"city-{n}")
    name = factory.Sequence(lambda n: {"en": f"City {n}", "bg": f"Град {n}"})
    country = "BG"
    time_zone = "Europe/Sofia"


class ProgrammeFactory(DjangoModelFactory[Programme]):
    class Meta:
        model = Programme

    slug = factory.Sequence(lambda n: f"programme-{n}")
    name = factory.Sequence(lambda n: {"en": f"Programme {n}", "bg": f"Програма {n}"})
    organiser = {"en": "European Commission", "bg": "Европейска комисия"}
    languages = ["en", "bg", "el"]
    visibility = "public"


class StakeholderGroupFactory(DjangoModelFactory[StakeholderGroup]):
    class Meta:
        model = StakeholderGroup

    programme = factory.SubFactory(ProgrammeFactory)
    slug = factory.Sequence(lambda n: f"group-{n}")
    name = factory.Sequence(lambda n: {"en": f"Group {n}"})


class OperatorFactory(DjangoModelFactory[Operator]):
    class Meta:
        model = Operator

    name = {"en": "City of Sofia", "bg": "Столична община"}
    address = "33 Moskovska Street\n1000 Sofia"
    country = "BG"
    email = "operator@example.org"


# A sign and two lines, dark and without a ground, like most logos.
LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60"><path fill="#8a1c5b" d="M4 8h16v44H4zM26 8h16v30H26z'
    b'M48 8h16v36H48z"/><path fill="#222222" d="M84 18h140v8H84zM84 36h100v6H84z"/></svg>'
)


class ProgrammeLogoFactory(DjangoModelFactory[ProgrammeLogo]):
    class Meta:
        model = ProgrammeLogo

    programme = factory.SubFactory(ProgrammeFactory)
    picture = factory.LazyFunction(lambda: ContentFile(LOGO, "logo.svg"))
    alt = {"en": "Demo partner", "bg": "Примерен партньор"}


class LabFactory(DjangoModelFactory[Lab]):
    """A public lab in Sofia time, three weeks ahead, open for registration."""

    class Meta:
        model = Lab

    programme = factory.SubFactory(ProgrammeFactory)
    slug = factory.Sequence(lambda n: f"lab-{n}")
    title = factory.Sequence(lambda n: {"en": f"City Lab {n}", "bg": f"Градска лаборатория {n}"})
    theme = {"en": "Upskilling and reskilling", "bg": "Повишаване на квалификацията"}
    starts_on = factory.LazyFunction(lambda: timezone.now().date() + timedelta(days=21))
    ends_on = factory.LazyAttribute(lambda lab: lab.starts_on + timedelta(days=10))
    time_zone = "Europe/Sofia"
    languages = ["en", "bg"]
    visibility = "public"
    public_revised_at = factory.LazyAttribute(
        lambda lab: timezone.now() if lab.visibility == "public" else None
    )
    registration_opens_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=7))
    registration_closes_at = factory.LazyAttribute(
        lambda lab: datetime.combine(lab.starts_on, time(0), UTC) if lab.registration_opens_at else None
    )
    consent = {
        "en": "The organisers may keep my answers.",
        "bg": "Организаторите може да пазят отговорите ми.",
    }


class LabDayFactory(DjangoModelFactory[LabDay]):
    class Meta:
        model = LabDay

    lab = factory.SubFactory(LabFactory)
    on = factory.LazyAttribute(lambda day: day.lab.starts_on)
    title = {"en": "Reskilling", "bg": "Преквалифициране"}


class TrackFactory(DjangoModelFactory[Track]):
    class Meta:
        model = Track

    lab = factory.SubFactory(LabFactory)
    slug = factory.Sequence(lambda n: f"track-{n}")
    name = factory.Sequence(lambda n: {"en": f"Track {n}", "bg": f"Тема {n}"})


class RoomFactory(DjangoModelFactory[Room]):
    class Meta:
        model = Room

    lab = factory.SubFactory(LabFactory)
    name = {"en": "Plenary", "bg": "Пленарна зала"}
    online = True
    join_link = "https://meet.example.org/secret-room"


class InCalendarsFactory(DjangoModelFactory[Row]):
    """Makes what calendars show, and writes the entries of the session, as the service does with every change."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[Row], *args: Any, **kwargs: Any) -> Row:
        row = super()._create(model_class, *args, **kwargs)
        calendar_texts.write(Session.objects.filter(pk=getattr(row, "session_id", row.pk)))
        return row


class SessionFactory(InCalendarsFactory[Session]):
    """A public session of one hour; instants are derived from the wall time as the service does.

    `capacity`, `seats_taken` and `seats_waiting` are of its only mode.
    """

    class Meta:
        model = Session

    lab = factory.SubFactory(LabFactory)
    slug = factory.Sequence(lambda n: f"session-{n}")
    title = factory.Sequence(lambda n: {"en": f"Session {n}", "bg": f"Сесия {n}"})
    start_date = factory.LazyAttribute(lambda s: s.lab.starts_on)
    start_time = time(11, 30)
    end_date = factory.LazyAttribute(lambda s: s.start_date)
    end_time = factory.LazyAttribute(
        lambda s: (datetime.combine(date(2000, 1, 1), s.start_time) + timedelta(hours=1)).time()
    )
    time_zone = factory.LazyAttribute(lambda s: s.lab.time_zone)
    starts_at = factory.LazyAttribute(
        lambda s: instant(s.start_date, s.start_time, s.time_zone, s.start_fold)
    )
    ends_at = factory.LazyAttribute(lambda s: instant(s.end_date, s.end_time, s.time_zone, s.end_fold))
    start_fold = 0
    end_fold = 0
    visibility = "public"
    revised_at = factory.LazyFunction(timezone.now)
    content_revised_at = factory.SelfAttribute("revised_at")
    room = None
    format = factory.LazyAttribute(lambda s: default_format(s.lab, s.room))

    @classmethod
    def _adjust_kwargs(cls, **kwargs: Any) -> Any:
        [mode, *_more] = MODES[kwargs["format"]]
        for name, column in (
            ("capacity", "capacity"),
            ("seats_taken", "taken"),
            ("seats_waiting", "waiting"),
        ):
            if name in kwargs:
                kwargs[f"{mode}_{column}"] = kwargs.pop(name)
        return super()._adjust_kwargs(**kwargs)


class AgendaItemFactory(InCalendarsFactory[AgendaItem]):
    class Meta:
        model = AgendaItem

    session = factory.SubFactory(SessionFactory)
    title = factory.Sequence(lambda n: {"en": f"Panel {n}", "bg": f"Панел {n}"})
    position = factory.Sequence(lambda n: n)


class SpeakerFactory(DjangoModelFactory[Speaker]):
    class Meta:
        model = Speaker

    programme = factory.SubFactory(ProgrammeFactory)
    slug = factory.Sequence(lambda n: f"speaker-{n}")
    name = factory.Sequence(lambda n: {"en": f"Demo speaker {n}"})
    affiliation = {"en": "European Commission"}


class CityProfileFactory(DjangoModelFactory[CityProfile]):
    """A city that works in English."""

    class Meta:
        model = CityProfile

    programme = factory.SubFactory(ProgrammeFactory)
    city = factory.SubFactory(CityFactory)
    languages = factory.LazyFunction(lambda: ["en"])


class GroupingFactory(DjangoModelFactory[Grouping]):
    """A round of small groups: one of these `cities`, and two cities left over."""

    class Meta:
        model = Grouping
        skip_postgeneration_save = True

    lab = factory.SubFactory(LabFactory)
    name = factory.Sequence(lambda n: f"Round {n}")

    @factory.post_generation
    def cities(self, create: bool, extracted: Any, **_options: object) -> None:
        group = CityGroup.objects.create(grouping=self, number=1)  # type: ignore[misc]
        for city in extracted or ():
            CityGroupMember.objects.create(grouping=self, group=group, city=city)  # type: ignore[misc]
        for _city in range(2):
            CityGroupMember.objects.create(grouping=self, city=CityFactory())  # type: ignore[misc]


class AppearanceFactory(InCalendarsFactory[Appearance]):
    class Meta:
        model = Appearance

    session = factory.SubFactory(SessionFactory)
    speaker = factory.SubFactory(SpeakerFactory, programme=factory.SelfAttribute("..session.lab.programme"))


class StaffFactory(DjangoModelFactory[Staff]):
    """An organiser of a lab, unless another role is said."""

    class Meta:
        model = Staff

    user = factory.SubFactory(UserFactory)
    role = "organiser"
    lab = factory.SubFactory(LabFactory)


class OwnerFactory(StaffFactory):
    """An owner of a programme."""

    role = "owner"
    lab = None
    programme = factory.SubFactory(ProgrammeFactory)


class RoleInvitationFactory(DjangoModelFactory[RoleInvitation]):
    """An open invitation to be door staff of a lab."""

    class Meta:
        model = RoleInvitation

    lab = factory.SubFactory(LabFactory)
    programme = factory.LazyAttribute(lambda one: one.lab.programme)
    role = "door"
    email = factory.Sequence(lambda n: f"invited{n}@example.org")
    sent_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=14))


class DelegateFactory(DjangoModelFactory[Delegate]):
    class Meta:
        model = Delegate

    user = factory.SubFactory(UserFactory)
    programme = factory.SubFactory(ProgrammeFactory)
    city = factory.SubFactory(CityFactory)


class RegistrationFactory(DjangoModelFactory[Registration]):
    """A registration whose address is confirmed."""

    class Meta:
        model = Registration

    lab = factory.SubFactory(LabFactory)
    name = factory.Sequence(lambda n: f"Demo participant {n}")
    email = factory.Sequence(lambda n: f"guest{n}@example.org")
    email_key = factory.LazyAttribute(lambda r: r.email.casefold())
    state = "confirmed"
    language = "en"
    time_zone = "Europe/Sofia"
    consent_version = factory.LazyAttribute(lambda r: current_version(r.lab))
    consent_language = "en"
    consent_at = factory.LazyFunction(timezone.now)
    confirmed_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[Registration], *args: Any, **kwargs: Any) -> Registration:
        """Count who is registered, as confirming does."""
        row = super()._create(model_class, *args, **kwargs)
        tallies.add(REGISTERED, int(row.state == "confirmed"), lab_id=row.lab_id)
        if row.state != "unconfirmed":
            persons.keep(row)
            Registration.objects.filter(pk=row.pk).update(person=row.person_id)
        return row


class DocumentFactory(DjangoModelFactory[Document]):
    """A document to accept, with its first version as `add` writes it."""

    class Meta:
        model = Document
        skip_postgeneration_save = True

    lab = factory.SubFactory(LabFactory)
    slug = factory.Sequence(lambda n: f"document-{n}")
    position = factory.Sequence(lambda n: n)

    @factory.post_generation
    def first(self, create: bool, extracted: object, **_options: object) -> None:
        DocumentVersion.objects.create(
            document=self,  # type: ignore[misc]
            number=1,
            title={"en": f"Rules {self.slug}"},
            text={"en": "Be *kind*."},
            created_at=timezone.now(),
        )
        RegistrationRules.objects.update_or_create(lab=self.lab, defaults={"has_documents": True})


class QuestionSetFactory(DjangoModelFactory[QuestionSet]):
    """Questions of the registration form that all organisers read, unless something else is said."""

    class Meta:
        model = QuestionSet

    lab = factory.SubFactory(LabFactory)
    slug = factory.Sequence(lambda n: f"set-{n}")
    title = factory.Sequence(lambda n: {"en": f"Questions {n}", "bg": f"Въпроси {n}"})
    opened_at = factory.LazyAttribute(lambda s: timezone.now() if s.stage == "accepted" else None)
    stage = "registering"
    protection = "ordinary"
    position = factory.Sequence(lambda n: n)


class QuestionFactory(DjangoModelFactory[Question]):
    """A question with a short text for an answer."""

    class Meta:
        model = Question

    question_set = factory.SubFactory(QuestionSetFactory)
    lab = factory.SelfAttribute("question_set.lab")
    slug = factory.Sequence(lambda n: f"question-{n}")
    kind = "short"
    label = factory.Sequence(lambda n: {"en": f"Question {n}", "bg": f"Въпрос {n}"})
    position = factory.Sequence(lambda n: n)


class ChoiceFactory(DjangoModelFactory[Choice]):
    class Meta:
        model = Choice

    question = factory.SubFactory(QuestionFactory, kind="one")
    slug = factory.Sequence(lambda n: f"choice-{n}")
    label = factory.Sequence(lambda n: {"en": f"Choice {n}", "bg": f"Избор {n}"})
    position = factory.Sequence(lambda n: n)


class SeatFactory(DjangoModelFactory[Seat]):
    """A confirmed seat as a bare row; tests of the counting use `registrations.seats` instead."""

    class Meta:
        model = Seat

    registration = factory.SubFactory(RegistrationFactory)
    session = factory.SubFactory(SessionFactory, lab=factory.SelfAttribute("..registration.lab"))
    mode = factory.LazyAttribute(lambda seat: seat.session.modes[0])
    state = "confirmed"
    queue_position = factory.Sequence(lambda n: n + 1)
    changed_at = factory.LazyFunction(timezone.now)


class OpeningFactory(DjangoModelFactory[Opening]):
    """The draw of a lab, of which one number is given."""

    class Meta:
        model = Opening
        django_get_or_create = ("lab",)

    lab = factory.SubFactory(LabFactory)
    last_number = 1


class QueueNumberFactory(DjangoModelFactory[QueueNumber]):
    """A number that was taken five minutes before the opening."""

    class Meta:
        model = QueueNumber

    opening = factory.SubFactory(OpeningFactory)
    number = 1
    at = factory.LazyAttribute(lambda one: one.opening.lab.registration_opens_at - timedelta(minutes=5))


class QuotaFactory(DjangoModelFactory[Quota]):
    """Five people of the lab, unless something else is said."""

    class Meta:
        model = Quota

    lab = factory.SubFactory(LabFactory)
    limit = 5

    @classmethod
    def _create(cls, model_class: type[Quota], *args: Any, **kwargs: Any) -> Quota:
        """Count who is there already, as adding a quota does."""
        return super()._create(model_class, *args, **{"taken": taken_of(Quota(**kwargs)), **kwargs})


class AttendanceFactory(DjangoModelFactory[Attendance]):
    """Attendance of a session that was yesterday: before it ends it counts towards no certificate."""

    class Meta:
        model = Attendance

    registration = factory.SubFactory(RegistrationFactory)
    session = factory.SubFactory(
        SessionFactory,
        lab=factory.SelfAttribute("..registration.lab"),
        start_date=factory.LazyFunction(lambda: timezone.now().date() - timedelta(days=1)),
    )
    taken_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[Attendance], *args: Any, **kwargs: Any) -> Attendance:
        """Count who came, as taking attendance does."""
        row = super()._create(model_class, *args, **kwargs)
        came = Attendance.objects.filter(registration=row.registration_id).count()
        tallies.add(ATTENDED, int(came == 1), lab_id=row.registration.lab_id)
        return row


class MessageFactory(DjangoModelFactory[Message]):
    """An email that is queued; with another state, one that became that, and is counted so."""

    class Meta:
        model = Message

    occasion = "confirmation"
    key = factory.Sequence(lambda n: f"test/{n}")
    language = "en"
    to_email = "participant@example.org"
    subject = "You are registered"
    text = "You are registered"
    message_id = factory.LazyAttribute(lambda m: f"<{m.key}@citylabs.example.org>")
    finished_at = factory.LazyAttribute(
        lambda m: None if getattr(m, "state", "queued") in ("queued", "sending") else timezone.now()
    )

    @classmethod
    def _create(cls, model_class: type[Message], *args: Any, **kwargs: Any) -> Message:
        row = super()._create(model_class, *args, **kwargs)
        message_counts.count([row], 1)
        return row


class EndpointFactory(DjangoModelFactory[Endpoint]):
    """A webhook that wants to hear everything."""

    class Meta:
        model = Endpoint

    lab = factory.SubFactory(LabFactory)
    url = "https://hooks.example.org/hook"
    events = factory.LazyFunction(lambda: list(EventType.values))


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """An event that is due."""

    class Meta:
        model = Delivery

    endpoint = factory.SubFactory(EndpointFactory)
    event = "registration.confirmed"
    body = '{"type":"registration.confirmed"}'
    retry_until = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=72))
