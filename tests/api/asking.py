"""What tests of the API share: tokens, forms and how they are sent."""

from typing import Any

from django.test import Client

from core.accounts.models import User
from core.web import signed_links
from labs.models import ApiToken, Lab
from sessions.models import Session
from tests import factories as f

ALL = [scope.value for scope in ApiToken.Scope]


def bearer(user: User, scopes: list[str] = ALL, lab: Lab | None = None, **more: Any) -> dict[str, str]:
    token, token_hash = signed_links.new_api_token()
    ApiToken.objects.create(user=user, name="test", token_hash=token_hash, scopes=scopes, lab=lab, **more)
    return {"Authorization": f"Bearer {token}"}


def organiser_of(lab: Lab) -> User:
    return f.StaffFactory(lab=lab).user


def form_for(session: Session, **changes: Any) -> dict[str, Any]:
    form = {
        "name": "Demo participant 1",
        "email": "demo1@example.org",
        "sessions": [session.slug],
        "language": "bg",
        "time_zone": "Europe/Sofia",
        "consent": True,
    }
    return form | changes


def post(lab: Lab, form: dict[str, Any], key: str = "a-key-of-ours") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    address = f"/api/v1/labs/{lab.slug}/registrations"
    return Client().post(address, form, content_type="application/json", headers=headers)
