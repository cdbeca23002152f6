"""Two organisers who edit the same list at once: neither overwrites a row or the order of the other unseen."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.test import Client

from core.web.localized_fields import languages_of
from labs.models import Lab, LabDay, StakeholderGroup, Track
from tests import factories as f
from tests.pages import client_of, form_of, send, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    programme = f.ProgrammeFactory(slug="programme", languages=["en", "bg"])
    return f.LabFactory(
        programme=programme,
        slug="lab",
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 9),
        colour="#00564e",
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.OwnerFactory(programme=lab.programme).user)


@dataclass
class Rows:
    address: str
    made: list[Any]
    model: Any

    def names(self) -> list[str]:
        return [languages_of(row.name)["en"] for row in self.model.objects.order_by("position", "pk")]

    def delete(self, place: int) -> None:
        self.model.objects.filter(pk=self.made[place].pk).delete()

    def rename(self, place: int, name: str) -> None:
        self.model.objects.filter(pk=self.made[place].pk).update(name={"en": name})


@pytest.fixture(params=["tracks", "groups"])
def rows(request: pytest.FixtureRequest, lab: Lab) -> Rows:
    names = ["One", "Two", "Three"]
    if request.param == "tracks":
        made = [f.TrackFactory(lab=lab, name={"en": name}, position=at) for at, name in enumerate(names)]
        return Rows("/organise/labs/lab/tracks/", made, Track)
    made = [
        f.StakeholderGroupFactory(programme=lab.programme, name={"en": name}, position=at)
        for at, name in enumerate(names)
    ]
    return Rows("/organise/programmes/programme/groups/", made, StakeholderGroup)


def told(response: Any) -> list[tuple[str, str, str]]:
    assert response.status_code == 409, text_of(response)
    assert "Someone saved this while you were editing" in text_of(response)
    return [(one.label, one.before, one.after) for one in response.context["conflict"]]


def test_a_row_that_both_named_anew_is_shown(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    rows.rename(0, "Theirs")
    rows.rename(2, "Also theirs")
    answer = client.post(rows.address, opened.filled(**{"rows-0-name_0": "Mine", "rows-1-name_0": "Second"}))
    label = "Track 1" if rows.model is Track else "Type of organisation 1"
    assert told(answer) == [(label, "en: Theirs", "en: Mine")]
    assert rows.names() == ["Theirs", "Two", "Also theirs"]
    again = form_of(answer)
    # A row that was left alone shows what is stored; what was typed stays.
    assert [again.values[f"rows-{place}-name_0"] for place in range(3)] == [
        ["Mine"],
        ["Second"],
        ["Also theirs"],
    ]
    assert client.post(rows.address, again.filled()).status_code == 302
    assert rows.names() == ["Mine", "Second", "Also theirs"]


def test_edits_of_different_rows_are_no_conflict(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    assert client.post(rows.address, opened.filled(**{"rows-0-name_0": "Theirs"})).status_code == 302
    second = opened.filled(
        **{"rows-1-name_0": "Mine"}, form_key=form_of(client.get(rows.address)).values["form_key"]
    )
    assert client.post(rows.address, second).status_code == 302
    assert rows.names() == ["Theirs", "Mine", "Three"]


def test_a_form_sent_twice_is_no_conflict_with_itself(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    data = opened.filled(**{"rows-0-name_0": "Mine", "rows-3-name_0": "New", "rows-1-DELETE": "on"})
    for _ in range(2):
        assert client.post(rows.address, data).status_code == 302
    assert sorted(rows.names()) == ["Mine", "New", "Three"]


def test_the_same_names_from_both_are_no_conflict(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    rows.rename(0, "Same")
    assert client.post(rows.address, opened.filled(**{"rows-0-name_0": "Same"})).status_code == 302
    assert rows.names() == ["Same", "Two", "Three"]


def test_a_row_that_was_deleted_meanwhile_comes_back_only_knowingly(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    rows.delete(1)
    answer = client.post(rows.address, opened.filled(**{"rows-1-name_0": "Mine"}))
    label = "Track 2" if rows.model is Track else "Type of organisation 2"
    assert told(answer) == [(label, "deleted in the meantime", "en: Mine")]
    assert rows.names() == ["One", "Three"]
    again = form_of(answer)
    assert client.post(rows.address, again.filled(**{"rows-1-DELETE": "on"})).status_code == 302
    assert rows.names() == ["One", "Three"]
    fresh = form_of(client.post(rows.address, opened.filled(**{"rows-1-name_0": "Mine"})))
    assert client.post(rows.address, fresh.filled()).status_code == 302
    assert rows.names() == ["One", "Mine", "Three"]


def test_a_row_that_was_left_alone_and_deleted_meanwhile_stays_deleted(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    rows.delete(1)
    answer = client.post(rows.address, opened.filled(**{"rows-0-name_0": "Mine"}), follow=True)
    assert answer.status_code == 200
    assert "“Two” was deleted by someone else in the meantime." in text_of(answer)
    assert rows.names() == ["Mine", "Three"]


def test_both_remove_a_row(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    rows.delete(1)
    assert client.post(rows.address, opened.filled(**{"rows-1-DELETE": "on"})).status_code == 302
    assert rows.names() == ["One", "Three"]


def test_a_row_that_somebody_else_named_anew_is_not_removed_unseen(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    rows.rename(1, "Theirs")
    answer = client.post(rows.address, opened.filled(**{"rows-1-DELETE": "on"}))
    [(_label, before, after)] = told(answer)
    assert (before, after) == ("en: Theirs", "removed")
    assert rows.names() == ["One", "Theirs", "Three"]
    assert client.post(rows.address, form_of(answer).filled()).status_code == 302
    assert rows.names() == ["One", "Three"]


def test_another_order_is_not_undone_unseen(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    client.post(rows.address, opened.filled(**{"rows-0-ORDER": "9"}))
    assert rows.names() == ["Two", "Three", "One"]
    key = form_of(client.get(rows.address)).values["form_key"]
    swapped = {"rows-0-ORDER": "2", "rows-1-ORDER": "1", "rows-2-name_0": "Mine"}
    answer = client.post(rows.address, opened.filled(**swapped, form_key=key))
    assert told(answer) == [("Order", "Two\nThree\nOne", "Two\nOne\nThree")]
    assert rows.names() == ["Two", "Three", "One"]
    assert client.post(rows.address, form_of(answer).filled()).status_code == 302
    assert rows.names() == ["Two", "One", "Mine"]


def test_an_order_that_was_left_alone_is_that_of_somebody_else(client: Client, rows: Rows) -> None:
    opened = form_of(client.get(rows.address))
    client.post(rows.address, opened.filled(**{"rows-0-ORDER": "9"}))
    key = form_of(client.get(rows.address)).values["form_key"]
    mine = {"rows-2-name_0": "Mine", "rows-3-name_0": "New"}
    assert client.post(rows.address, opened.filled(**mine, form_key=key)).status_code == 302
    assert rows.names() == ["Two", "Mine", "One", "New"]


@pytest.mark.parametrize("forged", [None, "", "nonsense", "\u0000", "²"])
def test_rows_that_do_not_say_what_they_showed_overwrite_nothing_unseen(
    client: Client, rows: Rows, forged: str | None
) -> None:
    opened = form_of(client.get(rows.address))
    changes = {f"rows-{place}-was": forged for place in range(3)}
    answer = client.post(rows.address, opened.filled(**changes, **{"rows-0-name_0": "Mine"}))
    assert len(told(answer)) == 1
    assert rows.names() == ["One", "Two", "Three"]


DAYS = "/organise/labs/lab/days/"


def headings(lab: Lab) -> dict[int, str]:
    return {day.on.day: languages_of(day.title)["en"] for day in LabDay.objects.filter(lab=lab)}


def test_headings_of_different_days_are_no_conflict(client: Client, lab: Lab) -> None:
    opened = form_of(client.get(DAYS))
    assert client.post(DAYS, opened.filled(**{"days-0-title_0": "Theirs"})).status_code == 302
    assert client.post(DAYS, opened.filled(**{"days-1-title_0": "Mine"})).status_code == 302
    assert headings(lab) == {6: "Theirs", 7: "Mine"}


def test_a_heading_that_both_wrote_is_shown(client: Client, lab: Lab) -> None:
    opened = form_of(client.get(DAYS))
    client.post(DAYS, opened.filled(**{"days-0-title_0": "Theirs", "days-2-title_0": "Also theirs"}))
    answer = client.post(DAYS, opened.filled(**{"days-0-title_0": "Mine", "days-1-title_0": "Second"}))
    assert told(answer) == [("Tuesday 6 April 2027", "en: Theirs", "en: Mine")]
    assert headings(lab) == {6: "Theirs", 8: "Also theirs"}
    assert client.post(DAYS, form_of(answer).filled()).status_code == 302
    assert headings(lab) == {6: "Mine", 7: "Second", 8: "Also theirs"}


def test_a_heading_that_was_taken_away_meanwhile_comes_back_only_knowingly(client: Client, lab: Lab) -> None:
    f.LabDayFactory(lab=lab, on=date(2027, 4, 6), title={"en": "Plan"})
    opened = form_of(client.get(DAYS))
    LabDay.objects.all().delete()
    answer = client.post(DAYS, opened.filled(**{"days-0-title_0": "Mine"}))
    assert told(answer) == [("Tuesday 6 April 2027", "–", "en: Mine")]
    assert headings(lab) == {}
    client.post(DAYS, form_of(answer).filled())
    assert headings(lab) == {6: "Mine"}


def test_headings_stay_with_their_days_when_the_lab_is_moved_meanwhile(client: Client, lab: Lab) -> None:
    f.LabDayFactory(lab=lab, on=date(2027, 4, 7), title={"en": "Seventh"})
    opened = form_of(client.get(DAYS))
    Lab.objects.update(starts_on=date(2027, 4, 7), ends_on=date(2027, 4, 12))
    answer = client.post(DAYS, opened.filled(**{"days-2-title_0": "Eighth"}))
    assert answer.status_code == 302
    assert headings(lab) == {7: "Seventh", 8: "Eighth"}
    answer = client.post(DAYS, opened.filled(**{"days-0-title_0": "Sixth", "days-3-title_0": "Ninth"}))
    assert told(answer) == [("Tuesday 6 April 2027", "This is not a day of the lab.", "en: Sixth")]
    client.post(DAYS, form_of(answer).filled())
    assert headings(lab) == {7: "Seventh", 8: "Eighth", 9: "Ninth"}


@pytest.mark.parametrize("forged", [None, "", "nonsense"])
@pytest.mark.parametrize("field", ["was", "on"])
def test_days_that_do_not_say_what_they_showed_overwrite_nothing_unseen(
    client: Client, lab: Lab, field: str, forged: str | None
) -> None:
    f.LabDayFactory(lab=lab, on=date(2027, 4, 6), title={"en": "Plan"})
    changes = {"days-0-title_0": "Mine", f"days-0-{field}": forged}
    answer = send(client, DAYS, **changes)
    assert answer.status_code == (409 if field == "was" else 422)
    assert headings(lab) == {6: "Plan"}
