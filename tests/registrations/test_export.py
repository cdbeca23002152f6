"""The table for spreadsheets."""

import csv
import gc
import io

import pytest
from django.db import connection, transaction

from core.web.spreadsheet_cells import escaped_cell
from registrations import export, seats
from registrations.export import csv_chunks
from registrations.models import Registration
from tests import factories as f
from tests.registrations.concurrency import all_at_once


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", " =1", "\u00a0=1", "=cmd|' /C calc'!A0"],
)
def test_no_cell_can_act_as_a_formula(cell):
    assert escaped_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Demo participant 17", "", "2027-04-06 11:30", "a=b", "'quoted"])
def test_other_cells_stay_as_they_are(cell):
    assert escaped_cell(cell) == cell


@pytest.mark.django_db
def test_chunks_are_joined_without_gap_or_repetition(monkeypatch):
    monkeypatch.setattr(export, "CHUNK_SIZE", 3)
    lab = f.LabFactory()
    session = f.SessionFactory(lab=lab)
    people = f.RegistrationFactory.create_batch(10, lab=lab)
    f.RegistrationFactory.create_batch(4)
    for person in people:
        seats.take(person, {session.pk: "online"})

    pieces = list(csv_chunks(lab, [session], Registration.objects.filter(lab=lab), "en"))

    assert [piece.count("\r\n") for piece in pieces] == [1, 3, 3, 3, 1]
    rows = list(csv.reader(io.StringIO("".join(pieces), newline="")))[1:]
    assert [(row[0], row[-1]) for row in rows] == [(person.name, "Seat") for person in people]


@pytest.mark.django_db
def test_only_so_many_exports_run_at_once_and_each_gives_its_place_back(client):
    lab = f.LabFactory(slug="lab")
    f.RegistrationFactory(lab=lab, name="Demo participant 17")
    client.force_login(f.StaffFactory(lab=lab).user)

    def ask():
        return client.get("/organise/labs/lab/registrations.csv")

    unread, half_read = ask(), ask()
    next(iter(half_read.streaming_content))
    refused = ask()
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    assert "busy" in refused.content.decode()
    del half_read
    gc.collect()
    for _number in range(3):
        assert b"Demo participant 17" in b"".join(ask().streaming_content)
    del unread
    gc.collect()
    kept = [ask(), ask()]
    assert [response.status_code for response in kept] == [200, 200]


@pytest.mark.django_db(transaction=True)
def test_an_export_that_is_read_slowly_holds_nobody_up(client):
    """A registration is written while an export is half read, and no transaction stays open for it."""
    lab = f.LabFactory(slug="lab")
    f.RegistrationFactory.create_batch(4, lab=lab)
    pieces = csv_chunks(lab, [], Registration.objects.filter(lab=lab), "en")
    next(pieces)
    next(pieces)

    def write():
        with transaction.atomic():
            Registration.objects.filter(lab=lab).update(organisation="Meanwhile")

    assert all_at_once([write]) == []
    assert not connection.in_atomic_block
    assert list(pieces) == []


@pytest.mark.django_db
def test_the_table_has_a_line_per_person_and_a_column_per_session(django_assert_num_queries):
    lab = f.LabFactory()
    city = f.CityFactory()
    sessions = f.SessionFactory.create_batch(2, lab=lab, capacity=1)
    first = f.RegistrationFactory(lab=lab, name='=HYPERLINK("https://evil.example")', city=city)
    second = f.RegistrationFactory(lab=lab, name="Демо, участник", city_text="Русе")
    seats.take(first, {sessions[0].pk: "online"})
    seats.take(second, {sessions[0].pk: "online"})
    f.AttendanceFactory(registration=second, session=sessions[1])

    with django_assert_num_queries(6 if connection.vendor == "postgresql" else 7):
        table = "".join(csv_chunks(lab, sessions, Registration.objects.filter(lab=lab), "en"))

    assert table.startswith("\ufeffName,")
    rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"), newline="")))
    assert [row[0] for row in rows[1:]] == ['\'=HYPERLINK("https://evil.example")', "Демо, участник"]
    assert rows[1][2] == city.name["en"]
    assert [row[14:] for row in rows[1:]] == [["Seat", ""], ["Waiting list", "Attended"]]
