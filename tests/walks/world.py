"""A small world with something to leak: every hidden text carries a canary that names its secret and its field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.utils import user_pk_to_url_str
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from certificates.models import Certificate
from core.accounts.models import EmailChange, User
from core.mail.models import EmailTemplate, Message
from core.web import signed_links as tokens
from core.webhooks.models import Attempt, Delivery
from labs.models import ApiToken, Lab, StakeholderGroup
from labs.theme import theme_values
from registrations import my_registrations, opening, tags, transfers
from registrations.models import (
    Announcement,
    BulkAction,
    Invitation,
    Note,
    Registration,
    RegistrationRules,
    ReminderRule,
    Transfer,
)
from sessions import speaker_links
from sessions.models import ImportEntry, PublicChange, ScheduleImport, Session, UnannouncedChange
from sessions.session_facts import stored_facts
from tests import factories as f
from tests.walks.canaries import (
    JOIN,
    OF_CONTACT,
    OF_HOOK,
    OF_IMPORT,
    OF_LAB,
    OF_MAIL,
    OF_NEEDS,
    OF_NOTES,
    OF_PERSON,
    OF_PROGRAMME,
    OF_SESSION,
    OF_SIGNER,
    OF_TEXTS,
    Canary,
    all_of,
    canary,
)
from tests.walks.hidden_session import hidden_session, photographed, slides_of, texts
from tests.walks.nominations import named_by_city, nomination_links
from tests.walks.questions import answered, question_set, with_needs


@dataclass
class Kind:
    """One kind of viewer: how it asks, which canaries it may meet anywhere, and which it must meet somewhere."""

    name: str
    may_read: frozenset[Canary] = frozenset()
    must_read: frozenset[Canary] = frozenset()
    user: User | None = None
    api_token: str | None = None
    tokens: tuple[str, ...] = ()
    works: bool = False  # has a role in some lab

    def client(self, **more: Any) -> Client:
        client = Client(**more)
        if self.user is not None:
            client.force_login(self.user)
            client.get(
                "/"
            )  # signing in at the form writes the session's token; `force_login` leaves it to a page
        return client

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_token}"} if self.api_token else {}


@dataclass
class World:
    kinds: dict[str, Kind] = field(default_factory=dict)
    # Values to try for each parameter that an address can have; a new parameter must be taught here.
    values: dict[str, list[Any]] = field(default_factory=dict)
    # Those of them that stand for nothing, beside the ones that say so ("no-such-…").
    absent: frozenset[Any] = frozenset()
    # The labs that parts belong to, where that is not the main one.
    homes: dict[Any, str] = field(default_factory=dict)
    # Parts of other labs and programmes, which no address of the main lab may open.
    foreign: dict[str, list[Any]] = field(default_factory=dict)
    # What exists, and may be seen by whoever may see the lab at all.
    main: dict[str, Any] = field(default_factory=dict)


def certificate_of(registration: Registration, code: str) -> Certificate:
    made = Certificate.objects.create(
        lab=registration.lab,
        registration=registration,
        code=code,
        language="en",
        holder_name=registration.name,
        registered_name=registration.name,
        holder_hash="x",
        content={},
        minutes=60,
        issued_at=timezone.now(),
    )
    made.pdf.save(f"{code}.pdf", ContentFile(f"%PDF {registration.name}".encode()))
    return made


def message_to(secret: str, lab: Lab | None, registration: Registration | None = None) -> Message:
    return Message.objects.create(
        lab=lab,
        registration=registration,
        occasion="confirmation" if lab else "password_reset",
        key=f"walk/{secret}",
        language="en",
        to_name=canary(secret, "toname"),
        to_email=f"{canary(secret, 'toemail')}@example.org",
        subject=f"You are registered, {canary(secret, 'subject')}",
        text=f"For {canary(secret, 'text')}",
        html=f"<p>For {canary(secret, 'html')}</p>",
        message_id=f"<walk-{secret}@citylabs.example.org>",
    )


def registered(secret: str, lab: Lab, **more: Any) -> Registration:
    person = f.RegistrationFactory(
        lab=lab,
        name=f"Demo {canary(secret, 'name')}",
        email=f"{canary(secret, 'email')}@example.org",
        organisation=canary(secret, "organisation"),
        city_text=canary(secret, "citytext"),
        **more,
    )
    answered(person, canary(secret, "answer"))
    return person


def schedule_import(secret: str, lab: Lab) -> ScheduleImport:
    """A file of a schedule that was read and waits for an organiser."""
    run = ScheduleImport.objects.create(
        lab=lab,
        language="en",
        file_name=canary(secret, "file"),
        format="csv",
        content=b"title",
        state="previewed",
        sheets=[
            {
                "name": "Sessions",
                "model": "Sessions",
                "header": ["title"],
                "examples": [[canary(secret, "cell")]],
            }
        ],
        columns={"Sessions": ["title_en"]},
        counts={"session.new": 1},
    )
    ImportEntry.objects.create(
        of=run,
        position=0,
        kind="session",
        state="new",
        label=canary(secret, "entry"),
        can_choose=True,
        fingerprint="x",
    )
    return run


def webhook_of(secret: str, lab: Lab) -> Delivery:
    """A webhook with an event that was answered."""
    endpoint = f.EndpointFactory(
        lab=lab,
        url=f"https://hooks.example.org/{canary(secret, 'hookurl')}",
        description=canary(secret, "hookdescription"),
    )
    body = f'{{"data": "{canary(secret, "hookbody")}"}}'
    sent = f.DeliveryFactory(endpoint=endpoint, body=body, state="failed", finished_at=timezone.now())
    Attempt.objects.create(delivery=sent, status=500, milliseconds=1, reply=canary(secret, "hookreply"))
    return sent


def api_token_for(user: User, name: str, **more: Any) -> str:
    token, token_hash = tokens.new_api_token()
    ApiToken.objects.create(
        user=user,
        name=name,
        token_hash=token_hash,
        **{"scopes": [scope.value for scope in ApiToken.Scope], **more},
    )
    return token


def drawing(secret: str, name: str) -> ContentFile:  # type: ignore[type-arg]
    """A picture that is marked with a canary."""
    return ContentFile(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
        f"<title>{canary(secret, name)}</title></svg>".encode()
    )


def changed(*sessions: Session) -> None:
    """Changes of these sessions, one hour later each: unannounced, and public as if all of them were."""
    for session, now in ((one, stored_facts([one])[one.pk]) for one in sessions):
        session.refresh_from_db()
        was = {**now, "starts_at": (session.starts_at - timedelta(hours=1)).isoformat()}
        UnannouncedChange.objects.create(session=session, was=was)
        at = session.revised_at
        PublicChange.objects.create(session=session, at=at, updated_at=at, was=was, now=now)


def build() -> World:
    programme = f.ProgrammeFactory(slug="main-programme")
    sofia, trikala = f.CityFactory(slug="sofia"), f.CityFactory(slug="trikala")
    programme.cities.add(sofia, trikala)
    logo = f.ProgrammeLogoFactory(programme=programme)
    lab = f.LabFactory(
        programme=programme,
        slug="main-lab",
        theme={"en": "Open theme"},
        signatory_name=canary("signer", "signatory"),
    )
    lab.signature.save("walk.svg", drawing("signer", "signature"))
    track = f.TrackFactory(lab=lab, slug="open-track")
    plain = f.SessionFactory(
        lab=lab,
        slug="open",
        capacity=10,
        track=track,
        join_link=f"https://meet.example.org/{canary('open', 'link')}",
    )
    room = f.RoomFactory(lab=lab, join_link=f"https://meet.example.org/{canary('open', 'roomlink')}")
    # A room's link is told where the session has none of its own.
    f.SessionFactory(lab=lab, slug="open-room", room=room, start_date=lab.starts_on + timedelta(days=9))
    speaking = f.AppearanceFactory(
        session=plain,
        speaker__slug="open-speaker",
        speaker__email=f"{canary('spoken', 'speakeremail')}@example.org",
        speaker__contact_since=timezone.now(),
    ).speaker
    photographed(speaking, "open")
    slides_of(speaking, plain, "open")
    sofia_session = hidden_session(lab, "sofia", "internal", 1)
    sofia_session.audience.add(sofia)
    everyone = hidden_session(lab, "cities", "internal", 2)
    draft = hidden_session(lab, "draft", "draft", 3)
    called_off = hidden_session(
        lab,
        "calledoff",
        "internal",
        4,
        status="cancelled",
        cancelled_at=timezone.now(),
        cancel_reason=texts(canary("calledoff", "reason")),
    )

    hidden_programme = f.ProgrammeFactory(
        slug=canary("unpublished", "programmeslug"),
        visibility="draft",
        name=texts(canary("unpublished", "programmename")),
        description=texts(canary("unpublished", "programmedescription")),
        participation=texts(canary("unpublished", "participation")),
        imprint=texts(canary("unpublished", "imprint")),
        eu_funded=True,
        grant_number=canary("unpublished", "grant"),
    )
    hidden_logo = f.ProgrammeLogoFactory(
        programme=hidden_programme, alt=texts(canary("unpublished", "logoalt"))
    )
    StakeholderGroup.objects.create(
        programme=hidden_programme, slug="secret", name=texts(canary("unpublished", "group"))
    )
    hidden_lab = f.LabFactory(
        programme=hidden_programme,
        slug=canary("unpublished", "labslug"),
        visibility="draft",
        title=texts(canary("unpublished", "labtitle")),
        theme=texts(canary("unpublished", "theme")),
        description=texts(canary("unpublished", "labdescription")),
        venue=texts(canary("unpublished", "venue")),
        contact_email=f"{canary('unpublished', 'contact')}@example.org",
        consent=texts(canary("unpublished", "consent")),
        colour="#0b5c6e",
        theme_values=theme_values("#0b5c6e"),
    )
    hidden_lab.logo.save("walk.svg", drawing("unpublished", "logo"))
    hidden = hidden_session(hidden_lab, "unpublished", "public", 1)

    other_programme = f.ProgrammeFactory(slug="other-programme")
    other_lab = f.LabFactory(programme=other_programme, slug="other-lab")
    other = hidden_session(other_lab, "other", "internal", 1)
    f.SessionFactory(lab=other_lab, slug="other-open")

    person = registered("person", lab)
    stranger = registered("stranger", other_lab)
    waiting = registered("unconfirmed", lab, state="unconfirmed", confirmed_at=None)
    insider = registered("insider", lab)
    for registration, session in ((person, plain), (insider, sofia_session)):
        f.SeatFactory(registration=registration, session=session)
        f.AttendanceFactory(registration=registration, session=session)
        Session.objects.filter(pk=session.pk).update(
            last_queue_position=1, **{f"{session.modes[0]}_taken": 1}
        )

    changed(plain, sofia_session, draft)
    own_set, needs = question_set(lab), with_needs(person)

    codes = ["7K3M-Q9TX-2W8H", "9D5C-T7MB-H6PN"]
    certificates = [certificate_of(person, codes[0]), certificate_of(stranger, codes[1])]
    messages = [
        message_to("personmail", lab, person),
        message_to("strangermail", other_lab, stranger),
        message_to("accountmail", None),
    ]

    invitation, other_invitation = (
        Invitation.objects.create(lab=each, note="For the city of the lab") for each in (lab, other_lab)
    )
    numbers = [f.QueueNumberFactory(opening__lab=each) for each in (lab, other_lab)]
    for each in (lab, other_lab):
        RegistrationRules.objects.create(lab=each, opening_draw=True)
    named = [named_by_city(each, sofia) for each in (lab, other_lab)]
    house_rules, other_rules = (
        f.DocumentFactory(lab=each, slug=slug, is_required=False)
        for each, slug in ((lab, "house-rules"), (other_lab, "rules-of-another-lab"))
    )
    quota, other_quota = (f.QuotaFactory(lab=each, limit=3) for each in (lab, other_lab))
    rule, other_rule = (ReminderRule.objects.create(lab=each, hours=24) for each in (lab, other_lab))
    announcements = [
        Announcement.objects.create(lab=each, subject={"en": words}, body={"en": words})
        for each, words in ((lab, canary("texts", "announcement")), (other_lab, "Of another lab"))
    ]
    EmailTemplate.objects.create(
        lab=lab, occasion="confirmation", language="en", closing=canary("texts", "closing")
    )
    f.CityProfileFactory(programme=programme, city=sofia)
    rounds = [f.GroupingFactory(lab=each, cities=[sofia]) for each in (lab, other_lab)]
    hooks = [webhook_of("hook", lab), webhook_of("otherhook", other_lab)]

    notes = []
    for secret, noted in (("noted", person), ("othernoted", stranger)):
        tags.tag(noted, canary(secret, "tag"))
        notes.append(Note.objects.create(registration=noted, text=canary(secret, "note")))
    actions = [
        BulkAction.objects.create(
            lab=each, kind="tag", tag=canary(secret, "tag"), finished_at=timezone.now(), people=[person.pk]
        )
        for secret, each in (("noted", lab), ("othernoted", other_lab))
    ]
    runs = [schedule_import(secret, each) for secret, each in (("noted", lab), ("othernoted", other_lab))]

    people = "delegatesofia delegatetrikala delegateelsewhere door organiser organiserelsewhere owner nobody"
    users = {
        name: f.UserFactory(email=f"{name}@example.org", name=f"Demo {canary(name, 'account')}")
        for name in people.split()
    }
    delegate = f.DelegateFactory(user=users["delegatesofia"], programme=programme, city=sofia)
    f.DelegateFactory(user=users["delegatetrikala"], programme=programme, city=trikala)
    other_delegate = f.DelegateFactory(user=users["delegateelsewhere"], programme=other_programme, city=sofia)
    door = f.StaffFactory(user=users["door"], role="door", lab=lab)
    f.StaffFactory(user=users["organiser"], role="organiser", lab=lab)
    other_staff = f.StaffFactory(user=users["organiserelsewhere"], role="organiser", lab=other_lab)
    offers = [f.RoleInvitationFactory(lab=each) for each in (lab, other_lab)]
    programme_offers = [
        f.RoleInvitationFactory(programme=each, lab=None, role="owner")
        for each in (programme, other_programme)
    ]
    f.OwnerFactory(user=users["owner"], programme=programme)
    users["superuser"] = User.objects.create_superuser(
        "root@example.org", "correct horse battery staple", name=f"Demo {canary('superuser', 'account')}"
    )

    # What is asked about a session that is cancelled is seen by organisers alone.
    not_asked = all_of("calledoff", {"question"})
    for_all = all_of("cities", OF_SESSION) | all_of("calledoff", OF_SESSION, {"reason"}) - not_asked
    internal = all_of("sofia", OF_SESSION) | for_all
    # Organisers work with everybody who applied; the door needs names, and where people come from.
    whole_lab = (
        internal
        | not_asked
        | all_of("draft", OF_SESSION)
        | frozenset().union(
            *(all_of(secret, JOIN) for secret in ("sofia", "cities", "calledoff", "draft", "open"))
        )
        | frozenset().union(*(all_of(secret, OF_PERSON) for secret in ("person", "insider", "unconfirmed")))
        | all_of("personmail", OF_MAIL)
        | all_of("signer", OF_SIGNER)
        | all_of("texts", OF_TEXTS)
        | all_of("hook", OF_HOOK)
        | all_of("noted", OF_NOTES, OF_IMPORT)
        | all_of("spoken", OF_CONTACT)
    )
    other_whole = (
        all_of("other", OF_SESSION, JOIN)
        | all_of("stranger", OF_PERSON)
        | all_of("strangermail", OF_MAIL)
        | all_of("otherhook", OF_HOOK)
        | all_of("othernoted", OF_NOTES, OF_IMPORT)
    )
    colleagues = {("door", "account"), ("organiser", "account"), ("owner", "account")}
    everything = (
        whole_lab
        | other_whole
        | all_of("unpublished", OF_SESSION, JOIN, OF_LAB, OF_PROGRAMME)
        | all_of("accountmail", OF_MAIL)
        | frozenset((name, part) for name in users for part in ("account", "key"))
    )
    at_the_door = frozenset((who, what) for who in ("person", "insider") for what in ("name", "citytext"))
    rights: Mapping[str, frozenset[Canary]] = {
        "delegatesofia": internal,
        "delegatetrikala": for_all,
        "delegateelsewhere": all_of("other", OF_SESSION),
        "door": internal | at_the_door,
        "organiser": whole_lab | colleagues,
        "organiserelsewhere": other_whole,
        "owner": whole_lab | colleagues | {("delegatesofia", "account"), ("delegatetrikala", "account")},
        "nobody": frozenset(),
        "superuser": everything,
    }
    # The API gives neither join links nor emails, people of the console, headings of days and names of tracks.
    not_in_the_api = JOIN | OF_MAIL | OF_SIGNER | {"account", "key"} | {
        "track", "day", "reason", "contact", "consent", "logo", "group", "speakeremail", "photo", "slides", "cell",
    }  # fmt: skip
    # Each sees the names of own keys alone; of somebody without any role there is no list.
    nowhere = frozenset((name, "key") for name in users) | {("nobody", "account")}
    world = World()
    world.kinds["visitor"] = Kind("visitor")
    for name, words in rights.items():
        user = users[name]
        own = words | {(name, "account"), (name, "key")}
        works = "delegate" not in name and name != "nobody"
        world.kinds[name] = Kind(name, own, (words - nowhere) | {(name, "key")}, user=user, works=works)
        token = api_token_for(user, canary(name, "key"))
        readable = frozenset(one for one in words if one[1] not in not_in_the_api)
        world.kinds[f"api_{name}"] = Kind(f"api_{name}", own, readable, api_token=token)

    def links(registration: Registration) -> tuple[str, ...]:
        purposes = ("manage", "confirm", "leave", "feed", "unsubscribe")
        own = [tokens.make_token(f"registration.{each}", registration.public_id, 1) for each in purposes]
        return (*own, my_registrations.token_of(registration.person))

    # Whoever holds the link is the person: own data, and join links of own seats.
    seated = {("sofia", part) for part in ("title", "slug", "uid", "link", "room", "address")}
    world.kinds["participant"] = Kind(
        "participant",
        all_of("person", OF_PERSON, OF_NEEDS) | {("open", "link"), ("personmail", "subject")},
        all_of("person", OF_PERSON, OF_NEEDS) | {("open", "link")},
        tokens=links(person),
    )
    invited = tokens.make_token("roles.invitation", offers[0].public_id, 0)
    change = EmailChange.objects.create(
        user=users["owner"], email="owners-new@example.org", expires_at=timezone.now() + timedelta(days=2)
    )
    moving = tokens.make_token("account.email", change.public_id, 0)
    offered = Transfer.objects.create(
        registration=insider,
        name="Demo colleague",
        email="colleague@example.org",
        email_key="colleague@example.org",
        expires_at=timezone.now() + timedelta(days=3),
    )
    world.kinds["insider"] = Kind(
        "insider",
        all_of("insider", OF_PERSON) | all_of("sofia", OF_SESSION, JOIN),
        all_of("insider", OF_PERSON) | seated,
        tokens=(*links(insider), transfers.token_of(offered), invited, moving),
    )

    # Sees the sessions that delegates of the city see, to nominate for them.
    nominates_for = frozenset({("cities", "title"), ("sofia", "title"), ("other", "title")})
    world.kinds["contact"] = Kind(
        "contact",
        nominates_for,
        nominates_for,
        tokens=(*nomination_links(named[0]), *nomination_links(named[1])),
    )

    world.kinds["speaker"] = Kind(
        "speaker",
        all_of("spoken", OF_CONTACT),
        all_of("spoken", OF_CONTACT),
        tokens=(speaker_links.token_of(speaking),),
    )

    altered = links(person)[0][:-6] + "AAAAAA"
    sessions = [plain, sofia_session, everyone, draft, called_off, hidden, other]
    secrets = ("sofia", "cities", "draft", "calledoff", "unpublished", "other")
    world.values = {
        "lab": [lab.slug, hidden_lab.slug, other_lab.slug, "no-such-lab"],
        "programme": [programme.slug, hidden_programme.slug, other_programme.slug, "no-such-programme"],
        "session": [each.slug for each in sessions] + ["no-such-session"],
        "city": [sofia.slug, "no-such-city"],
        "track": ["open-track", *(canary(secret, "trackslug") for secret in secrets)],
        "speaker": ["open-speaker", *(canary(secret, "speakerslug") for secret in secrets)],
        "export": ["programme.json", "programme.csv", "schedule.xml", "schedule.json"],
        "room": [each.rooms.order_by("pk").values_list("pk", flat=True)[0] for each in (lab, other_lab)],
        "registration": [person.public_id, stranger.public_id, waiting.public_id, insider.public_id],
        "other": [waiting.public_id, stranger.public_id],
        "message": [message.public_id for message in messages],
        "occasion": ["confirmation", "no-such-occasion"],
        "language": ["en", "no-such-language"],
        "announcement": [each.public_id for each in announcements],
        "invitation": [invitation.pk, other_invitation.pk],
        "person": [door.public_id, other_staff.public_id],
        "programme_person": [delegate.public_id, other_delegate.public_id],
        "role_invitation": [each.public_id for each in offers],
        "programme_invitation": [each.public_id for each in programme_offers],
        "quota": [quota.pk, other_quota.pk],
        "grouping": [each.pk for each in rounds],
        "document": [house_rules.slug, other_rules.slug],
        "queue_number": [opening.token_of(each) for each in numbers],
        "contact": [each.contact_id for each in named],
        "own_session": [each.pk for each in sessions],
        "nomination": [each.pk for each in named],
        "places": [each.places_id for each in named],
        "reminder": [rule.pk, other_rule.pk],
        "code": [*codes, "0000-0000-0000"],
        "certificate": [certificate.code for certificate in certificates],
        "token": [altered, "x" * 48, "short"],
        "uidb36": [user_pk_to_url_str(users["nobody"])],
        "key": [PASSWORD_RESET_TOKEN_GENERATOR().make_token(users["nobody"]), "abc-defghi"],
        "api_token": list(ApiToken.objects.values_list("pk", flat=True)),
        "logo": [logo.pk, hidden_logo.pk],
        "webhook": [hook.endpoint.public_id for hook in hooks],
        "delivery": [hook.public_id for hook in hooks],
        "note": [note.pk for note in notes],
        "tag": ["no-such-tag"],
        "action": [action.public_id for action in actions],
        "run": [run.public_id for run in runs],
        "esp": ["no-such-provider"],
        "undo": ["no-such-undo"],
        "question_set": [
            own_set.slug,
            needs.slug,
            "later",
            *(question_set(each).slug for each in (hidden_lab, other_lab)),
        ],
        "question": ["file-answer", "file-need", "diet", "about-unpublished", "about-other"],
    }
    world.absent = frozenset({altered, "x" * 48, "short", "0000-0000-0000", "abc-defghi"})
    for slug, secret, parts in (
        (hidden_lab.slug, "unpublished", [hidden.slug]),
        (other_lab.slug, "other", [other.slug, stranger.public_id, messages[1].public_id, codes[1]]),
        (other_lab.slug, "other", [hooks[1].public_id, hooks[1].endpoint.public_id]),
        (hidden_lab.slug, "unpublished", [question_set(hidden_lab).slug, "about-unpublished"]),
        (other_lab.slug, "other", [question_set(other_lab).slug, "about-other"]),
        (other_lab.slug, "other", [actions[1].public_id, runs[1].public_id]),
    ):
        theirs = [*parts, canary(secret, "speakerslug"), canary(secret, "trackslug")]
        world.homes |= dict.fromkeys(theirs, slug)
    mine = [each.slug for each in sessions[1:5]] + [
        canary(each.slug[6:].partition("q")[0], name)
        for each in sessions[1:5]
        for name in ("speakerslug", "trackslug")
    ]
    parts = [own_set.slug, needs.slug, "later", "file-answer", "file-need", "diet"]
    world.homes |= dict.fromkeys([*mine, *parts, waiting.public_id, insider.public_id], lab.slug)
    world.foreign = {
        "session": [hidden.slug, other.slug],
        "speaker": [canary("unpublished", "speakerslug"), canary("other", "speakerslug")],
        "track": [canary("unpublished", "trackslug"), canary("other", "trackslug")],
        "room": [other_lab.rooms.values_list("pk", flat=True)[0]],
        "registration": [stranger.public_id],
        "other": [stranger.public_id],
        "message": [messages[1].public_id, messages[2].public_id],
        "code": [codes[1]],
        "invitation": [other_invitation.pk],
        "person": [other_staff.public_id],
        "programme_person": [other_delegate.public_id],
        "role_invitation": [offers[1].public_id],
        "programme_invitation": [programme_offers[1].public_id],
        "quota": [other_quota.pk],
        "grouping": [rounds[1].pk],
        "document": [other_rules.slug],
        "queue_number": [opening.token_of(numbers[1])],
        "contact": [named[1].contact_id],
        "nomination": [named[1].pk],
        "own_session": [hidden.pk, other.pk],
        "places": [named[1].places_id],
        "reminder": [other_rule.pk],
        "announcement": [announcements[1].public_id],
        "logo": [hidden_logo.pk],
        "webhook": [hooks[1].endpoint.public_id],
        "delivery": [hooks[1].public_id],
        "question_set": [question_set(hidden_lab).slug, question_set(other_lab).slug],
        "question": ["about-unpublished", "about-other"],
        "action": [actions[1].public_id],
        "run": [runs[1].public_id],
    }
    world.main = {
        "lab": lab.slug,
        "programme": programme.slug,
        "session": plain.slug,
        "city": sofia.slug,
        "track": track.slug,
        "speaker": "open-speaker",
        "export": "schedule.xml",
        "room": room.pk,
        "registration": person.public_id,
        "other": waiting.public_id,
        "message": messages[0].public_id,
        "occasion": "confirmation",
        "language": "en",
        "announcement": announcements[0].public_id,
        "invitation": invitation.pk,
        "person": door.public_id,
        "programme_person": delegate.public_id,
        "role_invitation": offers[0].public_id,
        "programme_invitation": programme_offers[0].public_id,
        "quota": quota.pk,
        "grouping": rounds[0].pk,
        "document": house_rules.slug,
        "queue_number": opening.token_of(numbers[0]),
        "contact": named[0].contact_id,
        "nomination": named[0].pk,
        "own_session": plain.pk,
        "places": named[0].places_id,
        "reminder": rule.pk,
        "code": codes[0],
        "token": links(person)[0],
        "uidb36": world.values["uidb36"][0],
        "key": world.values["key"][0],
        "logo": logo.pk,
        "webhook": hooks[0].endpoint.public_id,
        "delivery": hooks[0].public_id,
        "note": notes[0].pk,
        "tag": "speaker",
        "action": actions[0].public_id,
        "run": runs[0].public_id,
        "esp": "no-such-provider",
        "undo": "no-such-undo",
        "question_set": own_set.slug,
        "question": "file-answer",
    }
    return world
