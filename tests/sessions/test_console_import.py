"""The console's pages of an import: upload, columns, preview, choice, question, result, undo."""

import re
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from openpyxl import load_workbook

from core.jobs.worker import Worker
from core.web.idempotency import new_form_key
from sessions.models import ImportEntry, ScheduleImport
from sessions.schedule_import import imports
from tests.factories import StaffFactory, UserFactory
from tests.sessions import imports as files

pytestmark = pytest.mark.django_db

HEADER = ["session", "title_en", "starts", "ends"]
OPENING = ["opening", "Opening", "2027-03-01 09:30", "2027-03-01 10:30"]
PANEL = ["panel", "Panel", "2027-03-01 11:30", "2027-03-01 12:30"]


@pytest.fixture
def lab():
    return files.lab_to_fill(slug="lab")


@pytest.fixture
def organiser(client, lab):
    user = UserFactory()
    StaffFactory(user=user, lab=lab, role="organiser")
    client.force_login(user)
    return client


def upload(client, content, name="schedule.csv", key=None):
    form = {"file": SimpleUploadedFile(name, content), "form_key": key or new_form_key()}
    return client.post("/organise/labs/lab/import/", form)


def test_a_file_is_uploaded_previewed_and_applied(organiser, lab):
    answer = upload(organiser, files.csv(HEADER, OPENING, PANEL))
    run = ScheduleImport.objects.get()
    address = f"/organise/labs/lab/import/{run.public_id}/"
    assert (answer.status_code, answer["Location"]) == (302, address)

    page = organiser.get(address).content.decode()
    assert "1 March 2027, 09:30–10:30, Sofia (UTC+2)" in page
    assert re.search(r"2 entries are ticked", page)
    shown = [entry.pk for entry in files.entries(run)]
    answer = organiser.post(
        address + "choose/", {"shown": shown, "entry": shown[:1], "state": "new", "then": "apply"}
    )
    assert answer["Location"] == address + "apply/"
    question = organiser.get(answer["Location"]).content.decode()
    assert "Import 1 entry?" in question
    assert "New sessions: 1" in question
    assert lab.sessions.count() == 0

    answer = organiser.post(address + "apply/", {"form_key": new_form_key()})
    assert answer["Location"] == address
    assert [session.slug for session in lab.sessions.all()] == ["opening"]
    assert "Undo the import" in organiser.get(address).content.decode()

    organiser.post(address + "undo/", {"form_key": new_form_key()})
    assert lab.sessions.count() == 0
    assert "1 entry is as it was before." in organiser.get(address).content.decode()


def test_applying_twice_imports_once(organiser, lab):
    upload(organiser, files.csv(HEADER, OPENING))
    run = ScheduleImport.objects.get()
    address = f"/organise/labs/lab/import/{run.public_id}/apply/"
    for _again in range(2):
        assert organiser.post(address, {"form_key": new_form_key()}).status_code == 302
    assert lab.sessions.count() == 1


def test_the_same_form_sent_twice_is_one_import(organiser):
    key, content = new_form_key(), files.csv(HEADER, OPENING)
    first, second = upload(organiser, content, key=key), upload(organiser, content, key=key)
    assert first["Location"] == second["Location"]
    assert ScheduleImport.objects.count() == 1


def test_a_file_that_cannot_be_read_is_said_beside_the_field(organiser):
    answer = upload(organiser, b"%PDF-1.7", "plan.csv")
    assert answer.status_code == 422
    assert "This is a PDF file." in answer.content.decode()
    assert upload(organiser, b"").status_code == 422
    assert not ScheduleImport.objects.exists()


def test_columns_that_are_not_known_are_matched_first(organiser, lab):
    content = files.csv(["What", "Beginning", "Finish"], ["Opening", "2027-03-01 09:30", "2027-03-01 10:30"])
    upload(organiser, content)
    run = ScheduleImport.objects.get()
    address = f"/organise/labs/lab/import/{run.public_id}/"
    assert organiser.get(address)["Location"] == address + "columns/"
    page = organiser.get(address + "columns/").content.decode()
    assert "Examples: Opening" in page

    wrong = organiser.post(address + "columns/", {"0.0": "", "0.1": "starts", "0.2": "ends"})
    assert wrong.status_code == 422
    assert "Choose which column has the title of the sessions." in wrong.content.decode()
    twice = organiser.post(address + "columns/", {"0.0": "title_en", "0.1": "ends", "0.2": "ends"})
    assert "Two columns of the file are matched to “ends”." in twice.content.decode()
    strange = organiser.post(address + "columns/", {"0.0": "password", "0.1": "", "0.2": ""})
    assert strange.status_code == 422
    right = organiser.post(address + "columns/", {"0.0": "title_en", "0.1": "starts", "0.2": "ends"})
    assert right["Location"] == address
    assert [entry.label for entry in files.entries(run)] == ["Opening"]


def test_a_large_file_is_read_and_applied_by_the_worker_with_progress(organiser, lab, monkeypatch):
    monkeypatch.setattr(imports, "SMALL_FILE", 10)
    upload(organiser, files.csv(HEADER, OPENING, PANEL))
    run = ScheduleImport.objects.get()
    address = f"/organise/labs/lab/import/{run.public_id}/"
    page = organiser.get(address)
    assert (page["Refresh"], "The file is being read" in page.content.decode()) == ("3", True)
    ScheduleImport.objects.update(position=100, total=200)
    assert "100 of 200 sessions compared" in organiser.get(address).content.decode()

    Worker().drain()
    run.refresh_from_db()
    assert (run.state, run.position, run.total) == ("previewed", 2, 2)
    organiser.post(address + "apply/", {"form_key": new_form_key()})
    assert "The import is being applied" in organiser.get(address).content.decode()
    assert lab.sessions.count() == 0
    Worker().drain()
    assert lab.sessions.count() == 2


def test_all_or_none_of_a_list_are_ticked(organiser):
    upload(organiser, files.csv(HEADER, OPENING, PANEL))
    run = ScheduleImport.objects.get()
    address = f"/organise/labs/lab/import/{run.public_id}/choose/"
    organiser.post(address, {"state": "new", "then": "none"})
    assert imports.chosen_count(run) == 0
    assert organiser.get(f"/organise/labs/lab/import/{run.public_id}/apply/").status_code == 302
    organiser.post(address, {"state": "new", "then": "all"})
    assert imports.chosen_count(run) == 2
    organiser.post(address, {"state": "nonsense", "then": "all", "shown": ["x", "9" * 30], "page": "-1"})
    assert imports.chosen_count(run) == 2


def test_entries_of_another_import_cannot_be_chosen(organiser, lab):
    other = files.preview(files.lab_to_fill(), files.csv(HEADER, OPENING))
    upload(organiser, files.csv(HEADER, OPENING))
    run = ScheduleImport.objects.get(lab=lab)
    ids = [entry.pk for entry in files.entries(other)]
    organiser.post(f"/organise/labs/lab/import/{run.public_id}/choose/", {"shown": ids, "entry": []})
    assert ImportEntry.objects.filter(of=other, is_chosen=True).count() == 1


def test_imports_of_another_lab_and_of_nobody_are_not_found(organiser, client, lab):
    other = files.preview(files.lab_to_fill(), files.csv(HEADER, OPENING))
    assert organiser.get(f"/organise/labs/lab/import/{other.public_id}/").status_code == 404
    assert organiser.get(f"/organise/labs/{other.lab.slug}/import/").status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_sample_can_be_imported(organiser, lab, kind):
    answer = organiser.get(f"/organise/labs/lab/import/sample.{kind}")
    content = b"".join(answer) if answer.streaming else answer.content
    if kind == "xlsx":
        assert load_workbook(BytesIO(content)).sheetnames == [
            "Sessions",
            "Agenda",
            "Rooms",
            "Tracks",
            "Speakers",
        ]
        files.do(lab, content)
        assert {session.slug for session in lab.sessions.all()} == {"opening", "panel"}
    else:
        run = files.preview(lab, content)
        assert files.states(run) == [
            ("opening", "error"),
            ("panel", "error"),
        ]  # the speaker is in the workbook alone


def test_a_file_can_be_deleted_and_what_it_changed_stays(organiser, lab):
    run = files.do(lab, files.csv(HEADER, OPENING))
    organiser.post(f"/organise/labs/lab/import/{run.public_id}/delete/", {"form_key": new_form_key()})
    assert not ScheduleImport.objects.exists()
    assert lab.sessions.count() == 1


def test_only_so_many_files_wait_at_one_time(organiser, lab, monkeypatch):
    monkeypatch.setattr(imports, "MAX_OPEN", 1)
    upload(organiser, files.csv(HEADER, OPENING))
    answer = upload(organiser, files.csv(HEADER, PANEL))
    assert answer.status_code == 422
    assert "The lab has 1 imports of the last 24 hours." in answer.content.decode()


def test_the_worker_forgets_files_after_a_day(lab):
    files.do(lab, files.csv(HEADER, OPENING))
    ScheduleImport.objects.update(created_at=timezone.now() - timedelta(hours=25))
    Worker().drain()
    assert not ScheduleImport.objects.exists()


# The command


def run_command(tmp_path, content, *options):
    file = tmp_path / "schedule.csv"
    file.write_bytes(content)
    out, wrong = StringIO(), StringIO()
    call_command("import_schedule", str(file), "--lab", "lab", *options, stdout=out, stderr=wrong)
    return out.getvalue(), wrong.getvalue()


def test_the_command_says_what_would_change_and_changes_it(lab, tmp_path):
    content = files.csv(HEADER, OPENING, ["bad", "", *OPENING[2:]])
    said, wrong = run_command(tmp_path, content, "--dry-run")
    assert "New: Opening (opening) 1 March 2027, 09:30–10:30, Sofia (UTC+2)" in said
    assert "row 3, B3 (title_en): Enter a title." in wrong
    assert lab.sessions.count() == 0

    said, _wrong = run_command(tmp_path, content)
    assert said.endswith("Imported.\n")
    assert lab.sessions.count() == 1
    assert not ScheduleImport.objects.exists()
    said, _wrong = run_command(tmp_path, files.csv(HEADER, OPENING))
    assert said.splitlines()[-2:] == ["Unchanged: 1", "Nothing was changed."]


def test_the_command_refuses_what_it_cannot_read(lab, tmp_path):
    with pytest.raises(CommandError, match="PDF"):
        run_command(tmp_path, b"%PDF-1.7")
    with pytest.raises(CommandError, match="columns of the file are not known"):
        run_command(tmp_path, b"what,when\nx,y\n")
    with pytest.raises(CommandError, match="no lab"):
        call_command("import_schedule", "x", "--lab", "nowhere")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_schedule", str(tmp_path / "none"), "--lab", "lab")
