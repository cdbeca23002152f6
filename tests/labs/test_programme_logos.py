"""The logos of a programme: on its pages and those of its labs, given by its owners, and gone when they go."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labs.models import Programme, ProgrammeLogo
from labs.programme_logos import MAX_LOGOS
from tests import factories as f
from tests.pages import client_of, forms_of, send, text_of

pytestmark = pytest.mark.django_db

LOGOS = "/organise/programmes/programme/logos/"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="{}" height="9"/></svg>'


def picture(width: int = 9) -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.svg", SVG.format(width).encode())


@pytest.fixture
def programme() -> Programme:
    return f.ProgrammeFactory(slug="programme", languages=["en", "bg"])


@pytest.fixture
def owner(programme: Programme) -> Client:
    return client_of(f.OwnerFactory(programme=programme).user)


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


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
    remove = next(form for form in forms_of(owner.get(LOGOS)) if form.action.endswith("/remove/"))
    page = owner.post(remove.action, remove.filled(), follow=True)
    assert "Община Русе" not in text_of(client.get(f"/labs/{lab.slug}/"))
    [undo] = [form for form in forms_of(page) if "/undo/" in form.action]
    owner.post(undo.action, undo.filled())
    assert 'alt="City of Ruse"' in text_of(client.get(f"/labs/{lab.slug}/?lang=en"))


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
