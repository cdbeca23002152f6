"""Nominations of cities, in the console: the board, contacts, places, deadline."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.web.errors import RuleViolation
from core.web.forms.editing import was_edited
from labs import access
from labs.models import Lab
from labs.revisions import lock_row
from labs.views import form_posts
from registrations import city_contacts
from registrations.models import CityContact, Nomination, NominationPlaces
from registrations.nomination_forms import ContactForm, ContactsForm, DeadlineForm, PlacesForm
from registrations.nominations_board import NUMBERS, board_csv
from registrations.nominations_board import board as board_rows


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def board(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Cities and what became of their places; adding contacts and places."""
    kind = request.POST.get("form", "") if request.method == "POST" else ""
    latest = (
        CityContact.objects.filter(lab=lab).order_by("-deadline").values_list("deadline", flat=True).first()
    )
    deadline = latest or lab.registration_closes_at
    contacts = ContactsForm(request.POST if kind == "contacts" else None, lab=lab, deadline=deadline)
    places = PlacesForm(request.POST if kind == "places" else None, lab=lab)
    until = DeadlineForm(
        request.POST if kind == "deadline" else None, lab=lab, deadline=deadline, auto_id="id_all_%s"
    )
    saved = (
        (kind == "contacts" and _add_contacts(request, lab, contacts))
        or (kind == "places" and _set_places(request, lab, places))
        or (kind == "deadline" and _set_deadline(request, lab, until))
    )
    if saved:
        return redirect("console_nominations", lab.slug)
    rows = board_rows(lab)
    silent = list(city_contacts.silent(lab).select_related("city"))
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "nominations",
        "rows": rows,
        "sums": {name: sum(getattr(row, name) for row in rows) for name in NUMBERS},
        "contacts": contacts,
        "places": places,
        "until": until,
        "deadline": latest,
        "zone": lab.time_zone,
        "not_invited": city_contacts.not_invited(lab).count(),
        "silent": silent,
        "silent_cities": len({one.city_id for one in silent}),
        "kinds": _kinds(lab),
    }
    is_wrong = contacts.errors or places.errors or until.errors
    template = "registrations/console/nominations.html"
    return render(request, template, context, status=422 if is_wrong else 200)


def _kinds(lab: Lab) -> list[dict[str, object]]:
    """Return the places by role, day and track, with how many cities have how many."""
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    for one in NominationPlaces.objects.filter(lab=lab).select_related("track"):
        key = (one.role, one.day, one.track_id)
        row = rows.setdefault(key, {"one": one, "cities": 0, "limit": 0, "used": 0})
        row["cities"], row["limit"], row["used"] = (
            int(str(row["cities"])) + 1,
            int(str(row["limit"])) + one.limit,
            int(str(row["used"])) + one.used,
        )
    return list(rows.values())


def _add_contacts(request: HttpRequest, lab: Lab, form: ContactsForm) -> bool:
    def operation() -> dict[str, object]:
        values = form.cleaned_data
        return {"new": len(city_contacts.add_contacts(lab, values["lines"], values["deadline"]))}

    done = form_posts.create_with(request, form, "city_contacts", operation)
    if done is None:
        return False
    new = int(str(done["new"]))
    messages.success(
        request, ngettext("%(count)d contact added.", "%(count)d contacts added.", new) % {"count": new}
    )
    return True


def _set_places(request: HttpRequest, lab: Lab, form: PlacesForm) -> bool:
    def operation() -> dict[str, object]:
        plan = form.plan
        plans = city_contacts.each_city(lab, plan) if form.is_each_city else [plan]
        return {"rows": city_contacts.set_places(lab, plans)}

    if form_posts.create_with(request, form, "nomination_places", operation) is None:
        return False
    messages.success(request, _("Places saved."))
    return True


def _set_deadline(request: HttpRequest, lab: Lab, form: DeadlineForm) -> bool:
    if not form.is_valid():
        return False
    try:
        city_contacts.set_deadline(lab, form.cleaned_data["deadline"])
    except RuleViolation as error:
        form.add_errors(error.errors)
        return False
    messages.success(
        request, _("Deadline saved. It applies to all cities, and those who were invited get an email.")
    )
    return True


@access.organiser
@require_safe
def table(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The board as CSV."""
    return HttpResponse(
        board_csv(lab, get_language() or "en"),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{lab.slug}-nominations.csv"',
            "Cache-Control": "private, no-store",
        },
    )


@access.organiser
@require_POST
def invite(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Send the contacts who did not get it yet their link."""
    sent = form_posts.create_once(request, "contacts_invite", lambda: {"sent": city_contacts.invite(lab)})[0][
        "sent"
    ]
    messages.success(
        request,
        ngettext("We are emailing %(count)d contact.", "We are emailing %(count)d contacts.", sent)
        % {"count": sent},
    )
    return redirect("console_nominations", lab.slug)


def _sent(request: HttpRequest, purpose: str, send: Callable[[], int]) -> int:
    try:
        done, _is_new = form_posts.create_once(request, purpose, lambda: {"sent": send()})
    except RuleViolation as error:
        messages.error(request, error.message)
        return 0
    return int(done["sent"])


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def remind(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Show who would be reminded, then remind the cities that have named nobody."""
    if request.method == "POST":
        sent = _sent(request, "contacts_remind", lambda: city_contacts.remind(lab))
        messages.success(
            request,
            ngettext("We are reminding %(count)d city.", "We are reminding %(count)d cities.", sent)
            % {"count": sent},
        )
        return redirect("console_nominations", lab.slug)
    silent = list(city_contacts.silent(lab).select_related("city").order_by("city__slug", "pk"))
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "nominations",
        "silent": silent,
        "cities": len({one.city_id for one in silent}),
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/nominations_remind.html", context)


@access.organiser
@require_safe
def city(request: HttpRequest, lab: Lab, city: str) -> HttpResponse:
    """The contacts of a city and whom it named."""
    found = get_object_or_404(lab.programme.cities, slug=city)
    places = NominationPlaces.objects.filter(lab=lab, city=found).select_related("track")
    named = Nomination.objects.filter(places__in=places).select_related("registration", "places__track")
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "nominations",
        "city": found,
        "contacts": CityContact.objects.filter(lab=lab, city=found).order_by("pk"),
        "places": places,
        "named": named,
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/nominations_city.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, lab: Lab, contact: int) -> HttpResponse:
    """Change a contact; another address gets a new link, and the old one stops."""
    moved: list[bool] = []

    def form_of(data: QueryDict | None, row: CityContact) -> ContactForm:
        row.lab = lab
        return ContactForm(data, contact=row)

    def save(form: ContactForm) -> None:
        values = form.cleaned_data
        moved.append(
            city_contacts.change(
                form.contact, values["name"], values["email"], values["language"], values["deadline"]
            )
        )

    try:
        found = get_object_or_404(CityContact.objects.select_related("city"), lab=lab, pk=contact)
        form, is_saved = form_posts.edit_row(request, found, lock_row, form_of, save)
    except Http404:
        if not was_edited(request):
            raise
        messages.error(request, _("This contact no longer exists."))
        return redirect("console_nominations", lab.slug)
    if not is_saved:
        page = "registrations/console/city_contact.html"
        return form_posts.form_page(
            request, page, form, lab=lab, section="settings", tab="nominations", contact=found
        )
    if not moved[0]:
        messages.success(request, _("Contact saved."))
    elif found.invited_at is None:
        messages.success(request, _("Contact saved. The old link no longer works."))
    else:
        messages.success(
            request, _("Contact saved. We are emailing a new link. The old one no longer works.")
        )
    return redirect("console_nominations_city", lab.slug, found.city.slug)


@access.organiser
@require_POST
def renew(request: HttpRequest, lab: Lab, contact: int) -> HttpResponse:
    """Revoke a contact's link and send another one."""
    found = get_object_or_404(CityContact.objects.select_related("city"), lab=lab, pk=contact)
    found.lab = lab
    city_contacts.renew_link(found)
    messages.success(request, _("We are emailing a new link. The old one no longer works."))
    return redirect("console_nominations_city", lab.slug, found.city.slug)


@access.organiser
@require_POST
def remove(request: HttpRequest, lab: Lab, contact: int) -> HttpResponse:
    """Remove a contact; whom he or she named stays named."""
    found = get_object_or_404(CityContact.objects.select_related("city"), lab=lab, pk=contact)
    city_contacts.remove(found)
    messages.success(request, _("Contact removed. The link no longer works."))
    return redirect("console_nominations", lab.slug)
