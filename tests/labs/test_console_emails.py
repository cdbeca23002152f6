"""The console's outbox: what became of every email, what it said, and sending one again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.accounts.models import User
from core.jobs.models import WorkerBeat
from core.mail import message_list
from core.mail.delivery import outgoing
from core.mail.links import address_of
from core.mail.models import Message
from labs.models import Lab
from registrations import emails, managing, seats
from tests import factories as f
from tests.emails import became, reset_email
from tests.pages import client_of, forms_of

pytestmark = pytest.mark.django_db

MAIL = "/organise/labs/lab/mail/"
State = Message.State


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def written(lab: Lab, name: str = "Demo participant", **changes: object) -> Message:
    """A confirmation to a person with a seat, in whatever state."""
    person = f.RegistrationFactory(lab=lab, name=name)
    seats.take(person, {f.SessionFactory(lab=lab).pk: "online"})
    message = emails.confirmation(person, managing.seats_of(person))
    return became(message, str(changes.pop("state", "queued")), **changes)


def names(client: Client, **query: str) -> list[str]:
    return [row.message.to_name for row in client.get(MAIL, query).context["rows"]]


def test_every_occasion_has_words() -> None:
    folder = Path(settings.BASE_DIR) / "templates" / "emails"
    occasions = {file.name.removesuffix(".subject.txt") for file in folder.glob("*.subject.txt")}
    assert set(message_list.OCCASIONS) == occasions


def test_what_failed_comes_first_then_what_is_tried_again_then_the_newest(client: Client, lab: Lab) -> None:
    written(lab, "failed", state=State.FAILED)
    written(lab, "sent", state=State.SENT)
    written(lab, "on trial", last_error="451 Later")
    written(lab, "bounced", state=State.BOUNCED)
    written(lab, "queued")
    assert names(client) == ["bounced", "failed", "on trial", "queued", "sent"]


def test_tabs_count_and_narrow_and_keep_the_other_filters(client: Client, lab: Lab) -> None:
    for name, state in (("a", State.QUEUED), ("b", State.SENDING), ("c", State.SENT), ("d", State.FAILED)):
        written(lab, name, state=state)
    response = client.get(MAIL, {"q": "example.org", "state": "queued"})
    assert {tab: count for tab, _words, count, _bad in response.context["tabs"]} == {
        "": 4, "queued": 2, "sent": 1, "delivered": 0, "failed": 1, "bounced": 0, "complained": 0,
    }  # fmt: skip
    assert names(client, state="queued") == ["b", "a"]
    assert "?q=example.org&amp;state=failed" in response.content.decode()


def test_mails_are_found_by_name_address_and_occasion(client: Client, lab: Lab) -> None:
    first = written(lab, "Демо Участник")
    emails.link_again(f.RegistrationFactory(lab=lab, name="Second"))
    assert names(client, q="демо") == ["Демо Участник"]
    assert names(client, q=first.to_email.upper()) == ["Демо Участник"]
    assert names(client, occasion="registration_link") == ["Second"]
    assert names(client, q="%") == []


@pytest.mark.parametrize(
    "query", [{"state": "eaten"}, {"occasion": "birthday"}, {"q": "x" * 5000}, {"q": "\0"}]
)
def test_a_filter_that_is_not_offered_is_left_out(client: Client, lab: Lab, query: dict[str, str]) -> None:
    written(lab)
    assert names(client, **query) == ["Demo participant"]


def test_the_worker_is_told_to_live_to_be_late_or_to_be_away(client: Client, lab: Lab) -> None:
    now = timezone.now()

    def title() -> str:
        return str(client.get(MAIL).context["beat"].title)

    assert title() == "Email is not being sent"
    WorkerBeat.objects.create(worker="one", started_at=now, beat_at=now)
    assert title() == "Email is being sent"
    written(lab, run_at=now - timedelta(minutes=20))
    assert title() == "Email is delayed"
    WorkerBeat.objects.update(beat_at=now - timedelta(minutes=5))
    assert title() == "Email is not being sent"


def test_the_last_hour_is_counted(lab: Lab) -> None:
    now = timezone.now()
    for minutes, state in (
        (1, State.SENT),
        (1, State.DELIVERED),
        (50, State.SENT),
        (5, State.FAILED),
        (61, State.SENT),
    ):
        written(lab, state=state, finished_at=now - timedelta(minutes=minutes))
    hour = message_list.last_hour(lab.pk, now)
    assert (hour.sent, hour.failed) == (3, 1)
    assert message_list.last_hour(None, now) == message_list.LastHour(0, 0)


def test_a_mail_shows_its_way_and_its_words_without_its_links(
    client: Client, lab: Lab, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    message = written(
        lab, state=State.BOUNCED, last_error="550 5.1.1 No such user", smtp_code=550, attempts=1
    )
    body = client.get(f"{MAIL}{message.public_id}/").content.decode()
    for words in ("This mailbox does not exist", "550 5.1.1 No such user", "sessions.ics", "[private link]"):
        assert words in body
    secrets = [address_of(link) for link in message.links.values()]
    letter = client.get(f"{MAIL}{message.public_id}/body/").content.decode()
    assert secrets
    assert [secret for secret in secrets if secret in body or secret in letter] == []
    assert [link["mark"] for link in message.links.values() if link["mark"] in body + letter] == []


def test_a_mail_that_cannot_be_rendered_shows_why(client: Client, lab: Lab) -> None:
    message = written(
        lab,
        context={"lines": 17},
        state=State.FAILED,
        last_error="The email could not be rendered. TypeError",
    )
    page = client.get(f"{MAIL}{message.public_id}/")
    assert page.status_code == 200
    assert "The email could not be rendered. TypeError" in page.content.decode()
    assert client.get(f"{MAIL}{message.public_id}/body/").status_code == 404


def test_where_mails_go_into_a_folder_a_delivered_one_shows_its_links(
    client: Client, lab: Lab, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "core.mail.folder_backend.FolderBackend"
    message = written(lab, state=State.SENT)
    address = f"{MAIL}{message.public_id}/"
    manage = address_of(message.links["manage"])
    assert manage not in client.get(address).content.decode()  # not delivered yet: the folder has it not
    with get_connection() as backend:
        backend.send_messages([outgoing(message)])
    body = client.get(address).content.decode()
    assert f'<a href="{manage}">{manage}</a>' in body
    assert manage in client.get(f"{address}body/").content.decode()


def test_the_letter_is_a_document_that_can_do_nothing(client: Client, lab: Lab) -> None:
    message = written(lab, name="<script>alert(1)</script>")
    answer = client.get(f"{MAIL}{message.public_id}/body/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "<script" not in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    Message.objects.update(text="Only text.", html="")
    assert client.get(f"{MAIL}{message.public_id}/body/").status_code == 404


@pytest.mark.parametrize("state", [State.FAILED, State.BOUNCED])
def test_an_email_in_trouble_leads_to_its_registration(client: Client, lab: Lab, state: str) -> None:
    message = written(lab, state=state)
    assert message.registration is not None
    person = message.registration.public_id
    page = client.get(f"{MAIL}{message.public_id}/").content.decode()
    trouble = page.partition('class="notice notice-bad"')[2].partition("</div>")[0]
    assert f'href="/organise/labs/lab/registrations/{person}/"' in trouble
    assert f'href="/organise/labs/lab/registrations/{person}/address/"' in trouble


@pytest.mark.parametrize("state", [State.FAILED, State.BOUNCED])
def test_a_failed_mail_is_sent_again_as_the_same_mail(client: Client, lab: Lab, state: str) -> None:
    message = written(lab, state=state, attempts=19, last_error="x", finished_at=timezone.now())
    address = f"{MAIL}{message.public_id}/"
    [form] = forms_of(client.get(address))
    for _twice in range(2):
        assert client.post(form.action, form.filled()).status_code == 302
    again = Message.objects.get()
    assert (again.state, again.attempts, again.message_id) == (State.QUEUED, 0, message.message_id)


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.DELIVERED])
def test_what_has_left_is_not_sent_twice(client: Client, lab: Lab, state: str) -> None:
    message = written(lab, state=state)
    answer = client.post(f"{MAIL}{message.public_id}/retry/", follow=True)
    assert "would send it twice" in answer.content.decode()
    assert Message.objects.get().state == state


def test_all_failed_mails_of_this_lab_are_queued_again_and_no_others(client: Client, lab: Lab) -> None:
    for name, state in (("a", State.FAILED), ("b", State.FAILED), ("c", State.BOUNCED), ("d", State.SENT)):
        written(lab, name, state=state)
    elsewhere = written(f.LabFactory(), state=State.FAILED)
    answer = client.post(f"{MAIL}retry/", follow=True)
    assert "2 emails will be sent again." in answer.content.decode()
    assert dict(Message.objects.filter(lab=lab).values_list("to_name", "state")) == {
        "a": State.QUEUED, "b": State.QUEUED, "c": State.BOUNCED, "d": State.SENT,
    }  # fmt: skip
    elsewhere.refresh_from_db()
    assert elsewhere.state == State.FAILED


def test_another_labs_mail_is_404_in_every_way(client: Client, lab: Lab) -> None:
    message = written(f.LabFactory(), state=State.FAILED)
    address = f"{MAIL}{message.public_id}/"
    assert [client.get(a).status_code for a in (address, f"{address}body/")] == [404, 404]
    assert client.post(f"{address}retry/").status_code == 404
    assert client.get(f"{MAIL}not-a-number/").status_code == 404


def test_door_staff_and_strangers_see_no_mail(lab: Lab) -> None:
    message = written(lab)
    for staff in (f.StaffFactory(lab=lab, role="door"), f.StaffFactory()):
        client = client_of(staff.user)
        for address in (MAIL, f"{MAIL}{message.public_id}/", f"{MAIL}{message.public_id}/body/"):
            assert client.get(address).status_code == 404


def test_mails_of_no_lab_are_the_superusers_alone(client: Client, lab: Lab) -> None:
    message = reset_email(key="reset", to_email="user@example.org", to_name="Demo user", context={"days": 1})
    addresses = [
        f"/organise/mail/{rest}" for rest in ("", f"{message.public_id}/", f"{message.public_id}/body/")
    ]
    owner = client_of(f.OwnerFactory(programme=lab.programme).user)
    for somebody in (client, owner):
        assert [somebody.get(address).status_code for address in addresses] == [404] * 3
        assert somebody.post(f"/organise/mail/{message.public_id}/retry/").status_code == 404
        assert somebody.get(f"{MAIL}{message.public_id}/").status_code == 404
    assert Client().get(addresses[0]).status_code == 302
    root = client_of(User.objects.create_superuser("root@example.org", "correct horse battery staple"))
    assert [root.get(address).status_code for address in addresses] == [200] * 3
    assert "New password" in root.get(addresses[0]).content.decode()
    assert written(lab).public_id not in [
        row.message.public_id for row in root.get(addresses[0]).context["rows"]
    ]
    became(message, State.FAILED)
    root.post(f"/organise/mail/{message.public_id}/retry/")
    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_the_list_costs_the_same_queries_for_two_mails_and_for_thirty(client: Client, lab: Lab) -> None:
    client.get(MAIL)  # the first answer of a session writes its token
    costs = []
    for mails in (2, 28):
        for _number in range(mails):
            written(lab)
        with CaptureQueriesContext(connection) as queries:
            client.get(MAIL)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert costs[0] <= 14


def test_an_empty_outbox_says_when_the_first_mail_comes(client: Client, lab: Lab) -> None:
    assert "No emails yet." in client.get(MAIL).content.decode()
    written(lab)
    assert "No results." in client.get(MAIL, {"q": "zzz"}).content.decode()
