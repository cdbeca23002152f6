"""The API of statistics. For organisers."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from labs.api_authentication import lab_of_organiser
from labs.models import ApiToken
from registrations import breakdowns, statistics

router = Router(tags=["Registrations and attendance"])


class StepsOut(Schema):
    """How far people got with the form. People whom organisers entered are in none of these figures."""

    opened: int = Field(description="How often the form was opened, counted without cookies")
    submitted: int = Field(
        description="Forms that people sent, also those deleted since because nobody confirmed"
    )
    confirmed: int = Field(description="People who confirmed their email")
    attended: int = Field(description="People who were present in at least one session")
    by_programs: int = Field(
        description="Forms that programs sent, such as spam. They were not kept and are in no other figure"
    )


class AbsenceOut(Schema):
    session: str = Field(description="Slug")
    seats: int = Field(description="People who had a seat")
    attended: int = Field(description="Those of them who were present")
    absent: int = Field(description="Those of them who did not come")
    share: float = Field(description="Share of those who did not come, from 0 to 1")


class StatisticsOut(Schema):
    registered: int = Field(
        description="People who confirmed their email and have not cancelled, erased ones too"
    )
    unconfirmed: int
    cancelled: int
    erased: int = Field(description="People whose data was deleted")
    seats: int = Field(description="Seats in all sessions")
    waiting: int = Field(description="Places in waiting lists of all sessions")
    attended: int = Field(description="People who were present in at least one session, erased ones too")
    form: StepsOut
    no_shows: list[AbsenceOut] = Field(
        description="Sessions that are over and where attendance was taken, in order of time. People who came without "
        "a seat are left out"
    )


@router.get("/labs/{lab}/statistics", response=StatisticsOut, url_name="statistics")
def lab_statistics(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get the figures of a lab: people, seats, steps of the form, who did not come. Scope: registrations."""
    found = lab_of_organiser(request, lab, ApiToken.Scope.REGISTRATIONS)
    return {
        **vars(statistics.totals(found)),
        "form": vars(breakdowns.steps(found)),
        "no_shows": [
            {**vars(one), "session": one.session.slug} for one in breakdowns.absences(found, timezone.now())
        ],
    }
