"""S29 (Django CVE-2026-87975): forged formsets must neither delete nor change rows of others.

The rows of the console carry ids; whatever their numbers, order and counters say, only rows of the lab, the programme
or the session that the page is about can be touched.
"""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from labs.models import Lab, StakeholderGroup, Track
from sessions.models import AgendaItem, Appearance, Session
from tests import factories as f
from tests.pages import client_of, form_of, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(
        slug="lab", programme=f.ProgrammeFactory(slug="programme"), starts_on=date(2027, 4, 6)
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.OwnerFactory(programme=lab.programme).user)


def everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Track, StakeholderGroup, AgendaItem, Appearance, Session)
    ]


@pytest.mark.parametrize("counters", [("1", "0"), ("1", "1"), ("2", "2"), ("50", "50"), ("0", "0")])
@pytest.mark.parametrize("remove", ["", "on"])
def test_rows_of_others_stay_as_they_are(
    client: Client, lab: Lab, counters: tuple[str, str], remove: str
) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    pages = {
        "/organise/labs/lab/tracks/": ("rows", "name_0", f.TrackFactory().pk),
        "/organise/programmes/programme/groups/": ("rows", "name_0", f.StakeholderGroupFactory().pk),
        # An item of another session of the same lab is as foreign as any.
        f"/organise/labs/lab/sessions/{session.slug}/": (
            "agenda",
            "title_0",
            f.AgendaItemFactory(session=f.SessionFactory(lab=lab)).pk,
        ),
    }
    before = everything()
    for address, (prefix, text, pk) in pages.items():
        forged = {
            f"{prefix}-0-row": str(pk),
            f"{prefix}-0-{text}": "Taken over",
            f"{prefix}-TOTAL_FORMS": counters[0],
            f"{prefix}-INITIAL_FORMS": counters[1],
        } | ({f"{prefix}-0-DELETE": remove} if remove else {})
        response = send(client, address, **forged)
        assert response.status_code in (302, 409, 422)
    assert everything() == before


@pytest.mark.parametrize("total", ["", "x", "-1", "0", "99999999999999999999", "1e3"])
def test_counters_that_are_none_are_no_error_of_the_service(client: Client, lab: Lab, total: str) -> None:
    f.TrackFactory(lab=lab)
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    f.AppearanceFactory(session=session, agenda_item=f.AgendaItemFactory(session=session))
    f.AppearanceFactory(session=session)
    before = everything()
    for address, prefix in (
        ("/organise/labs/lab/tracks/", "rows"),
        (f"/organise/labs/lab/sessions/{session.slug}/", "agenda"),
        (f"/organise/labs/lab/sessions/{session.slug}/", "people"),
        ("/organise/labs/lab/days/", "days"),
    ):
        form = form_of(client.get(address))
        for more in ({}, {"more": "1", "add": prefix}):
            response = client.post(address, form.filled(**{f"{prefix}-TOTAL_FORMS": total}) | more)
            assert response.status_code < 500
    assert everything() == before


def test_empty_rows_beyond_the_days_of_the_lab_are_passed_over(client: Client, lab: Lab) -> None:
    form = form_of(client.get("/organise/labs/lab/days/"))
    total = int(form.values["days-TOTAL_FORMS"][0])
    more = form.filled(days__0__title_0="Heading", **{"days-TOTAL_FORMS": str(total + 3)})
    assert client.post("/organise/labs/lab/days/", more).status_code == 302
    assert [str(day.title) for day in lab.days.all()] == ["Heading"]
    nothing = {"form_key": form.values["form_key"], "days-TOTAL_FORMS": "3", "days-INITIAL_FORMS": "0"}
    assert client.post("/organise/labs/lab/days/", nothing).status_code == 302
    assert lab.days.count() == 1
