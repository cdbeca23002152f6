"""The calendar entries that are kept beside their sessions: each is what its session says, whatever changed it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from labs.lab_editing import change_lab
from labs.lab_parts import NamedPlan, RoomPlan, change_room, set_tracks
from labs.models import Lab
from labs.programmes import ProgrammePlan, change_programme
from sessions import publishing, scheduling, speakers
from sessions.models import Appearance, CalendarText, Session, Speaker
from sessions.moving import move_lab
from sessions.plans import AgendaPlan, AppearancePlan
from sessions.speakers import SpeakerPlan
from tests import factories as f
from tests.labs.test_revisions import plan_of as plan_of_lab

pytestmark = pytest.mark.django_db

WORDS = st.sampled_from(["Умения", "Πόλεις; και, δρόμοι", "Skills", "Reskilling\\", "x" * 90])


def replan(session: Session, **changes: object) -> None:
    scheduling.change_session(session, replace(scheduling.plan_of(session), **changes))  # type: ignore[arg-type]


def rename_programme(session: Session, word: str) -> None:
    of = session.lab.programme
    plan = ProgrammePlan(
        name={"en": word}, organiser={"en": "Org"}, languages=("bg",), visibility="public", cities=()
    )
    change_programme(of, plan)


def rename_room(session: Session, word: str) -> None:
    assert session.room is not None
    change_room(session.room, RoomPlan(name={"en": word}, address=word))


def add_agenda(session: Session, word: str) -> None:
    speaker = Speaker.objects.get()
    people = (AppearancePlan(speaker, Appearance.Role.MODERATOR),)
    item = AgendaPlan({"en": word}, start_time=session.start_time, end_time=session.end_time)
    replan(session, agenda=(item, AgendaPlan({"bg": word}, appearances=people)), appearances=people)


def change_words_of_lab(session: Session, word: str) -> None:
    plan = replace(plan_of_lab(session.lab), title={"en": word}, venue={"en": word}, format=Lab.Format.HYBRID)
    change_lab(session.lab, replace(plan, languages=("el", "en")))


def move(session: Session, word: str) -> None:
    move_lab(session.lab, session.lab.starts_on + timedelta(days=len(word)))


EDITS: dict[str, Callable[[Session, str], object]] = {
    "title": lambda session, word: replan(session, title={"en": word, "bg": word}),
    "abstract": lambda session, word: replan(session, abstract={"el": f"**{word}**"}),
    "hours": lambda session, word: replan(session, time_zone="Europe/Rome"),
    "no room": lambda session, word: replan(session, room=None),
    "agenda": add_agenda,
    "room": rename_room,
    "track": lambda session, word: set_tracks(session.lab, [NamedPlan({"en": word}, session.track_id)]),
    "speaker": lambda session, word: speakers.change_speaker(
        Speaker.objects.get(), SpeakerPlan({"en": word}, affiliation={"bg": word})
    ),
    "lab": change_words_of_lab,
    "programme": rename_programme,
    "cancelled": lambda session, word: publishing.cancel(session, word),
    "restored": lambda session, word: publishing.restore(session),
    "internal": lambda session, word: publishing.make_internal(session),
    "public": lambda session, word: publishing.publish(session),
    "draft": lambda session, word: publishing.unpublish(session),
    "moved": move,
    "another one": lambda session, word: scheduling.create_session(
        session.lab, replace(scheduling.plan_of(session), slug=f"new-{Session.objects.count()}", agenda=())
    ),
}


def world() -> Session:
    lab = f.LabFactory()
    f.SpeakerFactory(programme=lab.programme)
    session = f.SessionFactory(lab=lab, room=f.RoomFactory(lab=lab), track=f.TrackFactory(lab=lab))
    f.SessionFactory(lab=lab, visibility="draft")
    return session


def check() -> None:
    call_command("calendar_texts", "--check", stdout=StringIO())


@pytest.mark.parametrize("edit", EDITS)
def test_each_verb_writes_what_it_changes(edit: str) -> None:
    session = world()
    add_agenda(session, "Panel")
    check()
    EDITS[edit](Session.objects.get(pk=session.pk), "Умения")
    check()
    assert CalendarText.objects.count() == 3 * Session.objects.count()


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(sorted(EDITS)), WORDS), min_size=1, max_size=8))
def test_after_any_edits_each_entry_is_what_its_session_says(edits: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        session = world()
        for edit, word in edits:
            if edit == "room" and not Session.objects.filter(pk=session.pk, room__isnull=False).exists():
                continue
            EDITS[edit](Session.objects.get(pk=session.pk), word)
        check()
        transaction.set_rollback(True)


def test_the_command_finds_and_mends_what_differs() -> None:
    session = world()
    CalendarText.objects.filter(session=session, language="bg").update(text="as it was")
    CalendarText.objects.filter(session=session, language="el").delete()
    with pytest.raises(CommandError, match="2 entries differ"):
        check()
    told = StringIO()
    call_command("calendar_texts", stdout=told)
    assert told.getvalue() == "2 entries differed.\n"
    check()


def test_who_read_a_feed_before_it_was_mended_reads_it_again(client: Client) -> None:
    """The new version may serve before `migrate` has written everything anew; drafts move nothing that others read."""
    session = world()
    feed = f"/labs/{session.lab.slug}/calendar.ics"
    for visibility, status in (("public", 200), ("draft", 304)):
        CalendarText.objects.filter(session__visibility=visibility).update(
            text="BEGIN:VEVENT\r\nEND:VEVENT\r\n"
        )
        tag = client.get(feed).headers["ETag"]
        call_command("calendar_texts", stdout=StringIO())
        assert client.get(feed, headers={"if-none-match": tag}).status_code == status


@pytest.mark.parametrize("size", [1, 30])
def test_a_session_is_written_in_the_same_queries_however_many_there_are(
    size: int, django_assert_num_queries: Callable[..., object]
) -> None:
    session = world()
    for _number in range(size):
        f.SessionFactory(lab=session.lab)
    with django_assert_num_queries(26):
        replan(session, title={"en": "Another title"})
    with django_assert_num_queries(17):
        rename_programme(session, "Another name")
