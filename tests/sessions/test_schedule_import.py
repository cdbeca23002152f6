"""Import of a lab's schedule: preview with a diff, choosing, applying, undoing."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from sessions.models import (
    Appearance,
    ImportedKey,
    ImportEntry,
    ScheduleImport,
    Session,
    UnannouncedChange,
)
from sessions.schedule_import import comparing, imports
from sessions.schedule_import import files as formats
from tests.factories import (
    RegistrationFactory,
    RoomFactory,
    SeatFactory,
    SessionFactory,
    SpeakerFactory,
    TrackFactory,
    UserFactory,
)
from tests.sessions import imports as files

pytestmark = pytest.mark.django_db

HEADER = ["session", "title_en", "title_bg", "starts", "ends", "room", "track", "speakers"]
OPENING = [
    "opening", "Opening", "Откриване", "2027-03-01 09:30", "2027-03-01 10:30", "Plenary", "Mobility",
    "Jane Doe; John Roe (moderator)",
]  # fmt: skip
PANEL = ["panel", "Panel", "", "2027-03-02 14:00", "2027-03-02 15:30", "Plenary", "", "John Roe"]


def stored(lab):
    return {session.slug: session for session in lab.sessions.select_related("room", "track")}


def test_a_table_becomes_sessions_with_their_rooms_tracks_and_people():
    lab = files.lab_to_fill()
    run = files.do(lab, files.csv(HEADER, OPENING, PANEL))

    opening = stored(lab)["opening"]
    assert languages_of(opening.title) == {"en": "Opening", "bg": "Откриване"}
    assert (opening.start_date, opening.start_time, opening.end_time) == (
        date(2027, 3, 1),
        time(9, 30),
        time(10, 30),
    )
    assert opening.starts_at == datetime(2027, 3, 1, 7, 30, tzinfo=UTC)
    assert (str(opening.room), str(opening.track), opening.visibility) == ("Plenary", "Mobility", "draft")
    people = Appearance.objects.filter(session=opening).order_by("position")
    assert [(str(one.speaker), one.role) for one in people] == [
        ("Jane Doe", "speaker"),
        ("John Roe", "moderator"),
    ]
    assert run.counts == {"session.new": 2, "room.new": 1, "track.new": 1, "speaker.new": 2}
    assert lab.programme.speakers.count() == 2


def test_the_same_file_twice_changes_nothing():
    lab = files.lab_to_fill()
    content = files.csv(HEADER, OPENING, PANEL)
    files.do(lab, content)
    before = list(Session.history.values_list("pk", "history_date"))

    run = files.preview(lab, content)

    assert {entry.state for entry in files.entries(run)} == {ImportEntry.State.UNCHANGED}
    with pytest.raises(RuleViolation, match="Nothing is chosen"):
        imports.start_applying(run)
    assert list(Session.history.values_list("pk", "history_date")) == before


def test_only_what_differs_is_shown_field_by_field():
    lab = files.lab_to_fill()
    files.do(lab, files.csv(HEADER, OPENING, PANEL))
    moved = [*PANEL[:3], "2027-03-02 15:00", "2027-03-02 16:30", *PANEL[5:]]

    run = files.preview(lab, files.csv(HEADER, OPENING, moved))

    assert files.states(run) == [("opening", "unchanged"), ("panel", "changed")]
    assert files.entries(run, key="panel", kind="session")[0].differences == [
        ["Starts", "14:00", "15:00"],
        ["Ends", "15:30", "16:30"],
    ]
    assert files.entries(run, key="panel")[0].when == "2 March 2027, 15:00–16:30, Sofia (UTC+2)"


def test_a_column_that_is_missing_leaves_what_is_stored_and_an_empty_cell_removes_it():
    lab = files.lab_to_fill()
    files.do(lab, files.csv(HEADER, OPENING))

    files.do(lab, files.csv(["session", "title_en", "room"], ["opening", "Opening of the lab", ""]))

    opening = stored(lab)["opening"]
    assert languages_of(opening.title) == {"en": "Opening of the lab", "bg": "Откриване"}
    assert (opening.room, str(opening.track), opening.appearances.count()) == (None, "Mobility", 2)


def test_what_was_renamed_here_is_the_same_in_the_next_import():
    lab = files.lab_to_fill()
    content = files.csv(
        ["title", "starts", "ends", "room"], ["Opening", "2027-03-01 09:30", "2027-03-01 10:30", "Hall"]
    )
    files.do(lab, content)
    session, room = lab.sessions.get(), lab.rooms.get()
    Session.objects.filter(pk=session.pk).update(title={"en": "Welcome"})
    type(room).objects.filter(pk=room.pk).update(name={"en": "Great hall"})

    run = files.preview(lab, content)

    assert files.states(run) == [("title:Opening", "changed")]
    assert files.entries(run, kind="session")[0].differences == [["Title", "en: Welcome", "en: Opening"]]
    assert files.states(run, "room") == []  # the reference means the room that it made


def test_a_session_that_the_file_lacks_is_deleted_only_if_ticked_and_never_seen():
    lab = files.lab_to_fill(visibility="public")
    SessionFactory(lab=lab, slug="seen", visibility="public", start_date=date(2027, 3, 1))
    files.do(lab, files.csv(HEADER, OPENING, PANEL))

    run = files.preview(lab, files.csv(HEADER, OPENING))

    missing = {entry.key: entry for entry in files.entries(run, state="missing")}
    assert {key: (one.can_choose, one.is_chosen) for key, one in missing.items()} == {
        "panel": (True, False),
        "seen": (False, False),
    }
    assert missing["seen"].notes == [
        "Others have seen this session. It stays: cancel it on its page if it is not held."
    ]
    imports.choose(run, [one.pk for one in missing.values()], [one.pk for one in missing.values()])
    imports.start_applying(run)
    imports.apply(run)
    assert set(stored(lab)) == {"opening", "seen"}


def test_what_is_not_ticked_is_not_imported_but_what_it_needs_is():
    lab = files.lab_to_fill()
    run = files.preview(lab, files.csv(HEADER, OPENING, [*PANEL[:5], "Side room", "", ""]))
    imports.choose_all(run, {"new": False})
    panel = files.entries(run, kind="session", key="panel")[0]
    imports.choose(run, [panel.pk], [panel.pk])

    imports.start_applying(run)
    imports.apply(run)

    assert set(stored(lab)) == {"panel"}
    assert [str(room) for room in lab.rooms.all()] == ["Side room"]
    assert lab.programme.speakers.count() == 0


def test_nothing_is_applied_when_the_lab_has_changed_since_the_preview():
    lab = files.lab_to_fill()
    files.do(lab, files.csv(HEADER, OPENING))
    run = files.preview(
        lab, files.csv(HEADER, [*OPENING[:3], "2027-03-01 10:00", "2027-03-01 11:00", *OPENING[5:]])
    )
    Session.objects.filter(lab=lab).update(title={"en": "Welcome", "bg": "Откриване"})

    imports.start_applying(run)
    imports.apply(run)

    run.refresh_from_db()
    assert run.state == ScheduleImport.State.PREVIEWED
    assert run.message == (
        "The programme has changed since the preview, so nothing was imported. This is a new preview."
    )
    assert stored(lab)["opening"].start_time == time(9, 30)
    assert ["Title", "en: Welcome", "en: Opening"] in files.entries(run, kind="session")[0].differences


def test_one_row_that_a_verb_refuses_stops_the_whole_import():
    lab = files.lab_to_fill()
    room = RoomFactory(lab=lab, name={"en": "Plenary"}, online=False)
    session = SessionFactory(
        lab=lab,
        slug="full",
        room=room,
        format="in-person",
        start_date=date(2027, 3, 1),
        room_capacity=20,
        room_taken=10,
    )
    run = files.preview(lab, files.csv(["session", "room_capacity"], ["full", "5"]))

    assert files.states(run) == [("full", "error")]
    assert files.errors(run) == [
        "row 2, B2 (room_capacity): 10 seats are already taken. Enter at least 10, or cancel registrations first."
    ]
    session.refresh_from_db()
    assert session.room_capacity == 20


def test_a_new_room_is_where_its_sessions_take_place():
    """Without a word in the file about the room itself, and whatever is usual in the lab."""
    head = ["title", "starts", "ends", "room", "format"]
    rows = [
        ["One", "2027-03-01 09:00", "2027-03-01 10:00", "Hall", "in-person"],
        ["Two", "2027-03-01 09:00", "2027-03-01 10:00", "Channel", "online"],
        ["Three", "2027-03-01 11:00", "2027-03-01 12:00", " hall ", "hybrid"],
        ["Four", "2027-03-01 11:00", "2027-03-01 12:00", "Other", ""],
    ]
    for usual in ("online", "in-person"):
        lab = files.lab_to_fill(format=usual, slug=usual)
        run = files.do(lab, files.csv(head, *rows))
        assert files.errors(run) == []
        assert {str(room.name): room.online for room in lab.rooms.all()} == {
            "Hall": False,
            "Channel": True,
            "Other": usual == "online",
        }


def test_an_import_is_undone_as_far_as_nothing_else_has_changed():
    lab = files.lab_to_fill()
    files.do(lab, files.csv(HEADER, OPENING, PANEL))
    before = {session.slug: (session.start_time, str(session.room)) for session in lab.sessions.all()}
    later = [
        [*OPENING[:3], "2027-03-01 11:00", "2027-03-01 12:00", "Hall", *OPENING[6:]],
        [*PANEL[:3], "2027-03-02 16:00", "2027-03-02 17:00", *PANEL[5:]],
        ["closing", "Closing", "", "2027-03-03 16:00", "2027-03-03 17:00", "Hall", "", "Mary Major"],
    ]
    run = files.do(lab, files.csv(HEADER, *later))
    panel = stored(lab)["panel"]
    panel.version += 1
    Session.objects.filter(pk=panel.pk).update(version=panel.version)

    undone = imports.undo(run)

    assert {slug: (one.start_time, str(one.room)) for slug, one in stored(lab).items()} == {
        "opening": before["opening"],
        "panel": (time(16, 0), "Plenary"),
    }
    assert undone.left == [("Panel", "It was changed after the import.")]
    assert {str(room) for room in lab.rooms.all()} == {"Plenary"}
    assert not lab.programme.speakers.filter(slug="mary-major").exists()
    run.refresh_from_db()
    with pytest.raises(RuleViolation, match="cannot be undone"):
        imports.undo(run)


def test_undo_brings_back_sessions_that_were_deleted():
    lab = files.lab_to_fill()
    files.do(lab, files.csv(HEADER, OPENING, PANEL))
    uid = stored(lab)["panel"].uid
    run = files.preview(lab, files.csv(HEADER, OPENING))
    imports.choose_all(run, {"missing": True})
    imports.start_applying(run)
    imports.apply(run)
    run.refresh_from_db()
    assert set(stored(lab)) == {"opening"}

    imports.undo(run)

    assert stored(lab)["panel"].uid == uid
    assert [str(one.speaker) for one in stored(lab)["panel"].appearances.all()] == ["John Roe"]


def test_who_sees_a_session_and_its_cities_are_imported():
    lab = files.lab_to_fill()
    header = ["session", "title", "starts", "ends", "visibility", "audience"]
    row = ["inner", "Inner circle", "2027-03-01 09:30", "2027-03-01 10:30"]
    files.do(lab, files.csv(header, [*row, "internal", "sofia"]))

    inner = stored(lab)["inner"]
    assert (inner.visibility, [city.slug for city in inner.audience.all()]) == ("internal", ["sofia"])
    run = files.preview(
        lab, files.csv(header, [*row, "public", "Atlantis"], ["other", *row[1:], "secret", ""])
    )
    assert files.errors(run) == [
        "row 2, F2 (audience): “Atlantis” is not a city of this programme.",
        "row 3, E3 (visibility): “secret” is not one of draft, public, internal.",
    ]


def test_a_session_with_seats_is_not_hidden_by_a_file():
    lab = files.lab_to_fill(visibility="public")
    SessionFactory(
        lab=lab,
        slug="held",
        visibility="public",
        room_taken=1,
        format="in-person",
        start_date=date(2027, 3, 1),
    )
    run = files.preview(lab, files.csv(["session", "visibility"], ["held", "draft"]))
    assert files.errors(run) == [
        "row 2, B2 (visibility): People have seats in the session. Cancel it instead, so that they are notified."
    ]


def test_a_change_of_status_is_told_and_not_made():
    lab = files.lab_to_fill()
    files.do(lab, files.csv(HEADER, OPENING))
    run = files.preview(lab, files.csv(["session", "status"], ["opening", "cancelled"]))
    assert files.states(run) == [("opening", "unchanged")]
    assert files.entries(run, key="opening")[0].notes == [
        "The file says that the session is cancelled. Imports cancel nothing: do it on its page."
    ]


def test_people_with_seats_are_asked_about_when_their_session_moves():
    lab = files.lab_to_fill(visibility="public")
    files.do(lab, files.csv([*HEADER, "visibility"], [*OPENING, "public"]))
    session = stored(lab)["opening"]
    SeatFactory(session=session, registration=RegistrationFactory(lab=lab))
    Session.objects.filter(pk=session.pk).update(room_taken=1)

    files.do(lab, files.csv(HEADER, [*OPENING[:3], "2027-03-01 12:00", "2027-03-01 13:00", *OPENING[5:]]))

    assert UnannouncedChange.objects.filter(session=session).exists()


def test_two_speakers_of_one_name_are_asked_about():
    lab = files.lab_to_fill()
    SpeakerFactory(programme=lab.programme, slug="jane-1", name={"en": "Jane Doe"})
    SpeakerFactory(programme=lab.programme, slug="jane-2", name={"en": "Jane Doe"})
    run = files.preview(lab, files.csv(HEADER, OPENING, [*PANEL[:7], "jane-2; nobody-here"]))
    assert files.errors(run) == [
        "row 2, H2 (speakers): 2 are called “Jane Doe”. Enter the address (the slug) instead.",
        "row 3, H3 (speakers): “nobody-here” is not a speaker of this programme.",
    ]


def test_an_import_and_its_file_are_deleted_after_a_day():
    lab = files.lab_to_fill()
    run = files.do(lab, files.csv(HEADER, OPENING))
    imports.forget()
    assert ScheduleImport.objects.filter(pk=run.pk).exists()
    ScheduleImport.objects.update(created_at=run.created_at - timedelta(days=1, minutes=1))
    imports.forget()
    assert not ScheduleImport.objects.exists()
    assert not ImportEntry.objects.exists()
    assert ImportedKey.objects.filter(lab=lab, kind="session", key="opening").exists()


def test_who_imported_stands_in_the_history():
    lab, person = files.lab_to_fill(), UserFactory()
    files.do(lab, files.csv(HEADER, OPENING), by=person)
    assert stored(lab)["opening"].history.get().history_user == person


@pytest.mark.parametrize("size", [2, 12])
def test_a_comparison_takes_the_same_queries_for_any_number_of_sessions(size, django_assert_num_queries):
    lab = files.lab_to_fill()
    TrackFactory(lab=lab)
    rows = [[f"s{number}", *OPENING[1:]] for number in range(size)]
    content = files.csv(HEADER, *rows)
    files.do(lab, content)
    columns = files.preview(lab, content).columns
    document = formats.document_of(content, formats.Format.CSV, lab, columns)
    with django_assert_num_queries(10):
        comparing.compare(type(lab).objects.select_related("programme").get(pk=lab.pk), document)


def test_a_session_without_a_time_waits_among_those_without_a_day():
    lab = files.lab_to_fill()
    header = ["session", "title", "starts", "ends", "duration"]
    content = files.csv(header, ["later", "Later", "", "", "90"])
    files.do(lab, content)
    later = lab.sessions.get()
    assert (later.is_placed, later.duration) == (False, timedelta(minutes=90))
    assert files.states(files.preview(lab, content)) == [("later", "unchanged")]

    run = files.do(lab, files.csv(header, ["later", "Later", "2027-03-01 09:00", "", "90"]))
    later.refresh_from_db()
    assert (later.is_placed, later.starts_at) == (True, datetime(2027, 3, 1, 7, tzinfo=UTC))
    assert run.counts == {"session.changed": 1}

    shown = files.preview(lab, files.csv(["title", "visibility"], ["Other", "public"]))
    assert files.errors(shown) == [
        "row 2: Enter when the session starts and ends. Only drafts can go without."
    ]


def test_the_languages_of_a_session_are_imported():
    lab = files.lab_to_fill()
    header = [*HEADER, "spoken_languages", "interpreted_languages", "interpretation_order_by"]
    content = files.csv(header, [*OPENING, "en", "bg; el", "2027-01-15"])
    files.do(lab, content)
    opening = stored(lab)["opening"]
    assert (opening.spoken_languages, opening.interpreted_languages) == (["en"], ["bg", "el"])
    assert opening.interpretation_order_by == date(2027, 1, 15)
    assert files.states(files.preview(lab, content)) == [("opening", "unchanged")]
    run = files.preview(lab, files.csv(header, [*OPENING, "klingon", "", ""]))
    assert len(files.errors(run)) == 1
    assert files.errors(run)[0].startswith("row 2, I2 (spoken_languages): ")
