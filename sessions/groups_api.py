"""The API of small groups: what cities bring to them, for owners; rounds and their sessions, for organisers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.accounts.models import User
from core.api.datetimes import Day, instant_text
from core.api.pagination import BoundedPagination, Listing
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_organiser, programme_of_owner
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken, City, Lab
from sessions.city_profiles import ProfilePlan, set_profile
from sessions.group_sessions import SessionsPlan, create_sessions_of, plan_sessions, titles_of
from sessions.group_words import broken_in_words, why_in_words
from sessions.grouping_report import GroupingReport, GroupReport, report_of
from sessions.groupings import Settings, change_grouping, create_grouping, delete_grouping, regroup
from sessions.models import CityProfile, Grouping
from sessions.slots_api import hour_of

router = Router(tags=["Small groups"])
Scope = ApiToken.Scope
CLOSED = ConfigDict(extra="forbid")
Slug = Annotated[str, Field(max_length=80)]
Texts = dict[Annotated[str, Field(max_length=10)], Annotated[str, Field(max_length=300)]]


class ProfileIn(Schema):
    model_config = CLOSED

    languages: list[Annotated[str, Field(max_length=10)]] = Field(
        [], max_length=100, description="Working languages, BCP 47 codes"
    )
    interests: list[Annotated[str, Field(max_length=60)]] = Field(
        [], max_length=20, description="In the same words for all cities"
    )
    is_mentor: StrictBool = False


class ProfileOut(Schema):
    city: str = Field(description="The city's slug")
    languages: list[str]
    interests: list[str]
    is_mentor: bool


class GroupingIn(Schema):
    model_config = CLOSED

    name: str = Field(max_length=100)
    cities: list[Slug] = Field([], max_length=1000, description="Slugs. If omitted, all of the programme")
    smallest: int = Field(3, description="From 2 to 12, as the other sizes")
    wanted: int = 4
    largest: int = 5
    mentors: StrictBool = Field(True, description="A mentor in each group, where there are enough")
    minutes: int = Field(60, description="Length of a meeting")
    day_begins: str = Field("08:00", max_length=5, description="By the clocks of each city")
    day_ends: str = Field("18:00", max_length=5, description="By the clocks of each city")
    first_day: Day | None = Field(None, description="One of the lab’s days. If omitted, the first")
    last_day: Day | None = Field(None, description="One of the lab’s days. If omitted, the last")
    seed: int = Field(1, ge=0, le=2**31 - 1, description="The same input and seed give the same groups")


class MeetingSpanOut(Schema):
    starts_at: datetime
    ends_at: datetime


class CityGroupOut(Schema):
    number: int
    cities: list[str] = Field(description="Slugs")
    mentors: list[str] = Field(description="Slugs of those that can be mentors")
    countries: list[str] = Field(description="ISO 3166 codes")
    languages: list[str] = Field(description="Working languages that all share")
    interests: list[str] = Field(description="Interests that all share")
    hours: MeetingSpanOut | None = Field(description="First span within the hours of every city")
    broken: list[str] = Field(description="Rules that it breaks, in words; only after changes by hand")
    session: str | None = Field(description="Slug of its session")


class LeftOverOut(Schema):
    city: str = Field(description="Slug")
    reason: str = Field(description="Why it is in no group, in words")


class GroupingOut(Schema):
    id: int
    name: str
    seed: int
    version: int = Field(description="Rises with every change")
    final_at: datetime | None = Field(description="Since when its partners are not put together again")
    created_at: datetime


class WholeGroupingOut(GroupingOut):
    groups: list[CityGroupOut]
    left_over: list[LeftOverOut]
    fixed: list[str] = Field(description="Slugs of cities that stay when the rest is made anew")


class GroupingChanges(Schema):
    """What is left out stays."""

    model_config = CLOSED

    places: dict[Slug, int | None] = Field(
        {}, max_length=1000, description="Number of the group by slug of the city; null: no group"
    )
    fixed: list[Slug] | None = Field(None, max_length=1000, description="Slugs of all cities that stay")
    final: StrictBool | None = None
    version: int | None = Field(None, description="409 if the groups have another one by now")


class RegroupIn(Schema):
    model_config = CLOSED

    seed: int | None = Field(None, ge=0, le=2**31 - 1, description="If omitted, the next one")
    version: int | None = Field(None, description="409 if the groups have another one by now")


class GroupSessionsIn(Schema):
    model_config = CLOSED

    title: Texts = Field(description="By language, with {number} and {cities}")
    rooms: list[int] = Field([], max_length=1000, description="Ids of rooms. None: online")
    join_link: str = Field("", max_length=500)
    is_preview: StrictBool = Field(False, description="Only say what would be created")


class GroupSessionOut(Schema):
    number: int = Field(description="Number of the group")
    title: LocalizedText
    starts_at: datetime | None = Field(description="Null: no time fits, and no session is created")
    ends_at: datetime | None
    room: int | None = Field(description="Id")
    session: str | None = Field(description="Slug. Null in a preview")


class GroupSessionsOut(Schema):
    sessions: list[GroupSessionOut]


def _profile_data(profile: CityProfile) -> dict[str, Any]:
    """Needs its city."""
    return {
        "city": profile.city.slug,
        "languages": profile.languages,
        "interests": profile.interests,
        "is_mentor": profile.is_mentor,
    }


def _summary(row: Grouping) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "seed": row.seed,
        "version": row.version,
        "final_at": instant_text(row.final_at),
        "created_at": instant_text(row.created_at),
    }


def _group_data(one: GroupReport, lab: Lab) -> dict[str, Any]:
    span = one.common
    return {
        "number": one.group.number,
        "cities": [city.slug for city in one.cities],
        "mentors": [city.slug for city in one.mentors],
        "countries": list(one.countries),
        "languages": list(one.languages),
        "interests": list(one.interests),
        "hours": span and {"starts_at": instant_text(span[0]), "ends_at": instant_text(span[1])},
        "broken": broken_in_words(one, lab),
        "session": one.group.session.slug if one.group.session else None,
    }


def _whole(row: Grouping, lab: Lab) -> dict[str, Any]:
    report: GroupingReport = report_of(row)
    rows = [member for one in report.groups for member in one.members]
    rows += [one.member for one in report.left_over]
    return _summary(row) | {
        "groups": [_group_data(one, lab) for one in report.groups],
        "left_over": [
            {"city": one.member.city.slug, "reason": why_in_words(one)} for one in report.left_over
        ],
        "fixed": sorted(member.city.slug for member in rows if member.is_fixed),
    }


@router.get("/programmes/{programme}/city-profiles", response=list[ProfileOut], url_name="city_profiles")
@paginate(BoundedPagination)
def list_profiles(request: HttpRequest, programme: str) -> Listing:
    """List what cities bring to small groups. For owners of the programme. Scope: read."""
    found = programme_of_owner(request, programme, Scope.READ)
    rows = CityProfile.objects.filter(programme=found).select_related("city").order_by("city__slug")
    return Listing(rows, partial(map, _profile_data))


@router.put(
    "/programmes/{programme}/city-profiles/{city}", response=ProfileOut, url_name="change_city_profile"
)
def change_profile(request: HttpRequest, programme: str, city: str, form: ProfileIn) -> dict[str, Any]:
    """Set what a city brings. For owners of the programme. Scope: schedule."""
    found = programme_of_owner(request, programme, Scope.SCHEDULE)
    row = found.cities.filter(slug=city).first()
    if row is None:
        raise Http404
    plan = ProfilePlan(tuple(form.languages), tuple(form.interests), form.is_mentor)
    return _profile_data(set_profile(found, row, plan, _account(request)))


@router.get("/labs/{lab}/groupings", response=list[GroupingOut], url_name="groupings")
@paginate(BoundedPagination)
def list_groupings(request: HttpRequest, lab: str) -> Listing:
    """List rounds of small groups. Scope: read."""
    found = lab_of_organiser(request, lab, Scope.READ)
    return Listing(found.groupings.order_by("created_at", "pk"), partial(map, _summary))


@router.post("/labs/{lab}/groupings", response={201: WholeGroupingOut}, url_name="create_grouping")
def create(request: HttpRequest, lab: str, form: GroupingIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Put cities into groups. Scope: schedule.

    No group breaks a rule: size, nobody twice with a partner of an earlier final round, a language and hours in common,
    a mentor each where there are enough. Cities that cannot be placed are left over, each with the reason.
    """
    found = lab_of_organiser(request, lab, Scope.SCHEDULE)
    cities = _cities(found, form.cities)
    values = form.dict(exclude={"name", "cities", "seed"})
    values |= {name: hour_of(values[name], name) for name in ("day_begins", "day_ends")}
    settings = Settings(**values)

    def operation() -> dict[str, Any]:
        made = create_grouping(found, form.name, cities, settings, _account(request), seed=form.seed)
        return {"grouping": made.pk}

    result = run_once(request, "create_grouping", idempotency_key, form, operation)
    return Status(201, _whole(_grouping(found, result["grouping"]), found))


@router.get("/labs/{lab}/groupings/{grouping}", response=WholeGroupingOut, url_name="grouping")
def get(request: HttpRequest, lab: str, grouping: int) -> dict[str, Any]:
    """Get a round with its groups. Scope: read."""
    found = lab_of_organiser(request, lab, Scope.READ)
    return _whole(_grouping(found, grouping), found)


@router.patch("/labs/{lab}/groupings/{grouping}", response=WholeGroupingOut, url_name="change_grouping")
def change(request: HttpRequest, lab: str, grouping: int, form: GroupingChanges) -> dict[str, Any]:
    """Move cities by hand, or say that the round is final. Rules that are broken are told. Scope: schedule."""
    found = lab_of_organiser(request, lab, Scope.SCHEDULE)
    row = _grouping(found, grouping)
    by_slug = dict(row.members.values_list("city__slug", "city"))
    if unknown := sorted({*form.places, *(form.fixed or ())} - set(by_slug)):
        raise InvalidFields({"places": [_("Not found: %(names)s.") % {"names": ", ".join(unknown[:10])}]})
    places = {by_slug[slug]: number for slug, number in form.places.items()}
    fixed = None if form.fixed is None else {by_slug[slug] for slug in form.fixed}
    try:
        change_grouping(row, places, fixed, form.final, expected_version=form.version)
    except EditConflict as error:
        raise _conflict() from error
    return _whole(_grouping(found, grouping), found)


@router.post(
    "/labs/{lab}/groupings/{grouping}/regroup", response=WholeGroupingOut, url_name="regroup_grouping"
)
def make_anew(
    request: HttpRequest, lab: str, grouping: int, form: RegroupIn, idempotency_key: Key
) -> dict[str, Any]:
    """Make the groups anew, but for cities that are fixed and groups with a session. Scope: schedule."""
    found = lab_of_organiser(request, lab, Scope.SCHEDULE)
    row = _grouping(found, grouping)

    def operation() -> dict[str, Any]:
        seed = row.seed + 1 if form.seed is None else form.seed
        try:
            regroup(row, seed=seed, expected_version=form.version)
        except EditConflict as error:
            raise _conflict() from error
        return {"grouping": row.pk}

    run_once(request, "regroup_grouping", idempotency_key, form, operation)
    return _whole(_grouping(found, grouping), found)


@router.post(
    "/labs/{lab}/groupings/{grouping}/sessions",
    response=GroupSessionsOut,
    url_name="create_group_sessions",
)
def create_sessions(
    request: HttpRequest, lab: str, grouping: int, form: GroupSessionsIn, idempotency_key: Key
) -> dict[str, Any]:
    """Create a draft for each group without a session, at its best time, with its cities as audience. Scope: schedule.

    Groups that have a session get no second one.
    """
    found = lab_of_organiser(request, lab, Scope.SCHEDULE)
    row = _grouping(found, grouping)
    rooms = {room.pk: room for room in found.rooms.all()}
    if unknown := [str(pk) for pk in form.rooms if pk not in rooms]:
        raise InvalidFields({"rooms": [_("Not found: %(names)s.") % {"names": ", ".join(unknown[:10])}]})
    plan = SessionsPlan(form.title, tuple(rooms[pk] for pk in dict.fromkeys(form.rooms)), form.join_link)
    if form.is_preview:
        return {"sessions": [_planned(one, plan, found) for one in plan_sessions(row, plan)]}

    def operation() -> dict[str, Any]:
        return {"sessions": [one.pk for one in create_sessions_of(row, plan, _account(request))]}

    made = run_once(request, "create_group_sessions", idempotency_key, form, operation)
    sessions = found.sessions.filter(pk__in=made["sessions"]).select_related("city_group").order_by("pk")
    rows = [
        {
            "number": one.city_group.number,
            "title": languages_of(one.title),
            "starts_at": instant_text(one.starts_at),
            "ends_at": instant_text(one.ends_at),
            "room": one.room_id,
            "session": one.slug,
        }
        for one in sessions
    ]
    return {"sessions": rows}


@router.delete("/labs/{lab}/groupings/{grouping}", response={204: None}, url_name="delete_grouping")
def delete(request: HttpRequest, lab: str, grouping: int) -> Status[None]:
    """Delete a round without sessions. Scope: schedule."""
    delete_grouping(_grouping(lab_of_organiser(request, lab, Scope.SCHEDULE), grouping))
    return Status(204, None)


def _planned(one: Any, plan: SessionsPlan, lab: Lab) -> dict[str, Any]:
    return {
        "number": one.group.number,
        "title": titles_of(lab, plan, one),
        "starts_at": instant_text(one.slot.starts_at) if one.slot else None,
        "ends_at": instant_text(one.slot.ends_at) if one.slot else None,
        "room": one.room.pk if one.room else None,
        "session": None,
    }


def _grouping(lab: Lab, pk: int) -> Grouping:
    found = lab.groupings.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise Http404
    found.lab = lab
    return found


def _cities(lab: Lab, slugs: Iterable[str]) -> list[City]:
    wanted = dict.fromkeys(slugs)
    if not wanted:
        return list(lab.programme.cities.all())
    known = {city.slug: city for city in lab.programme.cities.filter(slug__in=wanted)}
    if unknown := [slug for slug in wanted if slug not in known]:
        raise InvalidFields({"cities": [_("Not found: %(names)s.") % {"names": ", ".join(unknown[:10])}]})
    return list(known.values())


def _account(request: HttpRequest) -> User:
    account = account_of(request)
    if account is None:
        raise Http404
    return account


def _conflict() -> RuleViolation:
    return RuleViolation("edit_conflict", _("The groups have changed in the meantime. Read them again."))
