"""Each format that an import reads: what of it becomes a session, and that the same file twice changes nothing."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from django.test import Client

from core.web.localized_fields import languages_of
from labs.current_viewer import viewer_for
from sessions import table_columns
from sessions.exports.formats import FORMATS, build_own
from sessions.models import Appearance, ImportEntry, Speaker
from sessions.schedule_import import imports
from sessions.schedule_import.html_texts import plain_text
from tests.factories import (
    AgendaItemFactory,
    AppearanceFactory,
    SessionFactory,
    SpeakerFactory,
    StaffFactory,
    TrackFactory,
)
from tests.sessions import imports as files
from tests.sessions.exported import full_lab

pytestmark = pytest.mark.django_db

SCHEDULES = Path(__file__).parent / "schedules"


def at(*parts):
    return datetime(2027, *parts, tzinfo=UTC)


def facts(lab):
    """What became of a lab: title, start, zone, room and people of each session."""
    return {
        str(session.title): (
            session.starts_at,
            session.ends_at,
            session.time_zone,
            str(session.room or ""),
            [str(one.speaker) for one in session.appearances.order_by("position")],
        )
        for session in lab.sessions.select_related("room")
    }


def changes_nothing(lab, content):
    run = files.preview(lab, content)
    return {entry.state for entry in files.entries(run)} == {ImportEntry.State.UNCHANGED}


def test_frab():
    lab = files.lab_to_fill()
    content = (SCHEDULES / "frab.xml").read_bytes()
    files.do(lab, content)

    assert facts(lab) == {
        "Opening": (at(3, 1, 8, 30), at(3, 1, 9, 30), "Europe/Rome", "Plenary", ["Jane Doe"]),
        "Workshop: Sharing data": (
            at(3, 1, 13),
            at(3, 1, 13, 45),
            "Europe/Rome",
            "Workshop",
            ["Jane Doe", "John Roe"],
        ),
    }
    opening = lab.sessions.get(slug="opening")
    assert languages_of(opening.abstract) == {"en": "Welcome to all\n\nCome early\n\nSecond part"}
    assert str(opening.track) == "Mobility"
    assert languages_of(lab.sessions.exclude(pk=opening.pk).get().title) == {"bg": "Workshop: Sharing data"}
    assert changes_nothing(lab, content)


def test_pentabarf_without_guids_and_offsets():
    lab = files.lab_to_fill()
    content = (SCHEDULES / "pentabarf.xml").read_bytes()
    files.do(lab, content)
    assert facts(lab) == {"Panel": (at(3, 2, 8), at(3, 2, 8, 30), "Europe/Sofia", "Plenary", ["Mary Major"])}
    assert [str(track) for track in lab.tracks.all()] == ["Energy"]
    assert changes_nothing(lab, content)


def test_hours_before_the_change_of_day_are_of_the_night_after():
    lab = files.lab_to_fill()
    content = (SCHEDULES / "pentabarf.xml").read_bytes()
    night = content.replace(b"<start>10:00</start>", b"<start>00:30</start>")
    assert {one[0] for one in (files.do(lab, night) and facts(lab)).values()} == {at(3, 2, 22, 30)}
    pretalx = (SCHEDULES / "pretalx.json").read_bytes()
    night = pretalx.replace(b'"date": "2027-03-01T09:30:00+01:00"', b'"date": null').replace(
        b"09:30", b"01:30"
    )
    files.do(lab, night)
    assert facts(lab)["Opening"][0] == at(3, 2, 0, 30)


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>Fish &amp; chips,&nbsp;5 &lt; 10</p>\n<p>Two</p>", "Fish & chips, 5 < 10\n\nTwo"),
        ("<ul>\n<li>one</li>\n<li><p>two</p></li>\n</ul><p>End</p>", "- one\n- two\n\nEnd"),
        (
            'See <a class="x" href="https://a.example/?b=1&amp;c=2">that</a>',
            "See [that](https://a.example/?b=1&c=2)",
        ),
        ('<a href="https://a.example/">https://a.example/</a>', "https://a.example/"),
        ('<a href="javascript:alert(1)">no</a> <a href="/talk/1">path</a>', "no path"),
        ('Line<br>next<br/>\nlast<img src="/x.png" alt="X">', "Line\nnext\nlast"),
        ("No HTML: a < b &amp; c > d, <debate>", "No HTML: a < b &amp; c > d, <debate>"),
        ("* Markdown\n* list\n\nwith <b>one</b> element", "* Markdown\n* list\n\nwith one element"),
    ],
)
def test_html_becomes_markdown_once(html, markdown):
    assert plain_text(html) == markdown
    assert plain_text(markdown) == markdown


def test_pretalx():
    lab = files.lab_to_fill()
    content = (SCHEDULES / "pretalx.json").read_bytes()
    files.do(lab, content)
    assert facts(lab) == {
        "Opening": (at(3, 1, 8, 30), at(3, 1, 9, 30), "Europe/Rome", "Plenary", ["Jane Doe"])
    }
    assert {str(room): room.capacity for room in lab.rooms.all()} == {"Plenary": 120, "Workshop": None}
    assert languages_of(Speaker.objects.get().biography) == {"en": "Engineer"}
    assert changes_nothing(lab, content)

    renamed = content.replace(b'"title": "Opening"', b'"title": "Welcome"').replace(
        b'"Plenary"', b'"Great hall"'
    )
    run = files.do(lab, renamed)
    assert run.counts == {"room.changed": 1, "session.changed": 1}
    assert list(facts(lab)) == ["Welcome"]


def test_icalendar():
    lab = files.lab_to_fill()
    content = (SCHEDULES / "calendar.ics").read_bytes()
    run = files.do(lab, content)
    assert facts(lab) == {
        "Opening, with a very long title that goes on in the next line": (
            at(3, 1, 7, 30), at(3, 1, 8, 30), "Europe/Kyiv", "Plenary", [],
        ),
        "Panel": (at(3, 2, 12), at(3, 2, 13, 30), "Europe/Sofia", "", []),
    }  # fmt: skip
    panel = lab.sessions.get(slug="panel")
    assert (panel.join_link, panel.status) == ("https://meet.example.org/panel", "scheduled")
    assert (
        "The file says that the session is cancelled. Imports cancel nothing: do it on its page."
        in files.notes(files.preview(lab, content))
    )
    assert run.counts == {"session.new": 2, "room.new": 1}
    assert changes_nothing(lab, content)


def test_our_own_json():
    lab = files.lab_to_fill()
    document = {
        "programmes": [
            {
                "slug": lab.programme.slug,
                "name": "Any",
                "organiser": "Any",
                "speakers": [{"name": {"en": "Jane Doe", "bg": "Джейн Доу"}, "slug": "jane-doe"}],
                "labs": [
                    {
                        "slug": lab.slug,
                        "title": "Any",
                        "starts_on": "2027-03-01",
                        "ends_on": "2027-03-04",
                        "time_zone": "Europe/Sofia",
                        "format": "in-person",
                        "tracks": [{"slug": "mobility", "name": {"en": "Mobility"}}],
                        "rooms": [{"name": {"en": "Plenary"}, "slug": "plenary", "capacity": 50}],
                        "sessions": [
                            {
                                "slug": "opening",
                                "title": {"en": "Opening", "bg": "Откриване"},
                                "starts": "2027-03-01T09:30",
                                "ends": "2027-03-01T10:30",
                                "track": "mobility",
                                "room": "plenary",
                                "capacity": 40,
                                "speakers": [{"speaker": "jane-doe", "role": "host"}],
                                "agenda": [
                                    {
                                        "title": "Welcome",
                                        "starts": "2027-03-01T09:30",
                                        "ends": "2027-03-01T09:45",
                                    }
                                ],
                            }
                        ],
                    }
                ],
            }
        ]
    }
    content = json.dumps(document).encode()
    files.do(lab, content)
    assert facts(lab) == {
        "Opening": (at(3, 1, 7, 30), at(3, 1, 8, 30), "Europe/Sofia", "Plenary", ["Jane Doe"])
    }
    opening = lab.sessions.get()
    assert (opening.room_capacity, opening.appearances.get().role) == (40, "host")
    assert [str(item) for item in opening.agenda.all()] == ["Welcome"]
    assert changes_nothing(lab, content)

    document["programmes"][0]["labs"][0]["sessions"][0]["ends"] = "2027-03-01T09:00"
    run = files.preview(lab, json.dumps(document).encode())
    assert files.errors(run) == [
        "programmes[0].labs[0].sessions[0].ends: The end is not after the start. Choose a later end."
    ]


SESSIONS = [
    "session",
    "title_en",
    "title_bg",
    "starts",
    "ends",
    "time_zone",
    "room",
    "format",
    "room_capacity",
]


def workbook():
    return files.xlsx(
        Sessions=[
            SESSIONS,
            [
                "opening",
                "Opening",
                "Откриване",
                datetime(2027, 3, 1, 9, 30),
                46447.4375,
                "Europe/Sofia",
                "Plenary",
                "",
                40,
            ],
            [
                "panel",
                "Panel",
                None,
                "2027-03-02T12:00Z",
                "2027-03-02 15:30+02:00",
                "Europe/Rome",
                None,
                "hybrid",
                None,
            ],
        ],
        Agenda=[
            ["session", "position", "title_en", "starts", "ends", "speakers"],
            ["opening", 2, "Second", time(10), "10:30", "Jane Doe (host)"],
            ["opening", 1, "First", "09:30", "10:00", ""],
        ],
        Rooms=[
            ["room", "name_en", "name_bg", "address", "online", "capacity"],
            ["Plenary", "Plenary", "Зала", "1 Main St", "no", 90],
        ],
        Tracks=[["track", "name_en"], ["mobility", "Mobility"]],
        Speakers=[
            ["speaker", "name_en", "biography_en", "city"],
            ["jane", "Jane Doe", "Line one\nLine two", "sofia"],
        ],
        Notes=[["nothing"]],
    )


def test_a_workbook_with_all_sheets():
    lab = files.lab_to_fill()
    run = files.do(lab, workbook())

    assert facts(lab) == {
        "Opening": (at(3, 1, 7, 30), at(3, 1, 8, 30), "Europe/Sofia", "Plenary", ["Jane Doe"]),
        "Panel": (at(3, 2, 12), at(3, 2, 13, 30), "Europe/Rome", "", []),
    }
    opening = lab.sessions.get(slug="opening")
    items = [(str(item), item.start_time, item.end_time) for item in opening.agenda.order_by("position")]
    assert items == [("First", time(9, 30), time(10)), ("Second", time(10), time(10, 30))]
    assert Appearance.objects.get(agenda_item__isnull=False).role == "host"
    room = lab.rooms.get()
    assert (languages_of(room.name), room.address, room.capacity, room.online) == (
        {"en": "Plenary", "bg": "Зала"}, "1 Main St", 90, False,
    )  # fmt: skip
    jane = Speaker.objects.get()
    assert (languages_of(jane.biography), jane.city.slug) == ({"en": "Line one\nLine two"}, "sofia")
    assert {"path": run.findings[0]["message"]} == {"path": "These sheets are not read: Notes."}
    assert (
        "Sessions, row 2, E2 (ends): The number was read as 2027-03-01 10:30:00, as in Excel."
        in files.notes(files.preview(lab, workbook()))
    )
    assert changes_nothing(lab, workbook())


def test_a_sheet_of_agendas_is_the_whole_agenda_of_its_sessions():
    lab = files.lab_to_fill()
    files.do(lab, workbook())
    content = files.xlsx(
        Sessions=[["session", "title_en"], ["opening", "Opening"]],
        Agenda=[["session", "title_en"], ["opening", "First"], ["nowhere", "Lost"]],
    )
    run = files.preview(lab, content)
    assert run.state == "failed"
    assert files.errors(run) == ["Agenda, row 3: “nowhere” is not a session of the file."]


def test_headings_in_three_languages_are_guessed():
    lab = files.lab_to_fill()
    content = files.csv(
        ["Заглавие", "Title (EN)", "Дата", "Начало", "Продължителност", "Зала", "Лектори", "Бележки"],
        ["Откриване", "Opening", "1.3.2027 г.", "9:30", "60", "Пленарна", "Иван Иванов (модератор)", "Кафе"],
        separator=";",
        encoding="cp1251",
    )
    lab.languages = ["bg", "en"]
    lab.save()
    run = files.do(lab, content)
    assert facts(lab) == {
        "Opening": (at(3, 1, 7, 30), at(3, 1, 8, 30), "Europe/Sofia", "Пленарна", ["Иван Иванов"])
    }
    assert Appearance.objects.get().role == "moderator"
    assert [one["message"] for one in run.findings] == [
        "The file was read as Windows-1251, with semicolons between the columns.",
        "These columns are not used: Бележки.",
    ]


def test_columns_that_were_matched_are_remembered():
    lab = files.lab_to_fill()
    content = files.csv(["What", "Beginning", "Finish"], ["Opening", "2027-03-01 09:30", "2027-03-01 10:30"])
    run = imports.start(lab, imports.look(lab, "plan.csv", content))
    assert (run.state, run.columns) == ("columns", {"Sessions": ["", "", "ends"]})

    imports.set_columns(run, {"Sessions": ["title_en", "starts", "ends"]})
    imports.run_if_small(run)
    run.refresh_from_db()
    assert files.states(run) == [("title:Opening", "new")]
    assert imports.start(lab, imports.look(lab, "plan.csv", content)).columns == {
        "Sessions": ["title_en", "starts", "ends"]
    }


def test_an_organisers_own_export_comes_back_without_differences():
    """Rows as the export writes them: keys, times in the zone of each session, an hour that clocks show twice."""
    lab = files.lab_to_fill(starts_on=date(2027, 10, 30), ends_on=date(2027, 11, 1), visibility="public")
    track = TrackFactory(lab=lab, slug="mobility")
    jane = SpeakerFactory(programme=lab.programme, slug="jane-doe", name={"en": "Jane Doe"})
    night = SessionFactory(
        lab=lab, slug="night", track=track, title={"en": "Night  shift", "bg": "Нощ"}, start_date=date(2027, 10, 31),
        start_time=time(3, 30), start_fold=1, end_time=time(4, 30), format="in-person",
    )  # fmt: skip
    AgendaItemFactory(session=night, title={"en": "Only"}, start_time=None, end_time=None)
    AppearanceFactory(session=night, speaker=jane, role="host")
    starts = table_columns.written_time(night.start_date, night.start_time, night.time_zone, night.start_fold)
    header = table_columns.SESSIONS.header(lab.languages)
    row = {
        "session": "night", "title_en": "Night  shift", "title_bg": "Нощ", "visibility": night.visibility,
        "status": "scheduled", "starts": starts, "ends": "2027-10-31 04:30", "time_zone": "Europe/Sofia",
        "track": "mobility", "format": "in-person", "waiting_list": "yes", "needs_approval": "no",
        "speakers": "jane-doe (host)",
        **{f"abstract_{code}": languages_of(night.abstract).get(code, "") for code in lab.languages},
    }  # fmt: skip
    content = files.xlsx(
        Sessions=[header, [row.get(name, "") for name in header]],
        Agenda=[["session", "position", "title_en", "title_bg"], ["night", 1, "Only", ""]],
    )
    assert starts == "2027-10-31 03:30+02:00"
    assert changes_nothing(lab, content), [
        entry.differences for entry in files.entries(files.preview(lab, content))
    ]


@pytest.mark.parametrize("language", ["en", "bg"])
@pytest.mark.parametrize(
    "name", ["programme.xlsx", "programme.csv", "programme.json", "schedule.xml", "schedule.json"]
)
def test_our_own_exports_of_a_full_lab_come_back_without_differences(name: str, language: str) -> None:
    lab = full_lab()
    viewer = viewer_for(StaffFactory(lab=lab, role="organiser").user)
    run = files.preview(lab, build_own(FORMATS[name], lab, viewer, language))

    assert run.state == "previewed", run.findings
    differing = {
        (entry.kind, entry.label): (entry.state, entry.differences, entry.errors)
        for entry in files.entries(run)
        if entry.state not in ("unchanged", "missing")
    }
    assert differing == {}
    # Conference apps know no cancelled sessions.
    missing = [entry.key for entry in files.entries(run, state="missing")]
    assert missing == (["called-off"] if name.startswith("schedule") else [])
    assert len(files.entries(run, kind="session", state="unchanged")) == 5 - len(missing)


def test_our_own_calendar_comes_back_without_differences() -> None:
    lab = full_lab()
    content = Client().get(f"/labs/{lab.slug}/calendar.ics").content
    run = files.preview(lab, content)
    assert {(entry.label, entry.state) for entry in files.entries(run, kind="session")} >= {
        ("=Plenary & <debate>", "unchanged"),
        ("Night", "unchanged"),
    }
    assert not [entry for entry in files.entries(run) if entry.state in ("new", "changed", "error")]


def test_what_is_renamed_after_an_export_is_the_same_when_it_comes_back() -> None:
    lab = full_lab()
    viewer = viewer_for(StaffFactory(lab=lab, role="organiser").user)
    content = build_own(FORMATS["schedule.xml"], lab, viewer, "en")
    lab.rooms.filter(position=0).update(name={"en": "Great hall"})
    Speaker.objects.filter(slug="maria").update(name={"en": "Maria"})
    lab.sessions.filter(slug="plenary").update(title={"en": "Plenary"})
    run = files.preview(lab, content)
    assert {(entry.kind, entry.label) for entry in files.entries(run, state="changed")} == {
        ("room", "Hall <1>"),
        ("speaker", "Maria & Co"),
        ("session", "=Plenary & <debate>"),
    }
    assert files.entries(run, state="new") == []
