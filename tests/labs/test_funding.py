"""Whom a programme's pages and emails name: its contact, and the European Union where that funds it."""

import io
import re
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image

from core.mail.rendering import rendered
from labs.funding import EMBLEM
from labs.models import Programme
from labs.programme_logos import LogoPlan, add_logo
from tests import factories as f
from tests.emails import reset_email
from tests.pages import client_of, send, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return f.ProgrammeFactory(slug="programme", languages=["en", "bg"])


@pytest.fixture
def owner(programme: Programme) -> Client:
    return client_of(f.OwnerFactory(programme=programme).user)


def test_a_lab_without_a_contact_shows_its_programmes(client: Client) -> None:
    lab = f.LabFactory(programme=f.ProgrammeFactory(contact_email="programme@example.org"))
    assert "mailto:programme@example.org" in text_of(client.get(f"/labs/{lab.slug}/"))
    lab.contact_email = "lab@example.org"
    lab.save()
    assert lab.contact == "lab@example.org"


def test_what_an_owner_says_of_contact_and_funding_is_on_every_page_of_the_lab(
    client: Client, owner: Client, programme: Programme
) -> None:
    lab = f.LabFactory(programme=programme)
    session = f.SessionFactory(lab=lab)
    pages = [f"/labs/{lab.slug}/", f"/labs/{lab.slug}/sessions/{session.slug}/", "/programmes/programme/"]
    pages.append(f"/labs/{lab.slug}/register/")
    before = [client.get(page) for page in pages]
    assert not any("eu-emblem" in text_of(page) for page in before)
    response = send(
        owner,
        "/organise/programmes/programme/",
        contact_email="programme@example.org",
        eu_funded="on",
        grant_number="101000000",
    )
    assert response.status_code == 302
    for page in pages:
        words = text_of(client.get(page))
        assert "Funded by the European Union" in words
        assert "Grant agreement No 101000000" in words
        assert "mailto:programme@example.org" in words
    assert client.get(pages[0])["ETag"] != before[0]["ETag"]
    assert "Финансирано от Европейския съюз" in text_of(client.get(f"{pages[0]}?lang=bg"))
    assert "Με τη χρηματοδότηση της Ευρωπαϊκής Ένωσης" in text_of(client.get(f"{pages[0]}?lang=el"))


def test_who_may_attend_and_what_it_costs_stands_where_people_register(
    client: Client, owner: Client, programme: Programme
) -> None:
    lab = f.LabFactory(programme=programme)
    page = f"/labs/{lab.slug}/"
    heading = "Who can take part, and what it costs"
    assert heading not in text_of(client.get(page))
    send(
        owner,
        "/organise/programmes/programme/",
        participation_0="Everybody, free of charge.",
        participation_1="Всички, безплатно.",
    )
    assert heading in text_of(client.get(page))
    assert "Everybody, free of charge." in text_of(client.get(page))
    assert "Всички, безплатно." in text_of(client.get(f"{page}?lang=bg"))


def test_emails_of_a_funded_programme_end_with_the_emblem_and_the_statement() -> None:
    programme = f.ProgrammeFactory(eu_funded=True, grant_number="101000000", contact_email="p@example.org")
    lab = f.LabFactory(programme=programme)
    message = reset_email(language="bg", to_name="Мария", lab=lab)
    found = rendered(message, reveal=True)
    assert message.reply_to == "p@example.org"
    assert "Финансирано от Европейския съюз\nСпоразумение за безвъзмездни средства № 101000000" in found.text
    assert 'src="http://testserver/static/site/eu-emblem.png" alt="Европейски съюз"' in found.html
    assert "№ 101000000" in found.html


def test_emails_of_a_lab_show_the_logos_of_its_programme(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    programme = f.ProgrammeFactory()
    lab = f.LabFactory(programme=programme)
    plan = LogoPlan(alt={"en": "City network", "bg": "Мрежа на градовете"})
    picture = io.BytesIO()
    Image.new("RGBA", (60, 16), "navy").save(picture, "PNG")
    drawn = add_logo(programme, plan, picture.getvalue())
    add_logo(programme, replace(plan, alt={"en": "Demo partner"}, position=1), f.LOGO)
    found = rendered(reset_email(language="bg", to_name="Мария", lab=lab), reveal=True)

    [address] = re.findall(
        r'<img src="http://testserver(/programmes/[^"]+)" alt="Мрежа на градовете"', found.html
    )
    assert address == f"/programmes/{programme.slug}/logos/{drawn.pk}"
    # A webmail's page is of another site.
    assert Client().get(address)["Cross-Origin-Resource-Policy"] == "cross-origin"
    # No mail program draws SVG, so its words stand for it.
    assert re.findall(r"<img[^>]*Demo partner", found.html) == []
    assert "Demo partner" in found.html
    assert "Организации, които стоят зад програмата: Мрежа на градовете, Demo partner\n" in found.text


def test_a_grant_belongs_to_a_programme_that_is_funded(owner: Client, programme: Programme) -> None:
    response = send(owner, "/organise/programmes/programme/", grant_number="101000000")
    assert response.status_code == 422
    assert "Tick that the European Union funds this programme" in text_of(response)
    with pytest.raises(IntegrityError), transaction.atomic():
        Programme.objects.update(grant_number="101000000")


def test_the_api_tells_who_stands_behind_a_programme(client: Client, programme: Programme) -> None:
    Programme.objects.update(
        contact_email="a@example.org", imprint={"en": "Street"}, eu_funded=True, grant_number="1"
    )
    logo = f.ProgrammeLogoFactory(programme=programme, link="https://example.org/")
    found = client.get("/api/v1/programmes/programme").json()
    assert {name: found[name] for name in ("contact_email", "imprint", "eu_funded", "grant_number")} == {
        "contact_email": "a@example.org",
        "imprint": {"en": "Street"},
        "eu_funded": True,
        "grant_number": "1",
    }
    assert found["logos"] == [
        {
            "address": f"http://testserver/programmes/programme/logos/{logo.pk}",
            "alternative_text": {"en": "Demo partner", "bg": "Примерен партньор"},
            "link": "https://example.org/",
        }
    ]


def test_the_emblem_follows_the_official_construction() -> None:
    """Rectangle 3 by 2; twelve stars on a circle of a third of the height, each in one of an eighteenth, point up."""
    drawing = ElementTree.parse(EMBLEM).getroot()
    field, stars = drawing.findall("{http://www.w3.org/2000/svg}path")
    assert (drawing.get("viewBox"), field.get("fill"), stars.get("fill")) == (
        "0 0 810 540", "#003399", "#FFCC00",
    )  # fmt: skip
    shapes = [
        [complex(*map(float, point.split(","))) for point in star.strip("z").split()]
        for star in stars.get("d", "")[1:].split("M")
    ]
    middles = [sum(shape) / len(shape) for shape in shapes]
    assert len(middles) == 12
    assert all(abs(abs(middle - (405 + 270j)) - 540 / 3) < 0.05 for middle in middles)
    for shape, middle in zip(shapes, middles, strict=True):
        assert max(abs(point - middle) for point in shape) == pytest.approx(540 / 18, abs=0.05)
        top = min(shape, key=lambda point: point.imag)
        assert top.real == pytest.approx(middle.real, abs=0.05)


def test_the_emblem_of_emails_is_as_large_as_they_say() -> None:
    head = EMBLEM.with_suffix(".png").read_bytes()[:24]
    assert struct.unpack(">II", head[16:24]) == (202, 138)
