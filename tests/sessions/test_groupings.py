"""Rounds of small groups: profiles of cities, groups that are stored, changes by hand, their sessions, page by page."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from itertools import combinations, pairwise
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from labs.models import City, Lab
from sessions.city_profiles import ProfilePlan, clean_interests, import_profiles, set_profile
from sessions.group_rules import Broken, InTheWay
from sessions.group_sessions import SessionsPlan, create_sessions_of, take_back_sessions
from sessions.grouping_report import report_of
from sessions.groupings import (
    Settings,
    change_by_hand,
    create_grouping,
    delete_grouping,
    met_before,
    regroup,
    set_final,
)
from sessions.models import CityGroup, CityProfile, Grouping, Session
from sessions.publishing import make_internal
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of, forms_of, text_of

pytestmark = pytest.mark.django_db

ZONES = ["Europe/Sofia", "Europe/Rome", "Europe/Madrid", "Atlantic/Azores"]
PLAN = SessionsPlan({"en": "Group {number}: {cities}", "bg": "Група {number}: {cities}"})


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 9))


def cities_of(lab: Lab, count: int, **profile: object) -> list[City]:
    """Cities with profiles, in different countries and zones."""
    made = [
        f.CityFactory(
            slug=f"city-{number:03}",
            name={"en": f"City {number:03}"},
            country=["BG", "IT", "ES", "GR", "PT"][number % 5],
            time_zone=ZONES[number % 4],
        )
        for number in range(count)
    ]
    lab.programme.cities.add(*made)
    for number, city in enumerate(made):
        brings = {"languages": ["en"], "is_mentor": number % 3 == 0, **profile}
        CityProfile.objects.create(programme=lab.programme, city=city, **brings)
    return made


def groups_of(grouping: Grouping) -> list[list[int]]:
    return [sorted(one.members.values_list("city", flat=True)) for one in grouping.groups.order_by("number")]


def make(lab: Lab, cities: list[City], **settings: object) -> Grouping:
    return create_grouping(lab, "Round", cities, Settings(**settings), f.UserFactory())  # type: ignore[arg-type]


# Profiles


def table(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\n".join(["city,languages,interests,mentor", *lines]).encode(encoding)


def test_a_table_sets_profiles_and_the_same_one_again_changes_nothing(lab: Lab) -> None:
    cities_of(lab, 2)
    owner = f.OwnerFactory(programme=lab.programme).user
    data = table('City 000,"en, Bulgarian",Energy; energy;Water,yes', "city-001,гръцки,,не", "")
    done = import_profiles(lab.programme, data, owner)
    assert (done.rows, done.changed) == (2, 2)
    stored = CityProfile.objects.order_by("city__slug")
    assert [(one.languages, one.interests, one.is_mentor) for one in stored] == [
        (["en", "bg"], ["Energy", "Water"], True),
        (["el"], [], False),
    ]
    assert import_profiles(lab.programme, data.decode().encode("utf-16"), owner).changed == 0
    sent_back = client_of(owner).get(reverse("console_city_profiles_csv", args=[lab.programme.slug]))
    assert import_profiles(lab.programme, sent_back.content, owner).changed == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (table("Atlantis,en,,"), "Line 2: “Atlantis” is not a city of this programme."),
        (table("City 000,klingon,,"), "Line 2: “klingon” is no language of the list."),
        (table("City 000,en,,maybe"), "Line 2: “maybe” is neither yes nor no."),
        (table("City 000,en,,", "city-000,en,,"), "Line 3: “city-000” is listed twice."),
        (table("City 000,en," + "x" * 61 + ","), "Line 2: An interest has at most 60 characters."),
        (b"town,languages\n", "The first line must name these columns"),
        (b"", "The first line must name these columns"),
        (b"\x00\x01binary", "The file is not readable"),
        (b"city,languages\n\xff\xfe\xfa", "The file is not readable"),
        (b'city,languages\n"open', "The file is not readable"),
        (b"x" * (512 * 1024 + 1), "larger than 512 kB"),
        (table(*["City 000,en,,"] * 2001), "more than 2000 lines"),
    ],
)
def test_a_table_with_anything_wrong_changes_nothing(lab: Lab, data: bytes, said: str) -> None:
    cities_of(lab, 1)
    owner = f.OwnerFactory(programme=lab.programme).user
    before = list(CityProfile.objects.values())
    address = reverse("console_city_profiles", args=[lab.programme.slug])
    page = client_of(owner).post(address, {"file": SimpleUploadedFile("cities.csv", data)})
    assert page.status_code == 422
    assert said in text_of(page)
    assert list(CityProfile.objects.values()) == before


def test_a_profile_is_changed_in_its_page_and_two_owners_do_not_overwrite_each_other(lab: Lab) -> None:
    [city] = cities_of(lab, 1)
    CityProfile.objects.all().delete()
    owner = f.OwnerFactory(programme=lab.programme).user
    browser = client_of(owner)
    address = reverse("console_city_profile", args=[lab.programme.slug, city.slug])
    opened = forms_of(browser.get(address))[-1]
    sent = opened.filled(languages=["en", "bg"], interests="Energy\nWater", is_mentor="on")
    assert browser.post(address, sent).status_code == 302
    profile = CityProfile.objects.get()
    assert (profile.languages, profile.interests, profile.is_mentor) == (
        ["bg", "en"],
        ["Energy", "Water"],
        True,
    )
    other = forms_of(browser.get(address))[-1]
    set_profile(lab.programme, city, ProfilePlan(("fr",)), owner)
    conflict = browser.post(address, other.filled(interests="Mobility"))
    assert conflict.status_code == 409
    assert CityProfile.objects.get().languages == ["fr"]
    with pytest.raises(EditConflict):
        set_profile(lab.programme, city, ProfilePlan(), owner, expected_version=99)


def test_only_owners_of_the_programme_change_profiles(lab: Lab) -> None:
    [city] = cities_of(lab, 1)
    organiser = f.StaffFactory(lab=lab).user
    for name, more in (("console_city_profiles", []), ("console_city_profile", [city.slug])):
        assert client_of(organiser).get(reverse(name, args=[lab.programme.slug, *more])).status_code == 404
    with pytest.raises(RuleViolation):
        set_profile(lab.programme, city, ProfilePlan(), organiser)
    foreign = f.CityFactory()
    with pytest.raises(RuleViolation):
        set_profile(lab.programme, foreign, ProfilePlan(), f.OwnerFactory(programme=lab.programme).user)


def test_interests_are_read_once_each_however_they_are_written() -> None:
    assert clean_interests(" Energy ; energy,\nDigital   skills\n") == ("Energy", "Digital skills")


# Groups


def test_cities_are_put_into_groups_and_the_same_input_gives_the_same(lab: Lab) -> None:
    cities = cities_of(lab, 13)
    one, other = make(lab, cities), make(lab, list(reversed(cities)))
    assert groups_of(one) == groups_of(other)
    assert sorted(pk for some in groups_of(one) for pk in some) == [city.pk for city in cities]
    report = report_of(one)
    assert [group.broken for group in report.groups] == [()] * len(report.groups)
    assert all(len(group.countries) > 2 and group.languages == ("en",) for group in report.groups)
    assert all(len(group.mentors) >= 1 for group in report.groups)
    # From 8:00 on the Azores to 18:00 in the east, wherever both are in a group.
    common = next(
        group.common
        for group in report.groups
        if {"Atlantic/Azores", "Europe/Sofia"} <= {c.time_zone for c in group.cities}
    )
    assert common == (
        datetime.fromisoformat("2027-04-06T08:00Z"),
        datetime.fromisoformat("2027-04-06T15:00Z"),
    )


def test_partners_of_a_final_round_do_not_meet_again(lab: Lab) -> None:
    cities = cities_of(lab, 16)
    first = make(lab, cities)
    assert groups_of(make(lab, cities)) == groups_of(first)  # nothing is final yet
    set_final(first, True)
    elsewhere = f.LabFactory(programme=lab.programme, starts_on=lab.starts_on, ends_on=lab.ends_on)
    second = make(elsewhere, cities)
    together = [
        {frozenset(pair) for some in groups_of(one) for pair in combinations(some, 2)}
        for one in (first, second)
    ]
    assert together[0].isdisjoint(together[1])
    assert met_before(second) == together[0]
    set_final(second, True)
    assert met_before(first) == set()


def test_a_city_that_cannot_be_placed_is_left_over_with_the_reason(lab: Lab) -> None:
    cities = cities_of(lab, 7)
    CityProfile.objects.filter(city=cities[0]).update(languages=[])
    City.objects.filter(pk=cities[1].pk).update(time_zone="Pacific/Honolulu")
    report = report_of(make(lab, list(lab.programme.cities.all())))
    assert {one.member.city_id: one.reason for one in report.left_over} == {
        cities[0].pk: InTheWay.NO_LANGUAGES_KNOWN,
        cities[1].pk: InTheWay.NOBODY_SHARES_HOURS,
    }


def test_what_was_moved_by_hand_stays_when_the_rest_is_made_anew(lab: Lab) -> None:
    cities = cities_of(lab, 12)
    grouping = make(lab, cities)
    [first, second, *_rest] = groups_of(grouping)
    assert change_by_hand(grouping, {first[0]: 2, second[0]: None})
    assert not change_by_hand(grouping, {first[0]: 2})
    for seed in range(3):
        regroup(grouping, seed=seed)
        mine = next(one for one in grouping.groups.all() if one.members.filter(city=first[0]).exists())
        assert mine.number == 1  # what is kept comes first
        assert not grouping.members.get(city=second[0]).group_id
    left = [one for one in report_of(grouping).left_over if one.member.city_id == second[0]]
    assert [one.reason for one in left] == [None]


def test_rules_that_are_broken_by_hand_are_told(lab: Lab) -> None:
    cities = cities_of(lab, 8)
    first = make(lab, cities[:4])
    set_final(first, True)
    CityProfile.objects.filter(city=cities[4]).update(languages=["fi"])
    grouping = make(lab, cities, mentors=False)
    change_by_hand(grouping, {city.pk: 1 if place < 6 else 2 for place, city in enumerate(cities)})
    one, other = report_of(grouping).groups
    assert set(one.broken) == {Broken.TOO_LARGE, Broken.MET_BEFORE, Broken.NO_LANGUAGE}
    assert {frozenset((a.pk, b.pk)) for a, b in one.met} == {
        frozenset((a.pk, b.pk)) for a, b in combinations(cities[:4], 2)
    }
    assert other.broken == (Broken.TOO_SMALL,)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"smallest": 1}, "wanted"),
        ({"wanted": 6}, "wanted"),
        ({"largest": 13, "wanted": 13}, "wanted"),
        ({"minutes": 0}, "minutes"),
        ({"first_day": date(2027, 4, 1)}, "first_day"),
        ({"first_day": date(2027, 4, 8), "last_day": date(2027, 4, 7)}, "last_day"),
        ({"smallest": 5, "wanted": 5}, "cities"),
    ],
)
def test_what_no_groups_can_be_made_of_is_said_beside_its_field(
    lab: Lab, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidFields) as raised:
        make(lab, cities_of(lab, 4), **wrong)
    assert list(raised.value.errors) == [field]
    assert not Grouping.objects.exists()


def test_the_report_needs_a_constant_number_of_queries(lab: Lab) -> None:
    def queries(count: int) -> int:
        grouping = make(lab, cities_of(lab, count))
        with CaptureQueriesContext(connection) as counted:
            report_of(grouping)
        City.objects.all().delete()
        return len(counted)

    assert queries(6) == queries(40) <= 6


# Sessions


def test_each_group_gets_a_draft_at_its_best_time_and_no_second_one(lab: Lab) -> None:
    cities = cities_of(lab, 12)
    grouping = make(lab, cities)
    by = f.UserFactory()
    made = create_sessions_of(grouping, PLAN, by)
    assert len(made) == 3
    assert create_sessions_of(grouping, PLAN, by) == []
    for one in grouping.groups.select_related("session"):
        session = one.session
        assert session is not None
        assert (session.visibility, session.format) == ("draft", "online")
        invited = {city.pk for city in session.audience.all()}
        assert invited == set(one.members.values_list("city", flat=True))
        names = ", ".join(
            sorted(f"{city}" for city in City.objects.filter(pk__in=invited).values_list("slug", flat=True))
        )
        assert (
            str(languages_of(session.title)["en"]) == f"Group {one.number}: {names.replace('city-', 'City ')}"
        )
        assert lab.starts_on <= session.start_date <= lab.ends_on
    grouping.refresh_from_db()
    assert grouping.final_at is not None
    with pytest.raises(RuleViolation, match="has a session"):
        change_by_hand(grouping, {cities[0].pk: None})
    with pytest.raises(RuleViolation):
        delete_grouping(grouping)


def test_rooms_are_given_to_one_group_at_a_time(lab: Lab) -> None:
    room = f.RoomFactory(lab=lab, online=False, join_link="")
    made = create_sessions_of(
        make(lab, cities_of(lab, 12)), SessionsPlan(PLAN.title, (room,)), f.UserFactory()
    )
    spans = sorted((one.starts_at, one.ends_at) for one in made)
    assert all(one.room_id == room.pk for one in made)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_names_are_put_in_once_and_other_braces_are_refused(lab: Lab) -> None:
    cities = cities_of(lab, 3)
    City.objects.filter(pk=cities[0].pk).update(name={"en": "{number} {lab}"})
    grouping = make(lab, list(lab.programme.cities.all()))
    with pytest.raises(InvalidFields):
        create_sessions_of(grouping, SessionsPlan({"en": "Group {nubmer}"}), f.UserFactory())
    create_sessions_of(grouping, SessionsPlan({"en": "{number}: {cities}"}), f.UserFactory())
    assert languages_of(Session.objects.get().title)["en"] == "1: {number} {lab}, City 001, City 002"


def test_drafts_are_taken_back_as_long_as_nobody_saw_them(lab: Lab) -> None:
    by = f.UserFactory()
    grouping = make(lab, cities_of(lab, 8))
    made = create_sessions_of(grouping, PLAN, by)
    assert take_back_sessions(grouping, [one.pk for one in made], by) == 2
    assert not Session.objects.exists()
    assert Grouping.objects.get().final_at is None
    made = create_sessions_of(grouping, PLAN, by)
    make_internal(made[0], list(made[0].audience.all()), by)
    with pytest.raises(RuleViolation):
        take_back_sessions(grouping, [one.pk for one in made], by)
    assert Session.objects.count() == 2


def test_groups_with_a_session_stand_when_the_rest_is_made_anew(lab: Lab) -> None:
    cities = cities_of(lab, 12)
    grouping = make(lab, cities)
    made = create_sessions_of(grouping, PLAN, f.UserFactory())
    CityGroup.objects.filter(session=made[2]).update(session=None)
    before = {one.session_id: one.number for one in grouping.groups.all() if one.session_id}
    members = {
        pk: sorted(CityGroup.objects.get(session=pk).members.values_list("city", flat=True)) for pk in before
    }
    regroup(grouping, seed=7)
    assert {one.session_id: one.number for one in grouping.groups.all() if one.session_id} == before
    for pk, some in members.items():
        assert sorted(CityGroup.objects.get(session=pk).members.values_list("city", flat=True)) == some
    assert len(groups_of(grouping)) == 3


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn")
@pytest.mark.django_db(transaction=True)
def test_two_organisers_who_create_the_sessions_at_once_create_them_once() -> None:
    lab = f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 9))
    grouping = make(lab, cities_of(lab, 12))
    by = f.UserFactory()

    def create() -> list[Session]:
        try:
            return create_sessions_of(Grouping.objects.get(pk=grouping.pk), PLAN, by)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = [future.result() for future in [pool.submit(create) for _time in range(4)]]
    assert sorted(len(some) for some in made) == [0, 0, 0, 3]
    assert Session.objects.count() == 3


# Pages


def test_from_the_cities_to_sessions_in_the_console_and_back(lab: Lab) -> None:
    cities = cities_of(lab, 12)
    browser = client_of(f.StaffFactory(lab=lab).user)
    assert "No rounds yet." in text_of(browser.get(reverse("console_groupings", args=["lab"])))
    form = forms_of(browser.get(reverse("console_grouping_new", args=["lab"])))[-1]
    assert len(form.values["cities"]) == 12
    sent = browser.post(form.action, form.filled(name="Round 1"))
    again = browser.post(form.action, form.filled(name="Round 1"))
    grouping = Grouping.objects.get()
    address = reverse("console_grouping", args=["lab", grouping.pk])
    assert (sent.url, again.url) == (address, address)
    page = forms_of(browser.get(address))[-1]
    first = groups_of(grouping)[0][0]
    browser.post(address, page.filled(**{f"city-{first}": "new", "action": "save"}))
    assert grouping.members.get(city=first).is_fixed
    stale = browser.post(address, page.filled(**{f"city-{first}": "1", "action": "save"}), follow=True)
    assert "Someone else changed these groups" in text_of(stale)
    assert "Too few cities." in text_of(stale)
    page = forms_of(browser.get(address))[-1]
    browser.post(address, page.filled(action="regroup"))
    rows = browser.get(reverse("console_grouping_csv", args=["lab", grouping.pk])).content.decode("utf-8-sig")
    assert len(rows.splitlines()) == 13
    sessions = reverse("console_group_sessions", args=["lab", grouping.pk])
    form = forms_of(browser.get(sessions))[-1]
    preview = browser.post(sessions, form.filled(title_0="Ours {number}", preview="1"))
    assert "Ours 1" in text_of(preview)
    assert not Session.objects.exists()
    assert browser.post(sessions, form.filled(title_0="Ours {x}")).status_code == 422
    done = browser.post(sessions, form.values, follow=True)
    assert Session.objects.count() == CityGroup.objects.filter(session__isnull=False).count() > 0
    browser.post(sessions, form.values)
    assert Session.objects.count() == CityGroup.objects.filter(session__isnull=False).count()
    undo = next(form for form in forms_of(done) if "undo" in form.action)
    browser.post(undo.action, undo.values)
    assert not Session.objects.exists()
    delete = forms_of(browser.get(reverse("console_grouping_delete", args=["lab", grouping.pk])))[-1]
    gone = browser.post(delete.action, delete.values, follow=True)
    assert not Grouping.objects.exists()
    undo = next(form for form in forms_of(gone) if "undo" in form.action)
    browser.post(undo.action, undo.values)
    assert Grouping.objects.get().members.count() == len(cities)


def test_a_round_of_another_lab_is_not_found(lab: Lab) -> None:
    grouping = make(lab, cities_of(lab, 4))
    other = f.LabFactory(programme=lab.programme)
    browser = client_of(f.StaffFactory(lab=other).user)
    for slug in (lab.slug, other.slug):
        for name in (
            "console_grouping",
            "console_group_sessions",
            "console_grouping_delete",
            "console_grouping_csv",
        ):
            assert browser.get(reverse(name, args=[slug, grouping.pk])).status_code == 404
    assert browser.get(f"/organise/labs/{other.slug}/groups/{2**70}/").status_code == 404


@pytest.mark.parametrize(
    "said", [{"city-1": "99999"}, {"city-x": "1"}, {"version": "x"}, {"fixed": "x"}, {"city-9": "9" * 40}]
)
def test_a_forged_form_changes_nothing(lab: Lab, said: dict[str, str]) -> None:
    grouping = make(lab, cities_of(lab, 8))
    before = groups_of(grouping)
    browser = client_of(f.StaffFactory(lab=lab).user)
    address = reverse("console_grouping", args=["lab", grouping.pk])
    assert browser.post(address, {"version": grouping.version, "action": "save"} | said).status_code == 302
    assert groups_of(grouping) == before


# API


def test_programs_make_groups_change_them_and_create_their_sessions(client: Client, lab: Lab) -> None:
    cities = cities_of(lab, 8)
    headers = bearer(f.StaffFactory(lab=lab).user, ["read", "schedule"])

    def send(
        method: str, path: str, body: object = None, key: str = "a-key-of-ours"
    ) -> tuple[int, dict[str, Any]]:
        answer = client.generic(
            method,
            f"/api/v1/labs/lab/groupings{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=headers | {"Idempotency-Key": key},
        )
        return answer.status_code, answer.json() if answer.content else {}

    status, made = send("POST", "", {"name": "Round 1"})
    assert status == 201
    assert send("POST", "", {"name": "Round 1"})[1]["id"] == made["id"]
    assert sorted(slug for one in made["groups"] for slug in one["cities"]) == [city.slug for city in cities]
    assert (made["left_over"], made["fixed"], made["groups"][0]["languages"]) == ([], [], ["en"])
    path = f"/{made['id']}"
    first = made["groups"][0]["cities"][0]
    _status, changed = send("PATCH", path, {"places": {first: None}, "version": made["version"]})
    assert changed["left_over"] == [{"city": first, "reason": "Taken out by hand."}]
    assert changed["fixed"] == [first]
    assert send("PATCH", path, {"places": {first: 1}, "version": made["version"]})[0] == 409
    assert send("PATCH", path, {"places": {"atlantis": 1}})[0] == 422
    assert send("PATCH", path, {"places": {first: 10**9}})[0] == 409
    _status, anew = send("POST", f"{path}/regroup", {"seed": 5})
    assert (anew["seed"], [one["city"] for one in anew["left_over"]]) == (5, [first])
    title = {"title": {"en": "Group {number}"}}
    _status, preview = send("POST", f"{path}/sessions", title | {"is_preview": True})
    assert {one["session"] for one in preview["sessions"]} == {None}
    assert not Session.objects.exists()
    for _again in range(2):
        _status, sessions = send("POST", f"{path}/sessions", title)
        numbers = [one["number"] for one in sessions["sessions"]]
        assert numbers == [one["number"] for one in anew["groups"]]
    assert Session.objects.count() == len(anew["groups"])
    assert send("POST", f"{path}/sessions", title, "another-key")[1] == {"sessions": []}
    assert send("DELETE", path)[0] == 409
    listed = client.get("/api/v1/labs/lab/groupings", headers=headers).json()["items"]
    assert [(one["name"], one["final_at"] is None) for one in listed] == [("Round 1", False)]


def test_owners_set_profiles_by_the_api(client: Client, lab: Lab) -> None:
    [city] = cities_of(lab, 1)
    address = f"/api/v1/programmes/{lab.programme.slug}/city-profiles"
    headers = bearer(f.OwnerFactory(programme=lab.programme).user, ["read", "schedule"])
    body = {"languages": ["bg", "en"], "interests": ["Energy"], "is_mentor": True}

    def put(data: object, slug: str = city.slug) -> Any:
        return client.put(f"{address}/{slug}", data, content_type="application/json", headers=headers)

    assert put(body).json() == {"city": city.slug, **body}
    assert client.get(address, headers=headers).json()["items"] == [{"city": city.slug, **body}]
    assert put({"languages": ["xx"]}).status_code == 422
    assert put(body, "atlantis").status_code == 404
    organiser = bearer(f.StaffFactory(lab=lab).user, ["read", "schedule"])
    assert client.get(address, headers=organiser).status_code == 404
