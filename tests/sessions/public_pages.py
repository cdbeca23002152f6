"""What the tests of public pages share: asking for a page, and reading it."""

import json
import re
from datetime import date

from django.test import Client

from tests.factories import (
    CityFactory,
    DelegateFactory,
    LabFactory,
    OwnerFactory,
    ProgrammeFactory,
    StaffFactory,
    UserFactory,
)

ROW = re.compile(r'<h4 id="([\w-]+)-h">')


def city_lab():
    """A lab in Sofia in April 2027 with cities in Sofia and Rome."""
    lab = LabFactory(
        slug="city-lab",
        title={"en": "City Lab", "bg": "Градска лаборатория"},
        programme=ProgrammeFactory(slug="icc"),
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 16),
    )
    lab.programme.cities.add(
        CityFactory(slug="sofia", name={"en": "Sofia", "bg": "София"}),
        CityFactory(slug="rome", name={"en": "Rome", "bg": "Рим"}, time_zone="Europe/Rome"),
    )
    return lab


def viewers(lab, city):
    """Return a browser for every kind of viewer; the delegate's city is the audience's."""
    users = {
        "visitor": None,
        "delegate": DelegateFactory(programme=lab.programme, city=city).user,
        "other city": DelegateFactory(programme=lab.programme).user,
        "other programme": DelegateFactory(city=city).user,
        "organiser": StaffFactory(lab=lab).user,
        "owner": OwnerFactory(programme=lab.programme).user,
        "door": StaffFactory(lab=lab, role="door").user,
        "other organiser": StaffFactory().user,
        "superuser": UserFactory(is_superuser=True),
    }
    browsers = {}
    for name, user in users.items():
        browsers[name] = Client()
        if user:
            browsers[name].force_login(user)
    return browsers


def rows(response):
    return ROW.findall(response.content.decode())


def page(client, lab, query="", **options):
    return client.get(f"/labs/{lab.slug}/{query}", **options)


def found_in(response, pattern):
    """Return the first group of a pattern that must be on the page."""
    found = re.search(pattern, response.content.decode(), re.S)
    assert found, pattern
    return found[1]


def linked_data(response):
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', response.content.decode())
    return json.loads(found[1]) if found else None
