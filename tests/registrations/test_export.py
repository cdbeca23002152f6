"""The table for spreadsheets."""

import csv

import pytest

from registrations import seats
from registrations.export import csv_lines, escaped_cell, for_export
from registrations.models import Registration
from tests import factories as f


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
def test_the_table_has_a_line_per_person_and_a_column_per_session(django_assert_num_queries):
    lab = f.LabFactory()
    city = f.CityFactory()
    sessions = f.SessionFactory.create_batch(2, lab=lab, capacity=1)
    first = f.RegistrationFactory(lab=lab, name='=HYPERLINK("https://evil.example")', city=city)
    second = f.RegistrationFactory(lab=lab, name="Демо, участник", city_text="Русе")
    seats.take(first, [sessions[0].pk])
    seats.take(second, [sessions[0].pk])
    f.AttendanceFactory(registration=second, session=sessions[1])

    with django_assert_num_queries(3):
        lines = list(csv_lines(lab, sessions, for_export(Registration.objects.filter(lab=lab)), "en"))

    assert lines[0].startswith("\ufeffName,")
    rows = list(csv.reader([line.lstrip("\ufeff") for line in lines]))
    assert [row[0] for row in rows[1:]] == ['\'=HYPERLINK("https://evil.example")', "Демо, участник"]
    assert rows[1][2] == city.name["en"]
    assert [row[11:] for row in rows[1:]] == [["Seat", ""], ["Waiting list", "Attended"]]
