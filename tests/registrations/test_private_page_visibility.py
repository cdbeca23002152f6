"""A private link opens what its person may have by now: the rules of choosing and of visibility hold behind it too."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from labs.current_viewer import viewer_for
from labs.models import Lab
from registrations import registering, seats
from registrations.models import Registration, Seat
from sessions.models import Session
from tests import factories as f
from tests.pages import text_of
from tests.registrations.form_posts import answers, link, mails, post, send
from tests.registrations.test_managing_pages import JOIN, unconfirmed
from tests.registrations.test_registering import plan, registered

pytestmark = pytest.mark.django_db


def states(registration: Registration) -> dict[str, str]:
    return dict(Seat.objects.filter(registration=registration).values_list("session__slug", "state"))


@pytest.mark.parametrize(
    "change",
    [{"registration_closes_at": timezone.now() - timedelta(minutes=1)}, {"visibility": "draft"}],
    ids=["closed", "withdrawn"],
)
def test_nobody_confirms_after_registration_has_closed(client: Client, change: dict[str, object]) -> None:
    session = f.SessionFactory(capacity=5)
    found = unconfirmed(session)
    Lab.objects.filter(pk=session.lab_id).update(**change)
    address = link(found, "confirm", "registration_confirm")

    page = text_of(client.get(address))
    assert "Registration is closed" in page
    assert "Confirm and register" not in page
    pressed = post(client, address)

    assert pressed.status_code == 409
    assert "Registration is closed, so you can no longer confirm." in text_of(pressed)
    session.refresh_from_db()
    found.refresh_from_db()
    assert (session.seats_taken, found.state, mails("confirmation")) == (0, "unconfirmed", [])


def test_asking_again_brings_no_question_that_cannot_be_answered(client: Client) -> None:
    found = unconfirmed(f.SessionFactory())
    Lab.objects.filter(pk=found.lab_id).update(visibility="draft")

    post(client, "/registrations/link/", {"email": found.email})

    assert len(mails()) == 1


def test_a_session_made_internal_after_it_was_chosen_is_neither_shown_nor_taken(client: Client) -> None:
    lab = f.LabFactory()
    stays = f.SessionFactory(lab=lab, slug="stays", capacity=5)
    goes = f.SessionFactory(lab=lab, slug="goes", capacity=5)
    found = unconfirmed(stays, goes)
    Session.objects.filter(pk=goes.pk).update(visibility="internal", title={"en": "Sparrow of cities"})
    address = link(found, "confirm", "registration_confirm")

    page = text_of(client.get(address))
    assert stays.title["en"] in page
    assert "Sparrow" not in page
    own = text_of(client.get(post(client, address)["Location"]))

    assert states(found) == {"stays": "confirmed", "goes": "cancelled"}
    assert "Sparrow" not in own
    assert "The session was no longer open: a session that is not public at the moment" in own
    [message] = mails("confirmation")
    assert "Sparrow" not in message.text + message.html
    goes.refresh_from_db()
    assert goes.seats_taken == 0


def test_a_delegate_confirms_an_internal_session_where_nobody_is_signed_in(client: Client) -> None:
    """The email may be read on another device than the one on which the form was filled in."""
    internal = f.SessionFactory(visibility="internal", capacity=5)
    delegate = f.DelegateFactory(programme=internal.lab.programme)
    client.force_login(delegate.user)
    assert send(client, internal.lab, answers(internal)).status_code == 200
    found = Registration.objects.get()
    client.logout()
    address = link(found, "confirm", "registration_confirm")

    assert internal.title["en"] in text_of(client.get(address))
    post(client, address)

    assert states(found) == {internal.slug: "confirmed"}
    assert internal.title["en"] in text_of(client.get(link(found, "manage")))


def test_whoever_is_no_delegate_any_longer_gets_no_internal_seat(client: Client) -> None:
    internal = f.SessionFactory(visibility="internal", capacity=5)
    delegate = f.DelegateFactory(programme=internal.lab.programme)
    found = registering.submit(
        internal.lab, viewer_for(delegate.user), plan(internal, viewer=viewer_for(delegate.user))
    )
    assert found is not None
    delegate.delete()

    post(client, link(found, "confirm", "registration_confirm"))

    assert states(found) == {internal.slug: "cancelled"}


def test_who_sent_the_form_is_forgotten_with_the_person() -> None:
    internal = f.SessionFactory(visibility="internal")
    delegate = f.DelegateFactory(programme=internal.lab.programme)
    found = f.RegistrationFactory(lab=internal.lab, submitted_by=delegate.user)
    from registrations import erasure

    erasure.erase(found)

    found.refresh_from_db()
    assert found.submitted_by is None


@pytest.fixture
def withdrawn() -> Registration:
    lab = f.LabFactory()
    kept = f.SessionFactory(lab=lab, slug="kept", join_link=JOIN, title={"en": "Sparrow of the plenary"})
    given_up = f.SessionFactory(lab=lab, slug="given-up", title={"en": "Sparrow of the workshop"})
    found = registered(kept, given_up)
    seats.give_up(found, [given_up.pk])
    f.AttendanceFactory(registration=found, session=kept)
    Lab.objects.filter(pk=lab.pk).update(visibility="draft")
    found.refresh_from_db()
    return found


@pytest.mark.parametrize("page", ["", "sessions/", "cancel/", "edit/"])
def test_of_a_withdrawn_lab_no_page_tells_titles_or_join_links(
    client: Client, withdrawn: Registration, page: str
) -> None:
    shown = client.get(link(withdrawn, "manage") + page)

    assert shown.status_code == 200
    assert "Sparrow" not in text_of(shown)
    assert JOIN not in text_of(shown)
    assert f"/labs/{withdrawn.lab.slug}/" not in text_of(shown)
    if not page:
        assert "1 of your sessions is not shown" in text_of(shown)
        assert "Your attendance was recorded: a session that is not public at the moment" in text_of(shown)


def test_what_is_not_shown_is_not_given_up_by_saving_the_list(
    client: Client, withdrawn: Registration
) -> None:
    assert post(client, link(withdrawn, "manage") + "sessions/").status_code == 302

    assert states(withdrawn) == {"kept": "confirmed", "given-up": "cancelled"}
    assert client.get(link(withdrawn, "manage") + "sessions/kept/give-up/").status_code == 404


def test_a_withdrawn_lab_can_be_left(client: Client, withdrawn: Registration) -> None:
    post(client, link(withdrawn, "manage", "registration_cancel"))

    assert states(withdrawn)["kept"] == "cancelled"


def test_an_organiser_does_not_send_a_question_that_cannot_be_answered(client: Client) -> None:
    found = unconfirmed(f.SessionFactory())
    organiser = f.StaffFactory(lab=found.lab, role="organiser")
    Lab.objects.filter(pk=found.lab_id).update(registration_closes_at=timezone.now())
    client.force_login(organiser.user)
    address = f"/organise/labs/{found.lab.slug}/registrations/{found.public_id}/"

    page = client.post(f"{address}link/", follow=True)

    assert "Registration is closed, so no one can confirm an email at the moment." in text_of(page)
    assert len(mails()) == 1
