"""`load_programme`: all of a file or nothing, and the second time nothing at all."""

from datetime import UTC, datetime, time
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Model

from core.jobs.models import Task
from core.mail.models import Message
from core.web.localized_fields import languages_of
from labs.models import City, Lab, LabDay, Programme, Room, StakeholderGroup, Track
from sessions import publishing
from sessions.models import AgendaItem, Appearance, Session, Speaker, UnannouncedChange
from sessions.programme_import import ProgrammeFileError, read
from sessions.programme_import.importer import load
from sessions.scheduling import change_session, plan_of
from tests.factories import LabFactory, ProgrammeFactory, QueueNumberFactory, SessionFactory, UserFactory
from tests.sessions.programme_documents import a_document, as_bytes, lab_of, session_of

pytestmark = pytest.mark.django_db

TABLES: tuple[type[Model], ...] = (
    City, Programme, StakeholderGroup, Lab, LabDay, Track, Room, Speaker, Session, AgendaItem, Appearance,
    Programme.history.model, Lab.history.model, Session.history.model, AgendaItem.history.model,
)  # fmt: skip
PUBLISHED = Path(settings.BASE_DIR) / "data" / "programmes.json"


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Return every row that loading could write."""
    return {table._meta.label: list(table.objects.order_by("pk").values_list()) for table in TABLES}


def load_document(document) -> None:
    load(read(as_bytes(document), set(City.objects.values_list("slug", flat=True))))


def run(path: Path | str, *arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("load_programme", str(path), *arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(document) -> Path:
        path = tmp_path / "programme.json"
        path.write_bytes(document if isinstance(document, bytes) else as_bytes(document))
        return path

    return write


def test_the_published_programmes_are_loaded_as_they_were_announced():
    out, err = run(PUBLISHED)

    assert err == ""
    assert out.splitlines()[1:] == [
        "  created: cities 18, programmes 2, types of organisation 6, labs 2, days 5, tracks 5, speakers 1, sessions 11"
    ]
    lab = Lab.objects.get(slug="city-lab-4")
    assert (lab.visibility, lab.languages, lab.colour) == ("public", ["en", "bg"], "#8f3219")
    dialogue = lab.sessions.get(slug="dialogue-breton-mayors")
    # Half past three on the wall in Sofia, in winter time.
    assert (dialogue.start_time, dialogue.starts_at) == (
        time(15, 30),
        datetime(2021, 12, 2, 13, 30, tzinfo=UTC),
    )
    assert [(item.start_time, item.end_time) for item in dialogue.agenda.all()] == [
        (time(15, 30), time(16, 30)),
        (time(16, 30), time(17, 30)),
    ]
    assert [str(a.speaker) for a in dialogue.appearances.all()] == ["Thierry Breton"]
    internal = {
        session.slug: {city.slug for city in session.audience.all()}
        for session in lab.sessions.filter(visibility="internal")
    }
    assert internal == {
        "peer-group-1": {"rome", "ljubljana", "las-rozas", "trikala", "sofia"},
        "peer-group-2": {"poznan", "velika-gorica", "sofia"},
    }


def test_loading_twice_changes_nothing_at_all():
    run(PUBLISHED)
    before = everything()

    out, _err = run(PUBLISHED)

    assert out == f"{PUBLISHED}: everything is already there; nothing was changed.\n"
    assert everything() == before


def test_names_in_any_writing_get_an_address_by_themselves():
    document = a_document()
    names = [{"el": "Γιώργος Φιλίππου"}, {"bg": "Щерю Йъжов"}, "გიორგი", "Nguyễn Ánh", "王伟"]
    session_of(document)["speakers"] = [{"name": name} for name in names]
    session_of(document)["agenda"] = []
    lab_of(document)["sessions"] = lab_of(document)["sessions"][:1]
    lab_of(document)["rooms"] = [{"name": {"bg": "Зала 1"}}, {"slug": "plenary", "name": "Plenary"}]

    load_document(document)
    load_document(document)

    assert sorted(Speaker.objects.values_list("slug", flat=True)) == [
        "giorgi", "giorgos-filippoy", "nguyen-anh", "shteryu-yazhov", "wangwei",
    ]  # fmt: skip
    assert Room.objects.count() == 2


def test_a_wrong_file_lists_every_problem_changes_nothing_and_fails(file):
    document = a_document()
    session_of(document)["ends"] = "2027-03-30T10:00"
    session_of(document)["agenda"] = []
    session_of(document, 1)["track"] = "no-such-track"
    before = everything()
    err = StringIO()

    with pytest.raises(CommandError, match=r"has 2 problems\. Nothing was loaded\."):
        call_command("load_programme", str(file(document)), stderr=err, no_color=True)

    assert err.getvalue().splitlines() == [
        "programmes[0].labs[0].sessions[0].ends: The end is not after the start. Choose a later end.",
        "programmes[0].labs[0].sessions[1].track: “no-such-track” is not a track of this lab.",
    ]
    assert everything() == before


def test_a_problem_that_only_the_database_knows_takes_everything_back():
    LabFactory(slug="lab-1", programme=ProgrammeFactory(slug="other"))
    before = everything()

    with pytest.raises(ProgrammeFileError) as caught:
        load_document(a_document())

    assert [str(problem) for problem in caught.value.problems] == [
        "programmes[0].labs[0].slug: The programme “other” already has a lab with this slug. Choose another."
    ]
    assert everything() == before


def test_an_opening_is_not_set_to_the_past_after_a_draw():
    document = a_document()
    lab_of(document)["registration"] = {"opens": "2026-03-01T09:00"}
    load_document(document)
    with time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC)):
        QueueNumberFactory(opening__lab=Lab.objects.get())
        before = everything()
        lab_of(document)["registration"] = {"opens": "2026-02-28T09:00"}
        with pytest.raises(ProgrammeFileError) as caught:
            load_document(document)

    assert [str(problem) for problem in caught.value.problems] == [
        "programmes[0].labs[0].registration.opens: Registration has opened with a draw. Choose a later time than now, "
        "or leave the opening as it is."
    ]
    assert everything() == before


def test_fewer_seats_than_are_taken_are_refused_with_their_place():
    load_document(a_document())
    Session.objects.filter(slug="dialogue").update(online_taken=60)
    document = a_document()
    session_of(document)["capacity"] = 50

    with pytest.raises(ProgrammeFileError) as caught:
        load_document(document)

    [problem] = caught.value.problems
    assert problem.path == "programmes[0].labs[0].sessions[0].capacity"
    assert "60 seats are already taken" in problem.message


def test_dates_that_would_leave_a_session_outside_the_lab_are_refused():
    load_document(a_document())
    lab = Lab.objects.get(slug="lab-1")
    SessionFactory(lab=lab, slug="late", start_date=lab.ends_on)
    document = a_document()
    lab_of(document)["ends_on"] = "2027-04-01"

    with pytest.raises(ProgrammeFileError, match="outside the lab: late"):
        load_document(document)


@pytest.mark.parametrize("tell", [True, False])
def test_people_of_a_session_that_moves_are_told_or_asked_about(file, tell):
    load_document(a_document())
    Session.objects.filter(slug="dialogue").update(online_taken=2, last_queue_position=2)
    document = a_document()
    session_of(document).update(starts="2027-03-30T15:00", agenda=session_of(document)["agenda"])

    with time_machine.travel("2027-03-01"):
        out, _err = run(file(document), *(["--tell"] if tell else []))

    asked = "People have not been told about the change of 1 session."
    assert (asked in out, UnannouncedChange.objects.count()) == ((False, 0) if tell else (True, 1))
    assert Task.objects.filter(name="registrations.tell_moves").count() == int(tell)


def test_only_what_differs_is_changed_and_the_file_stays_silent_about_the_rest():
    load_document(a_document())
    lab = Lab.objects.get(slug="lab-1")
    dialogue, peers = lab.sessions.get(slug="dialogue"), lab.sessions.get(slug="peers")
    lab.description, lab.title = {"en": "Ours"}, {**languages_of(lab.title), "el": "Πρώτο"}
    lab.save()
    SessionFactory(lab=lab, slug="ours")
    document = a_document()
    lab_of(document)["title"]["bg"] = "Ново заглавие"
    session_of(document).update(starts="2027-03-30T15:00", agenda=session_of(document)["agenda"])

    load_document(document)

    lab.refresh_from_db()
    assert languages_of(lab.title) == {"en": "First lab", "bg": "Ново заглавие", "el": "Πρώτο"}
    assert languages_of(lab.description) == {"en": "Ours"}
    assert lab.sessions.filter(slug="ours").exists()
    moved, still = lab.sessions.get(slug="dialogue"), lab.sessions.get(slug="peers")
    assert (moved.sequence, moved.uid) == (dialogue.sequence + 1, dialogue.uid)
    assert (still.sequence, still.revised_at) == (peers.sequence, peers.revised_at)
    assert lab.public_revision > 1


def test_assumed_times_stay_where_an_organiser_has_put_them():
    document = a_document()
    lab_of(document)["sessions"] = [{"slug": "open", "title": "Open", "assumed": "times"}]
    load_document(document)
    session = Session.objects.get(slug="open")
    assert session.start_time == time(9)
    plan = plan_of(session)
    change_session(session, type(plan)(**{**vars(plan), "start_time": time(14), "end_time": time(15)}))

    load_document(document)

    session.refresh_from_db()
    assert (session.start_time, session.end_time) == (time(14), time(15))


def test_the_agenda_of_the_file_is_the_whole_agenda_and_keeps_the_rows_it_knows():
    load_document(a_document())
    session = Session.objects.get(slug="dialogue")
    first, second = session.agenda.all()
    first.title = {**languages_of(first.title), "bg": "Панел 1"}
    first.save()
    document = a_document()
    session_of(document)["agenda"] = [{"title": "Panel 0"}, session_of(document)["agenda"][0]]

    load_document(document)

    new, known = session.agenda.all()
    assert languages_of(new.title) == {"en": "Panel 0"}
    assert (known.pk, languages_of(known.title)) == (first.pk, {"en": "Panel 1", "bg": "Панел 1"})
    assert not AgendaItem.objects.filter(pk=second.pk).exists()


def test_visibility_follows_the_file_and_nothing_is_public_that_it_does_not_call_public():
    document = a_document()
    session_of(document)["visibility"] = "draft"
    load_document(document)
    lab = Lab.objects.get(slug="lab-1")
    assert (lab.visibility, lab.programme.visibility) == ("draft", "draft")

    lab_of(document)["visibility"] = "public"
    session_of(document)["visibility"] = "public"
    load_document(document)

    lab.refresh_from_db()
    assert (lab.visibility, lab.programme.visibility) == ("public", "draft")
    assert lab.sessions.get(slug="dialogue").visibility == "public"


def test_a_session_with_seats_is_not_taken_back_into_the_drafts():
    load_document(a_document())
    Session.objects.filter(slug="dialogue").update(online_taken=2)
    document = a_document()
    session_of(document)["visibility"] = "draft"

    with pytest.raises(ProgrammeFileError) as caught:
        load_document(document)

    assert caught.value.problems[0].path == "programmes[0].labs[0].sessions[0].visibility"


def test_a_cancelled_session_stays_cancelled():
    load_document(a_document())
    publishing.cancel(Session.objects.get(slug="dialogue"))

    load_document(a_document())

    assert Session.objects.get(slug="dialogue").is_cancelled


def test_cities_that_are_known_already_need_not_stand_in_the_file():
    load_document(a_document())
    document = a_document()
    del document["cities"]

    load_document(document)

    assert City.objects.count() == 2


def test_a_check_says_what_is_wrong_and_loads_nothing(file):
    before = everything()

    out, _err = run(file(a_document()), "--check")

    assert out.endswith("programme.json is valid. Nothing was loaded.\n")
    assert everything() == before


def test_a_file_may_come_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(as_bytes(a_document()))))

    run("-")

    assert Session.objects.count() == 2


@pytest.mark.parametrize("name", ["no-such-file.json", ""])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(CommandError, match="cannot be read: "):
        call_command("load_programme", str(tmp_path / name))


def test_hostile_texts_are_stored_as_the_texts_they_are():
    document = a_document()
    hostile = "<script>alert(1)</script>{{ 7*7 }}{% debug %}';DROP TABLE labs_lab;--"
    session_of(document)["title"] = hostile
    session_of(document)["abstract"] = hostile

    load_document(document)

    assert languages_of(Session.objects.get(slug="dialogue").title) == {"en": hostile}


def test_loading_writes_no_mail():
    run(PUBLISHED)

    assert Message.objects.count() == 0


def test_new_sessions_begin_in_their_visibility_with_one_version_in_the_name_of_who_loads():
    by = UserFactory()

    load(read(as_bytes(a_document())), by)

    peers = Session.objects.get(slug="peers")
    [first] = peers.history.all()
    assert (first.history_type, first.visibility, first.history_user) == ("+", "internal", by)
    assert {row.city.slug for row in first.audience.all()} == {"sofia", "rome"}
    assert (peers.version, peers.sequence, peers.revised_at) == (1, 0, peers.content_revised_at)
    versions = AgendaItem.history.order_by("position").values_list("history_type", "history_user", "position")
    assert list(versions) == [("+", by.pk, 0), ("+", by.pk, 1)]


def a_file_with(sessions: int) -> bytes:
    document = a_document()
    known = session_of(document)
    more = [{**known, "slug": f"s-{place}", "visibility": "internal"} for place in range(sessions)]
    lab_of(document)["sessions"] += more
    return as_bytes(document)


@pytest.mark.parametrize("sessions", [2, 20])
def test_loading_costs_the_same_queries_at_any_size(sessions, django_assert_num_queries):
    file = read(a_file_with(sessions))

    with django_assert_num_queries(62):
        load(file)
    with django_assert_num_queries(28):
        assert load(file).changes_nothing
