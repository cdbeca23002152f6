"""Calendar entries are what their sessions say, also where two people change something at the same moment."""

from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from labs.lab_editing import create_lab
from labs.models import Programme
from labs.programmes import ProgrammePlan, change_programme
from sessions import scheduling
from sessions.models import CalendarText, Session, Speaker
from sessions.plans import AppearancePlan
from sessions.programme_import import read
from sessions.programme_import.importer import load
from sessions.speakers import SpeakerPlan, change_speaker
from tests import factories as f
from tests.labs.test_revisions import plan_of as plan_of_lab
from tests.registrations.concurrency import while_open
from tests.sessions.programme_documents import a_document, as_bytes

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn"),
]


class World:
    """A loaded programme, and a second lab in whose session nobody speaks yet."""

    def __init__(self) -> None:
        load(read(as_bytes(a_document())))
        self.programme = Programme.objects.get()
        self.speaker = Speaker.objects.get()
        self.silent: Session = f.SessionFactory(lab=f.LabFactory(programme=self.programme, slug="second"))

    def let_speaker_appear(self) -> None:
        session = Session.objects.get(pk=self.silent.pk)
        people = (AppearancePlan(Speaker.objects.get(), "speaker"),)
        scheduling.change_session(session, replace(scheduling.plan_of(session), appearances=people))

    def let_speaker_appear_in_a_new_lab(self) -> None:
        lab = create_lab(Programme.objects.get(), replace(plan_of_lab(self.silent.lab), slug="new"))
        people = (AppearancePlan(Speaker.objects.get(), "speaker"),)
        scheduling.create_session(lab, replace(scheduling.plan_of(self.silent), appearances=people))

    def change_speaker(self) -> None:
        change_speaker(Speaker.objects.get(), SpeakerPlan(name={"en": "Another name"}))

    def rename_speaker_in_the_file(self) -> None:
        document = a_document()
        document["programmes"][0]["speakers"] = [{"slug": "demo-speaker", "name": "Name of the file"}]
        document["programmes"][0]["labs"] = []
        load(read(as_bytes(document)))

    def rename_programme(self) -> None:
        programme = Programme.objects.get()
        plan = ProgrammePlan(
            name={"en": "Another programme"},
            organiser={"en": "European Commission"},
            languages=tuple(programme.languages),
            visibility=programme.visibility,
            cities=tuple(programme.cities.all()),
        )
        change_programme(programme, plan)

    def change_title(self) -> None:
        session = Session.objects.get(pk=self.silent.pk)
        scheduling.change_session(
            session, replace(scheduling.plan_of(session), title={"en": "Another title"})
        )

    def write_after_upgrade(self) -> None:
        call_command("calendar_texts", stdout=StringIO())


PAIRS = [
    ("change_speaker", "let_speaker_appear"),
    ("change_speaker", "let_speaker_appear_in_a_new_lab"),
    ("rename_speaker_in_the_file", "let_speaker_appear"),
    ("rename_speaker_in_the_file", "change_speaker"),
    ("rename_programme", "let_speaker_appear_in_a_new_lab"),
    ("change_title", "write_after_upgrade"),
]


@pytest.mark.parametrize(("first", "second"), [*PAIRS, *((two, one) for one, two in PAIRS)])
def test_what_two_change_at_once_is_written_as_it_is_in_the_end(first: str, second: str) -> None:
    world = World()
    # As an older version left them, for the command to write.
    CalendarText.objects.update(made_by="older", text="older")
    if "write_after_upgrade" not in (first, second):
        call_command("calendar_texts", stdout=StringIO())
    assert while_open(getattr(world, first), getattr(world, second)) == []
    call_command("calendar_texts", "--check", stdout=StringIO())
