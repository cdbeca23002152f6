"""Registrations of a lab that may be of one person, and merging two of them, with a token of the scope."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken
from registrations import duplicates, merging
from registrations.api import registration_of
from registrations.merging import Merged
from registrations.registration_schemas import (
    RegistrationOut,
    people_of,
    registration_data,
    registrations_data,
)
from sessions.models import Session

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope


class DuplicateOut(Schema):
    registrations: list[RegistrationOut] = Field(description="Two registrations, the earlier one first")
    in_common: Literal["email", "name"] = Field(
        description="Email: one address, and similar names. Name: one name, and different addresses"
    )


class MergeIn(Schema):
    model_config = ConfigDict(extra="forbid")

    other: UUID = Field(description="ID of the registration of the same person that is erased")
    is_preview: StrictBool = Field(False, description="Only tell what the merge would do")


class MergeOut(Schema):
    registration: RegistrationOut = Field(description="The registration that is kept, after the merge")
    moved: list[str] = Field(description="Slugs of the sessions whose seats come from the other registration")
    promoted: list[UUID] = Field(
        description="IDs of registrations that get a seat, or are offered one, because the person had two"
    )
    is_emailed: bool = Field(description="Whether the person gets an email: if seats moved")


@router.get("/labs/{lab}/registrations/duplicates", response=list[DuplicateOut], url_name="duplicates")
@paginate(BoundedPagination)
def list_duplicates(request: HttpRequest, lab: str) -> Listing:
    """List pairs of registrations that may be of one person, at least one of the two confirmed. Scope: registrations.

    At most 200 pairs among the newest 5,000 registrations.
    """
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)

    def data(pairs: list[tuple[int, int, bool]]) -> list[dict[str, Any]]:
        shown = duplicates.pairs_of(pairs, people_of(found))
        of_people = iter(registrations_data(one for pair in shown for one in (pair.first, pair.second)))
        return [
            {
                "registrations": [next(of_people), next(of_people)],
                "in_common": "email" if pair.is_same_address else "name",
            }
            for pair in shown
        ]

    return Listing(duplicates.possible_pairs(found), data)


@router.post(
    "/labs/{lab}/registrations/{registration}/merge", response=MergeOut, url_name="merge_registrations"
)
def merge(
    request: HttpRequest, lab: str, registration: UUID, form: MergeIn, idempotency_key: Key
) -> dict[str, Any]:
    """Merge another registration of the same person into this one, which is kept. Scope: registrations.

    The kept one gets the seats, missing answers, notes, tags, attendance and certificates of the other, whose personal
    data are deleted. A merge cannot be undone. 409: the registration is not confirmed, a city nominated the person, or
    a quota is full.
    """
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    kept, account = registration_of(found, registration), account_of(request)

    def other() -> Any:
        row = people_of(found).filter(public_id=form.other).first()
        if row is None:
            raise Problem(errors={"other": _("This registration is not in the lab.")})
        return row

    def looked(merged: Merged) -> dict[str, Any]:
        return _done(merged) | {"registration": registration_data(registration_of(found, registration))}

    if form.is_preview:
        return merging.preview(kept, other(), account, looked)
    done = run_once(
        request,
        "merge_registrations",
        idempotency_key,
        form,
        lambda: _done(merging.merge(kept, other(), account)),
    )
    return done | {"registration": registration_data(registration_of(found, registration))}


def _done(merged: Merged) -> dict[str, Any]:
    moved = Session.objects.filter(pk__in=[seat.session_id for seat in merged.moved]).order_by(
        "starts_at", "pk"
    )
    return {
        "moved": list(moved.values_list("slug", flat=True)),
        "promoted": [str(seat.registration.public_id) for seat in merged.promoted],
        "is_emailed": bool(merged.moved),
    }
