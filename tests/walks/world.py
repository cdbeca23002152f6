"""A small world with something to leak: every hidden text carries a canary word that names who may read it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from certificates.models import Certificate
from labs import tokens
from labs.models import ApiToken, Lab, Message, Programme, User
from registrations.models import Registration
from sessions.models import Session
from tests import factories as f

# Canary words, and where they are planted. Each is written in every free text of its object.
SOFIA_ONLY = "canarysofiaonly"  # internal session, audience Sofia
ALL_CITIES = "canaryallcities"  # internal session, all delegates of the programme
DRAFT = "canarydraft"  # draft session of a public lab
DRAFT_LAB = "canaryunpublished"  # a lab that is a draft, its public session, its track, its programme
OTHER_LAB = "canaryotherlab"  # internal session of another programme's lab
JOIN = "canaryjoinlink"  # join links of rooms and sessions
PERSON = "canaryperson"  # a participant of the main lab
OTHER_PERSON = "canarystranger"  # a participant of the other programme's lab
ALL_WORDS = (SOFIA_ONLY, ALL_CITIES, DRAFT, DRAFT_LAB, OTHER_LAB, JOIN, PERSON, OTHER_PERSON)


@dataclass
class Kind:
    """One kind of viewer: how it asks, and which canaries it may meet anywhere."""

    name: str
    may_read: frozenset[str]
    user: User | None = None
    api_token: str | None = None
    tokens: tuple[str, ...] = ()

    def client(self) -> Client:
        client = Client()
        if self.user is not None:
            client.force_login(self.user)
        return client

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_token}"} if self.api_token else {}


@dataclass
class World:
    kinds: dict[str, Kind] = field(default_factory=dict)
    # Values to try for each parameter that an address can have; a new parameter must be taught here.
    values: dict[str, list[Any]] = field(default_factory=dict)


def texts(word: str) -> dict[str, str]:
    return {"en": f"Title {word}", "bg": f"Заглавие {word}"}


def hidden_session(lab: Lab, word: str, visibility: str, slug: str, **more: Any) -> Session:
    """A session with the word in its title, abstract, agenda, speakers, room and track."""
    track = f.TrackFactory(lab=lab, name=texts(word), slug=f"track-{slug}")
    room = f.RoomFactory(lab=lab, name=texts(word), join_link=f"https://meet.example.org/{JOIN}")
    session = f.SessionFactory(
        lab=lab,
        slug=slug,
        visibility=visibility,
        title=texts(word),
        abstract=texts(word),
        track=track,
        room=room,
        join_link=f"https://meet.example.org/{JOIN}",
        **more,
    )
    item = f.AgendaItemFactory(session=session, title=texts(word), abstract=texts(word))
    speaker = f.SpeakerFactory(
        programme=lab.programme,
        slug=f"speaker-{slug}",
        name=texts(word),
        affiliation=texts(word),
        biography=texts(word),
    )
    f.AppearanceFactory(session=session, speaker=speaker, agenda_item=item)
    return session


def certificate_of(registration: Registration, code: str) -> Certificate:
    return Certificate.objects.create(
        lab=registration.lab,
        registration=registration,
        code=code,
        language="en",
        holder_name=registration.name,
        holder_hash="x",
        content={},
        minutes=60,
        issued_at=timezone.now(),
    )


def message_to(registration: Registration) -> Message:
    return Message.objects.create(
        lab=registration.lab,
        about=f"registration/{registration.public_id}",
        occasion="confirmation",
        key=f"walk/{registration.pk}",
        language="en",
        to_name=registration.name,
        to_email=registration.email,
        subject=f"You are registered, {registration.name}",
        text=f"For {registration.name}",
        message_id=f"<walk-{registration.pk}@citylabs.example.org>",
    )


def api_token_for(user: User, **more: Any) -> str:
    token, token_hash = tokens.new_api_token()
    ApiToken.objects.create(
        user=user,
        name="walk",
        token_hash=token_hash,
        scopes=[scope.value for scope in ApiToken.Scope],
        **more,
    )
    return token


def build() -> World:
    programme = f.ProgrammeFactory(slug="main-programme")
    sofia, trikala = f.CityFactory(slug="sofia"), f.CityFactory(slug="trikala")
    programme.cities.add(sofia, trikala)
    lab = f.LabFactory(programme=programme, slug="main-lab", theme={"en": "Open theme"})
    plain = f.SessionFactory(lab=lab, slug="open", capacity=10, join_link=f"https://meet.example.org/{JOIN}")
    sofia_session = hidden_session(lab, SOFIA_ONLY, "internal", "for-sofia")
    sofia_session.audience.add(sofia)
    everyone = hidden_session(lab, ALL_CITIES, "internal", "for-all")
    draft = hidden_session(lab, DRAFT, "draft", "draft")

    hidden_programme = f.ProgrammeFactory(slug="hidden", visibility="draft", name=texts(DRAFT_LAB))
    hidden_lab = f.LabFactory(
        programme=hidden_programme,
        slug="hidden-lab",
        visibility="draft",
        title=texts(DRAFT_LAB),
        theme=texts(DRAFT_LAB),
    )
    hidden = hidden_session(hidden_lab, DRAFT_LAB, "public", "in-hidden-lab")

    other_programme = f.ProgrammeFactory(slug="other-programme")
    other_lab = f.LabFactory(programme=other_programme, slug="other-lab")
    other = hidden_session(other_lab, OTHER_LAB, "internal", "other-internal")
    f.SessionFactory(lab=other_lab, slug="other-open")

    person = f.RegistrationFactory(
        lab=lab, name=f"Demo {PERSON}", email=f"{PERSON}@example.org", organisation=PERSON, city_text=PERSON
    )
    f.SeatFactory(registration=person, session=plain)
    Session.objects.filter(pk=plain.pk).update(seats_taken=1, last_place=1)
    f.AttendanceFactory(registration=person, session=plain)
    stranger = f.RegistrationFactory(
        lab=other_lab, name=f"Demo {OTHER_PERSON}", email=f"{OTHER_PERSON}@example.org"
    )
    waiting = f.RegistrationFactory(
        lab=lab, state="unconfirmed", confirmed_at=None, name=f"Demo {PERSON} two"
    )

    codes = ["7K3M-Q9TX-2W8H", "9D5C-T7LB-H6PN"]
    certificates = [certificate_of(person, codes[0]), certificate_of(stranger, codes[1])]
    messages = [message_to(person), message_to(stranger)]

    users = {name: f.UserFactory(email=f"{name}@example.org") for name in (
        "delegate_sofia", "delegate_trikala", "delegate_elsewhere", "door", "organiser", "organiser_elsewhere", "owner",
        "nobody",
    )}  # fmt: skip
    f.DelegateFactory(user=users["delegate_sofia"], programme=programme, city=sofia)
    f.DelegateFactory(user=users["delegate_trikala"], programme=programme, city=trikala)
    f.DelegateFactory(user=users["delegate_elsewhere"], programme=other_programme, city=sofia)
    f.StaffFactory(user=users["door"], role="door", lab=lab)
    f.StaffFactory(user=users["organiser"], role="organiser", lab=lab)
    f.StaffFactory(user=users["organiser_elsewhere"], role="organiser", lab=other_lab)
    f.StaffFactory(user=users["owner"], role="owner", programme=programme, lab=None)
    superuser = User.objects.create_superuser("root@example.org", "correct horse battery staple")

    nothing: frozenset[str] = frozenset()
    internal = frozenset({SOFIA_ONLY, ALL_CITIES})
    whole_lab = internal | {DRAFT, JOIN, PERSON}
    rights = {
        "delegate_sofia": internal,
        "delegate_trikala": frozenset({ALL_CITIES}),
        "delegate_elsewhere": frozenset({OTHER_LAB}),
        "door": internal | {PERSON},
        "organiser": whole_lab,
        "organiser_elsewhere": frozenset({OTHER_LAB, OTHER_PERSON, JOIN}),
        "owner": whole_lab,
        "nobody": nothing,
    }
    world = World()
    # The name on a certificate is what its check page attests to whoever holds the code.
    world.kinds["visitor"] = Kind("visitor", nothing)
    for name, words in rights.items():
        world.kinds[name] = Kind(name, words, user=users[name])
        if name != "nobody":
            world.kinds[f"api_{name}"] = Kind(f"api_{name}", words, api_token=api_token_for(users[name]))
    world.kinds["api_superuser"] = Kind(
        "api_superuser", frozenset(ALL_WORDS), api_token=api_token_for(superuser)
    )
    world.kinds["superuser"] = Kind("superuser", frozenset(ALL_WORDS), user=superuser)

    def link(purpose: str, registration: Registration) -> str:
        return tokens.make(purpose, registration.public_id, 1)

    own_links = tuple(
        link(purpose, person)
        for purpose in (
            "registration.manage",
            "registration.confirm",
            "registration.leave",
            "registration.feed",
        )
    )
    # Whoever holds the link is the person: own data, and join links of own seats.
    world.kinds["participant"] = Kind("participant", frozenset({PERSON, JOIN}), tokens=own_links)

    altered = own_links[0][:-6] + "AAAAAA"
    world.values = {
        "lab": [lab.slug, hidden_lab.slug, other_lab.slug, "no-such-lab"],
        "programme": [programme.slug, hidden_programme.slug, other_programme.slug, "no-such-programme"],
        "session": [s.slug for s in (plain, sofia_session, everyone, draft, hidden, other)]
        + ["no-such-session"],
        "track": [f"track-{s.slug}" for s in (sofia_session, everyone, draft, hidden, other)],
        "speaker": [f"speaker-{s.slug}" for s in (sofia_session, everyone, draft, hidden, other)],
        "room": list(lab.rooms.values_list("pk", flat=True))
        + list(other_lab.rooms.values_list("pk", flat=True)),
        "registration": [person.public_id, stranger.public_id, waiting.public_id],
        "message": [message.public_id for message in messages],
        "code": [*codes, "0000-0000-0000"],
        "certificate": [certificate.code for certificate in certificates],
        "token": [altered, "x" * 48, "short"],
        "day": [lab.starts_on + timedelta(days=1)],
        "city": ["sofia"],
    }
    return world


def programme_of_walk() -> Programme:
    return Programme.objects.get(slug="main-programme")
