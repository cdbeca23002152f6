"""Nobody can fill a stranger's mailbox: what anybody may ask for at an address is one budget, whatever the form."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db.models import F
from django.test import Client
from django.utils import timezone

from core.mail.address_budget import EMAILS_PER_DAY, EMAILS_PER_HOUR
from core.mail.models import Message
from registrations import managing, organiser_actions
from registrations.models import Registration
from tests import factories as f
from tests.registrations.form_posts import answers, mails, post, send
from tests.registrations.test_registering import registered

pytestmark = pytest.mark.django_db

VICTIM = "participant17@example.org"


def ask_for_everything(client: Client, spelling: str = VICTIM) -> list[object]:
    """Send each form that emails an address which anybody may type; return how each was answered."""
    session = f.SessionFactory()
    for name in ("Demo participant 17", "Somebody else"):
        answer = send(client, session.lab, answers(session, email=spelling, name=name))
        assert "Check your" in answer.content.decode()
    asked = [
        post(client, address, {"email": spelling})
        for address in ("/registrations/link/", "/accounts/password/reset/")
    ]
    return [(answer.status_code, answer["Location"], answer.content) for answer in asked]


@pytest.fixture
def known() -> None:
    """The address is registered in three labs and has an account."""
    for _lab in range(3):
        registered(f.SessionFactory(), email=VICTIM)
    f.UserFactory(email=VICTIM)
    Message.objects.all().delete()


@pytest.mark.usefixtures("known")
def test_one_address_gets_no_more_than_its_budget_whatever_is_asked(client: Client) -> None:
    first = ask_for_everything(client)
    for spelling in (VICTIM.upper(), VICTIM, f" {VICTIM} "):
        assert ask_for_everything(client, spelling) == first
    assert len(mails()) == EMAILS_PER_HOUR

    for hours in range(1, 6):
        with time_machine.travel(timezone.now() + timedelta(hours=hours, minutes=hours)):
            cache.clear()
            ask_for_everything(client)
            ask_for_everything(client)
    assert len(mails()) == EMAILS_PER_DAY


@pytest.mark.usefixtures("known")
def test_whoever_uses_up_the_budget_learns_nothing(client: Client) -> None:
    first = ask_for_everything(client)
    ask_for_everything(client)

    assert ask_for_everything(client) == first
    assert ask_for_everything(client, "nobody@example.org") == first


@pytest.mark.usefixtures("known")
def test_a_new_password_is_not_sent_beyond_the_budget(client: Client) -> None:
    for _time in range(EMAILS_PER_HOUR + 2):
        post(client, "/accounts/password/reset/", {"email": VICTIM})

    assert len(mails("password_reset")) == EMAILS_PER_HOUR


@pytest.mark.usefixtures("known")
def test_what_a_person_or_an_organiser_did_is_told_all_the_same(client: Client) -> None:
    for _time in range(3):
        ask_for_everything(client)
    found = Registration.objects.filter(email=VICTIM, state="confirmed")[0]

    Message.objects.update(key=F("message_id"))  # the organiser's link is not one that was sent just now
    organiser_actions.send_link(found)
    managing.cancel(found)

    assert len(mails()) == EMAILS_PER_HOUR + 2


def test_links_of_one_lab_alone_are_sent_where_its_page_was_asked(client: Client) -> None:
    here, elsewhere = f.SessionFactory(), f.SessionFactory()
    for session in (here, elsewhere):
        registered(session, email=VICTIM)
    Message.objects.all().delete()

    page = client.get(f"/registrations/link/?lab={here.lab.slug}")
    assert here.lab.title["en"] in page.content.decode()
    asked = post(client, "/registrations/link/", {"email": VICTIM, "lab": here.lab.slug})

    assert asked["Location"] == f"/registrations/link/?lab={here.lab.slug}&sent="
    assert "Check your" in client.get(asked["Location"]).content.decode()
    assert [mail.lab for mail in mails("registration_link")] == [here.lab]


@pytest.mark.parametrize("slug", ["no-such-lab", "draft-lab", "x" * 300, "not a slug", "é"])
def test_a_lab_that_is_not_in_sight_counts_as_none(client: Client, slug: str) -> None:
    f.LabFactory(slug="draft-lab", visibility="draft", title={"en": "Sparrow"})
    registered(f.SessionFactory(), email=VICTIM)

    page = client.get("/registrations/link/", {"lab": slug})
    assert page.status_code == 200
    assert "Sparrow" not in page.content.decode()
    post(client, "/registrations/link/", {"email": VICTIM, "lab": slug})

    assert len(mails("my_registrations")) == 1
