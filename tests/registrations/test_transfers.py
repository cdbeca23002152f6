"""A place is given to a colleague: nothing moves until he or she accepts, then everything at once."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.mail.links import address_of
from core.mail.models import Message
from core.web.errors import RuleViolation
from core.web.idempotency import new_form_key
from labs.viewer import VISITOR
from registrations import erasure, managing, organiser_actions, recounting, seats, transfers
from registrations.models import Answer, Invitation, Person, Registration, RegistrationRules, Seat, Transfer
from registrations.transfers import Acceptance
from sessions import publishing
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.pages import forms_of, text_of
from tests.registrations.form_posts import FROM_HERE, link, mails, post, without_what_differs
from tests.walks.validity import invalid_in

pytestmark = pytest.mark.django_db

EMAIL = "colleague@example.org"
NAME = "Ivan Petrov"
SAID = Acceptance(
    name=NAME,
    language="bg",
    time_zone="Europe/Rome",
    consent=True,
    consent_language="bg",
    organisation="Ours",
)


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(capacity=1)


@pytest.fixture
def giver(session: Session) -> Registration:
    found = f.RegistrationFactory(lab=session.lab, name="Maria Petrova", city=f.CityFactory())
    seats.take(found, {session.pk: session.modes[0]})
    return found


def offered(giver: Registration) -> str:
    """Offer the place, and return the path in the email."""
    transfers.offer(giver, NAME, EMAIL)
    message = Message.objects.filter(occasion="transfer_offered").latest("pk")
    address = address_of(message.links["transfer"])
    return address[address.index("/registrations/") :]


def token(giver: Registration) -> str:
    return transfers.token_of(Transfer.objects.get(registration=giver))


def answered(**changes: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "language": "bg",
        "time_zone": "Europe/Rome",
        "organisation": "Ours",
        "consent": "on",
        **changes,
    }


def states(registration: Registration) -> list[tuple[str, int | None]]:
    return list(Seat.objects.filter(registration=registration).values_list("state", "queue_position"))


def test_the_giver_keeps_all_until_the_colleague_accepts(client: Client, giver: Registration) -> None:
    path = offered(giver)
    giver.refresh_from_db()
    assert (giver.state, states(giver)) == ("confirmed", [("confirmed", 1)])
    assert Registration.objects.count() == 1
    page = client.get(path)
    assert page.status_code == 200
    assert "Maria Petrova offers you these seats." in text_of(page)
    assert "Give my place to a colleague" in text_of(client.get(link(giver, "manage")))


def test_accepting_moves_seat_and_place_and_cancels_the_giver(
    client: Client, giver: Registration, session: Session
) -> None:
    waits = f.RegistrationFactory(lab=session.lab)
    seats.take(waits, {session.pk: session.modes[0]})
    path = offered(giver)

    answer = post(client, path, answered())

    new = Registration.objects.get(email=EMAIL)
    giver.refresh_from_db()
    assert answer["Location"] == f"{link(new, 'manage')}?done=confirmed"
    assert (new.state, new.name, new.language, new.organisation) == ("confirmed", NAME, "bg", "Ours")
    assert (new.city_id, new.consent_language) == (giver.city_id, "en")
    assert new.person == Person.objects.get(email=EMAIL)
    assert states(new) == [("confirmed", 1)]
    assert (giver.state, states(giver)) == ("cancelled", [("cancelled", None)])
    assert states(waits) == [("waiting", 2)]
    session.refresh_from_db()
    assert (session.seats_taken, session.seats_waiting) == (1, 1)
    reasons = [seat.movements.latest("pk").reason for seat in Seat.objects.exclude(registration=waits)]
    assert reasons == ["transferred", "transferred"]
    told = [(one.occasion, one.to_email) for one in mails()]
    assert told[-2:] == [("transfer_accepted", giver.email), ("confirmation", EMAIL)]
    assert not Transfer.objects.exists()
    assert client.get(path).status_code == 404


def test_a_place_in_a_waiting_list_stays_behind_and_goes_to_the_next(
    giver: Registration, session: Session
) -> None:
    full = f.SessionFactory(lab=session.lab, capacity=1)
    holder, after = f.RegistrationFactory(lab=session.lab), f.RegistrationFactory(lab=session.lab)
    seats.take(holder, {full.pk: full.modes[0]})
    seats.take(giver, {full.pk: full.modes[0]})
    seats.take(after, {full.pk: full.modes[0]})
    offered(giver)
    new = transfers.accept(token(giver), VISITOR, SAID)
    assert list(new.seats.values_list("session", flat=True)) == [session.pk]
    full.refresh_from_db()
    assert (full.seats_taken, full.seats_waiting) == (1, 1)


def test_quotas_count_the_colleague_in_place_of_the_giver(giver: Registration, session: Session) -> None:
    in_lab = f.QuotaFactory(lab=session.lab, city=giver.city, limit=1, taken=1)
    in_session = f.QuotaFactory(lab=session.lab, session=session, limit=1, taken=1)
    offered(giver)
    transfers.accept(token(giver), VISITOR, SAID)
    for quota in (in_lab, in_session):
        quota.refresh_from_db()
        assert quota.taken == 1


def test_a_quota_of_the_lab_has_room_for_the_colleague_though_the_giver_was_offered_another_seat(
    client: Client, giver: Registration, session: Session
) -> None:
    RegistrationRules.objects.create(lab=session.lab, offer_hours=24)
    full = f.SessionFactory(lab=session.lab, capacity=1)
    [holder] = f.RegistrationFactory.create_batch(1, lab=session.lab)
    for person in (holder, giver):
        seats.take(person, {full.pk: full.modes[0]})
    managing.cancel(holder)
    in_lab = f.QuotaFactory(lab=session.lab, city=giver.city, limit=1, taken=1)
    assert [state for state, _place in states(giver)] == ["confirmed", "offered"]
    assert post(client, offered(giver), answered())["Location"].endswith("?done=confirmed")
    in_lab.refresh_from_db()
    full.refresh_from_db()
    assert (in_lab.taken, full.seats_taken, full.seats_waiting) == (1, 0, 0)
    new = Registration.objects.get(email=EMAIL)
    assert (states(new), [state for state, _place in states(giver)]) == (
        [("confirmed", 1)],
        ["cancelled", "cancelled"],
    )


@pytest.fixture
def internal(giver: Registration, session: Session) -> Session:
    """A session for delegates, in which the giver has the only seat and somebody waits."""
    found = f.SessionFactory(lab=session.lab, capacity=1, title={"en": "Secret budget"})
    seats.take(giver, {found.pk: found.modes[0]})
    seats.take(f.RegistrationFactory(lab=session.lab), {found.pk: found.modes[0]})
    publishing.make_internal(found)
    return found


def test_a_colleague_gets_no_seat_in_a_session_that_he_or_she_may_not_see(
    client: Client, giver: Registration, session: Session, internal: Session
) -> None:
    own = client.get(link(giver, "manage", "registration_transfer"))
    assert "only if your colleague is a delegate who can see them" in text_of(own)
    path = offered(giver)
    [message] = mails("transfer_offered")
    for text in (message.text, text_of(client.get(path))):
        assert ("1 session of the offer is internal" in text, "Secret budget" in text) == (True, False)
    assert post(client, path, answered()).status_code == 302
    new = Registration.objects.get(email=EMAIL)
    assert list(new.seats.values_list("session", flat=True)) == [session.pk]
    assert list(internal.seats.order_by("registration__pk").values_list("state", flat=True)) == [
        "cancelled",
        "confirmed",
    ]
    assert recounting.recount() == []


def test_a_delegate_takes_over_a_seat_in_an_internal_session(
    client: Client, giver: Registration, session: Session, internal: Session
) -> None:
    path = offered(giver)
    client.force_login(f.DelegateFactory(programme=session.lab.programme).user)
    page = text_of(client.get(path))
    assert ("is internal" in page, "Secret budget" in page) == (False, True)
    assert post(client, path, answered()).status_code == 302
    taken = Registration.objects.get(email=EMAIL).seats.values_list("session", flat=True)
    assert list(taken) == [session.pk, internal.pk]


def test_who_sees_no_session_of_an_offer_is_told_and_may_decline(
    client: Client, giver: Registration, session: Session
) -> None:
    publishing.make_internal(session)
    path = offered(giver)
    for page in (client.get(path), post(client, path, answered())):
        assert page.status_code == 403
        assert "All sessions of this offer are internal." in text_of(page)
    assert states(giver) == [("confirmed", 1)]
    [decline] = [one for one in forms_of(client.get(path)) if "/decline/" in one.action]
    assert client.post(decline.action, decline.filled(), headers=FROM_HERE).status_code == 302
    assert not Transfer.objects.exists()


def test_a_colleague_who_is_registered_is_told_and_the_giver_is_not(
    client: Client, giver: Registration
) -> None:
    registered = f.RegistrationFactory(lab=giver.lab, name=NAME, email=EMAIL)
    pages = []
    for email in (EMAIL, "stranger@example.org"):
        address = link(giver, "manage", "registration_transfer")
        said = post(client, address, {"name": NAME, "email": email, "confirmed": "yes"})
        page = client.get(said["Location"])
        pages.append((said.status_code, said["Location"], without_what_differs(page, email)))
    assert pages[0] == pages[1]
    about = [(one.occasion, one.to_email) for one in mails()]
    assert about == [("already_registered", registered.email), ("transfer_offered", "stranger@example.org")]


def test_asking_shows_what_was_entered_before_anything_is_sent(client: Client, giver: Registration) -> None:
    address = link(giver, "manage", "registration_transfer")
    page = post(client, address, {"name": NAME, "email": "colleague@gmial.com"})
    assert "Did you mean colleague@gmail.com?" in text_of(page)
    assert list(invalid_in(page.content.decode())) == []  # the buttons of the languages send this form
    assert (Transfer.objects.count(), mails()) == (0, [])
    again = post(client, address, {"name": NAME, "email": "no address"})
    assert again.status_code == 422
    again = post(client, address, {"name": giver.name, "email": giver.email, "confirmed": "yes"})
    assert (again.status_code, Transfer.objects.count()) == (422, 0)


def test_changing_the_language_keeps_what_was_typed_and_sends_nothing(
    client: Client, giver: Registration
) -> None:
    address = link(giver, "manage", "registration_transfer")
    typed = {"name": NAME, "email": "colleague@", "confirmed": "yes", "lang": "bg"}
    page = post(client, f"{address}?lang=bg", typed)
    assert (page.status_code, page.context["form"].errors) == (200, {})
    assert [page.context["form"][name].value() for name in ("name", "email")] == [NAME, "colleague@"]
    path = offered(giver)
    question = f.QuestionFactory(question_set__lab=giver.lab, required=True)
    sent = answered(name="Ivan Other", lang="el", **{f"q-{question.slug}": "No nuts"})
    page = post(client, f"{path}?lang=el", sent)
    assert (page.status_code, page.context["form"].errors) == (200, {})
    content = page.content.decode()
    assert ['value="Ivan Other"' in content, "No nuts" in content] == [True, True]
    assert Registration.objects.count() == 1


def test_before_it_is_sent_the_page_says_that_all_seats_move_together(
    client: Client, giver: Registration, session: Session
) -> None:
    other = f.SessionFactory(lab=session.lab, title={"en": "Second session"})
    seats.take(giver, {other.pk: other.modes[0]})
    address = link(giver, "manage", "registration_transfer")
    form = text_of(client.get(address))
    assert "Your colleague gets all the seats below together." in form
    asked = text_of(post(client, address, {"name": NAME, "email": "ivan@example.org"}))
    assert "all the seats below are his or hers" in asked
    for page in (form, asked):
        assert "Second session" in page.split("all the seats below", 1)[1]
    assert Transfer.objects.count() == 0


def test_the_offer_names_nobody_and_counts_in_the_budget(giver: Registration) -> None:
    offered(giver)
    [message] = mails("transfer_offered")
    assert "Petrov" not in message.subject + message.text + message.html
    assert "M. P." in message.text
    assert message.budget_key == EMAIL


def test_the_offer_can_be_taken_back_and_declined(client: Client, giver: Registration) -> None:
    path = offered(giver)
    taken_back = post(client, link(giver, "manage", "registration_transfer_take_back"))
    assert taken_back["Location"].endswith("?done=taken-back")
    assert client.get(path).status_code == 404
    assert not Message.objects.filter(to_email=EMAIL).exists()

    path = offered(giver)
    assert post(client, f"{path}decline/")["Location"] == reverse("registration_erased")
    assert post(client, f"{path}decline/").status_code == 404
    assert not Transfer.objects.exists()
    assert not Message.objects.filter(to_email=EMAIL).exists()
    assert [one.occasion for one in mails()] == ["transfer_ended"]
    giver.refresh_from_db()
    assert (giver.state, states(giver)) == ("confirmed", [("confirmed", 1)])


def test_a_new_offer_replaces_the_first(client: Client, giver: Registration) -> None:
    first = offered(giver)
    second = offered(giver)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_a_form_that_is_sent_twice_does_once_what_it_says(client: Client, giver: Registration) -> None:
    address = link(giver, "manage", "registration_transfer")
    sent = {"name": NAME, "email": EMAIL, "confirmed": "yes", "form_key": new_form_key()}
    twice = [post(client, address, sent)["Location"] for _time in range(2)]
    assert twice[0] == twice[1]
    assert [one.to_email for one in mails("transfer_offered")] == [EMAIL]

    path = reverse("transfer", args=[token(giver)])
    accepted = answered(form_key=new_form_key())
    twice = [post(client, path, accepted)["Location"] for _time in range(2)]
    new = Registration.objects.get(email=EMAIL)
    assert twice == [f"{link(new, 'manage')}?done=confirmed"] * 2
    assert [one.to_email for one in mails("confirmation")] == [EMAIL]
    # Another form, and this one without the person it made, finds the offer used.
    assert post(client, path, answered()).status_code == 404
    erasure.erase(new)
    assert post(client, path, accepted).status_code == 404


def test_an_offer_expires_and_the_giver_is_told(client: Client, giver: Registration) -> None:
    path = offered(giver)
    assert transfers.expire(timezone.now()) == 0
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert client.get(path).status_code == 404
        with pytest.raises(Http404):
            transfers.accept(path.split("/")[-2], VISITOR, SAID)
        assert transfers.expire(timezone.now()) == 1
        assert transfers.expire(timezone.now()) == 0
    assert [one.occasion for one in mails()] == ["transfer_ended"]


def test_it_ends_when_the_lab_begins(client: Client, giver: Registration) -> None:
    lab = giver.lab
    begins = timezone.now().date() + timedelta(days=2)
    type(lab).objects.filter(pk=lab.pk).update(starts_on=begins)
    giver.lab.refresh_from_db()
    transfers.offer(giver, NAME, EMAIL)
    assert Transfer.objects.get().expires_at <= timezone.now() + timedelta(days=3)
    type(lab).objects.filter(pk=lab.pk).update(starts_on=timezone.now().date() - timedelta(days=1))
    giver.lab.refresh_from_db()
    with pytest.raises(RuleViolation, match="no seat"):
        transfers.offer(giver, NAME, EMAIL)


@pytest.mark.parametrize("ends", [managing.cancel, erasure.erase])
def test_it_ends_with_the_givers_registration(client: Client, giver: Registration, ends: Any) -> None:
    path = offered(giver)
    ends(giver)
    assert client.get(path).status_code == 404
    assert not Message.objects.filter(to_email=EMAIL).exists()
    assert not Transfer.objects.exists()


def test_without_consent_nothing_happens(client: Client, giver: Registration) -> None:
    path = offered(giver)
    assert post(client, path, answered(consent="")).status_code == 422
    assert post(client, path, answered(name="…")).status_code == 422
    assert Registration.objects.count() == 1


def test_the_rules_of_the_lab_are_asked_of_the_colleague(giver: Registration) -> None:
    rules = RegistrationRules.objects.create(lab=giver.lab, email_domains=["sofia.example"])
    giver = Registration.objects.get(pk=giver.pk)
    with pytest.raises(RuleViolation) as refused:
        transfers.offer(giver, NAME, EMAIL)
    assert refused.value.code == "other_domain"
    rules.email_domains, rules.access = [], "delegates"
    rules.save()
    transfers.offer(giver, NAME, EMAIL)
    with pytest.raises(RuleViolation) as refused:
        transfers.accept(token(giver), VISITOR, SAID)
    assert refused.value.code == "delegates_only"


def test_an_invitation_for_several_moves_along_and_one_for_an_address_does_not(giver: Registration) -> None:
    RegistrationRules.objects.create(lab=giver.lab, access="invited")
    own = Invitation.objects.create(lab=giver.lab, email=giver.email, email_key=giver.email_key, used=1)
    Registration.objects.filter(pk=giver.pk).update(invitation=own)
    giver = Registration.objects.get(pk=giver.pk)
    with pytest.raises(RuleViolation) as refused:
        transfers.offer(giver, NAME, EMAIL)
    assert refused.value.code == "not_invited"
    several = Invitation.objects.create(lab=giver.lab, uses=2, used=1)
    Registration.objects.filter(pk=giver.pk).update(invitation=several)
    transfers.offer(giver, NAME, EMAIL)
    new = transfers.accept(token(giver), VISITOR, SAID)
    several.refresh_from_db()
    assert (new.invitation, several.used) == (several, 1)
    managing.cancel(new)
    several.refresh_from_db()
    assert several.used == 0


def test_no_other_link_opens_an_offer(client: Client, giver: Registration) -> None:
    path = offered(giver)
    own = token(giver)
    for purpose in ("manage", "confirm", "leave"):
        assert client.get(reverse("transfer", args=[link(giver, purpose).split("/")[2]])).status_code == 404
    assert client.get(reverse("transfer", args=[own[:-4] + "AAAA"])).status_code == 404
    for route in ("registration", "my_registrations", "registration_transfer"):
        assert client.get(reverse(route, args=[own])).status_code == 404
    assert client.get(path).status_code == 200


def test_questions_are_asked_anew(client: Client, giver: Registration) -> None:
    question = f.QuestionFactory(question_set__lab=giver.lab, required=True, label={"en": "Your diet"})
    Answer.objects.create(registration=giver, question=question, value="canary", answered_at=timezone.now())
    path = offered(giver)
    page = client.get(path).content.decode()
    assert "Your diet" in page
    assert "canary" not in page
    assert post(client, path, answered()).status_code == 422
    assert Registration.objects.count() == 1


def test_an_organiser_sees_the_offer_and_ends_it(client: Client, giver: Registration) -> None:
    by = organiser_of(giver.lab)
    path = f"/api/v1/labs/{giver.lab.slug}/registrations/{giver.public_id}"
    assert client.get(path, headers=bearer(by)).json()["transfer"] is None
    offered(giver)
    assert client.get(path, headers=bearer(by)).json()["transfer"]["email"] == EMAIL
    assert client.delete(f"{path}/transfer", headers=bearer(by)).status_code == 204
    assert client.get(path, headers=bearer(by)).json()["transfer"] is None
    assert [one.to_email for one in mails("transfer_ended")] == [giver.email]


def test_an_organiser_ends_it_in_the_console(client: Client, giver: Registration) -> None:
    user = f.StaffFactory(lab=giver.lab).user
    offered(giver)
    client.force_login(user)
    page = reverse("console_registration", args=[giver.lab.slug, giver.public_id])
    assert EMAIL in client.get(page).content.decode()
    end = reverse("console_transfer_end", args=[giver.lab.slug, giver.public_id])
    assert client.post(end, {"form_key": new_form_key()}, headers=FROM_HERE)["Location"] == page
    assert EMAIL not in client.get(page).content.decode()


def test_a_corrected_address_of_the_giver_changes_nothing_of_the_offer(giver: Registration) -> None:
    offered(giver)
    organiser_actions.correct_address(giver, "right@example.org", f.UserFactory())
    assert Transfer.objects.get().registration_id == giver.pk
