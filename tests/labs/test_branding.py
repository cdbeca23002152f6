"""A lab's colours and logo under addresses that change with them."""

import re

import pytest
from django.test import Client

from labs.lab_editing import set_logo
from labs.theme import theme_values
from tests import factories as f

pytestmark = pytest.mark.django_db
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="{width}" height="9"/></svg>'


def address_on(client: Client, slug: str, name: str) -> str:
    found = re.search(rf'="(/labs/{slug}/{name}\?v=\w+)"', client.get(f"/labs/{slug}/").content.decode())
    assert found is not None
    return found[1]


def test_another_logo_has_another_address_and_each_may_be_kept_for_a_year(
    client: Client, settings, tmp_path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    lab = f.LabFactory(logo_alt={"en": "A bar"})
    addresses, pictures = [], []
    for width in (1, 2, 3, 1):
        set_logo(lab, SVG.format(width=width).encode())
        addresses.append(address_on(client, lab.slug, "logo"))
        answer = client.get(addresses[-1])
        pictures.append(answer.content)
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (len(set(addresses[:3])), len(set(pictures)), pictures[3]) == (3, 3, pictures[0])
    # An address of before tells what is there now, but not for long.
    assert client.get(addresses[1])["Cache-Control"] == "public, max-age=300"


def test_other_colours_have_another_address_and_shared_caches_keep_them(client: Client) -> None:
    lab = f.LabFactory(theme_values=theme_values("#00564e"))
    first = address_on(client, lab.slug, "theme.css")
    lab.theme_values = theme_values("#7a1f5c")
    lab.save()
    second = address_on(client, lab.slug, "theme.css")
    assert first != second
    client.force_login(f.UserFactory())
    answer = client.get(second, headers={"Accept-Language": "bg"})
    assert (answer["Cache-Control"], answer["Vary"], answer.cookies) == (
        "public, max-age=31536000, immutable",
        "Accept-Encoding",
        {},
    )
