"""Sending emails to a real server, well or ill."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.jobs.worker import Worker
from core.mail.delivery import RETRIES, NotRetryable, retry, summary
from core.mail.models import Message
from tests.emails import reset_email
from tests.factories import LabFactory

pytestmark = pytest.mark.django_db


def mail(number: int = 1, **changes) -> Message:
    usual = {"to_name": f"Demo participant {number}", "to_email": f"participant{number}@example.org"}
    return reset_email(f"test:{number}", **(usual | changes))


def send_what_is_due() -> None:
    Worker().drain()


def test_it_sends_what_is_queued_through_one_connection(smtp):
    messages = [mail(number) for number in range(5)]

    send_what_is_due()

    assert smtp.message_ids() == [message.message_id for message in messages]
    assert smtp.connections == 1
    for message in messages:
        message.refresh_from_db()
        assert (message.state, message.attempts, message.last_error) == ("sent", 1, "")
        assert message.finished_at is not None
        assert message.lease_until is None


def test_the_mail_has_the_headers_of_an_automatic_one(smtp):
    message = mail(
        lab=LabFactory(contact_email="labs@example.org"), to_name='Мария "M" Demo, 17', language="bg"
    )

    send_what_is_due()

    [received] = smtp.received
    assert received["Message-ID"] == message.message_id == f"<{message.public_id}@citylabs.example.org>"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Content-Language"] == "bg"
    assert received["Reply-To"] == "labs@example.org"
    [to] = received["To"].addresses
    assert (to.display_name, to.addr_spec) == ('Мария "M" Demo, 17', "participant1@example.org")
    assert received.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in received.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("answer", ["450 4.2.1 Mailbox busy", "421 4.3.2 Closing"])
def test_a_passing_refusal_is_tried_again_later(smtp, answer):
    message = mail()
    smtp.to_recipient = answer

    send_what_is_due()

    message.refresh_from_db()
    assert (message.state, message.smtp_code, message.last_error) == ("queued", int(answer[:3]), answer)
    assert message.attempts == 1
    assert timedelta(seconds=50) < message.run_at - timezone.now() <= RETRIES[0]

    smtp.to_recipient = None
    with time_machine.travel(timezone.now() + RETRIES[0]):
        send_what_is_due()
    message.refresh_from_db()
    assert (message.state, message.smtp_code, message.last_error) == ("sent", None, "")


@pytest.mark.parametrize(
    ("where", "answer", "state"),
    [
        ("to_recipient", "550 5.1.1 No such user here", "bounced"),
        ("to_recipient", "551 5.1.6 Has moved", "bounced"),
        ("to_recipient", "550 5.7.1 Not welcome", "failed"),
        ("to_recipient", "552 5.2.2 Mailbox full", "failed"),
        ("to_data", "550 5.7.1 Looks like spam", "failed"),
        ("to_data", "554 Transaction failed", "failed"),
    ],
)
def test_a_final_refusal_ends_it_at_once(smtp, where, answer, state):
    message = mail()
    setattr(smtp, where, answer)

    send_what_is_due()

    message.refresh_from_db()
    assert (message.state, message.smtp_code, message.attempts) == (state, int(answer[:3]), 1)


def test_one_refused_address_does_not_stop_the_others(smtp):
    refused, taken = mail(1), mail(2)

    async def only_the_first(server, session, envelope, address, options):
        if address == "participant1@example.org":
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    smtp.handle_RCPT = only_the_first
    send_what_is_due()

    refused.refresh_from_db()
    taken.refresh_from_db()
    assert (refused.state, taken.state) == ("bounced", "sent")
    assert smtp.connections == 1


def test_a_server_that_does_not_answer_is_waited_for_once_and_asked_again(smtp, settings):
    settings.EMAIL_TIMEOUT = 0.5
    smtp.hang = 1.5
    message = mail()

    send_what_is_due()

    message.refresh_from_db()
    assert (message.state, message.smtp_code) == ("queued", None)


def test_a_server_that_takes_the_mail_and_hangs_up_gets_it_again_with_the_same_message_id(smtp):
    smtp.drop_after_data = 1
    message = mail()

    send_what_is_due()
    message.refresh_from_db()
    assert message.state == "queued"
    with time_machine.travel(timezone.now() + RETRIES[0]):
        send_what_is_due()

    message.refresh_from_db()
    assert message.state == "sent"
    assert smtp.message_ids() == [message.message_id] * 2


def test_a_server_out_of_reach_is_tried_once_for_the_whole_batch(smtp, settings):
    settings.EMAIL_PORT = 1
    messages = [mail(number) for number in range(3)]

    send_what_is_due()

    for message in messages:
        message.refresh_from_db()
        assert (message.state, message.attempts) == ("queued", 1)
        assert message.last_error.startswith("ConnectionRefusedError")


def test_a_server_that_says_wait_and_then_no_ends_it_with_what_it_said_last(smtp):
    message = mail()
    smtp.to_data = "451 4.7.1 Greylisted"
    send_what_is_due()
    message.refresh_from_db()
    assert (message.state, message.smtp_code, message.attempts) == ("queued", 451, 1)

    smtp.to_data = "554 5.7.1 Rejected"
    with time_machine.travel(timezone.now() + RETRIES[0]):
        send_what_is_due()
    message.refresh_from_db()
    assert (message.state, message.smtp_code, message.attempts) == ("failed", 554, 2)
    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        send_what_is_due()
    assert smtp.received == []


def test_a_server_that_says_wait_and_then_that_nobody_is_there_bounces_it(smtp):
    message = mail()
    smtp.to_recipient = "450 4.2.1 Mailbox busy"
    send_what_is_due()
    smtp.to_recipient = "550 5.1.1 No such user here"
    with time_machine.travel(timezone.now() + RETRIES[0]):
        send_what_is_due()
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("bounced", 2)


def test_a_line_that_is_cut_in_the_middle_of_a_mail_costs_neither_it_nor_those_behind_it(smtp):
    messages = [mail(number) for number in range(3)]
    cut = [1]

    async def cutting(server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        if cut[0]:
            cut[0] -= 1
            server.transport.abort()
        return "250 OK"

    smtp.handle_RCPT = cutting
    send_what_is_due()
    states = [Message.objects.get(pk=message.pk).state for message in messages]
    assert states == ["queued", "sent", "sent"]
    with time_machine.travel(timezone.now() + RETRIES[0]):
        send_what_is_due()
    assert sorted(smtp.message_ids()) == sorted(message.message_id for message in messages)


def test_a_line_that_is_cut_within_the_text_costs_neither_the_mail_nor_those_behind_it(smtp):
    smtp.cut_in_data = 1
    messages = [mail(number) for number in range(3)]
    send_what_is_due()
    states = [Message.objects.get(pk=message.pk).state for message in messages]
    assert states == ["queued", "sent", "sent"]
    with time_machine.travel(timezone.now() + RETRIES[0]):
        send_what_is_due()
    assert sorted(smtp.message_ids()) == sorted(message.message_id for message in messages)


@pytest.mark.parametrize("greeting", ["554 5.3.2 No service", "421 4.3.2 Too busy", "silence"])
def test_a_server_that_refuses_at_the_door_or_says_nothing_is_asked_again(smtp, settings, greeting):
    """Trouble with the server is no answer to the email, whatever its code."""
    settings.EMAIL_TIMEOUT = 0.5
    smtp.greeting = greeting
    messages = [mail(number) for number in range(3)]
    send_what_is_due()
    assert list(Message.objects.values_list("state", "attempts")) == [("queued", 1)] * 3

    smtp.greeting = ""
    with time_machine.travel(timezone.now() + RETRIES[0]):
        send_what_is_due()
    assert sorted(smtp.message_ids()) == sorted(message.message_id for message in messages)


def test_after_an_hour_without_a_worker_everything_leaves_once(smtp):
    messages = [mail(number) for number in range(25)]
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        send_what_is_due()
        send_what_is_due()
    assert sorted(smtp.message_ids()) == sorted(message.message_id for message in messages)
    assert not Message.objects.exclude(state="sent").exists()


def test_retries_cover_72_hours_and_then_a_person_decides(smtp):
    message = mail()
    smtp.to_recipient = "450 4.2.1 Mailbox busy"
    begun = timezone.now()
    moments = [begun]
    while True:
        with time_machine.travel(moments[-1], tick=False):
            send_what_is_due()
        message.refresh_from_db()
        if message.state != "queued":
            break
        moments.append(message.run_at)

    assert message.state == "failed"
    assert moments[-1] - moments[0] == timedelta(hours=72)
    assert message.attempts == len(RETRIES) + 1
    assert max(RETRIES) <= timedelta(hours=8)


def test_a_person_may_try_a_failed_mail_again(smtp):
    message = mail()
    smtp.to_data = "554 Transaction failed"
    send_what_is_due()
    smtp.to_data = None
    message.refresh_from_db()

    retry(message)
    assert (message.state, message.attempts) == ("queued", 0)
    send_what_is_due()

    message.refresh_from_db()
    assert message.state == "sent"
    with pytest.raises(NotRetryable):
        retry(message)


def test_logs_name_messages_and_never_people(smtp, caplog):
    message = mail()
    smtp.to_recipient = "550 5.1.1 <participant1@example.org> unknown"

    with caplog.at_level(logging.DEBUG):
        send_what_is_due()

    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("core"))
    assert str(message.public_id) in ours
    assert "participant1" not in ours


def test_a_mail_that_was_not_sent_is_counted_as_queued(smtp):
    lab, other = LabFactory(), LabFactory()
    smtp.to_recipient = "450 4.2.1 Mailbox busy"
    mail(1, lab=lab)
    mail(2, lab=other)
    send_what_is_due()
    smtp.to_recipient = None
    mail(3, lab=lab)
    send_what_is_due()

    figures = summary(lab.pk)
    assert (figures.queued, figures.sent, figures.delivered, figures.failed, figures.bounced) == (
        1,
        1,
        0,
        0,
        0,
    )
    assert figures.oldest_unsent_age < timedelta(minutes=1)
    assert figures.beat_age < timedelta(minutes=1)
    assert (summary().queued, summary().sent) == (2, 1)


def test_nothing_waiting_has_no_age():
    figures = summary()
    assert (figures.queued, figures.oldest_unsent_age, figures.beat_age) == (0, None, None)
