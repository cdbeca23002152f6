"""A small lab with one of everything that pages show, whose texts a test may choose."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from certificates.models import Certificate
from certificates.snapshot import frozen_content
from core.accounts.models import EmailChange, User
from core.mail.models import EmailTemplate, Message
from core.web import signed_links
from core.webhooks.models import Attempt
from labs.models import ApiToken, Lab
from labs.theme import theme_values
from registrations import documents, my_registrations, opening, tags, transfers
from registrations.documents import DocumentPlan
from registrations.models import (
    Announcement,
    BulkAction,
    Invitation,
    Note,
    Registration,
    RegistrationRules,
    ReminderRule,
    SeatMovement,
    Transfer,
)
from sessions import speaker_links
from sessions.models import ImportEntry, ScheduleImport, Session, UnannouncedChange
from sessions.session_facts import facts_of
from tests import factories as f
from tests.browser.questions import read_by, with_questions
from tests.pages import client_of
from tests.walks.nominations import named_by_city, nomination_links

SAYS = {
    "en": "New skills for the green transition",
    "bg": "Нови умения за зеления преход",
    "el": "Νέες δεξιότητες για την πράσινη μετάβαση",
}
LINK = "https://meet.example.org/room"
CODES = {"valid": "7K3M-Q9TX-2W8H", "revoked": "9D5C-T7KB-H6PN", "replaced": "2B4D-F6H8-JKMN"}


@dataclass(frozen=True)
class Texts:
    """What people wrote: in several languages, in one line of at most so many characters, and as an address."""

    said: Callable[[str], dict[str, str]] = lambda what: {
        language: f"{words}: {what}" for language, words in SAYS.items()
    }
    line: Callable[[str, int], str] = lambda what, limit: f"Demo {what}"[:limit]
    address: Callable[[], str] = lambda: LINK


@dataclass
class World:
    lab: Lab
    session: Session  # public, with an agenda, nearly full
    users: dict[str, User] = field(default_factory=dict)
    # What stands for each parameter of an address.
    values: dict[str, Any] = field(default_factory=dict)

    def cookies(self, name: str, base: str) -> list[dict[str, str]]:
        """Return the cookie of somebody who has just signed in; nobody has an account as a visitor."""
        if name not in self.users:
            return []
        client = client_of(self.users[name])
        cookie = settings.SESSION_COOKIE_NAME
        return [{"name": cookie, "value": client.cookies[cookie].value, "url": base}]


def build(texts: Texts | None = None) -> World:
    texts = texts or Texts()
    said, line = texts.said, texts.line
    now = timezone.now()
    sofia = f.CityFactory(slug="sofia", name={"en": "Sofia", "bg": "София", "el": "Σόφια"})
    trikala = f.CityFactory(slug="trikala", name=said("a city"), country="GR", time_zone="Europe/Athens")
    programme = f.ProgrammeFactory(
        slug="skills",
        name=said("the programme"),
        organiser=said("the organiser"),
        description=said("what the programme is for"),
        runs=said("when it runs"),
        cities_total=30,
        participation=said("who may attend"),
        imprint=said("the imprint"),
        contact_email="programme@example.org",
        eu_funded=True,
        grant_number=line("grant", 60),
    )
    f.OperatorFactory(
        name=said("the operator"),
        address=line("street", 500),
        phone=line("telephone", 40),
        legal_notice=said("the legal notice"),
        enforcement_body=said("the enforcement body"),
        enforcement_address=texts.address(),
    )
    programme.cities.add(sofia, trikala)
    groups = [f.StakeholderGroupFactory(programme=programme, name=said("a group")) for _ in range(3)]
    logo = f.ProgrammeLogoFactory(programme=programme, alt=said("a partner"), link=texts.address())
    colour = "#8a1c5b"
    lab = f.LabFactory(
        programme=programme,
        slug="lab",
        title=said("the lab"),
        theme=said("the theme"),
        description=said("what the lab is about"),
        venue=said("the venue"),
        consent=said("the consent"),
        format="hybrid",
        languages=["en", "bg", "el"],
        contact_email="lab@example.org",
        colour=colour,
        theme_values=theme_values(colour),
        logo_alt=said("the logo"),
        signatory_name=line("signatory", 100),
        signatory_function=said("the signatory's function"),
    )
    lab.logo.save("walk.svg", ContentFile(f.LOGO))
    tracks = [f.TrackFactory(lab=lab, slug=f"track-{n}", name=said("a track")) for n in range(3)]
    rooms = [
        f.RoomFactory(
            lab=lab,
            name=said("a room"),
            address=line("street", 200),
            online=online,
            join_link=texts.address(),
        )
        for online in (True, False)
    ]
    spare = f.RoomFactory(lab=lab, name=said("an unused room"), online=False)
    for number in range(3):
        f.LabDayFactory(lab=lab, on=lab.starts_on + timedelta(days=number), title=said("a day"))

    def session(slug: str, day: int, hour: int, **more: Any) -> Session:
        number = day * 7 + hour
        return f.SessionFactory(
            **{
                "lab": lab,
                "slug": slug,
                "title": said(slug),
                "abstract": said(f"what {slug} is about"),
                "start_date": lab.starts_on + timedelta(days=day),
                "start_time": time(hour, 0),
                "track": tracks[number % 3],
                "room": rooms[number % 2],
                "join_link": texts.address(),
                **more,
            }
        )

    plenary = session("plenary", 0, 9, capacity=10, seats_taken=3, last_queue_position=3)
    full = session("workshop", 0, 11, capacity=2, seats_taken=2, seats_waiting=1, last_queue_position=3)
    was = {**facts_of(full), "starts_at": (full.starts_at - timedelta(hours=1)).isoformat()}
    UnannouncedChange.objects.create(session=full, was=was)
    session("open-to-all", 0, 11)  # at the same time as the workshop
    internal = session("for-cities", 1, 9, visibility="internal")
    internal.audience.add(sofia)
    session("still-a-draft", 1, 11, visibility="draft")
    session(
        "called-off", 1, 14, status="cancelled", cancelled_at=now, cancel_reason=said("why it is called off")
    )
    session("last", 2, 10, capacity=30)
    chosen = session("chosen-people", 2, 12, format="hybrid", room_capacity=20, needs_approval=True)
    speakers = [
        f.SpeakerFactory(
            programme=programme,
            slug=f"speaker-{n}",
            name=said("a speaker"),
            affiliation=said("an affiliation"),
            biography=said("a biography"),
            website=texts.address(),
            email=f"speaker{n}@example.org",
            contact_since=timezone.now(),
        )
        for n in range(3)
    ]
    for number, speaker in enumerate(speakers):
        begins, ends = time(9, 20 * number), time(9, 20 * number + 19)
        instants = {
            name: timezone.make_aware(datetime.combine(plenary.start_date, at), plenary.starts_at.tzinfo)
            for name, at in (("starts_at", begins), ("ends_at", ends))
        }
        item = f.AgendaItemFactory(
            session=plenary,
            title=said("an item"),
            abstract=said("what an item is about"),
            position=number,
            start_time=begins,
            end_time=ends,
            **instants,
        )
        f.AppearanceFactory(session=plenary, speaker=speaker, agenda_item=item, role="panellist")
        f.AppearanceFactory(session=full, speaker=speaker, role="host")
    unused = f.SpeakerFactory(programme=programme, slug="not-yet-speaking", name=said("a speaker to come"))

    def registered(**more: Any) -> Registration:
        return f.RegistrationFactory(
            **{
                "lab": lab,
                "name": line("participant", 200),
                "organisation": line("organisation", 200),
                "city_text": line("town", 100),
                "stakeholder_group": groups[0],
                **more,
            }
        )

    people = [registered() for _ in range(3)]
    unconfirmed = registered(state="unconfirmed", confirmed_at=None)
    cancelled = registered(state="cancelled", cancelled_at=now)
    places = [("confirmed", 1), ("confirmed", 2), ("waiting", 3)]
    for place, (person, (state, number)) in enumerate(zip(people, places, strict=True), 1):
        for seat in (
            f.SeatFactory(registration=person, session=plenary, queue_position=place),
            f.SeatFactory(registration=person, session=full, state=state, queue_position=number),
        ):
            SeatMovement.objects.create(
                seat=seat, at=now, after=seat.state, reason="full" if seat.state == "waiting" else "chosen"
            )
    for person in people[:2]:
        f.AttendanceFactory(registration=person, session=plenary)

    def certificate(person: Registration, state: str, **more: Any) -> Certificate:
        made = Certificate.objects.create(
            lab=lab,
            registration=person,
            code=CODES[state],
            state=state,
            language="en",
            holder_name=person.name,
            holder_hash="x",
            content=frozen_content(lab, [plenary], [full]),
            minutes=60,
            issued_at=now,
            **more,
        )
        made.pdf.save(f"{made.code}.pdf", ContentFile(b"%PDF"))
        return made

    with_questions(lab, plenary, people, said)
    valid = certificate(people[0], "valid")
    certificate(people[1], "revoked", revoked_at=now, revoked_reason=line("reason", 300))
    certificate(people[0], "replaced", replaced_by=valid)

    def message(key: str, **more: Any) -> Message:
        return Message.objects.create(
            **{
                "lab": lab,
                "registration": people[0],
                "occasion": "confirmation",
                "key": key,
                "language": "en",
                "to_name": line("participant", 200),
                "to_email": "participant@example.org",
                "subject": line("subject", 300),
                "text": f"{line('text', 2000)}\nhttps://example.org/",
                "html": "<p>Text</p>",
                "message_id": f"<{key}@citylabs.example.org>",
                **more,
            }
        )

    sent = message("sent", state="sent", finished_at=now)
    message("queued")
    failed = message(
        "failed",
        state="failed",
        finished_at=now,
        last_error=f"SMTPRecipientsRefused: {line('error', 1900)}",
        attempts=8,
    )
    of_account = message("account", lab=None, registration=None, occasion="password_reset")

    RegistrationRules.objects.create(
        lab=lab, email_domains=["example.org"], offer_hours=48, opening_draw=True
    )
    number = f.QueueNumberFactory(opening__lab=lab)
    named = named_by_city(lab, sofia)
    contact_token, nomination_token = nomination_links(named)
    for email, note in (("", line("note", 200)), ("invited@example.org", "")):
        Invitation.objects.create(lab=lab, email=email, email_key=email, note=note, uses=30)
    rules_title = {code: " ".join(text.split())[:200] for code, text in said("the document").items()}
    document = documents.add(lab, DocumentPlan(rules_title, said("the text"), is_required=False))
    quotas = [
        f.QuotaFactory(lab=lab, session=chosen, city=sofia, mode="room"),
        f.QuotaFactory(lab=lab, stakeholder_group=groups[0], limit=100),
    ]
    for person, state in zip(people, ("pending", "offered", "pending"), strict=True):
        until = now + timedelta(days=2) if state == "offered" else None
        f.SeatFactory(registration=person, session=chosen, state=state, until=until)
    Session.objects.filter(pk=chosen.pk).update(room_taken=1)
    ReminderRule.objects.bulk_create([ReminderRule(lab=lab, hours=hours) for hours in (168, 24, 2)])
    people[2].unsubscribed_at = now
    people[2].save(update_fields=["unsubscribed_at"])
    announcements = [
        Announcement.objects.create(
            lab=lab,
            subject={"en": line("announcement", 150), "bg": line("announcement", 150)},
            body={"en": line("text", 3000), "bg": line("text", 3000)},
            audience={"session_id": plenary.pk, "seat": "confirmed"},
            **more,
        )
        for more in (
            {},
            {"state": "waiting", "sends_at": now},
            {"state": "sent", "sends_at": now, "sent": 1234},
        )
    ]
    EmailTemplate.objects.create(
        lab=lab,
        occasion="confirmation",
        language="en",
        subject=line("subject", 150),
        introduction=line("introduction", 3000),
        closing=line("closing", 3000),
    )

    users = {
        name: f.UserFactory(email=f"{name}@example.org", name=line("user", 200))
        for name in ("organiser", "owner", "door", "delegate")
    }
    f.StaffFactory(user=users["organiser"], role="organiser", lab=lab)
    f.StaffFactory(user=users["door"], role="door", lab=lab)
    read_by(lab, users["organiser"], people[0])
    f.OwnerFactory(user=users["owner"], programme=programme)
    f.DelegateFactory(user=users["delegate"], programme=programme, city=sofia)
    users["operator"] = User.objects.create_superuser(
        "operator@example.org", f.PASSWORD, name=line("user", 200)
    )
    for name in ("organiser", "door"):
        ApiToken.objects.create(
            user=users[name],
            name=line("key", 100),
            token_hash=signed_links.new_api_token()[1],
            scopes=[scope.value for scope in ApiToken.Scope],
        )

    offered = Transfer.objects.create(
        registration=people[0],
        name=line("name", 100),
        email="colleague@example.org",
        email_key="colleague@example.org",
        expires_at=timezone.now() + timedelta(days=7),
    )
    tags.tag(people[0], line("tag", 40))
    tags.save_filter(users["organiser"], lab, line("filter", 40), "state=confirmed")
    Note.objects.create(registration=people[0], text=line("note", 400), by=users["organiser"])
    action = BulkAction.objects.create(
        lab=lab,
        kind="tag",
        tag=line("tag", 40),
        people=[people[0].pk],
        position=1,
        done=1,
        failures={"gone": 1, "closed": 3},
        finished_at=timezone.now(),
    )
    sheet = line("sheet", 31)
    run = ScheduleImport.objects.create(
        lab=lab,
        language="en",
        file_name=line("file", 100) + ".xlsx",
        format="xlsx",
        content=b"x",
        state="previewed",
        sheets=[
            {
                "name": sheet,
                "model": "Sessions",
                "header": [line("heading", 60), "b"],
                "examples": [["x"], []],
            }
        ],
        columns={sheet: ["title_en", ""]},
        findings=[{"place": "Sessions", "message": line("finding", 200), "is_error": False}],
        counts={f"session.{state}": 1 for state in ("error", "new", "changed", "missing", "unchanged")},
    )
    for position, state in enumerate(("error", "new", "changed", "missing", "unchanged")):
        ImportEntry.objects.create(
            of=run,
            position=position,
            kind="session",
            state=state,
            label=line("title", 200),
            place="Sessions, row 2",
            when=line("when", 60),
            differences=[["Title", line("before", 100), line("after", 100)]],
            errors=[line("error", 100)] if state == "error" else [],
            notes=[line("note", 100)],
            can_choose=state in ("new", "changed"),
            is_chosen=state in ("new", "changed"),
            fingerprint="x",
        )
    webhook = f.EndpointFactory(
        lab=lab, url="https://hooks.example.org/" + "long" * 80, description=line("webhook", 100)
    )
    webhook_off = f.EndpointFactory(lab=lab, is_active=False, disabled_because="failing")
    delivery = f.DeliveryFactory(
        endpoint=webhook, state="failed", last_error="500", finished_at=timezone.now()
    )
    f.DeliveryFactory(endpoint=webhook, last_error="timeout", attempts=3)
    Attempt.objects.create(delivery=delivery, status=500, milliseconds=1234, reply="x" * 1000)

    f.CityProfileFactory(programme=programme, city=trikala, interests=[line("interest", 60)])
    grouping = f.GroupingFactory(lab=lab, name=line("round", 100), cities=[trikala])
    role_offer = f.RoleInvitationFactory(lab=lab, name=line("name", 200))
    change = EmailChange.objects.create(
        user=users["door"],
        email="new-address@example.org",
        expires_at=timezone.now() + timedelta(days=2),
    )
    values = {
        "action": action.public_id,
        "email_token": signed_links.make_token("account.email", change.public_id, 0),
        "run": run.public_id,
        "role_token": signed_links.make_token("roles.invitation", role_offer.public_id, 0),
        "webhook": webhook.public_id,
        "webhook_off": webhook_off.public_id,
        "delivery": delivery.public_id,
        "lab": lab.slug,
        "programme": programme.slug,
        "session": plenary.slug,
        "document": document.slug,
        "quota": quotas[0].pk,
        "grouping": grouping.pk,
        "logo": logo.pk,
        "city": trikala.slug,
        "speaker": speakers[0].slug,
        "speaking_token": speaker_links.token_of(speakers[0]),
        "own_session": plenary.pk,
        "track": tracks[0].slug,
        "room": rooms[0].pk,
        "registration": people[0].public_id,
        "other": people[1].public_id,
        "message": sent.public_id,
        "announcement": announcements[0].public_id,
        "waiting_announcement": announcements[1].public_id,
        "occasion": "confirmation",
        "language": "en",
        "code": valid.code,
        "token": signed_links.make_token("registration.manage", people[0].public_id, 1),
        "uidb36": user_pk_to_url_str(users["delegate"]),
        "key": PASSWORD_RESET_TOKEN_GENERATOR().make_token(users["delegate"]),
        # Names of things that single pages ask for.
        "spare_room": spare.pk,
        "unused_speaker": unused.slug,
        "unconfirmed": unconfirmed.public_id,
        "cancelled": cancelled.public_id,
        "waiting": people[2].public_id,
        "failed": failed.public_id,
        "of_account": of_account.public_id,
        "question_set": "own",
        "question": "of-several",
        "queue_number": opening.token_of(number),
        "app_label": "labs",
        "user_id": users["door"].pk,
        "city_id": trikala.pk,
        "programme_id": programme.pk,
        "message_id": sent.pk,
        "confirm_token": signed_links.make_token("registration.confirm", unconfirmed.public_id, 1),
        "transfer_token": transfers.token_of(offered),
        "mine_token": my_registrations.token_of(people[0].person),
        "unsubscribe_token": signed_links.make_token("registration.unsubscribe", people[0].public_id, 1),
        "unsubscribed_token": signed_links.make_token("registration.unsubscribe", people[2].public_id, 1),
        "leave_token": signed_links.make_token("registration.leave", people[0].public_id, 1),
        "unconfirmed_token": signed_links.make_token("registration.manage", unconfirmed.public_id, 1),
        "cancelled_token": signed_links.make_token("registration.manage", cancelled.public_id, 1),
        "contact_token": contact_token,
        "nomination_token": nomination_token,
        "contact": named.contact_id,
        "places": named.places_id,
        "nomination": named.pk,
        "waiting_token": signed_links.make_token("registration.manage", people[2].public_id, 1),
    }
    return World(lab, plenary, users, values)
