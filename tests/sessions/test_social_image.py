"""The picture of a lab for previews elsewhere."""

from io import BytesIO

import pytest
from django.core.cache import caches
from PIL import Image

from labs.models import Lab
from labs.revisions import touch
from labs.theme import theme_values
from sessions.publishing import publish
from tests.factories import LabFactory, SessionFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/labs/city-lab/preview.png"


@pytest.fixture
def lab():
    return LabFactory(slug="city-lab", theme_values=theme_values("#00564e"))


def pixels(response):
    return Image.open(BytesIO(response.content)).convert("RGB")


def test_the_picture_has_the_labs_colour_and_the_size_that_previews_want(client, lab):
    SessionFactory(lab=lab)
    response = client.get(ADDRESS)
    assert response.headers["Content-Type"] == "image/png"
    picture = pixels(response)
    assert picture.size == (1200, 630)
    assert "#{:02x}{:02x}{:02x}".format(*picture.getpixel((5, 5))) == lab.theme_values["lab"]


def test_hidden_sessions_are_not_in_the_picture(client, lab):
    SessionFactory(lab=lab)
    before = client.get(ADDRESS).content
    SessionFactory(lab=lab, visibility="internal", start_date=lab.ends_on)
    draft = SessionFactory(lab=lab, visibility="draft", start_date=lab.ends_on)
    caches["kept"].clear()
    assert client.get(ADDRESS).content == before
    publish(draft)
    assert client.get(ADDRESS).content != before


def test_an_unchanged_picture_is_not_sent_again(client, lab, django_assert_num_queries):
    first = client.get(ADDRESS)
    with django_assert_num_queries(1):
        assert client.get(ADDRESS, headers={"if-none-match": first["ETag"]}).status_code == 304
    touch(lab.pk, public=False)
    assert client.get(ADDRESS, headers={"if-none-match": first["ETag"]}).status_code == 304
    publish(SessionFactory(lab=lab, start_date=lab.ends_on, visibility="draft"))
    assert client.get(ADDRESS, headers={"if-none-match": first["ETag"]}).status_code == 200
    assert client.get(f"{ADDRESS}?lang=bg").headers["ETag"] != first["ETag"]


def test_a_draft_has_no_picture_and_its_page_names_none(client, lab):
    assert (
        'content="http://testserver/labs/city-lab/preview.png?lang=en"'
        in client.get("/labs/city-lab/").content.decode()
    )
    Lab.objects.update(visibility="draft")
    assert client.get(ADDRESS).status_code == 404


@pytest.mark.parametrize(
    "title", ["x" * 200, "Дълго " * 33, "", "😀 " * 60, "\u202e<b>{{ title }}</b>\x00", "Words\nand lines"]
)
def test_any_title_makes_a_picture(client, lab, title):
    Lab.objects.update(title={"en": title}, theme={"en": title})
    assert pixels(client.get(ADDRESS)).size == (1200, 630)
