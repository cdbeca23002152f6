"""Actions on many registrations at once: asked about, done one by one, by the worker where they are many."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.jobs.models import Task
from core.jobs.worker import Worker
from core.mail.models import Message
from core.web.idempotency import new_form_key
from labs.models import Lab
from registrations import bulk
from registrations.models import BulkAction, Registration, Seat, Tag, Tagging
from tests import factories as f
from tests.pages import client_of, form_of, forms_of, text_of

pytestmark = pytest.mark.django_db

LIST = "/organise/labs/lab/registrations/"
PAGE = f"{LIST}bulk/"
State = Registration.State


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def ids(people: Any) -> list[str]:
    return [str(each.public_id) for each in people]


def ask(client: Client, people: Any, action: str, **more: Any) -> Any:
    """Tick people in the list, choose an action, go on."""
    form = next(one for one in forms_of(client.get(LIST)) if one.action == PAGE)
    return client.post(PAGE, form.filled(person=ids(people), action=action, **more))


def do(client: Client, people: Any, action: str, **more: Any) -> Any:
    """The same, and answer the question with yes."""
    return client.post(PAGE, form_of(ask(client, people, action, **more)).filled(), follow=True)


def occasions() -> list[str]:
    return sorted(Message.objects.values_list("occasion", flat=True))


def test_nothing_is_done_before_the_question_is_answered(client: Client, lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(3, lab=lab)
    answer = ask(client, people, "cancel")
    assert (answer.status_code, "Cancel 3 registrations?" in text_of(answer)) == (200, True)
    assert (BulkAction.objects.count(), Message.objects.count()) == (0, 0)


def test_registrations_are_cancelled_and_each_person_is_emailed(client: Client, lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(3, lab=lab)
    other = f.RegistrationFactory(lab=lab)
    page = text_of(do(client, people, "cancel"))
    assert set(
        Registration.objects.filter(pk__in=[each.pk for each in people]).values_list("state", flat=True)
    ) == {State.CANCELLED}
    other.refresh_from_db()
    assert (other.state, occasions()) == (State.CONFIRMED, ["registration_cancelled"] * 3)
    assert "Done" in page
    again = BulkAction.objects.get()
    do(client, people, "cancel")
    assert (again.done, BulkAction.objects.latest("pk").unchanged, Message.objects.count()) == (3, 3, 3)


def test_who_has_not_confirmed_is_confirmed_on_the_organisers_word(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, capacity=1)
    people = f.RegistrationFactory.create_batch(2, lab=lab, state="unconfirmed", confirmed_at=None)
    Seat.objects.bulk_create(
        Seat(
            registration=each,
            session=session,
            mode=session.modes[0],
            state="requested",
            changed_at=each.created_at,
        )
        for each in people
    )
    Lab.objects.update(registration_closes_at=lab.registration_opens_at + timedelta(days=1))
    do(client, people, "confirm")
    assert sorted(Seat.objects.values_list("state", flat=True)) == ["confirmed", "waiting"]
    assert occasions() == ["confirmation"] * 2
    assert set(Registration.history.exclude(history_user=None).values_list("state", flat=True)) == {
        "confirmed"
    }


def test_seats_are_given_as_far_as_there_are_some_and_failures_are_counted(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, slug="session", capacity=2, waiting_list=False)
    people = f.RegistrationFactory.create_batch(3, lab=lab)
    cancelled = f.RegistrationFactory(lab=lab, state="cancelled", cancelled_at=people[0].created_at)
    page = text_of(do(client, [*people, cancelled], "give-seat", session="session"))
    action = BulkAction.objects.get()
    assert (action.done, action.failures) == (2, {"closed": 1, "not_registered": 1})
    assert "The session is full and has no waiting list." in page
    assert occasions() == ["registration_changed"] * 2
    session.refresh_from_db()
    assert session.seats_taken == 2


def test_links_are_sent_again(client: Client, lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(2, lab=lab)
    do(client, people, "send-link")
    assert occasions() == ["registration_link"] * 2


def test_a_tag_is_given_and_taken_and_both_can_be_undone(client: Client, lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(3, lab=lab)
    do(client, people[:1], "tag", tag="VIP")
    do(client, people, "tag", tag=" vip ")
    assert (Tag.objects.get().name, Tagging.objects.count(), Message.objects.count()) == ("VIP", 3, 0)
    second = BulkAction.objects.latest("pk")
    undo = f"{PAGE}{second.public_id}/undo/"
    client.post(undo, {"form_key": new_form_key()})
    assert list(Tagging.objects.values_list("registration", flat=True)) == [people[0].pk]
    assert "This cannot be undone." in text_of(client.post(undo, {"form_key": new_form_key()}, follow=True))
    do(client, people, "untag", tag="VIP")
    assert Tag.objects.count() == 0
    client.post(f"{PAGE}{BulkAction.objects.latest('pk').public_id}/undo/", {"form_key": new_form_key()})
    assert list(Tagging.objects.values_list("registration", flat=True)) == [people[0].pk]


def test_hundreds_are_tagged_in_few_steps_and_all_of_them_are_undone(lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(bulk.CHUNK + 20, lab=lab)
    keys = [person.pk for person in people]
    action = bulk.start(
        lab, f.StaffFactory(lab=lab).user, BulkAction.Kind.TAG, keys[::-1], session=None, tag="Speaker"
    )
    with CaptureQueriesContext(connection) as asked:
        bulk.run(action)
    steps = [
        one for one in asked.captured_queries if one["sql"].startswith('UPDATE "registrations_bulkaction"')
    ]
    assert (len(steps), action.done, sorted(action.changed)) == (2, len(keys), keys)
    bulk.undo(action)
    assert not Tagging.objects.exists()


def test_what_went_out_by_email_cannot_be_undone(client: Client, lab: Lab) -> None:
    do(client, [f.RegistrationFactory(lab=lab)], "cancel")
    answer = client.post(
        f"{PAGE}{BulkAction.objects.get().public_id}/undo/", {"form_key": new_form_key()}, follow=True
    )
    assert "This cannot be undone." in text_of(answer)
    assert Registration.objects.get().state == State.CANCELLED


def test_everybody_of_a_filtered_list_is_meant_also_on_other_pages(client: Client, lab: Lab) -> None:
    sofia = f.CityFactory(slug="sofia")
    lab.programme.cities.add(sofia)
    f.RegistrationFactory.create_batch(25, lab=lab, city=sofia)
    f.RegistrationFactory.create_batch(3, lab=lab)
    form = next(one for one in forms_of(client.get(LIST + "?city=sofia")) if one.action == PAGE)
    question = client.post(PAGE, form.filled(everybody="yes", action="tag", tag="Host"))
    assert "Add the tag to 25 people?" in text_of(question)
    page = text_of(client.post(PAGE, form_of(question).filled(), follow=True))
    assert "0 of 25 done" in page
    assert Tagging.objects.count() == 0
    Worker().drain()
    assert set(Tagging.objects.values_list("registration__city__slug", flat=True)) == {"sofia"}
    assert (Tagging.objects.count(), BulkAction.objects.get().done) == (25, 25)


def test_a_list_that_has_changed_is_asked_about_again(client: Client, lab: Lab) -> None:
    f.RegistrationFactory.create_batch(2, lab=lab)
    form = next(one for one in forms_of(client.get(LIST)) if one.action == PAGE)
    question = form_of(client.post(PAGE, form.filled(everybody="yes", action="cancel")))
    f.RegistrationFactory(lab=lab)
    answer = client.post(PAGE, question.filled())
    assert "Cancel 3 registrations?" in text_of(answer)
    assert BulkAction.objects.count() == 0


def test_a_form_that_is_sent_twice_acts_once(client: Client, lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(2, lab=lab)
    data = form_of(ask(client, people, "send-link")).filled()
    for _each in range(2):
        client.post(PAGE, data)
    assert (BulkAction.objects.count(), Message.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"action": ""}, "Choose what to do."),
        ({"action": "erase"}, "Choose what to do from the list."),
        ({"action": "give-seat"}, "Choose a session."),
        ({"action": "give-seat", "session": "no-such"}, "Choose a session that is not over from the list."),
        ({"action": "tag"}, "Enter a tag."),
        ({"action": "tag", "tag": "x" * 41}, "at most 40 characters"),
        ({"action": "tag", "tag": "\u202e"}, "U+202E"),
    ],
)
def test_what_is_missing_is_asked_for_and_who_is_selected_stays(
    client: Client, lab: Lab, answers: dict[str, str], said: str
) -> None:
    person = f.RegistrationFactory(lab=lab)
    answer = ask(client, [person], **answers)
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    assert form_of(answer).values["person"] == [str(person.public_id)]
    assert BulkAction.objects.count() == 0


@pytest.mark.parametrize("person", [[], ["nonsense"], [str(uuid.uuid4())], ["\0"]])
def test_nobody_is_nobody(client: Client, lab: Lab, person: list[str]) -> None:
    f.RegistrationFactory(lab=lab)
    form = next(one for one in forms_of(client.get(LIST)) if one.action == PAGE)
    answer = client.post(PAGE, form.filled(person=person, action="cancel"), follow=True)
    assert "Select at least one person." in text_of(answer)


def test_people_of_another_lab_are_not_touched(client: Client, lab: Lab) -> None:
    mine, theirs = f.RegistrationFactory(lab=lab), f.RegistrationFactory()
    do(client, [mine, theirs], "cancel")
    theirs.refresh_from_db()
    assert (theirs.state, BulkAction.objects.get().people) == (State.CONFIRMED, [mine.pk])


def test_a_worker_that_takes_over_goes_on_with_the_next_person(lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(30, lab=lab)
    user = f.StaffFactory(lab=lab).user
    action = bulk.start(
        lab, user, BulkAction.Kind.SEND_LINK, [each.pk for each in people], session=None, tag=""
    )
    for _each in range(7):
        bulk._step(action.pk)
    with transaction.atomic():  # killed before the commit
        bulk._step(action.pk)
        transaction.set_rollback(True)
    Worker().drain()
    action.refresh_from_db()
    assert (action.done, Message.objects.count(), Task.objects.get(pk=action.task_id).state) == (
        30,
        30,
        "done",
    )


def test_who_was_erased_meanwhile_is_counted_and_the_rest_goes_on(lab: Lab) -> None:
    people = f.RegistrationFactory.create_batch(2, lab=lab)
    user = f.StaffFactory(lab=lab).user
    action = bulk.start(lab, user, BulkAction.Kind.TAG, [each.pk for each in people], session=None, tag="A")
    Registration.objects.filter(pk=people[0].pk).update(erased_at=people[0].created_at)
    bulk.run(action)
    assert (action.done, action.failures) == (1, {"gone": 1})
