"""The console of a lab itself: its form, its days, tracks and rooms; who may see it and when it may go."""

from datetime import UTC, date, datetime, time
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from core.web.localized_fields import languages_of
from labs.models import Lab, Programme
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of, send

pytestmark = pytest.mark.django_db

SETTINGS = "/organise/labs/lab/settings/"


@pytest.fixture
def programme() -> Programme:
    return f.ProgrammeFactory(slug="programme", languages=["en", "bg"])


@pytest.fixture
def lab(programme: Programme) -> Lab:
    return f.LabFactory(
        programme=programme,
        slug="lab",
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 16),
        registration_opens_at=datetime(2027, 3, 1, 7, tzinfo=UTC),
        registration_closes_at=None,
    )


@pytest.fixture
def owner(programme: Programme) -> Client:
    return client_of(f.OwnerFactory(programme=programme).user)


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def usual() -> dict[str, Any]:
    return {
        "title_0": "Sixth Lab",
        "starts_on": "2027-09-06",
        "ends_on": "2027-09-10",
        "time_zone": "Europe/Rome",
        "opens_date": "2027-08-01",
        "opens_time": "09:00",
    }


def new(client: Client, **answers: Any) -> Any:
    address = "/organise/programmes/programme/new-lab/"
    return send(client, address, **(usual() | answers))


def edit(client: Client, **answers: Any) -> Any:
    return send(client, SETTINGS, **answers)


def errors(response: Any) -> str:
    assert response.status_code == 422
    return response.content.decode()


def png() -> BytesIO:
    data = BytesIO()
    Image.new("RGBA", (40, 20), "red").save(data, "PNG")
    data.seek(0)
    data.name = "../../logo.png"
    return data


def test_a_labs_address_can_be_chosen_until_it_was_public(owner: Client, client: Client, lab: Lab) -> None:
    new(owner, slug="sixth")
    assert Lab.objects.exclude(pk=lab.pk).get().slug == "sixth"
    Lab.objects.filter(pk=lab.pk).update(visibility="draft", public_revised_at=None)

    assert "Another lab has this address" in errors(edit(client, slug="sixth"))
    assert "Use at most 60 Latin letters" in errors(edit(client, slug="не така"))
    moved = edit(client, slug="fifth")

    assert moved["Location"] == "/organise/labs/fifth/settings/"
    assert client.get("/organise/labs/fifth/settings/").status_code == 200
    assert client.get(SETTINGS).status_code == 404

    send(owner, "/organise/labs/fifth/publish/")
    for visibility in ("public", "draft"):  # also once it is a draft again
        Lab.objects.filter(pk=lab.pk).update(visibility=visibility)
        page = client.get("/organise/labs/fifth/settings/")
        assert 'name="slug"' not in page.content.decode()
        client.post("/organise/labs/fifth/settings/", form_of(page).filled(slug="stolen"))
        lab.refresh_from_db()
        assert lab.slug == "fifth"


def test_a_new_lab_is_a_draft_with_registration_hours_in_its_own_zone(
    owner: Client, programme: Programme
) -> None:
    response = new(owner, closes_date="2027-09-05", closes_time="18:00", colour="#0A7")
    lab = Lab.objects.get()
    assert response["Location"] == "/organise/labs/sixth-lab/"
    assert (lab.programme, lab.visibility, lab.languages) == (programme, "draft", ["en", "bg"])
    assert lab.registration_opens_at == datetime(2027, 8, 1, 7, tzinfo=UTC)
    assert lab.registration_closes_at == datetime(2027, 9, 5, 16, tzinfo=UTC)
    assert lab.colour == "#00aa77"
    assert lab.theme_values["lab"] != lab.colour


def test_a_new_lab_is_made_once_however_often_the_form_is_sent(owner: Client) -> None:
    address = "/organise/programmes/programme/new-lab/"
    data = form_of(owner.get(address)).filled(**usual())
    assert owner.post(address, data)["Location"] == owner.post(address, data)["Location"]
    assert Lab.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"title_0": ""}, "Enter this in at least one language"),
        ({"title_0": "x" * 201}, "Use at most 200 characters"),
        ({"theme_0": "\u2066hidden"}, "U+2066"),
        ({"starts_on": ""}, "Choose a date"),
        ({"ends_on": "2027-09-05"}, "The last day is before the first one"),
        ({"ends_on": "2029-09-05"}, "at most 366 days"),
        ({"starts_on": "0001-01-01", "ends_on": "0001-01-02"}, "between 2000 and 2100"),
        ({"time_zone": "Mars/Olympus"}, "not in the list of time zones"),
        ({"languages": None}, "Choose at least one language"),
        ({"languages": ["xx"]}, "Choose an option from the list"),
        ({"default_language": "el"}, "Choose one of the selected languages"),
        ({"format": "by-telepathy"}, "Choose an option from the list"),
        ({"contact_email": "a@example.org\nBcc: b@example.org"}, "Enter an email address like"),
        ({"opens_time": ""}, "Choose a time as well"),
        ({"opens_date": ""}, "Choose a date as well"),
        ({"closes_date": "2027-07-01", "closes_time": "09:00"}, "Registration closes before it opens"),
        (
            {"opens_date": "", "opens_time": "", "closes_date": "2027-07-01", "closes_time": "9:00"},
            "Enter when registration opens",
        ),
        ({"opens_date": "2027-03-28", "opens_time": "02:30"}, "clocks go from 02:00 to 03:00"),
        ({"opens_date": "2026-10-25", "opens_time": "02:30"}, "occurs twice in Rome"),
        ({"retention_days": "99999"}, "Enter 3650 or less"),
        ({"certificate_min_sessions": "0"}, "Enter 1 or more"),
        ({"colour": "red; background: url(//evil)"}, "at most 20 characters"),
        ({"colour": "tomato"}, "six digits and letters"),
        ({"consent_0": "x" * 2001}, "Use at most 2000 characters"),
    ],
)
def test_what_is_wrong_is_said_and_no_lab_is_made(owner: Client, answers: dict[str, Any], said: str) -> None:
    page = errors(new(owner, **answers))
    assert said in page
    assert not Lab.objects.exists()


def test_an_opening_hour_that_comes_twice_takes_the_answer(owner: Client) -> None:
    new(owner, opens_date="2026-10-25", opens_time="02:30", opens_fold="1")
    assert Lab.objects.get().registration_opens_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_opening_and_saving_the_form_changes_nothing(client: Client, lab: Lab) -> None:
    before = (lab.revised_at, lab.history.count())
    edit(client)
    lab.refresh_from_db()
    assert (lab.revised_at, lab.history.count()) == before


def test_texts_of_a_language_that_is_taken_away_are_kept(client: Client, lab: Lab) -> None:
    texts = languages_of(lab.title)
    edit(client, languages=["en"])
    edit(client, title_0="New title")
    lab.refresh_from_db()
    assert lab.languages == ["en"]
    assert languages_of(lab.title) == {"en": "New title", "bg": texts["bg"]}


def test_a_new_zone_leaves_the_clocks_of_sessions_of_other_zones_alone_and_says_so(
    client: Client, lab: Lab
) -> None:
    Lab.objects.filter(pk=lab.pk).update(registration_opens_at=None, registration_closes_at=None)
    session: Session = f.SessionFactory(lab=lab, start_time=time(11), time_zone="Europe/Athens")
    page = client.get(SETTINGS).content.decode()
    assert "The 1 existing session keeps its times and time zone: Athens (1)." in page
    form = form_of(client.get(SETTINGS))
    response = client.post(SETTINGS, form.filled(time_zone="Europe/Rome"), follow=True)
    assert "keeps its times and time zone: Athens (1)" in response.content.decode()
    session.refresh_from_db()
    lab.refresh_from_db()
    assert (session.start_time, session.time_zone, lab.time_zone) == (
        time(11),
        "Europe/Athens",
        "Europe/Rome",
    )


@pytest.mark.parametrize(
    ("answers", "field"),
    [({"ends_on": "2027-04-07"}, "ends_on"), ({"starts_on": "2027-04-09"}, "starts_on")],
)
def test_dates_that_leave_a_session_outside_are_refused(
    client: Client, lab: Lab, answers: dict[str, str], field: str
) -> None:
    f.SessionFactory(lab=lab, title={"en": "Dialogue"}, start_date=date(2027, 4, 8))
    page = errors(edit(client, **answers))
    assert "1 session would be outside the lab: Dialogue" in page
    assert f'id="id_{field}_error"' in page
    lab.refresh_from_db()
    assert (lab.starts_on, lab.ends_on) == (date(2027, 4, 6), date(2027, 4, 16))


def test_a_logo_is_checked_stored_under_a_name_of_ours_and_taken_away(client: Client, lab: Lab) -> None:
    form = form_of(client.get(SETTINGS))
    assert "Describe the logo" in errors(client.post(SETTINGS, form.filled() | {"logo": png()}))
    client.post(SETTINGS, form.filled(logo_alt_0="Red square") | {"logo": png()})
    lab.refresh_from_db()
    assert lab.logo.name.startswith(f"logos/lab-{lab.pk}")
    edit(client, remove_logo="on")
    lab.refresh_from_db()
    assert lab.logo.name == ""


def test_who_signs_is_kept_with_a_signature_and_taken_away_at_once(client: Client, lab: Lab) -> None:
    form = form_of(client.get(SETTINGS))
    values = form.filled(signatory_name=" Demo signatory ", signatory_function_0="Head of Unit")
    page = client.post(SETTINGS, values | {"signature": png()}, follow=True).content.decode()
    lab.refresh_from_db()
    assert (lab.signatory_name, languages_of(lab.signatory_function)) == (
        "Demo signatory",
        {"en": "Head of Unit"},
    )
    assert lab.signature.name.startswith(f"signatures/lab-{lab.pk}")
    assert f'<img src="/organise/labs/{lab.slug}/signature" alt="Signature of Demo signatory">' in page
    edit(client, signatory_name="", signatory_function_0="", remove_signature="on")
    lab.refresh_from_db()
    assert (lab.signatory_name, languages_of(lab.signatory_function), lab.signature.name) == ("", {}, "")


@pytest.mark.parametrize("more", [{"signatory_function_0": "Head of Unit"}, {"signature": png()}], ids=list)
def test_nobody_signs_without_a_name(client: Client, lab: Lab, more: dict[str, Any]) -> None:
    values = form_of(client.get(SETTINGS)).filled()
    assert "Enter the name of the person who signs." in errors(client.post(SETTINGS, values | more))
    lab.refresh_from_db()
    assert not lab.signature


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "neither PNG nor SVG"),
        (b"<html>", "neither PNG nor SVG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "is not allowed"),
        (b"x" * (600 * 1024), "larger than 512 kB"),
    ],
)
def test_a_file_that_is_no_logo_is_refused_and_nothing_is_saved(
    client: Client, lab: Lab, content: bytes, said: str
) -> None:
    upload = BytesIO(content)
    upload.name = "logo.svg"
    form = form_of(client.get(SETTINGS))
    page = errors(client.post(SETTINGS, form.filled(title_0="Other", logo_alt_0="x") | {"logo": upload}))
    assert said in page
    lab.refresh_from_db()
    assert languages_of(lab.title)["en"] != "Other"


def test_the_colour_is_shown_before_and_after_with_the_reason(client: Client, lab: Lab) -> None:
    response = client.post(SETTINGS, form_of(client.get(SETTINGS)).filled(colour="#ffd84a"), follow=True)
    page = response.content.decode()
    lab.refresh_from_db()
    assert "White text needs a darker background than #ffd84a" in page
    assert 'fill="#ffd84a"' in page
    assert f'fill="{lab.theme_values["lab"]}"' in page
    assert "style=" not in page


def test_publishing_asks_first_and_can_be_undone(client: Client, lab: Lab) -> None:
    Lab.objects.update(visibility="draft")
    f.SessionFactory(lab=lab, seats_taken=3)
    assert "1 public session" in client.get("/organise/labs/lab/publish/").content.decode()
    send(client, "/organise/labs/lab/publish/")
    lab.refresh_from_db()
    assert lab.visibility == "public"
    assert "3 seats are taken" in client.get("/organise/labs/lab/unpublish/").content.decode()
    client.post("/organise/labs/lab/unpublish/")
    lab.refresh_from_db()
    assert lab.visibility == "draft"


def test_only_an_owner_deletes_a_lab_and_only_an_empty_one(client: Client, owner: Client, lab: Lab) -> None:
    assert client.get("/organise/labs/lab/delete/").status_code == 404
    assert client.post("/organise/labs/lab/delete/").status_code == 404
    session = f.SessionFactory(lab=lab)
    f.TrackFactory(lab=lab)
    assert "This lab cannot be deleted" in owner.get("/organise/labs/lab/delete/").content.decode()
    owner.post("/organise/labs/lab/delete/")
    assert Lab.objects.exists()
    session.delete()
    send(owner, "/organise/labs/lab/delete/")
    assert not Lab.objects.exists()


def test_door_staff_and_strangers_find_none_of_these_pages(lab: Lab) -> None:
    room = f.RoomFactory(lab=lab)
    for user in (f.StaffFactory(lab=lab, role="door").user, f.StaffFactory().user, f.UserFactory()):
        client = client_of(user)
        for page in (
            "settings",
            "publish",
            "days",
            "tracks",
            "rooms",
            f"rooms/{room.pk}",
            "people",
            "speakers",
            "sessions",
        ):
            assert client.get(f"/organise/labs/lab/{page}/").status_code == 404, page


def summary_of(response: Any) -> str:
    page = " ".join(errors(response).split())
    return page.partition("error-summary")[2].partition("</div>")[0]


def test_the_summary_names_the_field_and_counts_one_wrong_answer_once(client: Client, lab: Lab) -> None:
    said = summary_of(edit(client, closes_date="2027-04-01", closes_time="soon"))
    assert "There is a problem with one answer" in said
    assert ">Closing time: Enter a time like 15:30.</a>" in said
    address = "/organise/labs/lab/rooms/new/"
    sent = form_of(client.get(address)).filled(name_0="Room", join_link="javascript:alert(1)")
    said = summary_of(client.post(address, sent))
    assert "There is a problem with one answer" in said
    assert said.count("<li>") == 1
