"""S4 (pretalx 2026.2): a token limited to some events could change what belonged to the whole organiser.

Every operation of the API with every scope. The table says what each operation needs; one that is missing here fails.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from config.api import api
from core.accounts.models import User
from core.web.idempotency import new_form_key
from labs.models import ApiToken, Lab, Staff
from tests.walks import world as w
from tests.walks.exploring import digest
from tests.walks.world import api_token_for

pytestmark = pytest.mark.django_db

NEEDS: dict[str, str | None] = {
    "GET /programmes": None,
    "GET /programmes/{programme}": None,
    "GET /programmes/{programme}/cities/{city}": None,
    "GET /labs": None,
    "GET /labs/{lab}": None,
    "GET /labs/{lab}/sessions": None,
    "GET /labs/{lab}/sessions/{session}": None,
    "GET /labs/{lab}/tracks": None,
    "GET /labs/{lab}/changes": None,
    "GET /labs/{lab}/sessions/{session}/history": "read",
    "GET /labs/{lab}/sessions/{session}/time-zone": "read",
    "POST /labs/{lab}/sessions/{session}/time-zone": "schedule",
    "GET /labs/{lab}/time-zone": "read",
    "POST /labs/{lab}/time-zone": "schedule",
    "GET /labs/{lab}/unannounced-changes": "read",
    "GET /labs/{lab}/unannounced-changes/emails": "emails",
    "POST /labs/{lab}/unannounced-changes/announce": "emails",
    "POST /labs/{lab}/unannounced-changes/dismiss": "emails",
    "GET /labs/{lab}/exports/{export}": None,
    "POST /labs/{lab}/clone-preview": "schedule",
    "POST /labs/{lab}/clone": "schedule",
    "POST /labs/{lab}/sessions/{session}/clone": "schedule",
    "GET /labs/{lab}/speakers": None,
    "GET /labs/{lab}/speakers/{speaker}": None,
    "GET /certificates/{code}": None,
    "GET /labs/{lab}/registration-form": None,
    "POST /registration-links": None,
    "POST /labs/{lab}/registrations": None,  # what everybody may do at the form
    "GET /labs/{lab}/registrations": "registrations",
    "GET /labs/{lab}/registrations/{registration}": "registrations",
    "POST /labs/{lab}/registrations/{registration}/cancel": "registrations",
    "GET /labs/{lab}/sessions/{session}/attendance": "attendance",
    "PUT /labs/{lab}/sessions/{session}/attendance/{registration}": "attendance",
    "DELETE /labs/{lab}/sessions/{session}/attendance/{registration}": "attendance",
    "GET /labs/{lab}/sessions/{session}/expected": "attendance",
    "GET /labs/{lab}/email-texts": "emails",
    "GET /labs/{lab}/email-texts/{occasion}/{language}": "emails",
    "PUT /labs/{lab}/email-texts/{occasion}/{language}": "emails",
    "DELETE /labs/{lab}/email-texts/{occasion}/{language}": "emails",
    "GET /labs/{lab}/announcements": "emails",
    "POST /labs/{lab}/announcements": "emails",
    "GET /labs/{lab}/announcements/{announcement}": "emails",
    "POST /labs/{lab}/announcements/{announcement}/send": "emails",
    "POST /labs/{lab}/announcements/{announcement}/take-back": "emails",
    "GET /labs/{lab}/emails": "emails",
    "POST /labs/{lab}/emails/{message}/resend": "emails",
    "GET /labs/{lab}/reminders": "emails",
    "PUT /labs/{lab}/reminders": "emails",
    "GET /labs/{lab}/certificates": "certificates",
    "POST /labs/{lab}/certificates": "certificates",
    "POST /labs/{lab}/registrations/{registration}/certificate": "certificates",
    "POST /labs/{lab}/certificates/{code}/revoke": "certificates",
    "POST /labs/{lab}/certificates/{code}/restore": "certificates",
    "POST /labs/{lab}/certificates/{code}/replace": "certificates",
    "POST /labs/{lab}/registrations/entered": "registrations",
    "POST /labs/{lab}/registrations/{registration}/confirm": "registrations",
    "PUT /labs/{lab}/registrations/{registration}/photos": "registrations",
    "PUT /labs/{lab}/registrations/{registration}/answers/{question_set}": "registrations",
    "PUT /labs/{lab}/registrations/{registration}/details": "registrations",
    "PUT /labs/{lab}/registrations/{registration}/email": "registrations",
    "POST /labs/{lab}/registrations/{registration}/link": "registrations",
    "PUT /labs/{lab}/registrations/{registration}/seats/{session}": "registrations",
    "DELETE /labs/{lab}/registrations/{registration}/seats/{session}": "registrations",
    "PUT /labs/{lab}/registrations/{registration}/tags/{tag}": "registrations",
    "DELETE /labs/{lab}/registrations/{registration}/tags/{tag}": "registrations",
    "DELETE /labs/{lab}/registrations/{registration}/transfer": "registrations",
    "GET /labs/{lab}/registrations/duplicates": "registrations",
    "POST /labs/{lab}/registrations/{registration}/merge": "registrations",
    "GET /labs/{lab}/registrations/{registration}/notes": "registrations",
    "POST /labs/{lab}/registrations/{registration}/notes": "registrations",
    "POST /labs/{lab}/registrations/bulk": "registrations",
    "GET /labs/{lab}/registrations/bulk/{action}": "registrations",
    "POST /labs/{lab}/registrations/bulk/{action}/undo": "registrations",
    "GET /labs/{lab}/approvals": "registrations",
    "GET /labs/{lab}/invitations": "registrations",
    "GET /labs/{lab}/documents": "registrations",
    "POST /labs/{lab}/documents": "registrations",
    "PUT /labs/{lab}/documents/{document}": "registrations",
    "DELETE /labs/{lab}/documents/{document}": "registrations",
    "GET /labs/{lab}/nominations": "registrations",
    "GET /labs/{lab}/nominations/board": "registrations",
    "GET /labs/{lab}/nomination-places": "registrations",
    "GET /labs/{lab}/city-contacts": "registrations",
    "PUT /labs/{lab}/nomination-places": "registrations",
    "POST /labs/{lab}/nominations": "registrations",
    "POST /labs/{lab}/city-contacts": "registrations",
    "POST /labs/{lab}/city-contacts/invite": "registrations",
    "POST /labs/{lab}/city-contacts/remind": "registrations",
    "PUT /labs/{lab}/city-contacts/{contact}": "registrations",
    "DELETE /labs/{lab}/city-contacts/{contact}": "registrations",
    "DELETE /labs/{lab}/nominations/{nomination}": "registrations",
    "GET /labs/{lab}/quotas": "registrations",
    "GET /labs/{lab}/consent-texts": "registrations",
    "GET /labs/{lab}/privacy-notice": "registrations",
    "PUT /labs/{lab}/privacy-notice": "registrations",
    "GET /labs/{lab}/proof-rules": "registrations",
    "GET /labs/{lab}/retention": "registrations",
    "GET /labs/{lab}/statistics": "registrations",
    "GET /labs/{lab}/conflicts": "read",
    "GET /labs/{lab}/visibility": "read",
    "GET /labs/{lab}/sessions/{session}/visibility": "read",
    "POST /labs/{lab}/imports": "schedule",
    "GET /labs/{lab}/imports/{run}": "schedule",
    "GET /labs/{lab}/imports/{run}/entries": "schedule",
    "POST /labs/{lab}/imports/{run}/apply": "schedule",
    "POST /labs/{lab}/imports/{run}/undo": "schedule",
    "DELETE /labs/{lab}/imports/{run}": "schedule",
    "GET /labs/{lab}/slots": "read",
    "GET /labs/{lab}/speaker-requests": "schedule",
    "PUT /labs/{lab}/speakers/{speaker}/availability": "schedule",
    "POST /labs/{lab}/speakers/{speaker}/link": "emails",
    "POST /labs/{lab}/speaker-reminders": "emails",
    "PUT /labs/{lab}/sessions/{session}/slides/{speaker}": "schedule",
    "GET /labs/{lab}/schedule": "read",
    "POST /labs/{lab}/sessions/{session}/move": "schedule",
    "PUT /labs/{lab}/sessions/{session}/audience": "schedule",
    "POST /labs/{lab}/sessions/{session}/cancel": "schedule",
    "POST /labs/{lab}/sessions/{session}/restore": "schedule",
    "DELETE /labs/{lab}/sessions/{session}": "schedule",
    "GET /labs/{lab}/groupings": "read",
    "GET /labs/{lab}/groupings/{grouping}": "read",
    "POST /labs/{lab}/groupings": "schedule",
    "PATCH /labs/{lab}/groupings/{grouping}": "schedule",
    "POST /labs/{lab}/groupings/{grouping}/regroup": "schedule",
    "POST /labs/{lab}/groupings/{grouping}/sessions": "schedule",
    "PUT /labs/{lab}/proof-rules": "registrations",
    "POST /labs/{lab}/held-proof": "registrations",
    "POST /labs/{lab}/registrations/{registration}/data": "registrations",
    "GET /labs/{lab}/registration-rules": "registrations",
    "POST /labs/{lab}/approvals": "registrations",
    "POST /labs/{lab}/invitations": "registrations",
    "POST /labs/{lab}/invitations/emails": "registrations",
    "POST /labs/{lab}/question-sets": "registrations",
    "POST /labs/{lab}/question-sets/{question_set}/answers": "registrations",
    "POST /labs/{lab}/question-sets/{question_set}/open": "registrations",
    "POST /labs/{lab}/questions": "registrations",
    "POST /labs/{lab}/quotas": "registrations",
    "POST /labs/{lab}/sessions/{session}/fewer-seats": "registrations",
    "PUT /labs/{lab}/question-sets/{question_set}": "registrations",
    "PUT /labs/{lab}/questions/{question}": "registrations",
    "PUT /labs/{lab}/quotas/{quota}": "registrations",
    "PUT /labs/{lab}/registration-rules": "registrations",
    "GET /labs/{lab}/questions": None,
    "GET /labs/{lab}/queue/{queue_number}": None,
    "GET /labs/{lab}/draw": None,
    "POST /labs/{lab}/queue": None,
    "DELETE /labs/{lab}/invitations/{invitation}": "registrations",
    "DELETE /labs/{lab}/questions/{question}": "registrations",
    "DELETE /labs/{lab}/question-sets/{question_set}": "registrations",
    "DELETE /labs/{lab}/quotas/{quota}": "registrations",
    "GET /labs/{lab}/people": "people",
    "POST /labs/{lab}/people": "people",
    "DELETE /labs/{lab}/people/{person}": "people",
    "GET /labs/{lab}/role-invitations": "people",
    "POST /labs/{lab}/role-invitations/{role_invitation}/send-again": "people",
    "DELETE /labs/{lab}/role-invitations/{role_invitation}": "people",
    "DELETE /labs/{lab}/groupings/{grouping}": "schedule",
    "GET /programmes/{programme}/city-profiles": "read",
    "PUT /programmes/{programme}/city-profiles/{city}": "schedule",
    "GET /programmes/{programme}/people": "people",
    "POST /programmes/{programme}/people": "people",
    "POST /programmes/{programme}/cities": "people",
    "DELETE /programmes/{programme}/people/{programme_person}": "people",
    "GET /programmes/{programme}/role-invitations": "people",
    "POST /programmes/{programme}/role-invitations/{programme_invitation}/send-again": "people",
    "DELETE /programmes/{programme}/role-invitations/{programme_invitation}": "people",
    "GET /labs/{lab}/webhooks": "webhooks",
    "POST /labs/{lab}/webhooks": "webhooks",
    "GET /labs/{lab}/webhooks/{webhook}": "webhooks",
    "PATCH /labs/{lab}/webhooks/{webhook}": "webhooks",
    "POST /labs/{lab}/webhooks/{webhook}/secret": "webhooks",
    "POST /labs/{lab}/webhooks/{webhook}/test": "webhooks",
    "GET /labs/{lab}/webhooks/{webhook}/deliveries": "webhooks",
    "GET /labs/{lab}/webhooks/{webhook}/deliveries/{delivery}": "webhooks",
    "POST /labs/{lab}/webhooks/{webhook}/deliveries/{delivery}/replay": "webhooks",
    "DELETE /labs/{lab}/webhooks/{webhook}": "webhooks",
    # Last: nothing of the person is there afterwards.
    "POST /labs/{lab}/registrations/{registration}/erase": "registrations",
}
GUARDED = {label: scope for label, scope in NEEDS.items() if scope}
# What a scope alone does not open: the caller must be named, too (see test_s38).
NAMED = {"POST /labs/{lab}/question-sets/{question_set}/answers", "POST /labs/{lab}/held-proof"}
_RULES = {"access": "everyone", "offer_hours": 24, "opening_draw": True}
_SET = {"title": {"en": "More"}}
_QUESTION = {
    "set": "{question_set}",
    "kind": "file",
    "label": {"en": "Why?"},
    "accept_effects": True,
}
# Before the labs of the tests begin.
SOON = (timezone.now() + timedelta(days=3)).isoformat()
BODIES = {
    "POST /labs/{lab}/groupings": {"name": "Round", "smallest": 2, "wanted": 2},
    "PATCH /labs/{lab}/groupings/{grouping}": {"final": True},
    "POST /labs/{lab}/groupings/{grouping}/regroup": {"seed": 2},
    "POST /labs/{lab}/groupings/{grouping}/sessions": {"title": {"en": "Group {number}"}, "is_preview": True},
    "PUT /programmes/{programme}/city-profiles/{city}": {"languages": ["en"]},
    "PUT /labs/{lab}/registration-rules": _RULES,
    "POST /labs/{lab}/sessions/{session}/time-zone": {"time_zone": "Europe/Rome", "keep": "instant"},
    "POST /labs/{lab}/time-zone": {"time_zone": "Europe/Athens", "keep": "instant"},
    "POST /labs/{lab}/unannounced-changes/announce": {},
    "POST /labs/{lab}/unannounced-changes/dismiss": {},
    "POST /registration-links": {"email": "participant17@example.org"},
    "POST /labs/{lab}/documents": {"title": {"en": "House rules"}, "text": {"en": "Be kind."}},
    "PUT /labs/{lab}/documents/{document}": {
        "title": {"en": "Rules"},
        "address": "https://example.org/rules",
    },
    "POST /labs/{lab}/quotas": {"limit": 90, "mode": "online"},
    "POST /labs/{lab}/clone-preview": {"first_day": "2030-03-05"},
    "POST /labs/{lab}/clone": {"first_day": "2030-03-05", "title": {"en": "Next"}},
    "POST /labs/{lab}/sessions/{session}/move": {"version": 1, "minutes": 75},
    "PUT /labs/{lab}/sessions/{session}/audience": {"visibility": "internal"},
    "POST /labs/{lab}/sessions/{session}/cancel": {"reason": {"en": "Storm"}},
    "POST /labs/{lab}/sessions/{session}/restore": {},
    "POST /labs/{lab}/sessions/{session}/clone": {
        "on": (timezone.now() + timedelta(days=22)).date().isoformat()
    },
    "POST /labs/{lab}/sessions/{session}/fewer-seats": {"mode": "room", "capacity": 90, "is_preview": True},
    "PUT /labs/{lab}/quotas/{quota}": {"limit": 80},
    "PUT /labs/{lab}/nomination-places": {"role": "expert", "limit": 2},
    "POST /labs/{lab}/nominations": {
        "contact": "{contact}",
        "places": "{places}",
        "name": "Demo nominee",
        "email": "nominee@example.org",
        "language": "en",
        "sessions": ["open"],
    },
    "PUT /labs/{lab}/city-contacts/{contact}": {
        "name": "Demo contact",
        "email": "contact98@example.org",
        "language": "en",
        "deadline": SOON,
    },
    "POST /labs/{lab}/city-contacts": {
        "city": "sofia",
        "name": "Demo contact",
        "email": "contact99@example.org",
        "language": "en",
        "deadline": SOON,
    },
    "POST /labs/{lab}/people": {"people": [{"email": "door99@example.org", "role": "door"}]},
    "POST /programmes/{programme}/people": {"people": [{"email": "owner99@example.org", "role": "owner"}]},
    "PUT /labs/{lab}/speakers/{speaker}/availability": {"availability": []},
    "POST /labs/{lab}/speaker-reminders": {"speakers": ["open-speaker"]},
    "PUT /labs/{lab}/sessions/{session}/slides/{speaker}": {"is_published": False},
    "POST /programmes/{programme}/cities": {
        "cities": [{"name": {"en": "Plovdiv"}, "country": "BG", "time_zone": "Europe/Sofia"}]
    },
    "POST /labs/{lab}/invitations": {"uses": 2},
    "POST /labs/{lab}/registrations/{registration}/merge": {"other": "{other}"},
    "PUT /labs/{lab}/privacy-notice": {"controller": {"en": "City of Sofia"}, "legal_basis": "public_task"},
    "PUT /labs/{lab}/proof-rules": {
        "is_held": True,
        "legal_basis": {"en": "Grant agreement"},
        "until": "2099-12-31",
    },
    "POST /labs/{lab}/imports": {"file_name": "a.csv", "content": "dGl0bGUKT3BlbmluZwo="},
    "POST /labs/{lab}/imports/{run}/apply": {"entries": [0]},
    "POST /labs/{lab}/registrations/bulk": {
        "action": "tag",
        "tag": "called",
        "filter": {"state": "confirmed"},
    },
    "PUT /labs/{lab}/registrations/{registration}/photos": {"photos": "no"},
    "PUT /labs/{lab}/registrations/{registration}/answers/{question_set}": {"answers": {}},
    "PUT /labs/{lab}/registrations/{registration}/details": {
        "name": "Demo participant",
        "language": "en",
        "time_zone": "Europe/Sofia",
    },
    "PUT /labs/{lab}/registrations/{registration}/email": {"email": "corrected@example.org"},
    "PUT /labs/{lab}/registrations/{registration}/seats/{session}": {},
    "POST /labs/{lab}/invitations/emails": {"emails": ["invited99@example.org"], "language": "en"},
    "POST /labs/{lab}/approvals": {"decision": "approve", "seats": [1]},
    "POST /labs/{lab}/question-sets": _SET,
    "PUT /labs/{lab}/question-sets/{question_set}": _SET,
    "POST /labs/{lab}/questions": _QUESTION,
    "PUT /labs/{lab}/questions/{question}": _QUESTION,
    "PUT /labs/{lab}/reminders": {"hours": [24]},
    "POST /labs/{lab}/announcements": {"subject": {"en": "News"}, "body": {"en": "Text"}},
    "PUT /labs/{lab}/email-texts/{occasion}/{language}": {"subject": "Ours"},
    "POST /labs/{lab}/certificates/{code}/revoke": {"reason": "Wrong person"},
    "POST /labs/{lab}/webhooks": {"url": "http://127.0.0.1:9/", "events": ["seat.waiting"]},
    "PATCH /labs/{lab}/webhooks/{webhook}": {"description": "Another one"},
    "POST /labs/{lab}/registrations/{registration}/notes": {"text": "Called on Monday"},
    "POST /labs/{lab}/registrations/entered": {
        "name": "Demo participant 98",
        "email": "participant98@example.org",
        "sessions": ["open"],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
        "confirmed": True,
    },
    "POST /labs/{lab}/registrations": {
        "name": "Demo participant 99",
        "email": "participant99@example.org",
        "sessions": ["open"],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
    },
}
# Whoever clones a lab creates one in its programme.
OF_OWNERS = {"POST /labs/{lab}/clone-preview", "POST /labs/{lab}/clone"}
SCOPES = [scope.value for scope in ApiToken.Scope]


@pytest.fixture
def world(settings: Any) -> w.World:
    settings.WEBHOOK_TRUSTED_HOSTS = ["127.0.0.1:9"]
    return w.build()


def operations() -> set[str]:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def call(label: str, values: dict[str, Any], token: str | None) -> int:
    cache.clear()
    method, path = label.split(" ")
    headers = {"Idempotency-Key": new_form_key()[:60]}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return (
        Client()
        .generic(
            method,
            "/api/v1" + path.format(**values),
            data=""
            if label not in BODIES
            else json.dumps(BODIES[label])
            .replace("{question_set}", str(values["question_set"]))
            .replace("{other}", str(values.get("other", "")))
            .replace('"{contact}"', str(values.get("contact", 1)))
            .replace('"{places}"', str(values.get("places", 1))),
            content_type="application/json",
            headers=headers,
        )
        .status_code
    )


def test_the_table_names_every_operation() -> None:
    assert operations() == set(NEEDS)


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_opens_its_own_operations_and_no_others(world: w.World, scope: str) -> None:
    token = api_token_for(world.kinds["organiser"].user, "narrow", scopes=[scope])
    owners = api_token_for(world.kinds["owner"].user, "owners", scopes=[scope])
    for label, needed in NEEDS.items():
        of_owners = needed is not None and ("/programmes/" in label or label in OF_OWNERS)
        if of_owners:
            assert call(label, world.main, token) == 404, label
        status = call(label, world.main, owners if of_owners else token)
        if label in NAMED:
            assert status == 403, label
        elif needed in (None, scope):
            assert status in (200, 201, 202, 204, 409), label
        else:
            assert status == 403, label


@pytest.mark.parametrize("scopes", [[], ["read"], ["unknown"], ["registrations "], ["*"]])
def test_without_a_known_scope_nothing_guarded_opens_and_nothing_changes(
    world: w.World, scopes: list[str]
) -> None:
    token = api_token_for(world.kinds["superuser"].user, "none", scopes=scopes)
    before = digest()
    closed = [label for label, scope in GUARDED.items() if scope not in scopes]
    found = {label: call(label, world.main, token) for label in closed}
    after = digest()
    assert found == dict.fromkeys(closed, 403)
    assert {name for name in before if before[name] != after[name]} <= {"labs.ApiToken"}


@pytest.mark.parametrize("kind", ["nobody", "delegatesofia", "organiserelsewhere", "delegateelsewhere"])
def test_all_scopes_are_worth_nothing_without_the_right(world: w.World, kind: str) -> None:
    token = api_token_for(world.kinds[kind].user, "all", scopes=SCOPES)
    assert {label: call(label, world.main, token) for label in GUARDED} == dict.fromkeys(GUARDED, 404)


def test_the_door_takes_attendance_and_no_more(world: w.World) -> None:
    token = api_token_for(world.kinds["door"].user, "all", scopes=SCOPES)
    opened = {label for label in GUARDED if call(label, world.main, token) in (200, 202, 204)}
    assert opened == {label for label, scope in GUARDED.items() if scope == "attendance"}


@pytest.mark.parametrize("kind", ["owner", "superuser"])
def test_a_token_of_one_lab_opens_no_other_whoever_has_it(world: w.World, kind: str) -> None:
    """Also not a lab of the same programme, nor through a role that comes later."""
    programme = Lab.objects.get(slug="main-lab").programme
    mine = Lab.objects.create(
        programme=programme, slug="mine", title={"en": "Mine"}, starts_on="2027-01-01", ends_on="2027-01-02",
        time_zone="Europe/Sofia", languages=["en"],
    )  # fmt: skip
    user: User = world.kinds[kind].user
    token = api_token_for(user, "one lab", scopes=SCOPES, lab=mine)
    assert call("GET /labs/{lab}/registrations", {"lab": "mine"}, token) == 200
    assert {label: call(label, world.main, token) for label in GUARDED} == dict.fromkeys(GUARDED, 404)
    # What only the owner sees is not read either.
    for hidden in (world.values["programme"][1], "no-such"):
        assert call("GET /programmes/{programme}", {"programme": hidden}, token) == 404


def test_a_visitor_and_a_dead_token_open_nothing_guarded(world: w.World) -> None:
    assert {label: call(label, world.main, None) for label in GUARDED} == dict.fromkeys(GUARDED, 404)
    token = api_token_for(world.kinds["owner"].user, "dead")
    Staff.objects.all().delete()
    assert {label: call(label, world.main, token) for label in GUARDED} == dict.fromkeys(GUARDED, 404)
    ApiToken.objects.update(revoked_at="2026-01-01T00:00Z")
    assert {label: call(label, world.main, token) for label in NEEDS} == dict.fromkeys(NEEDS, 401)


def test_a_token_of_one_lab_changes_nobody_of_the_programme(world: w.World) -> None:
    lab = Lab.objects.get(slug=world.main["lab"])
    token = api_token_for(world.kinds["owner"].user, "one-lab", scopes=["people"], lab=lab)
    before = digest()
    of_programme = [label for label in GUARDED if "/programmes/" in label]
    assert {label: call(label, world.main, token) for label in of_programme} == dict.fromkeys(
        of_programme, 404
    )
    after = digest()
    assert {name for name in before if before[name] != after[name]} <= {"labs.ApiToken"}
    assert call("GET /labs/{lab}/people", world.main, token) == 200
