"""One action on many registrations, with a token of the scope: start it, see how far it is, take it back."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.filter_schema import FilterConfigDict
from pydantic import ConfigDict, Field

from core.accounts.models import User
from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.problems import Problem
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken, Lab
from registrations import bulk
from registrations.console_people_forms import BulkForm
from registrations.models import BulkAction
from registrations.registration_filters import RegistrationFilters
from registrations.registration_schemas import Slug
from registrations.search import registrations_of
from sessions.models import Session
from sessions.models.agenda import to_come

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope
Kind = BulkAction.Kind
ActionKind = Annotated[Kind, INLINE_SCHEMA]
UNKNOWN_IDS_NAMED = 20


class SelectionIn(RegistrationFilters):
    """Filters as in the list of registrations. Without any, everybody in the lab is selected."""

    model_config = FilterConfigDict(extra="forbid")


class BulkIn(Schema):
    """Name people by `registrations` or by `filter`, not by both."""

    model_config = ConfigDict(extra="forbid")

    action: ActionKind = Field(
        description="Done to each person as by its own operation. Give-seat adds people to `session`. Send-link emails "
        "the private link, or asks again to confirm"
    )
    registrations: list[UUID] | None = Field(
        None, min_length=1, max_length=bulk.MAX_PEOPLE, description="IDs of registrations"
    )
    filter: SelectionIn | None = Field(None, description="Selects people as they are now")
    expected: int | None = Field(
        None,
        ge=1,
        le=bulk.MAX_PEOPLE,
        description="How many people you expect. If the selection has another number, nothing is done (409)",
    )
    session: Slug | None = Field(None, description="Slug of a session that is not over, for give-seat")
    tag: str = Field("", max_length=40, description="Tag, for tag and untag")


class BulkFailureOut(Schema):
    code: str
    detail: str = Field(description="Why nothing was done, in the caller's language")
    count: int = Field(description="How many people")


class BulkOut(Schema):
    id: UUID = Field(description="ID of the action")
    action: ActionKind
    session: str | None = Field(description="Slug of the session")
    tag: str
    total: int = Field(description="How many people were selected")
    processed: int = Field(description="How many of them were looked at so far")
    done: int = Field(description="For how many something changed")
    unchanged: int = Field(description="For how many there was nothing to do")
    failures: list[BulkFailureOut]
    can_undo: bool = Field(description="Whether `undo` is possible: for tags, once the action has finished")
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None


def bulk_data(action: BulkAction) -> dict[str, Any]:
    return {
        "id": action.public_id,
        "action": action.kind,
        "session": action.session.slug if action.session else None,
        "tag": action.tag,
        "total": action.total,
        "processed": action.position,
        "done": action.done,
        "unchanged": action.unchanged,
        "failures": [
            {"code": code, "detail": str(bulk.FAILURES.get(code, code)), "count": count}
            for code, count in sorted(action.failures.items())
        ],
        "can_undo": action.can_undo,
        "created_at": instant_text(action.created_at),
        "finished_at": instant_text(action.finished_at),
        "undone_at": instant_text(action.undone_at),
    }


def _action_of(lab: Lab, public_id: UUID | str) -> BulkAction:
    return get_object_or_404(
        BulkAction.objects.select_related("session", "lab"), lab=lab, public_id=public_id
    )


@router.post("/labs/{lab}/registrations/bulk", response={202: BulkOut}, url_name="start_bulk_action")
def start(request: HttpRequest, lab: str, form: BulkIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Do one thing to many registrations. Scope: registrations.

    Few people are done at once; many are done in the background. Ask for the action until `finished_at` is set. People
    get the same emails as from the operation on one registration.
    """
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    account = account_of(request)
    if account is None:
        raise Problem(status=403)
    by: User = account

    def operation() -> dict[str, Any]:
        session, tag = _checked(found, form)
        people = _selected(found, form)
        made = bulk.start(found, by, Kind(form.action), people, session=session, tag=tag)
        return {"action": str(made.public_id)}

    made = run_once(request, "start_bulk_action", idempotency_key, form, operation)
    action = _action_of(found, made["action"])
    if action.task_id is None and action.finished_at is None:
        bulk.run(action)
    return Status(202, bulk_data(action))


def _checked(lab: Lab, form: BulkIn) -> tuple[Session | None, str]:
    """Return the session and the tag that the action needs, by the rules of the console. Raises Problem."""
    sessions = list(Session.objects.filter(to_come(timezone.now()), lab=lab))
    values = BulkForm(
        {"action": form.action, "session": form.session or "", "tag": form.tag}, lab=lab, sessions=sessions
    )
    errors = {name: " ".join(str(each) for each in said) for name, said in values.errors.items()}
    if (form.registrations is None) == (form.filter is None):
        errors["registrations"] = _("Enter either registrations or a filter.")
    if errors:
        raise Problem(errors=errors)
    return (
        values.chosen if form.action == Kind.GIVE_SEAT else None,
        values.cleaned_data["tag"] if form.action in (Kind.TAG, Kind.UNTAG) else "",
    )


def _selected(lab: Lab, form: BulkIn) -> list[int]:
    """Return the keys of the people, each once. Raises Problem for ids that the lab does not have."""
    rows = registrations_of(lab).order_by("pk")
    if form.registrations is None:
        rows = form.filter.apply(rows) if form.filter else rows
        people = list(rows.values_list("pk", flat=True)[: bulk.MAX_PEOPLE + 1])
    else:
        # The ids of the lab are read whole: databases bound the number of values in a condition.
        known = dict(rows.values_list("public_id", "pk"))
        unknown = [number for number, each in enumerate(form.registrations) if each not in known]
        if unknown:
            said = _("This registration is not in the lab.")
            raise Problem(errors={f"registrations.{number}": said for number in unknown[:UNKNOWN_IDS_NAMED]})
        people = sorted({known[each] for each in form.registrations})
    if form.expected is not None and people and len(people) != form.expected:
        raise Problem(
            _("%(count)d people are selected, not %(expected)d.")
            % {"count": len(people), "expected": form.expected},
            status=409,
        )
    return people


@router.get("/labs/{lab}/registrations/bulk/{action}", response=BulkOut, url_name="bulk_action")
def progress(request: HttpRequest, lab: str, action: UUID) -> dict[str, Any]:
    """Get how far an action on many registrations is. Scope: registrations."""
    return bulk_data(_action_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS), action))


@router.post("/labs/{lab}/registrations/bulk/{action}/undo", response=BulkOut, url_name="undo_bulk_action")
def undo(request: HttpRequest, lab: str, action: UUID) -> dict[str, Any]:
    """Take back the tags that an action added or removed. Scope: registrations.

    Changing tags sends no email. An action that sent emails cannot be undone (409).
    """
    found = _action_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS), action)
    bulk.undo(found)
    found.refresh_from_db()
    return bulk_data(found)
