"""A role that is taken away opens nothing with the next request: open browser, API key and private feed."""

import pytest
from django.test import Client

from core.accounts.models import User
from labs import roles
from labs.models import Delegate, Lab, Staff
from sessions import calendar_links
from tests import factories as f
from tests.pages import client_of
from tests.walks.world import api_token_for

pytestmark = pytest.mark.django_db


def test_browser_key_and_feed_end_with_the_role() -> None:
    lab: Lab = f.LabFactory(slug="lab")
    city = f.CityFactory()
    lab.programme.cities.add(city)
    f.SessionFactory(lab=lab, slug="internal", title={"en": "Canary session"}, visibility="internal")
    user: User = f.StaffFactory(lab=lab).user
    f.DelegateFactory(user=user, programme=lab.programme, city=city)
    by: User = f.OwnerFactory(programme=lab.programme).user
    browser, key = client_of(user), {"Authorization": f"Bearer {api_token_for(user, 'key')}"}
    feed = calendar_links.delegate_calendar_url(user).removeprefix("http://testserver")

    def opens() -> list[bool]:
        return [
            browser.get("/organise/labs/lab/people/").status_code == 200,
            browser.get("/labs/lab/sessions/internal/").status_code == 200,
            Client().get("/api/v1/labs/lab/people", headers=key).status_code == 200,
            Client().get("/api/v1/labs/lab/sessions/internal", headers=key).status_code == 200,
            b"Canary session" in Client().get(feed).content,
        ]

    assert opens() == [True] * 5
    roles.remove_staff(Staff.objects.get(user=user), by=by)
    assert opens() == [False, True, False, True, True]
    roles.remove_delegate(Delegate.objects.get(user=user), by=by)
    assert opens() == [False] * 5
