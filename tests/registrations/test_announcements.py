"""Announcements: whom conditions find, what people get, the time to take it back, once to each, in portions."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from core.jobs.models import Task
from core.jobs.worker import Worker
from core.mail.models import Message
from core.mail.rendering import rendered
from core.web.errors import RuleViolation
from core.web.idempotency import new_form_key
from labs.models import Lab
from registrations import announcing, audiences, managing, seats, tags
from registrations.audiences import Audience
from registrations.erasure import erase
from registrations.models import Announcement, Registration
from registrations.unsubscribing import set_unsubscribed
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of, forms_of, text_of

pytestmark = pytest.mark.django_db
LIST = "/organise/labs/lab/mail/announcements/"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", title={"en": "Fifth lab"}, contact_email="lab@city.example")


@pytest.fixture
def organiser(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab, user__email="olga@city.example", user__name="Olga Demo").user)


def draft(lab: Lab, **texts: Any) -> Announcement:
    words = {"subject": {"en": "News for {name}"}, "body": {"en": "**Bring** water, {name}."}, **texts}
    by = f.UserFactory()
    return announcing.write(lab, Audience(), words["subject"], words["body"], by)


def send(announcement: Announcement) -> list[str]:
    """Confirm it, wait, and have a worker send it; return whom it went to."""
    announcing.confirm(announcement, f.UserFactory())
    with time_machine.travel(timezone.now() + announcing.WINDOW + timedelta(seconds=1)):
        while Worker().run_due_task(timedelta(minutes=1)):
            pass
    return addresses()


def addresses() -> list[str]:
    found = Message.objects.filter(occasion="announcement").order_by("pk")
    return list(found.values_list("to_email", flat=True))


def names(lab: Lab, **conditions: Any) -> set[str]:
    return set(audiences.people(lab, Audience(**conditions)).values_list("name", flat=True))


# To whom


def test_conditions_find_whom_they_say(lab: Lab) -> None:
    city, group = f.CityFactory(), f.StakeholderGroupFactory(programme=lab.programme)
    lab.programme.cities.add(city)
    one, other = f.SessionFactory(lab=lab, capacity=1), f.SessionFactory(lab=lab)

    def person(name: str, *sessions: Any, **more: Any) -> Registration:
        made = f.RegistrationFactory(lab=lab, name=name, **more)
        seats.take(made, {each.pk: each.modes[0] for each in sessions})
        return made

    person("one", one, city=city, language="bg")
    person("waits", one, stakeholder_group=group)
    both = person("other", other)
    person("none")
    f.AttendanceFactory(registration=both, session=other)
    f.RegistrationFactory(lab=lab, name="unconfirmed", state="unconfirmed", confirmed_at=None)
    managing.cancel(person("cancelled", other), None)
    erase(person("erased", other))
    f.RegistrationFactory(name="elsewhere")

    everybody = {"one", "waits", "other", "none"}
    assert names(lab) == everybody
    assert names(lab, session_id=one.pk) == {"one", "waits"}
    assert names(lab, session_id=one.pk, seat="confirmed") == {"one"}
    assert names(lab, session_id=one.pk, seat="waiting") == {"waits"}
    assert names(lab, session_id=one.pk, seat="none") == {"other", "none"}
    assert names(lab, seat="none") == {"none"}
    assert names(lab, mode="online") == {"one", "other"}
    assert names(lab, mode="online", seat="confirmed") == {"one", "other"}
    assert names(lab, mode="online", seat="waiting") == {"waits"}
    assert names(lab, mode="online", seat="none") == set()
    assert names(lab, session_id=one.pk, mode="online") == {"one"}
    assert names(lab, session_id=one.pk, mode="online", attended="no") == {"one"}
    assert names(lab, session_id=other.pk, mode="online", attended="yes") == {"other"}
    assert names(lab, session_id=one.pk, mode="room") == set()
    assert names(lab, attended="yes") == {"other"}
    assert names(lab, session_id=other.pk, attended="yes") == {"other"}
    assert names(lab, session_id=one.pk, attended="no") == {"one", "waits"}
    assert names(lab, attended="no") == everybody - {"other"}
    assert names(lab, city_id=city.pk) == {"one"}
    assert names(lab, elsewhere=True) == everybody - {"one"}
    assert names(lab, group_id=group.pk) == {"waits"}
    assert names(lab, language="bg") == {"one"}
    assert names(lab, language="bg", group_id=group.pk) == set()
    assert names(lab, session_id=f.SessionFactory().pk) == set()


def test_how_they_take_part_is_about_seats_unless_the_waiting_list_is_chosen(
    organiser: Client, lab: Lab
) -> None:
    hybrid = f.SessionFactory(lab=lab, slug="hybrid", format="hybrid", room_capacity=1, waiting_list=True)
    other = f.SessionFactory(lab=lab, format="hybrid")
    people = dict(
        zip(("room", "waits", "online", "none"), f.RegistrationFactory.create_batch(4, lab=lab), strict=True)
    )
    for name, mode in (("room", "room"), ("waits", "room"), ("online", "online")):
        seats.take(people[name], {hybrid.pk: mode})
    seats.take(people["waits"], {other.pk: "online"})
    path, caller = "/api/v1/labs/lab/announcements", Client(headers=bearer(f.StaffFactory(lab=lab).user))
    text = {"subject": {"en": "News"}, "body": {"en": "Text"}}

    def reached(conditions: dict[str, str], shown: list[str]) -> list[str]:
        """Whom the email goes to that is written on the page, after it and the API have told how many that are."""
        page = fill(organiser, **conditions)["Location"]
        key = {"Idempotency-Key": new_form_key()}
        made = caller.post(path, text | conditions, content_type="application/json", headers=key).json()
        found = Announcement.objects.order_by("pk")[::-1]
        told = text_of(organiser.get(page))
        assert [words for words in shown if words not in told] == []
        before = set(addresses())
        after = send(found[1])
        got = [one for one in after if one not in before]
        assert made["reaches"] == len(got)
        assert f"Send to {len(got)} " in told
        Message.objects.all().delete()
        return [name for name, person in people.items() if person.email in got]

    with_seat = ["With a seat", "How they take part"]
    assert reached({"session": "hybrid", "mode": "room"}, with_seat) == ["room"]
    assert reached({"session": "hybrid", "mode": "room", "seat": "confirmed"}, with_seat) == ["room"]
    assert reached({"session": "hybrid", "mode": "room", "seat": "waiting"}, ["On the waiting list"]) == [
        "waits"
    ]
    assert reached({"session": "hybrid", "mode": "online"}, with_seat) == ["online"]
    assert reached({"mode": "online"}, with_seat) == ["waits", "online"]
    assert reached({"mode": "room"}, with_seat) == ["room"]
    assert reached({"seat": "none"}, ["No seat and not waiting for one"]) == ["none"]


def test_people_with_a_tag_are_written_to_from_the_page_and_by_programs(organiser: Client, lab: Lab) -> None:
    speaker, other = f.RegistrationFactory.create_batch(2, lab=lab)
    tags.tag(speaker, "Speaker")
    tags.tag(other, "Jury")
    elsewhere = f.RegistrationFactory()
    tags.tag(elsewhere, "Speaker")
    page = fill(organiser, tag="Speaker")["Location"]
    shown = organiser.get(page).content.decode()
    assert ("Send to 1 person" in shown, "Speaker" in shown) == (True, True)
    caller = Client(headers=bearer(f.StaffFactory(lab=lab).user))
    form = {"subject": {"en": "News"}, "body": {"en": "Text"}, "tag": "speaker"}
    key = {"Idempotency-Key": "one-of-ours"}
    made = caller.post("/api/v1/labs/lab/announcements", form, content_type="application/json", headers=key)
    assert made.json()["reaches"] == 1
    # A tag that nobody has any longer reaches nobody, and a change of the text does not turn that into everybody.
    tags.untag(speaker, "Speaker")
    assert fill(organiser, f"{page}edit/", subject_0="Other news").status_code == 302
    assert "Speaker" in organiser.get(page).content.decode()
    drafts = [page.rstrip("/").rsplit("/", 1)[1], made.json()["id"]]
    reached = [caller.get(f"/api/v1/labs/lab/announcements/{one}").json()["reaches"] for one in drafts]
    assert reached == [0, 0]


def test_who_unsubscribed_is_counted_and_gets_nothing(lab: Lab) -> None:
    gone, stays = f.RegistrationFactory.create_batch(2, lab=lab)
    set_unsubscribed(gone, True)
    assert audiences.size(lab, Audience()) == audiences.Size(1, 1)
    assert send(draft(lab)) == [stays.email]


# What is sent, and when


def test_each_gets_it_once_in_his_language_with_name_and_number(lab: Lab) -> None:
    lab.languages = ["en", "bg"]
    lab.save()
    maria = f.RegistrationFactory(lab=lab, name="Maria Demo", language="en")
    ivan = f.RegistrationFactory(lab=lab, name="Иван Демо", language="bg")
    eleni = f.RegistrationFactory(lab=lab, name="Ελένη", language="el")
    announcement = draft(
        lab,
        subject={"en": "News for {name}", "bg": "Новини за {name}"},
        body={"en": "**Bring** water: https://city.example/map", "bg": "Носете вода, {name}."},
    )
    assert send(announcement) == [maria.email, ivan.email, eleni.email]

    found = {message.registration_id: message for message in Message.objects.filter(occasion="announcement")}
    english, bulgarian, greek = (found[person.pk] for person in (maria, ivan, eleni))
    assert [message.subject for message in (english, bulgarian, greek)] == [
        "News for Maria Demo",
        "Новини за Иван Демо",
        "News for Ελένη",
    ]
    content = rendered(english, reveal=True)
    for body in (content.text, content.html):
        assert "https://city.example/map" in body
        assert maria.reference in body
        assert "/unsubscribe/" in body
    assert "<strong>Bring</strong>" in content.html
    assert "Носете вода, Иван Демо." in rendered(bulgarian, reveal=True).text
    announcement.refresh_from_db()
    assert (announcement.state, announcement.sent) == ("sent", 3)


def test_names_of_people_are_never_parsed(lab: Lab) -> None:
    f.RegistrationFactory(lab=lab, name="{lab} **b** <i> https://evil.example", language="en")
    send(draft(lab))
    [message] = Message.objects.filter(occasion="announcement")
    content = rendered(message, reveal=True)
    assert message.subject == "News for {lab} **b** <i> https://evil.example"
    assert "{lab} **b**" in content.text
    assert "https://evil.example" not in content.text
    assert "<i>" not in content.html


def test_nothing_is_sent_before_the_time_is_over(lab: Lab) -> None:
    f.RegistrationFactory(lab=lab)
    announcing.confirm(draft(lab), f.UserFactory())
    with time_machine.travel(timezone.now() + announcing.WINDOW - timedelta(seconds=5)):
        Worker().drain()
    assert addresses() == []


def test_what_is_taken_back_reaches_nobody(lab: Lab) -> None:
    f.RegistrationFactory(lab=lab)
    announcement = draft(lab)
    announcing.confirm(announcement, f.UserFactory())
    announcing.take_back(announcement)
    announcing.take_back(announcement)
    with time_machine.travel(timezone.now() + 2 * announcing.WINDOW):
        Worker().drain()
    assert addresses() == []
    announcement.refresh_from_db()
    assert (announcement.state, announcement.sent) == ("withdrawn", 0)


def test_what_is_sent_or_being_sent_cannot_be_taken_back(lab: Lab) -> None:
    f.RegistrationFactory(lab=lab)
    announcement = draft(lab)
    send(announcement)
    for state in ("sent", "sending"):
        Announcement.objects.update(state=state)
        with pytest.raises(RuleViolation):
            announcing.take_back(announcement)


def test_confirming_twice_sends_once(lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab)
    announcement = draft(lab)
    announcing.confirm(announcement, f.UserFactory())
    assert send(announcement) == [person.email]
    announcing.confirm(announcement, f.UserFactory())
    assert Task.objects.filter(name="registrations.announce").count() == 1


def test_large_groups_go_in_portions_and_a_killed_worker_goes_on_where_it_was(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "CHUNK", 3)
    people = f.RegistrationFactory.create_batch(8, lab=lab)
    announcement = draft(lab)
    announcing.confirm(announcement, f.UserFactory())
    portions = announcing.send(announcement.pk, timezone.now())
    assert (next(portions), next(portions)) == (3, 3)
    announcement.refresh_from_db()
    assert (announcement.state, announcement.sent) == ("sending", 6)

    assert list(announcing.send(announcement.pk, timezone.now())) == [2]

    assert addresses() == [person.email for person in people]
    assert list(announcing.send(announcement.pk, timezone.now())) == []


def test_it_goes_to_whom_the_conditions_find_when_it_is_sent(lab: Lab) -> None:
    stays, cancels = f.RegistrationFactory.create_batch(2, lab=lab)
    announcement = draft(lab)
    announcing.confirm(announcement, f.UserFactory())
    managing.cancel(cancels, None)
    late = f.RegistrationFactory(lab=lab)
    assert send(announcement) == [stays.email, late.email]


def test_one_that_reaches_nobody_is_not_sent(lab: Lab) -> None:
    announcement = draft(lab)
    with pytest.raises(RuleViolation):
        announcing.confirm(announcement, f.UserFactory())
    announcement.refresh_from_db()
    assert announcement.state == "draft"


# The console


def fill(client: Client, to: str = f"{LIST}new/", **changes: Any) -> Any:
    [form] = [form for form in forms_of(client.get(to)) if form.action in (to, "")]
    said = {"subject_0": "News", "body_0": "Bring water, {name}.", **changes}
    return client.post(to, form.filled(**said))


def press(client: Client, page: str, action: str) -> Any:
    [form] = [form for form in forms_of(client.get(page)) if form.action.endswith(f"/{action}/")]
    return client.post(form.action, form.filled())


def test_an_announcement_is_written_seen_tested_sent_and_listed(
    organiser: Client, lab: Lab, smtp: Any
) -> None:
    session = f.SessionFactory(lab=lab, slug="opening", title={"en": "Opening"})
    person, _other = f.RegistrationFactory.create_batch(2, lab=lab, language="en")
    seats.take(person, {session.pk: session.modes[0]})
    answer = fill(organiser, session="opening", seat="confirmed")
    assert answer.status_code == 302
    page = answer["Location"]

    body = organiser.get(page).content.decode()
    assert "Send to 1 person" in body
    assert "Opening" in body
    shown = organiser.get(f"{page}en/body/").content.decode()
    assert f"Bring water, {person.name}." in shown
    assert "/registrations/" not in shown

    press(organiser, page, "test")
    press(organiser, page, "send")
    assert "Sending begins at" in organiser.get(page).content.decode()
    with time_machine.travel(timezone.now() + announcing.WINDOW + timedelta(minutes=1)):
        Worker().drain()
        Worker().drain()
    assert sorted(mail["To"] for mail in smtp.received) == sorted(
        ["Olga Demo <olga@city.example>", f"{person.name} <{person.email}>"]
    )
    [mail] = [mail for mail in smtp.received if "olga" not in mail["To"]]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "News" in organiser.get(LIST).content.decode()


def test_the_same_form_twice_is_one_draft(organiser: Client, lab: Lab) -> None:
    key = new_form_key()
    for _ in range(2):
        assert fill(organiser, form_key=key).status_code == 302
    assert Announcement.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject_0": ""}, "subject"),
        ({"body_0": ""}, "body"),
        ({"body_0": "{nam}"}, "body"),
        ({"body_0": "{{ lab.__class__ }}"}, "body"),
        ({"body_0": "Dear {name,"}, "body"),
        ({"subject_0": "{session}"}, "subject"),
        ({"subject_0": "x" * 151}, "subject"),
        ({"body_0": "x" * 4001}, "body"),
        ({"subject_1": "Само тема"}, "body"),
        ({"session": "of-another-lab"}, "session"),
        ({"seat": "x"}, "seat"),
        ({"seat": "none", "mode": "room"}, "mode"),
        ({"city": "atlantis"}, "city"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    organiser: Client, lab: Lab, changes: dict[str, str], field: str
) -> None:
    f.SessionFactory(slug="of-another-lab")
    answer = fill(organiser, **changes)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Announcement.objects.exists()


@pytest.mark.parametrize(("language", "begins"), [("en", "Bulgarian: {nam} "), ("bg", "Български: {nam} ")])
def test_a_wrong_placeholder_is_told_with_the_language_that_it_is_in(
    organiser: Client, lab: Lab, language: str, begins: str
) -> None:
    lab.languages = ["en", "bg"]
    lab.save()
    organiser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    typed = {"subject_1": "Новини", "body_1": "Здравейте, {nam}."}
    answer = fill(organiser, **typed)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert (list(errors), errors["body"][0].startswith(begins)) == (["body"], True)
    [form] = [form for form in forms_of(answer) if "body_1" in form.names]
    assert {name: form.filled()[name] for name in typed} == {name: [text] for name, text in typed.items()}
    caller = Client(headers={**bearer(f.StaffFactory(lab=lab).user), "Accept-Language": language})
    body = {"subject": {"en": "x", "bg": "x"}, "body": {"en": "x", "bg": "{nam}"}}
    key = {"Idempotency-Key": "one-of-ours"}
    told = caller.post("/api/v1/labs/lab/announcements", body, content_type="application/json", headers=key)
    [error] = told.json()["errors"]
    assert (error["field"], error["message"].startswith(begins)) == ("body", True)


def test_a_draft_is_changed_and_deleted_and_no_longer_once_it_is_confirmed(
    organiser: Client, lab: Lab
) -> None:
    f.RegistrationFactory(lab=lab)
    page = fill(organiser)["Location"]
    assert fill(organiser, f"{page}edit/", subject_0="Other news").status_code == 302
    assert Announcement.objects.get().subject.data == {"en": "Other news"}
    press(organiser, page, "delete")
    assert not Announcement.objects.exists()

    page = fill(organiser)["Location"]
    press(organiser, page, "send")
    assert organiser.get(f"{page}edit/").status_code == 302
    token = {"form_key": new_form_key(), "csrfmiddlewaretoken": organiser.session.get("_csrftoken", "")}
    organiser.post(f"{page}delete/", token)
    assert Announcement.objects.get().state == "waiting"
    press(organiser, page, "take-back")
    assert Announcement.objects.get().state == "withdrawn"


def test_two_who_change_a_draft_at_once_see_each_other(organiser: Client, lab: Lab) -> None:
    page = fill(organiser)["Location"]
    [form] = [form for form in forms_of(organiser.get(f"{page}edit/")) if "subject_0" in form.names]
    fill(organiser, f"{page}edit/", subject_0="First")
    answer = organiser.post(f"{page}edit/", form.filled(subject_0="Second"))
    assert answer.status_code == 409
    assert Announcement.objects.get().subject.data == {"en": "First"}


def test_those_of_another_lab_are_not_there(organiser: Client) -> None:
    theirs = draft(f.LabFactory(slug="other"))
    for part in ("", "edit/", "en/body/"):
        assert organiser.get(f"{LIST}{theirs.public_id}/{part}").status_code == 404
        assert (
            organiser.get(f"/organise/labs/other/mail/announcements/{theirs.public_id}/{part}").status_code
            == 404
        )


# The API


def test_the_api_writes_sends_and_takes_back(lab: Lab) -> None:
    f.RegistrationFactory(lab=lab, language="bg")
    f.RegistrationFactory(lab=lab, language="en")
    caller = Client(headers=bearer(f.StaffFactory(lab=lab).user))
    path = "/api/v1/labs/lab/announcements"
    form = {"subject": {"en": "News"}, "body": {"en": "Text"}, "email_language": "bg"}
    key = {"Idempotency-Key": "one-of-ours"}
    made = [caller.post(path, form, content_type="application/json", headers=key) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json()["id"] == made[1].json()["id"]
    assert (made[0].json()["reaches"], made[0].json()["state"]) == (1, "draft")
    one = f"{path}/{made[0].json()['id']}"
    for _ in range(2):
        assert caller.post(f"{one}/send").json()["state"] == "waiting"
    assert caller.get(path).json()["count"] == 1
    for _ in range(2):
        assert caller.post(f"{one}/take-back").json()["state"] == "withdrawn"
    assert caller.post(f"{one}/send").status_code in (409, 422)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"session": "none"}, "session"),
        ({"city": "none"}, "city"),
        ({"stakeholder_group": "none"}, "stakeholder_group"),
        ({"tag": "none"}, "tag"),
        ({"seat": "none", "mode": "online"}, "mode"),
        ({"subject": {"en": "{nam}"}}, "subject"),
        ({"subject": {}}, "subject"),
        ({"body": {"de": "Hallo", "en": "x"}}, "body"),
        ({"body": {"en": 7}}, "body.en"),
    ],
)
def test_the_api_names_what_is_wrong(lab: Lab, changes: dict[str, Any], field: str) -> None:
    caller = Client(headers=bearer(f.StaffFactory(lab=lab).user))
    form = {"subject": {"en": "News"}, "body": {"en": "Text"}, **changes}
    answer = caller.post(
        "/api/v1/labs/lab/announcements",
        form,
        content_type="application/json",
        headers={"Idempotency-Key": "one-of-ours"},
    )
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not Announcement.objects.exists()
