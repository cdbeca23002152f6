"""The rows beside a session's form: the items of its agenda, and who appears in them."""

import re
from dataclasses import replace
from datetime import date, time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.web.localized_fields import languages_of
from labs.models import Lab
from sessions.models import Appearance, Session
from sessions.plans import AgendaPlan
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.pages import client_of, form_of, send
from tests.sessions.test_console_sessions import edit, errors, new

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    programme = f.ProgrammeFactory(languages=["en", "bg"])
    # Clocks in Sofia go back on 31 October 2027 and forward on 28 March 2027.
    return f.LabFactory(
        programme=programme,
        slug="lab",
        starts_on=date(2027, 3, 20),
        ends_on=date(2027, 11, 5),
        languages=["en", "bg"],
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def test_asking_for_a_row_keeps_what_was_typed_and_saves_nothing(client: Client, lab: Lab) -> None:
    f.SpeakerFactory(programme=lab.programme)
    response = new(client, title_0="", title_1="", agenda__0__abstract_0="Half a thought", add="agenda")
    assert response.status_code == 200
    form = form_of(response)
    assert form.values["agenda-TOTAL_FORMS"] == ["2"]
    assert form.values["agenda-0-abstract_0"] == ["Half a thought"]
    assert "error-summary" not in response.content.decode()
    more_people = client.post("/organise/labs/lab/new-session/", form.filled(add="people"))
    assert form_of(more_people).values["people-TOTAL_FORMS"] == ["1"]
    assert not Session.objects.exists()


def test_there_are_no_rows_that_nobody_asked_for(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, slug="session", start_date=date(2027, 4, 6))
    f.SpeakerFactory(programme=lab.programme)
    address = "/organise/labs/lab/sessions/session/"
    empty = form_of(client.get(address)).values
    assert (empty["agenda-TOTAL_FORMS"], empty["people-TOTAL_FORMS"]) == (["0"], ["0"])
    f.AgendaItemFactory.create_batch(2, session=session)
    form = form_of(client.get(address))
    assert form.values["agenda-TOTAL_FORMS"] == ["2"]
    assert form_of(client.post(address, form.filled(add="agenda"))).values["agenda-TOTAL_FORMS"] == ["3"]


@pytest.mark.parametrize("asked", ["", "registrations", "agenda2"])
def test_only_rows_that_there_are_can_be_asked_for(client: Client, lab: Lab, asked: str) -> None:
    """Any other value is that of no button: the form is saved."""
    assert new(client, add=asked).status_code == 302


def test_a_row_that_was_added_and_left_empty_says_nothing(client: Client, lab: Lab) -> None:
    """Even where moving other rows gave it a number."""
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    f.AgendaItemFactory(session=session)
    address = f"/organise/labs/lab/sessions/{session.slug}/"
    added = form_of(client.post(address, form_of(client.get(address)).filled(add="agenda")))
    assert client.post(address, added.filled(agenda__1__ORDER="1", agenda__0__ORDER="2")).status_code == 302
    assert session.agenda.count() == 1


def test_rows_that_are_to_go_need_not_be_right_and_go(client: Client, lab: Lab) -> None:
    speaker = f.SpeakerFactory(programme=lab.programme)
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    f.AppearanceFactory(session=session, speaker=speaker)
    address = f"/organise/labs/lab/sessions/{session.slug}/"
    added = form_of(client.post(address, form_of(client.get(address)).filled(add="agenda")))
    gone = added.filled(agenda__0__start_time="99:99", agenda__0__DELETE="on", people__0__DELETE="on")
    assert client.post(address, gone).status_code == 302
    assert (session.agenda.count(), session.appearances.count()) == (0, 0)


def test_rows_stand_in_the_order_that_was_typed(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    for place, name in enumerate(["First", "Second"]):
        f.AgendaItemFactory(session=session, title={"en": name}, position=place)
    address = f"/organise/labs/lab/sessions/{session.slug}/"
    form = form_of(client.get(address))
    page = client.post(
        address, form.filled(agenda__1__ORDER="1", agenda__0__ORDER="2", title_0="", title_1="")
    ).content.decode()
    assert 0 < page.index('value="Second"') < page.index('value="First"')


def test_agenda_items_are_changed_ordered_and_removed(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    first, second, third = (
        f.AgendaItemFactory(session=session, title={"en": name}, position=place)
        for place, name in enumerate(["First", "Second", "Third"])
    )
    f.AppearanceFactory(session=session, agenda_item=second)
    f.AppearanceFactory(session=session, agenda_item=third)
    edit(client, session, agenda__1__DELETE="on", agenda__2__ORDER="1", agenda__0__ORDER="2")
    assert list(session.agenda.order_by("position").values_list("pk", flat=True)) == [third.pk, first.pk]
    # Who appeared in the removed item went with it.
    assert list(session.appearances.values_list("agenda_item", flat=True)) == [third.pk]


def test_nobody_appears_in_an_empty_item(client: Client, lab: Lab) -> None:
    speaker = f.SpeakerFactory(programme=lab.programme)
    empty = {"agenda-TOTAL_FORMS": "1"}
    response = new(client, people__0__speaker=str(speaker.pk), people__0__item="0", **empty)
    assert "This item is empty" in errors(response)
    assert not Appearance.objects.exists()


def test_the_same_person_twice_in_one_role_is_pointed_out_beside_the_person(client: Client, lab: Lab) -> None:
    speaker = f.SpeakerFactory(programme=lab.programme)
    twice = {f"people-{place}-speaker": str(speaker.pk) for place in (0, 1)}
    assert "is listed here twice" in errors(new(client, **twice))


def test_an_item_that_somebody_else_removed_meanwhile_does_not_block_the_form(
    client: Client, lab: Lab
) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    f.AgendaItemFactory(session=session, title={"en": "Panel"})
    address = f"/organise/labs/lab/sessions/{session.slug}/"
    opened = form_of(client.get(address))
    change_session(session, replace(plan_of(session), agenda=()))
    response = client.post(address, opened.filled())
    assert response.status_code == 409
    client.post(address, form_of(response).filled())
    assert [languages_of(item.title) for item in session.agenda.all()] == [{"en": "Panel"}]


def test_an_item_that_somebody_else_added_meanwhile_is_taken_out_only_knowingly(
    client: Client, lab: Lab
) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    f.AgendaItemFactory(session=session, title={"en": "Panel"})
    address = f"/organise/labs/lab/sessions/{session.slug}/"
    opened = form_of(client.get(address))
    items = (*plan_of(session).agenda, AgendaPlan(title={"en": "Theirs"}))
    change_session(session, replace(plan_of(session), agenda=items))
    told = client.post(address, opened.filled(title_0="Mine"))
    assert told.status_code == 409
    assert "Theirs" in told.content.decode()
    assert session.agenda.count() == 2
    # What was added after the page told is not taken out unseen.
    items = (*plan_of(session).agenda, AgendaPlan(title={"en": "Third"}))
    change_session(session, replace(plan_of(session), agenda=items))
    told_again = client.post(address, form_of(told).filled())
    assert told_again.status_code == 409
    assert session.agenda.count() == 3
    assert client.post(address, form_of(told_again).filled()).status_code == 302
    assert [languages_of(item.title) for item in session.agenda.all()] == [{"en": "Panel"}]


@pytest.mark.parametrize("replaces", ["", "x,,²", "9" * 5000])
def test_items_that_a_form_leaves_out_without_knowing_stay(client: Client, lab: Lab, replaces: str) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    f.AgendaItemFactory(session=session, title={"en": "Panel"})
    response = edit(client, session, agenda__0__row="", replaces=replaces)
    assert "This form is incomplete" in errors(response)
    assert session.agenda.get().title.data == {"en": "Panel"}


def test_the_form_costs_the_same_queries_for_few_and_many_rows(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    client.get(f"/organise/labs/lab/sessions/{session.slug}/")
    counts = []
    for more in (2, 8):
        for _ in range(more):
            f.AppearanceFactory(session=session, agenda_item=f.AgendaItemFactory(session=session))
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/organise/labs/lab/sessions/{session.slug}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def with_agenda(lab: Lab) -> Session:
    """A session from 11:00 to 12:30 with an item from 11:15 to 11:45 and one without hours."""
    session = f.SessionFactory(
        lab=lab, slug="opening", start_date=date(2027, 4, 6), start_time=time(11), end_time=time(12, 30)
    )
    plans = (
        AgendaPlan(title={"en": "Panel"}, start_time=time(11, 15), end_time=time(11, 45)),
        AgendaPlan(title={"en": "Talk"}),
    )
    return change_session(session, replace(plan_of(session), agenda=plans))


@pytest.mark.parametrize(
    ("answers", "hours"),
    [
        ({"start_time": "14:00", "end_time": "15:30"}, (time(14, 15), time(14, 45))),
        (
            {"start_date": "2027-04-07", "start_time": "09:00", "end_time": "10:30"},
            (time(9, 15), time(9, 45)),
        ),
        # None of its old hours is left, so that it has moved although it is shorter.
        ({"start_time": "15:00", "end_time": "16:00"}, (time(15, 15), time(15, 45))),
        # On another day at the same hours, and longer: items stay.
        ({"start_date": "2027-04-07"}, (time(11, 15), time(11, 45))),
        ({"start_time": "10:00"}, (time(11, 15), time(11, 45))),
        # What is typed holds.
        (
            {
                "start_time": "14:00",
                "end_time": "15:30",
                "agenda__0__start_time": "14:30",
                "agenda__0__end_time": "15:00",
            },
            (time(14, 30), time(15)),
        ),
    ],
)
def test_the_agenda_moves_along_with_its_session(
    client: Client, lab: Lab, answers: dict[str, str], hours: tuple[time, time]
) -> None:
    session = with_agenda(lab)
    address = "/organise/labs/lab/sessions/opening/"
    assert send(client, address, **answers).status_code == 302
    panel, talk = session.agenda.order_by("position")
    session.refresh_from_db()
    assert (panel.start_time, panel.end_time) == hours
    assert session.starts_at <= panel.starts_at < panel.ends_at <= session.ends_at
    assert (talk.start_time, talk.starts_at) == (None, None)


@pytest.mark.parametrize("language", ["en", "bg"])
def test_the_row_that_was_added_takes_the_focus(client: Client, lab: Lab, language: str) -> None:
    """In the language in which the texts are shown, which stays as it was chosen."""
    f.SpeakerFactory(programme=lab.programme)
    address = "/organise/labs/lab/new-session/"
    page = client.get(address)
    assert "autofocus" not in page.content.decode()
    answer = client.post(address, form_of(page).filled(add="agenda", edit=language))
    [focused] = re.findall(r"<input[^>]*autofocus[^>]*>", answer.content.decode())
    assert f'name="agenda-0-title_{["en", "bg"].index(language)}"' in focused
    assert form_of(answer).values["edit"] == [language]
    more = client.post(address, form_of(answer).filled(add="people")).content.decode()
    [chosen] = re.findall(r"<select[^>]*autofocus[^>]*>", more)
    assert 'name="people-0-speaker"' in chosen
