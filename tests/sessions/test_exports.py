"""Exports of a programme: who gets what in which form, and what is imported again changes nothing."""

import csv
import io
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import etree
from openpyxl import load_workbook

from core.pdf.renderer import RendererFailed
from labs.models import Lab, Programme, Room
from labs.revisions import touch
from labs.viewer import VISITOR, Viewer
from sessions.exports import budget, formats, tables
from sessions.exports.contents import contents_of
from sessions.exports.identifiers import room_guid, session_guid
from sessions.exports.programme_file import programme_file
from sessions.exports.schedule import schedule_of
from sessions.exports.schedule_xml import schedule_xml
from sessions.models import ImportEntry, ScheduleImport, Session, Speaker
from sessions.programme_import import read
from sessions.programme_import.importer import load
from sessions.table_columns import AGENDA, ROOMS, SESSIONS, SHEETS, SPEAKERS, TRACKS
from sessions.views.console_export import EXPLAINED
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of
from tests.sessions import imports as import_files
from tests.sessions.exported import CANARY, full_lab

pytestmark = pytest.mark.django_db

TEXTUAL = ["programme.csv", "programme.json", "schedule.xml", "schedule.json"]
SCHEMA = etree.RelaxNG(etree.parse(str(Path(__file__).with_name("schedule.rng"))))


@pytest.fixture
def lab() -> Lab:
    return full_lab()


@pytest.fixture
def organiser(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def organiser_of(lab: Lab) -> Viewer:
    return Viewer(organised_labs=frozenset([lab.pk]))


def get(client: Client, lab: Lab, name: str, query: str = "", **headers: str) -> Any:
    return client.get(f"/labs/{lab.slug}/{name}{query}", headers=headers)


def sheet(content: bytes, name: str) -> list[dict[str, Any]]:
    head, *rows = load_workbook(io.BytesIO(content))[name].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def checked(document: bytes) -> Any:
    """The schedule, after what the published schema asks for was checked."""
    root = etree.fromstring(document)
    SCHEMA.assertValid(root)
    for path in ("//event/@id", "//event/@guid", "//event/slug/text()", "//day/@index"):
        values = Counter(root.xpath(path))
        assert [value for value, count in values.items() if count > 1] == []
    return root


@pytest.mark.parametrize("name", TEXTUAL)
def test_visitors_get_what_is_public_and_organisers_all_of_it(
    lab: Lab, organiser: Client, client: Client, name: str
) -> None:
    seen = {
        "visitor": get(client, lab, name),
        "organiser as visitor": get(organiser, lab, name),
        "visitor asking for more": get(client, lab, name, "?view=own"),
        "organiser": get(organiser, lab, name, "?view=own"),
    }
    assert {who: response.status_code for who, response in seen.items()} == dict.fromkeys(seen, 200)
    canaries = {who: response.content.decode().count(CANARY) for who, response in seen.items()}
    assert canaries == {
        "visitor": 0,
        "organiser as visitor": 0,
        "visitor asking for more": 0,
        "organiser": canaries["organiser"],
    }
    assert canaries["organiser"] > 1
    assert "Night" in seen["visitor"].content.decode()


def test_a_delegate_gets_the_internal_sessions_of_the_city_and_nothing_of_organisers(lab: Lab) -> None:
    city = lab.programme.cities.get()
    delegate = client_of(f.DelegateFactory(programme=lab.programme, city=city).user)
    rows = sheet(get(delegate, lab, "programme.xlsx", "?view=own").content, "Sessions")
    assert [row["session"] for row in rows] == ["plenary", "called-off", "night", "internal"]
    assert {"join_link", "audience", "visibility", "waiting_list"} & rows[0].keys() == set()
    assert [
        row["speaker"] for row in sheet(get(delegate, lab, "programme.xlsx", "?view=own").content, "Speakers")
    ] == [
        "hidden-speaker",
        "ivan",
        "maria",
    ]


def test_the_workbook_has_the_sheets_and_columns_that_the_import_reads(lab: Lab, organiser: Client) -> None:
    content = get(organiser, lab, "programme.xlsx", "?view=own").content
    plenary, *_others = sheet(content, "Sessions")
    assert plenary == {
        "session": "plenary",
        "title_en": "=Plenary & <debate>",
        "title_bg": "Пленарна сесия",
        "abstract_en": "First paragraph.\n\n- a point\n- another",
        "abstract_bg": "Първи абзац.",
        "visibility": "public",
        "status": "scheduled",
        "starts": "2027-03-25 09:30",
        "ends": "2027-03-25 11:00",
        "time_zone": "Europe/Sofia",
        "track": "skills",
        "room": "Hall <1>",
        "format": "in-person",
        "room_capacity": 300,
        "online_capacity": None,
        "waiting_list": "yes",
        "needs_approval": "no",
        "audience": None,
        "speakers": "ivan (moderator)",
        "join_link": f"https://meet.example.org/{CANARY.replace(' ', '-')}",
        "spoken_languages": "en",
        "interpreted_languages": "bg; el",
        "sign_languages": None,
        "captioned_languages": None,
        "interpretation_order_by": "2027-03-01",
        "interpretation_ordered_on": None,
    }
    cells = load_workbook(io.BytesIO(content))["Sessions"]
    assert cells["B2"].data_type == "s"  # a text, whatever it begins with
    agenda = sheet(content, "Agenda")
    assert [
        (row["position"], row["title_en"], row["starts"], row["ends"], row["speakers"]) for row in agenda
    ] == [
        (1, "Panel", "09:30", "10:15", "maria (panellist)"),
        (2, "Questions", None, None, None),
    ]
    assert [(row["room"], row["capacity"], row["online"]) for row in sheet(content, "Rooms")] == [
        ("Hall <1>", 400, "no"),
        (f"{CANARY} room", None, "yes"),
    ]
    assert [row["track"] for row in sheet(content, "Tracks")] == ["skills", "hidden-track"]
    internal = next(row for row in sheet(content, "Sessions") if row["session"] == "internal")
    assert (internal["visibility"], internal["audience"]) == ("internal", "sofia")


def test_the_same_programme_is_the_same_workbook(lab: Lab, client: Client) -> None:
    """Its validator says that it did not change: nor do its bytes."""
    assert get(client, lab, "programme.xlsx").content == get(client, lab, "programme.xlsx").content


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("bg", ";")])
def test_a_title_is_no_formula_in_csv(lab: Lab, client: Client, language: str, delimiter: str) -> None:
    response = get(client, lab, "programme.csv", f"?lang={language}")
    text = response.content.decode()
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:]), delimiter=delimiter))
    assert [row["title_en"] for row in rows] == ["'=Plenary & <debate>", "Called off", "Night"]
    assert [row["status"] for row in rows] == ["scheduled", "cancelled", "scheduled"]


def test_schedule_xml_is_as_apps_expect_it(lab: Lab, client: Client) -> None:
    root = checked(get(client, lab, "schedule.xml").content)
    assert root.findtext("conference/title") == "Winter Lab"
    assert root.findtext("conference/acronym") == "winter_lab"
    assert [(day.get("index"), day.get("date"), day.get("start")) for day in root.iter("day")][2:4] == [
        ("3", "2027-03-27", "2027-03-27T00:00:00+02:00"),
        ("4", "2027-03-28", "2027-03-28T00:00:00+02:00"),
    ]
    assert root.xpath("//day[@index='4']/@end") == ["2027-03-29T00:00:00+03:00"]
    plenary, night = root.iter("event")  # the cancelled one is left out
    assert plenary.findtext("title") == "=Plenary & <debate>"
    assert plenary.getparent().get("name") == "Hall <1>"
    assert plenary.findtext("slug") == "winter_lab-plenary"
    assert plenary.findtext("language") == "en"
    assert plenary.findtext("description") == "- 09:30–10:15 Panel (Maria & Co)\n- Questions"
    assert [person.text for person in plenary.iter("person")] == ["Ivan Ivanov", "Maria & Co"]
    # Five hours on the clock are six in truth: from 23:00 in Rome, midnight in Sofia, over the change of clocks.
    assert (night.findtext("date"), night.findtext("start"), night.findtext("duration")) == (
        "2027-03-28T00:00:00+02:00",
        "00:00",
        "06:00",
    )
    assert night.getparent().get("guid") is None


def test_schedule_json_says_the_same_in_the_language_asked_for(lab: Lab, client: Client) -> None:
    response = get(client, lab, "schedule.json", "?lang=bg")
    assert response["Content-Language"] == "bg"
    found = response.json()["schedule"]
    conference = found["conference"]
    assert (conference["title"], conference["daysCount"], conference["time_zone_name"]) == (
        "Зимно събитие",
        7,
        "Europe/Sofia",
    )
    assert [(day["index"], [*day["rooms"]]) for day in conference["days"] if day["rooms"]] == [
        (1, ["Зала 1"]),
        (4, ["Онлайн"]),
    ]
    [plenary] = conference["days"][0]["rooms"]["Зала 1"]
    session = Session.objects.get(slug="plenary")
    assert plenary["guid"] == str(session_guid(session)) == session.uid.partition("@")[0]
    assert plenary["title"] == "Пленарна сесия"
    assert plenary["url"].endswith("/labs/winter-lab/sessions/plenary/")
    assert [person["name"] for person in plenary["persons"]] == ["Иван Иванов", "Maria & Co"]
    assert conference["tracks"] == [{"slug": "skills", "name": "Умения"}]
    # How many a room holds is for organisers.
    assert conference["rooms"] == [
        {"guid": str(room_guid(session.room)), "name": "Зала 1", "description": None, "capacity": None}
    ]


def test_slugs_and_numbers_of_events_suit_the_schema_whatever_those_of_sessions_are(lab: Lab) -> None:
    lab.sessions.all().delete()
    Lab.objects.filter(pk=lab.pk).update(slug="A-1")
    lab.refresh_from_db()
    for slug in ("A", "a", "a-", "-", "_", "x" * 80, "Панел".encode().hex()):
        f.SessionFactory(lab=lab, slug=slug)
    f.SessionFactory(lab=lab, slug="long", end_date=lab.starts_on + timedelta(days=5), format="online")
    f.SessionFactory(lab=lab, uid="someone-elses-uid@example.org", title={"en": "Marks \x0b\ufffe of no XML"})
    root = checked(schedule_xml(schedule_of(contents_of(lab, VISITOR), "en", "1")))
    assert len(list(root.iter("event"))) == 9
    assert root.findtext("conference/acronym") == "lab_a_1"
    assert {event.findtext("duration") for event in root.iter("event")} == {"01:00", "5:00:00"}


def test_what_is_exported_as_programme_file_and_imported_changes_nothing(lab: Lab) -> None:
    before = programme_file(contents_of(lab, organiser_of(lab)))
    report = load(read(before))
    assert report.changes_nothing, (report.created, report.changed)


def test_a_programme_file_brings_a_lab_to_another_installation(lab: Lab) -> None:
    before = json.loads(programme_file(contents_of(lab, organiser_of(lab))))
    lab.sessions.all().delete()
    Speaker.objects.all().delete()
    lab.delete()
    Programme.objects.all().delete()
    load(read(json.dumps(before).encode()))
    made = Lab.objects.select_related("programme").get(slug="winter-lab")
    after = json.loads(programme_file(contents_of(made, organiser_of(made))))
    # A remark, which an import does not carry out.
    for document in (before, after):
        for session in document["programmes"][0]["labs"][0]["sessions"]:
            session.pop("status_note", None)
    assert after == before


def test_guids_stay_when_things_are_renamed(lab: Lab) -> None:
    session, room = Session.objects.get(slug="plenary"), Room.objects.first()
    assert room
    before = session_guid(session), room_guid(room)
    session.title, session.slug, room.name = {"en": "Other"}, "other", {"en": "Other"}
    assert (session_guid(session), room_guid(room)) == before


def test_files_for_everybody_may_be_stored_and_are_asked_for_once(lab: Lab, client: Client) -> None:
    for name in [*TEXTUAL, "programme.xlsx"]:
        first = get(client, lab, name)
        assert first["Cache-Control"] == "public, max-age=300"
        assert first["Access-Control-Allow-Origin"] == "*"
        assert first["Content-Disposition"] == f'attachment; filename="winter-lab-{name}"'
        again = get(client, lab, name, **{"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "Set-Cookie" not in first


def test_nothing_that_visitors_read_moves_with_what_they_do_not_see(
    lab: Lab, client: Client, organiser: Client
) -> None:
    before = {name: get(client, lab, name)["ETag"] for name in TEXTUAL}
    organiser_sees = get(organiser, lab, "programme.csv", "?view=own")["ETag"]
    hidden = Session.objects.get(slug="draft")
    hidden.title = {"en": "Changed draft"}
    hidden.save()
    touch(lab.pk, public=False)
    assert {name: get(client, lab, name)["ETag"] for name in TEXTUAL} == before
    assert get(organiser, lab, "programme.csv", "?view=own")["ETag"] != organiser_sees


def test_what_one_reader_sees_is_kept_by_nobody_else(lab: Lab, organiser: Client) -> None:
    response = get(organiser, lab, "programme.json", "?view=own")
    assert response["Cache-Control"] == "private, no-cache"
    assert response["X-Robots-Tag"] == "noindex"


def test_a_draft_has_files_for_its_organisers_alone(lab: Lab, client: Client, organiser: Client) -> None:
    Lab.objects.filter(pk=lab.pk).update(visibility="draft")
    assert get(client, lab, "schedule.xml").status_code == 404
    assert get(organiser, lab, "schedule.xml").status_code == 404
    assert get(client, lab, "schedule.xml", "?view=own").status_code == 404
    assert get(organiser, lab, "schedule.xml", "?view=own").status_code == 200
    assert client.get(reverse("downloads", args=[lab.slug])).status_code == 404


@pytest.mark.parametrize("more", [0, 20])
def test_reading_takes_as_many_queries_for_many_sessions(lab: Lab, more: int) -> None:
    for number in range(more):
        session = f.SessionFactory(
            lab=lab, track=lab.tracks.first(), room=lab.rooms.first(), visibility="internal"
        )
        session.audience.add(f.CityFactory())
        item = f.AgendaItemFactory(session=session)
        f.AppearanceFactory(
            session=session, agenda_item=item, speaker__city=f.CityFactory(slug=f"of-{number}")
        )
    viewer = organiser_of(lab)
    lab = Lab.objects.select_related("programme").get(pk=lab.pk)
    with CaptureQueriesContext(connection) as queries:
        contents = contents_of(lab, viewer)
        programme_file(contents)
        formats.FORMATS["programme.xlsx"].build(formats.Edition(contents, "en", "1", lab.revised_at))
        schedule_of(contents, "bg", "1")
    assert len(queries) == 11


def test_the_api_gives_the_same_files(lab: Lab, client: Client) -> None:
    path = f"/api/v1/labs/{lab.slug}/exports/"
    public = client.get(f"{path}programme.csv")
    assert public.status_code == 200
    assert public.content == get(client, lab, "programme.csv").content
    assert public["Cache-Control"] == "public, max-age=60"
    staff = f.StaffFactory(lab=lab)
    own = client.get(f"{path}programme.csv", headers=bearer(staff.user, ["read"]))
    assert own.content == get(client_of(staff.user), lab, "programme.csv", "?view=own").content
    assert CANARY in own.content.decode()
    assert own["Cache-Control"] == "private, no-cache"
    unscoped = client.get(f"{path}programme.csv", headers=bearer(staff.user, ["certificates"]))
    assert unscoped.content == public.content
    unknown = client.get(f"{path}programme.exe")
    assert (unknown.status_code, unknown["Content-Type"]) == (404, "application/problem+json")
    assert client.get("/api/v1/labs/no-such-lab/exports/schedule.xml").status_code == 404


def test_the_pages_offer_every_format(lab: Lab, client: Client, organiser: Client) -> None:
    assert [row[0] for row in EXPLAINED] == [*formats.FORMATS]
    page = client.get(reverse("downloads", args=[lab.slug])).content.decode()
    for name in formats.FORMATS:
        assert f'href="/labs/{lab.slug}/{name}' in page
    assert "view=own" not in page
    assert "view=own" in organiser.get(reverse("downloads", args=[lab.slug])).content.decode()
    console = organiser.get(reverse("console_export", args=[lab.slug])).content.decode()
    for name in formats.FORMATS:
        assert f'href="/labs/{lab.slug}/{name}?lang=en"' in console
    assert console.count("view=own") == len(formats.FORMATS) - 1  # a poster is the same for everybody
    assert (
        f'href="{reverse("downloads", args=[lab.slug])}"' in client.get(f"/labs/{lab.slug}/").content.decode()
    )


def test_printed_files_are_made_so_many_times_for_a_network(
    lab: Lab, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions.exports.programme_pdf.render_document", lambda *_page, **_more: b"%PDF")
    monkeypatch.setattr(budget, "PRINTED", 2)
    answers = [get(client, lab, "programme.pdf") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == str(budget.PER_SECONDS)
    assert client.get(f"/api/v1/labs/{lab.slug}/exports/poster.pdf").status_code == 429
    assert get(client, lab, "schedule.xml").status_code == 200


def test_where_the_renderer_fails_the_reader_is_asked_to_try_again(
    lab: Lab, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_page: object, **_more: object) -> bytes:
        raise RendererFailed("the renderer ended")

    monkeypatch.setattr("sessions.exports.programme_pdf.render_document", fail)
    answer = get(client, lab, "programme.pdf")
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
    assert "Try again in a minute" in answer.content.decode()
    assert client.get(f"/api/v1/labs/{lab.slug}/exports/programme.pdf").status_code == 503
    monkeypatch.setattr("sessions.exports.programme_pdf.render_document", lambda *_page, **_more: b"%PDF")
    assert get(client, lab, "programme.pdf").content == b"%PDF"  # a failure is not kept


def test_a_programme_of_too_many_sessions_is_not_printed(
    lab: Lab, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions.exports.programme_pdf.MOST_SESSIONS", 2)
    answer = get(client, lab, "programme.pdf")
    assert answer.status_code == 404
    assert "as a spreadsheet" in answer.content.decode()
    assert client.get(f"/api/v1/labs/{lab.slug}/exports/programme.pdf").status_code == 404


@pytest.mark.parametrize(
    "name", ["programme.xlsx", "programme.csv", "programme.json", "schedule.xml", "schedule.json"]
)
def test_what_is_exported_and_imported_again_shows_no_difference(
    lab: Lab, organiser: Client, name: str
) -> None:
    content = get(organiser, lab, name, "?view=own").content
    run = import_files.preview(lab, content, name)
    assert run.state == ScheduleImport.State.PREVIEWED, run.findings
    found = import_files.entries(run)
    assert len([entry for entry in found if entry.kind == "session"]) >= 4
    different = [
        (entry.kind, entry.key, entry.state, entry.differences, entry.errors)
        for entry in found
        if entry.state not in (ImportEntry.State.UNCHANGED, ImportEntry.State.MISSING)
    ]
    assert different == []
    # Apps know no cancelled sessions.
    missing = {entry.label for entry in found if entry.state == ImportEntry.State.MISSING}
    assert missing == ({"Called off"} if name.startswith("schedule") else set())


def test_every_column_that_the_import_reads_is_written(lab: Lab) -> None:
    """An empty cell says that there is nothing: a column that the export forgot would delete what is stored."""
    contents = contents_of(lab, organiser_of(lab))
    rows = {
        SESSIONS: tables._sessions,
        AGENDA: tables._agenda,
        ROOMS: tables._rooms,
        TRACKS: tables._tracks,
        SPEAKERS: tables._speakers,
    }
    assert {*rows} == {*SHEETS}
    for sheet_, values_of in rows.items():
        values: set[str] = set().union(*values_of(contents))
        optional = {"interpretation_ordered_on"}  # a day that is not there is no cell
        assert {column.name for column in sheet_.columns} - values <= optional, sheet_.name
