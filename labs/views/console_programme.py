"""The console of a programme: what it says, its stakeholder groups, its owners and delegates."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from labs import access, roles
from labs.editing import Refused, change_programme
from labs.forms.labs import ProgrammeForm
from labs.forms.people import DelegateForm, PersonForm
from labs.forms.rows import NamedRow, NamedRows, with_more_rows
from labs.lab_parts import ROWS_AT_MOST, set_groups
from labs.models import Delegate, Programme, Staff
from labs.views.posted import created_once, person

NamedRowSet: Any = formset_factory(
    NamedRow, formset=NamedRows, extra=0, max_num=ROWS_AT_MOST, absolute_max=ROWS_AT_MOST + 20
)
EMPTY_ROWS, MORE_ROWS = 1, 3


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def programme(request: HttpRequest, programme: Programme) -> HttpResponse:
    """What the programme says of itself."""
    form = ProgrammeForm(request.POST or None, programme=programme)
    if request.method == "POST" and form.is_valid():
        try:
            change_programme(programme, form.plan, person(request))
        except Refused as error:
            form.take_over(error.errors)
        else:
            messages.success(request, _("The programme is saved."))
            return redirect("console_programme", programme.slug)
    labs = programme.labs.order_by("-starts_on")
    return render(
        request,
        "labs/console/programme.html",
        {"programme": programme, "form": form, "labs": labs, "tab": "programme"},
        status=422 if form.errors else 200,
    )


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def groups(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The stakeholder groups that people choose from when they register."""
    known = {group.pk: group for group in programme.stakeholder_groups.all()}
    rows = named_rows(request, known.values(), programme.languages)
    if request.method == "POST" and "more" not in request.POST and rows.is_valid():
        plans = rows.plans({pk: group.name for pk, group in known.items()})
        try:
            created_once(
                request,
                "console.groups",
                lambda: {"groups": [group.pk for group in set_groups(programme, plans, rows.removed)]},
            )
        except Refused as error:
            rows.take_over(error.errors)
        else:
            messages.success(request, _("The stakeholder groups are saved."))
            return redirect("console_groups", programme.slug)
    return render(
        request,
        "labs/console/groups.html",
        {"programme": programme, "rows": rows, "tab": "groups", "invalid": has_errors(rows)},
        status=422 if has_errors(rows) else 200,
    )


def named_rows(request: HttpRequest, known: Any, locales: list[str]) -> Any:
    """Return the rows of tracks or groups: those that stand and some empty ones, or those that were sent."""
    ids = [one.pk for one in known]
    kwargs = {"prefix": "rows", "known": ids, "form_kwargs": {"locales": locales}}
    if request.method != "POST":
        rows = NamedRowSet(
            initial=[{"row": one.pk, "name": one.name, "order": place} for place, one in enumerate(known, 1)],
            **kwargs,
        )
        rows.extra = EMPTY_ROWS
        return rows
    if "more" in request.POST:
        rows = NamedRowSet(with_more_rows(request.POST, "rows", MORE_ROWS), **kwargs)
        rows.forget_errors()
        return rows
    return NamedRowSet(request.POST, **kwargs)


def has_errors(rows: Any) -> bool:
    """Tell whether rows that were sent have anything wrong."""
    return bool(rows.is_bound and (rows.total_error_count() or rows.non_form_errors()))


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Who owns the programme, and which people see the internal sessions of which city."""
    action = request.POST.get("action", "")
    owner_form = PersonForm(request.POST if action == "owner" else None, prefix="owner")
    delegate_form = DelegateForm(
        request.POST if action == "delegate" else None, programme=programme, prefix="delegate"
    )
    if request.method == "POST":
        by = person(request)
        try:
            if action == "owner" and owner_form.is_valid():
                values = owner_form.cleaned_data
                created_once(
                    request,
                    "console.owner",
                    lambda: {
                        "staff": roles.add_owner(programme, values["email"], by=by, name=values["name"]).pk
                    },
                )
                messages.success(request, _("%(email)s owns the programme now.") % {"email": values["email"]})
                return redirect("console_programme_people", programme.slug)
            if action == "delegate" and delegate_form.is_valid():
                values = delegate_form.cleaned_data
                created_once(
                    request,
                    "console.delegate",
                    lambda: {
                        "delegate": roles.add_delegate(
                            programme, values["email"], values["city"], by=by, name=values["name"]
                        ).pk
                    },
                )
                messages.success(
                    request,
                    _("%(email)s is a delegate of %(city)s now.")
                    % {"email": values["email"], "city": values["city"]},
                )
                return redirect("console_programme_people", programme.slug)
            if action.startswith("remove-"):
                _remove(programme, action, request)
                return redirect("console_programme_people", programme.slug)
        except Refused as error:
            form = {"owner": owner_form, "delegate": delegate_form}.get(action)
            if form is None:
                messages.error(request, error.message)
                return redirect("console_programme_people", programme.slug)
            form.take_over(error.errors)
    invalid = bool(owner_form.errors or delegate_form.errors)
    owners = programme.staff.filter(role=Staff.Role.OWNER).select_related("user").order_by("user__email")
    delegates = programme.delegates.select_related("user", "city").order_by("city__slug", "user__email")
    return render(
        request,
        "labs/console/programme_people.html",
        {
            "programme": programme,
            "owners": owners,
            "delegates": delegates,
            "owner_form": owner_form,
            "delegate_form": delegate_form,
            "has_cities": programme.cities.exists(),
            "tab": "people",
            "invalid": invalid,
        },
        status=422 if invalid else 200,
    )


def _remove(programme: Programme, action: str, request: HttpRequest) -> None:
    """Take away the role or the delegation that a button names; one that is gone already is as good as removed."""
    kind, _dash, number = action.removeprefix("remove-").partition("-")
    pk = int(number) if number.isdecimal() and len(number) < 18 else 0
    if kind == "owner":
        staff = Staff.objects.select_related("user", "programme").filter(pk=pk, programme=programme).first()
        if staff is not None:
            roles.remove_staff(staff, by=person(request))
            messages.success(request, _("%(who)s no longer owns the programme.") % {"who": staff.user})
    elif kind == "delegate":
        delegate = Delegate.objects.select_related("user", "city").filter(pk=pk, programme=programme).first()
        if delegate is not None:
            roles.remove_delegate(delegate, by=person(request))
            messages.success(
                request,
                _("%(who)s is no longer a delegate of %(city)s.")
                % {"who": delegate.user, "city": delegate.city},
            )
