"""Who stands behind the service and its programmes: the operator, contacts, funding, logos."""

import re
import struct
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client

from core.mail.queue import queue
from core.mail.rendering import rendered
from core.web.accessibility_run import last_run
from core.web.localized_fields import languages_of
from labs.enforcement_bodies import ALL_BODIES, BODIES
from labs.funding import EMBLEM, Funding, funding_of
from labs.models import Operator, Programme, ProgrammeLogo
from labs.programme_logos import MAX_LOGOS, delete_unused_files
from registrations.registering import UNCONFIRMED_DAYS
from tests import factories as f
from tests.pages import form_of, forms_of

pytestmark = pytest.mark.django_db

MEMBER_STATES = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
}  # fmt: skip
ORGANISATION = "/organise/organisation/"
LOGOS = "/organise/programmes/programme/logos/"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="{}" height="9"/></svg>'


def text_of(response: Any) -> str:
    return str(response.content.decode())


def send(client: Client, address: str, /, **answers: Any) -> Any:
    return client.post(address, form_of(client.get(address)).filled(**answers))


def picture(width: int = 9, name: str = "logo.svg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, SVG.format(width).encode())


@pytest.fixture
def superuser() -> Client:
    client = Client()
    client.force_login(f.UserFactory(is_superuser=True))
    return client


@pytest.fixture
def programme() -> Programme:
    return f.ProgrammeFactory(slug="programme", languages=["en", "bg"])


@pytest.fixture
def owner(programme: Programme) -> Client:
    client = Client()
    client.force_login(f.StaffFactory(role="owner", programme=programme, lab=None).user)
    return client


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "logos"


# The operator


def test_a_superuser_enters_who_runs_the_service_and_the_contact_page_says_it(
    client: Client, superuser: Client
) -> None:
    assert "has not been entered here yet" in text_of(client.get("/contact/"))
    assert f'href="{ORGANISATION}"' in text_of(superuser.get("/contact/"))
    assert f'href="{ORGANISATION}"' in text_of(superuser.get("/organise/"))
    answers = {
        "name_0": "City of Sofia",
        "name_1": "Столична община",
        "address": "33 Moskovska Street\n1000 Sofia",
        "country": "BG",
        "email": "Labs@Example.org",
        "legal_notice_0": "VAT number: **BG000696327**",
    }
    assert send(superuser, ORGANISATION, **answers)["Location"] == ORGANISATION
    row = Operator.objects.get()
    assert (row.email, row.history.get().history_user is not None) == ("Labs@example.org", True)
    page = text_of(client.get("/contact/"))
    for words in (
        "City of Sofia",
        "33 Moskovska Street<br>1000 Sofia",
        "Bulgaria",
        "<strong>BG000696327</strong>",
    ):
        assert words in page
    assert "Столична община" in text_of(client.get("/contact/?lang=bg"))
    assert "Enter who runs this service" not in text_of(superuser.get("/organise/"))


def test_only_superusers_enter_the_operator(owner: Client) -> None:
    assert owner.get(ORGANISATION).status_code == 404
    assert ORGANISATION not in text_of(owner.get("/organise/"))


def test_there_is_one_operator() -> None:
    f.OperatorFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        f.OperatorFactory(id=2)


def test_two_who_change_the_operator_are_told_of_each_other(superuser: Client) -> None:
    f.OperatorFactory()
    mine = form_of(superuser.get(ORGANISATION)).filled(name_0="Mine")
    send(superuser, ORGANISATION, name_0="Theirs")
    response = superuser.post(ORGANISATION, mine)
    assert response.status_code == 409
    assert "Theirs" in text_of(response)
    assert superuser.post(ORGANISATION, form_of(response).filled()).status_code == 302
    assert languages_of(Operator.objects.get().name)["en"] == "Mine"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name_0": ""}, "Enter the organisation’s name in at least one language."),
        ({"country": "XX"}, "Choose a country from the list."),
        ({"email": "nobody"}, "Enter an email address like"),
        ({"enforcement_address": "ftp://example.org"}, "web address"),
    ],
)
def test_an_operator_that_cannot_be_is_not_saved(
    superuser: Client, answers: dict[str, Any], said: str
) -> None:
    usual = {"name_0": "City", "address": "Street", "country": "BG", "email": "a@example.org"}
    response = send(superuser, ORGANISATION, **(usual | answers))
    assert (response.status_code, Operator.objects.exists()) == (422, False)
    assert said in text_of(response)


# Contacts


def test_a_lab_without_a_contact_shows_its_programmes(client: Client) -> None:
    lab = f.LabFactory(programme=f.ProgrammeFactory(contact_email="programme@example.org"))
    assert "mailto:programme@example.org" in text_of(client.get(f"/labs/{lab.slug}/"))
    lab.contact_email = "lab@example.org"
    lab.save()
    assert lab.contact == "lab@example.org"


def test_the_contact_page_lists_public_programmes_with_their_imprints(client: Client) -> None:
    f.ProgrammeFactory(contact_email="open@example.org", imprint={"en": "Open Cities\nStreet 1"})
    f.ProgrammeFactory(contact_email="draft@example.org", visibility="draft")
    page = text_of(client.get("/contact/"))
    assert re.findall(r"mailto:(\w+)", page) == ["open"]
    assert "Open Cities<br>\nStreet 1" in page


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


# The emblem


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


def test_what_stands_beside_the_emblem(programme: Programme) -> None:
    assert funding_of(programme) is None
    programme.eu_funded = True
    assert funding_of(programme) == Funding("Funded by the European Union", "")


# Logos


def test_an_owner_adds_changes_and_removes_a_logo(
    client: Client, owner: Client, programme: Programme
) -> None:
    lab = f.LabFactory(programme=programme)
    added = send(
        owner, f"{LOGOS}new/", picture=picture(), alt_0="City of Ruse", link="https://example.org/ruse"
    )
    assert added["Location"] == LOGOS
    logo = programme.logos.get()
    first = text_of(client.get(f"/labs/{lab.slug}/"))
    assert 'alt="City of Ruse"' in first
    assert 'href="https://example.org/ruse"' in first
    assert 'alt="City of Ruse"' in text_of(client.get("/programmes/programme/"))
    shown = re.search(r'src="(/programmes/programme/logos/[^"]+)"', first)
    assert shown is not None
    answer = client.get(shown[1])
    assert (answer["Content-Type"], answer["Cache-Control"]) == (
        "image/svg+xml",
        "public, max-age=31536000, immutable",
    )
    send(owner, f"{LOGOS}{logo.pk}/", picture=picture(5), alt_1="Община Русе")
    second = text_of(client.get(f"/labs/{lab.slug}/"))
    assert shown[1] not in second
    assert 'alt="Община Русе"' in text_of(client.get(f"/labs/{lab.slug}/?lang=bg"))
    remove = next(form for form in _forms(owner) if form.action.endswith("/remove/"))
    page = text_of(owner.post(remove.action, remove.filled(), follow=True))
    assert "Община Русе" not in text_of(client.get(f"/labs/{lab.slug}/"))
    undo = re.search(r'action="(/organise/undo/[^"]+)"', page)
    assert undo is not None
    back = next(form for form in _forms(owner, page) if form.action == undo[1])
    owner.post(undo[1], back.filled())
    assert 'alt="City of Ruse"' in text_of(client.get(f"/labs/{lab.slug}/?lang=en"))


def _forms(owner: Client, page: str = "") -> list[Any]:
    return forms_of(HttpResponse(page) if page else owner.get(LOGOS))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"picture": None}, "Choose a file."),
        ({"picture": SimpleUploadedFile("logo.svg", b"GIF89a")}, "The file is neither PNG nor SVG."),
        ({"alt_0": ""}, "Enter a description of the logo"),
        ({"link": "javascript:alert(1)"}, "web address"),
    ],
)
def test_a_logo_that_cannot_be_is_not_added(owner: Client, answers: dict[str, Any], said: str) -> None:
    usual = {"picture": picture(), "alt_0": "A bar"}
    response = send(owner, f"{LOGOS}new/", **(usual | answers))
    assert (response.status_code, ProgrammeLogo.objects.exists()) == (422, False)
    assert said in text_of(response)


def test_a_programme_has_a_limited_number_of_logos(owner: Client, programme: Programme) -> None:
    f.ProgrammeLogoFactory.create_batch(MAX_LOGOS, programme=programme)
    response = send(owner, f"{LOGOS}new/", picture=picture(), alt_0="One more")
    assert "A programme has at most 20 logos." in text_of(response)


def test_a_logo_of_another_programme_or_of_a_draft_is_not_there(
    client: Client, owner: Client, programme: Programme
) -> None:
    other = f.ProgrammeLogoFactory(programme__visibility="draft", programme__slug="draft")
    assert owner.get(f"{LOGOS}{other.pk}/").status_code == 404
    assert owner.post(f"{LOGOS}{other.pk}/remove/").status_code == 404
    for slug in ("draft", "programme"):
        assert client.get(f"/programmes/{slug}/logos/{other.pk}").status_code == 404
    Programme.objects.filter(slug="draft").update(visibility="public")
    assert client.get(f"/programmes/draft/logos/{other.pk}").status_code == 200


def test_files_of_removed_logos_go_after_a_day(
    owner: Client, programme: Programme, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(owner, f"{LOGOS}new/", picture=picture(), alt_0="A bar")
    send(owner, f"{LOGOS}{programme.logos.get().pk}/", picture=picture(5))
    delete_unused_files()
    assert len(list(files.iterdir())) == 2
    monkeypatch.setattr("labs.programme_logos.FILES_KEPT_FOR", timedelta(days=-1))
    delete_unused_files()
    assert [f"logos/{file.name}" for file in files.iterdir()] == [programme.logos.get().picture.name]


# The statements


def test_the_accessibility_statement_says_who_when_and_whom_to_turn_to(client: Client) -> None:
    page = text_of(client.get("/accessibility/"))
    run = last_run()
    assert "We are committed to making this website accessible" in page
    assert f"examined {run.pages} pages in English, Bulgarian and Greek" in page
    assert f'href="{ALL_BODIES}"' in page
    f.OperatorFactory(accessibility_email="access@example.org")
    page = text_of(client.get("/accessibility/"))
    assert "City of Sofia is committed to making this website accessible" in page
    assert "mailto:access@example.org" in page
    assert ">Министерство на електронното управление</a> (Bulgaria)" in page
    Operator.objects.update(enforcement_body={"en": "Ombudsman"}, enforcement_address="https://example.org/")
    page = text_of(client.get("/accessibility/"))
    assert '<a href="https://example.org/">Ombudsman</a>.' in page
    assert "Министерство" not in page


@pytest.mark.parametrize(
    ("schemes", "said"), [(("light", "dark"), False), (("light", "dark", "forced-colours"), True)]
)
def test_the_accessibility_statement_speaks_of_forced_colours_once_they_were_examined(
    client: Client, monkeypatch: pytest.MonkeyPatch, schemes: tuple[str, ...], said: bool
) -> None:
    run = replace(last_run(), schemes=schemes, pages=140)
    monkeypatch.setattr("labs.views.statements.last_run", lambda: run)
    page = text_of(client.get("/accessibility/"))
    assert ("in forced colours" in page) is said
    assert "examined 140 pages" in page


def test_the_statement_does_not_name_a_body_that_is_not_known_for_certain(client: Client) -> None:
    f.OperatorFactory(country="BE")
    assert "the authority responsible for web accessibility in your country" in text_of(
        client.get("/accessibility/")
    )


def test_every_known_body_is_of_a_member_state() -> None:
    assert set(BODIES) <= MEMBER_STATES
    assert all(body.address.startswith("https://") for body in BODIES.values())


def test_the_privacy_page_names_the_controllers_and_how_long_data_are_kept(client: Client) -> None:
    f.ProgrammeFactory(contact_email="programme@example.org", organiser={"en": "City Association"})
    page = text_of(client.get("/privacy/"))
    assert "City Association" in page
    assert "mailto:programme@example.org" in page
    assert "has not been entered here yet" in page
    assert f"is deleted after {UNCONFIRMED_DAYS} days." in page
    f.OperatorFactory()
    assert "City of Sofia runs the service" in text_of(client.get("/privacy/"))


@pytest.mark.parametrize("page", ["/help/", "/organise/help/"])
def test_every_entry_of_a_help_page_leads_to_its_section(owner: Client, page: str) -> None:
    words = text_of(owner.get(page))
    entries = re.findall(r'<li><a href="#([a-z]+)">', words)
    assert len(entries) >= 10
    assert entries == re.findall(r'<h2 id="([a-z]+)">', words)


def test_emails_of_a_funded_programme_end_with_the_emblem_and_the_statement() -> None:
    programme = f.ProgrammeFactory(eu_funded=True, grant_number="101000000", contact_email="p@example.org")
    lab = f.LabFactory(programme=programme)
    to = {"language": "bg", "to_name": "Мария", "to_email": "a@example.org"}
    message = queue("password_reset", key="one", context={"days": 3}, lab=lab, **to)
    found = rendered(message, reveal=True)
    assert message.reply_to == "p@example.org"
    assert "Финансирано от Европейския съюз\nСпоразумение за безвъзмездни средства № 101000000" in found.text
    assert 'src="http://testserver/static/site/eu-emblem.png" alt="Европейски съюз"' in found.html
    assert "№ 101000000" in found.html
