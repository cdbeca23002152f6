"""What an organiser sees as somebody else is what that person sees, byte for byte but for the bar on top."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from core.accounts.models import User
from labs.models import City
from tests.pages import form_of
from tests.walks import world as w
from tests.walks.exploring import body_of, digest
from tests.walks.routes import addresses, routes

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LAB = "main-lab"
BAR = re.compile(rb'<div class="view-as".*?</form>\s*</div>\s*</div>', re.S)
# Made anew for each answer, or for each account: keys of forms, tokens of sessions, links of calendars.
MADE_ANEW = (
    re.compile(rb'name="(form_key|csrfmiddlewaretoken)" value="[^"]*"'),
    re.compile(rb"calendars(/|%2F)[\w.:-]+?\.ics"),
)
# Own pages of accounts, which somebody who is not real has none of; and how an organiser begins and ends this.
NOT_COMPARED = (
    "accounts/",
    "admin/",
    "api/",
    "organise/labs/<slug:lab>/view-as/",
    "organise/tokens/",
    "metrics",
)


def viewing(organiser: Client, who: str, city: str = "") -> Client:
    address = reverse("console_view_as", args=[LAB])
    pk = str(City.objects.get(slug=city).pk) if city else ""
    answer = organiser.post(address, form_of(organiser.get(address)).filled(who=who, city=pk))
    assert answer.status_code == 302
    return organiser


def compared(response: Any) -> tuple[int, str, bytes]:
    body = body_of(response)
    for pattern in MADE_ANEW:
        body = pattern.sub(b"*", body)
    return response.status_code, response.headers.get("Location", ""), body


def places(world: w.World) -> list[str]:
    """Return every address of the lab, and all public ones."""
    found = []
    for route in routes():
        if route.path.startswith(NOT_COMPARED) or (
            route.policy != "public" and "lab" not in route.parameters
        ):
            continue
        found += addresses(route, world.values | {"lab": [LAB]}, world.homes)
    return found


@pytest.mark.parametrize(
    ("kind", "who", "city"),
    [
        ("visitor", "visitor", ""),
        ("visitor", "participant", ""),
        ("delegatesofia", "delegate", "sofia"),
        ("delegatetrikala", "delegate", "trikala"),
        ("door", "door", ""),
    ],
)
def test_the_view_is_that_of_such_a_person(kind: str, who: str, city: str) -> None:
    world = w.build()
    real = world.kinds[kind]
    if real.user is not None:
        name = f"Delegate of {City.objects.get(slug=city).name}" if city else "Door staff"
        # Pages name the account; the email of one that is stored nowhere is empty.
        User.objects.filter(pk=real.user.pk).update(name=name)
    theirs, mine = real.client(), viewing(world.kinds["organiser"].client(), who, city)
    differing, pages = [], 0
    before = digest()
    for address in places(world):
        cache.clear()
        expected, seen = theirs.get(address), mine.get(address)
        bar = b'class="view-as"' in body_of(seen)
        is_page = expected.headers.get("Content-Type", "").startswith("text/html") and b"<body" in body_of(
            expected
        )
        assert bar == is_page, address
        pages += bar
        assert seen.headers["Cache-Control"] == "private, no-store", address
        assert not {"ETag", "Last-Modified", "Access-Control-Allow-Origin"} & set(seen.headers), address
        asked = compared(expected)
        if real.user is not None:
            asked = (*asked[:2], asked[2].replace(real.user.email.encode(), b""))
        status, location, body = compared(seen)
        if asked != (status, location, BAR.sub(b"", body, count=1)):
            differing.append(address)
    assert differing == []
    assert pages > 20
    assert digest() == before
