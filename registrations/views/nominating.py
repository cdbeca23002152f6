"""The private pages of a city's contact: places left, people named, naming, replacing, withdrawing."""

import functools
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from core.web.access import View
from core.web.errors import RuleViolation
from core.web.idempotency import FIELD, run_once
from core.web.rate_limits import allow
from labs import access
from labs.revisions import lock_row
from labs.views.form_posts import edit_row, form_page
from registrations import city_contacts, named_seats, nominations
from registrations.kept_forms import initial_from, sent_of
from registrations.models import CityContact, Nomination, NominationPlaces
from registrations.nomination_forms import NomineesForm
from sessions.city_profiles import change_profile, profile_of
from sessions.forms.groups import CityProfileForm

DONE = ("nominated", "withdrawn", "profile")
PER_HOUR = 100


def requires_contact(view: Callable[..., HttpResponse]) -> View:
    """Pass the contact of the link's token to the view; an invalid or revoked link shows a page about it."""

    @functools.wraps(view)
    def answer(request: HttpRequest, token: str, **parts: int) -> HttpResponseBase:
        try:
            found = city_contacts.find(token)
        except Http404:
            return render(request, "registrations/nominating_gone.html", status=404)
        return view(request, found, token, **parts)

    return answer


@access.personal_link
@require_safe
@requires_contact
def contact(request: HttpRequest, found: CityContact, token: str) -> HttpResponse:
    """How many places are left, and who was named."""
    places = NominationPlaces.objects.filter(lab=found.lab_id, city=found.city_id).select_related("track")
    named = Nomination.objects.filter(places__in=places).select_related("registration")
    seats = named_seats.seats_shown(found, named)
    by_places: dict[int, list[tuple[Nomination, list[named_seats.NamedSeat]]]] = {}
    for nomination in named:
        shown = seats.get(nomination.registration_id or 0, [])
        by_places.setdefault(nomination.places_id, []).append((nomination, shown))
    done = request.GET.get("done", "")
    context = {
        "lab": found.lab,
        "contact": found,
        "token": token,
        "is_open": found.deadline > timezone.now(),
        "places": [(one, by_places.get(one.pk, [])) for one in places],
        "done": done if done in DONE else "",
    }
    return render(request, "registrations/nominating.html", context)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_contact
def nominate(request: HttpRequest, found: CityContact, token: str, places: int) -> HttpResponse:
    """Name people for places of the city."""
    return _nominate(request, found, token, _places(found, places))


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_contact
def replace(request: HttpRequest, found: CityContact, token: str, nomination: int) -> HttpResponse:
    """Name somebody else instead."""
    leaving = _nomination(found, nomination)
    return _nominate(request, found, token, leaving.places, leaving)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_contact
def withdraw(request: HttpRequest, found: CityContact, token: str, nomination: int) -> HttpResponse:
    """Ask, then take a nomination back."""
    leaving = _nomination(found, nomination)
    context = {"lab": found.lab, "contact": found, "token": token, "nomination": leaving}
    if request.method == "POST":
        try:
            nominations.withdraw(found, leaving)
        except RuleViolation as violation:
            context["violation"] = violation
            return render(request, "registrations/nominating_withdraw.html", context, status=409)
        return _back(token, "withdrawn")
    return render(request, "registrations/nominating_withdraw.html", context)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_contact
def profile(request: HttpRequest, found: CityContact, token: str) -> HttpResponse:
    """What the city brings to small groups."""
    programme = found.lab.programme
    if request.method == "POST" and not allow("nominate", str(found.public_id), PER_HOUR, 60 * 60):
        return render(request, "registrations/too_many.html", {"lab": found.lab}, status=429)
    form, is_saved = edit_row(
        request,
        programme,
        lock_row,
        lambda data, _locked: CityProfileForm(data, profile=profile_of(programme, found.city)),
        lambda form: change_profile(programme, found.city, form.plan),
    )
    if is_saved:
        return _back(token, "profile")
    template = "registrations/nominating_profile.html"
    return form_page(request, template, form, lab=found.lab, contact=found, token=token)


def _places(found: CityContact, pk: int) -> NominationPlaces:
    of_city = NominationPlaces.objects.filter(lab=found.lab_id, city=found.city_id).select_related("track")
    row = get_object_or_404(of_city, pk=pk)
    row.lab = found.lab
    return row


def _nomination(found: CityContact, pk: int) -> Nomination:
    of_city = Nomination.objects.filter(
        places__lab=found.lab_id, places__city=found.city_id, ended_at__isnull=True
    )
    row = get_object_or_404(of_city.select_related("places__track", "registration"), pk=pk)
    row.places.lab = found.lab
    return row


def _nominate(
    request: HttpRequest,
    found: CityContact,
    token: str,
    places: NominationPlaces,
    leaving: Nomination | None = None,
) -> HttpResponse:
    sessions = nominations.sessions_of(places, timezone.now())
    sent = sent_of(request)
    ticked: list[int] = []
    if leaving is not None:
        ticked = named_seats.sessions_had(leaving)
    elif places.day is not None or places.track_id is not None:
        ticked = [session.pk for session in sessions]
    form = NomineesForm(
        sent,
        lab=found.lab,
        sessions=sessions,
        rows=1 if leaving is not None else places.left,
        held=named_seats.passing_on(places, leaving),
        language=get_language() or found.language,
        initial=initial_from(request.POST) if request.method == "POST" else {"session": ticked},
    )
    status = 200
    if sent is not None:
        if not allow("nominate", str(found.public_id), PER_HOUR, 60 * 60):
            return render(request, "registrations/too_many.html", {"lab": found.lab}, status=429)
        if form.is_valid() and _save(request, found, places, form, leaving):
            return _back(token, "nominated")
        status = 422
    context = {
        "lab": found.lab,
        "contact": found,
        "token": token,
        "places": places,
        "form": form,
        "leaving": leaving,
        "is_open": found.deadline > timezone.now(),
        "kept_form": "answers",
    }
    return render(request, "registrations/nominating_people.html", context, status=status)


def _save(
    request: HttpRequest,
    found: CityContact,
    places: NominationPlaces,
    form: NomineesForm,
    leaving: Nomination | None,
) -> bool:
    def operation() -> dict[str, object]:
        nominations.nominate(found, places, form.people, form.cleaned_data["session"], instead_of=leaving)
        return {}

    said = sorted(
        (name, values) for name, values in request.POST.lists() if name not in (FIELD, "csrfmiddlewaretoken")
    )
    try:
        run_once(
            "nominate", request.POST.get(FIELD, ""), [str(found.public_id), request.path, said], operation
        )
    except nominations.WrongNominee as error:
        form.add_error(f"{error.field}_{error.row}", error.message)
    except RuleViolation as error:
        form.add_errors(error.errors)
    else:
        return True
    return False


def _back(token: str, done: str) -> HttpResponse:
    answer = redirect("nominating", token)
    answer["Location"] += f"?done={done}"
    return answer
