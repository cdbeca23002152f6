"""The console of a programme: what it says, its stakeholder groups, its owners and delegates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.web.edit_conflicts import Difference, EditConflict
from core.web.errors import RuleViolation
from core.web.forms.fields import pk_of
from core.web.forms.rows import with_more_rows
from labs import access, roles, undo
from labs.forms.people import DelegateForm, PersonForm
from labs.forms.programmes import ProgrammeForm
from labs.forms.rows import NamedRow, NamedRows
from labs.lab_parts import NamedPlan, set_groups
from labs.models import Delegate, Lab, Programme, RoleInvitation, Staff
from labs.programmes import change_programme, create_programme, first_steps
from labs.revisions import lock_row
from labs.views.console_role_invitations import act_on_invitation, invitation_rows
from labs.views.form_posts import create_once, create_with, delete_or_say, edit_row, form_page, person

MORE_ROWS = 3


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def programme(request: HttpRequest, programme: Programme) -> HttpResponse:
    """What the programme says of itself."""
    form, is_saved = edit_row(
        request,
        programme,
        lock_row,
        lambda data, programme: ProgrammeForm(data, programme=programme),
        lambda form: change_programme(programme, form.plan, person(request)),
    )
    if is_saved:
        messages.success(request, _("Programme saved."))
        return redirect("console_programme", programme.slug)
    labs = programme.labs.order_by("-starts_on")
    template = "labs/console/programme.html"
    return form_page(request, template, form, programme=programme, labs=labs, tab="programme")


@access.superuser
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Create a programme. Its cities and its first lab come next."""
    form = ProgrammeForm(request.POST or None)
    result = create_with(
        request,
        form,
        "console.programme",
        lambda: {"programme": create_programme(form.plan, person(request)).slug},
    )
    if result:
        messages.success(
            request,
            _("Programme created as a draft. Add its cities next.")
            if form.cleaned_data["visibility"] == Programme.Visibility.DRAFT
            else _("Programme created. Add its cities next."),
        )
        return redirect("console_cities", result["programme"])
    return form_page(request, "labs/console/programme.html", form, is_new=True)


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def groups(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The stakeholder groups that people choose from when they register."""
    return named_rows(
        request,
        programme,
        programme.stakeholder_groups.order_by("position", "pk"),
        lambda plans, gone: set_groups(programme, plans, gone),
        legend=_("Type of organisation"),
        saved=_("Types of organisation saved."),
        page=("labs/console/groups.html", {"programme": programme, "tab": "groups"}),
        whose={"programme": programme},
    )


def named_rows(
    request: HttpRequest,
    owner: Lab | Programme,
    standing: QuerySet[Any],
    save: Callable[[list[NamedPlan], list[int]], Sequence[Model]],
    *,
    legend: str,
    saved: str,
    page: tuple[str, dict[str, object]],
    whose: dict[str, object],
) -> HttpResponse:
    """Show and save tracks or groups; while they are saved `owner` is locked, so that nobody else changes them.

    `legend` is what one is called, `whose` as in `undo.offer_restore`.
    """
    conflict: list[Difference] = []
    if request.method != "POST":
        rows = _rows(standing, owner, legend)
    elif "more" in request.POST:
        rows = _rows(standing, owner, legend, with_more_rows(request.POST, "rows", MORE_ROWS))
        rows.forget_errors()
    else:
        with transaction.atomic():
            lock_row(owner)
            rows, gone = _rows(standing, owner, legend, request.POST), []

            def save_rows() -> dict[str, object]:
                if differences := rows.conflict():
                    raise EditConflict(differences)
                gone.extend(undo.serialize_rows(*standing.filter(pk__in=rows.removed)))
                return {"rows": [row.pk for row in save(rows.plans(), rows.removed)]}

            try:
                if rows.is_valid():
                    # What is sent twice is no conflict with itself.
                    create_once(request, f"console.{standing.model._meta.model_name}", save_rows)
                    return _say_rows_saved(request, saved, rows, gone, whose)
            except RuleViolation as error:
                rows.add_errors(error.errors)
            except EditConflict as error:
                conflict = error.differences
                rows = _rows(standing, owner, legend, initial=rows.as_typed())
    template, context = page
    invalid = has_errors(rows)
    return render(
        request,
        template,
        {**context, "rows": rows, "conflict": conflict, "invalid": invalid},
        status=409 if conflict else 422 if invalid else 200,
    )


def _rows(
    standing: QuerySet[Any],
    owner: Lab | Programme,
    legend: str,
    data: object = None,
    initial: list[dict[str, object]] | None = None,
) -> Any:
    stored = {row.pk: row.name for row in standing.all()}
    if data is None and initial is None:
        initial = [{"row": pk, **NamedRow.opened(name, owner.languages)} for pk, name in stored.items()]
    return NamedRows(
        data,
        prefix="rows",
        stored=stored,
        legend=legend,
        initial=initial,
        form_kwargs={"locales": owner.languages},
    )


def _say_rows_saved(
    request: HttpRequest, words: str, rows: Any, gone: list[dict[str, Any]], whose: dict[str, Any]
) -> HttpResponse:
    """Say that rows are saved, and offer to bring back what was removed."""
    for name in rows.left_deleted:
        messages.info(request, _("“%(name)s” was deleted by someone else in the meantime.") % {"name": name})
    if gone:
        also = ngettext("%(count)d was removed.", "%(count)d were removed.", len(gone)) % {"count": len(gone)}
        undo.offer_restore(request, f"{words} {also}", gone, request.path, **whose)
    else:
        messages.success(request, words)
    return redirect(request.path)


def has_errors(rows: Any) -> bool:
    """Tell whether rows that were sent have anything wrong."""
    return bool(rows.is_bound and (rows.total_error_count() or rows.non_form_errors()))


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Who owns the programme, and which people see the internal sessions of which city."""
    action = request.POST.get("action", "")
    usual = {"language": programme.default_language}
    owner_form = PersonForm(request.POST if action == "owner" else None, prefix="owner", initial=usual)
    delegate_form = DelegateForm(
        request.POST if action == "delegate" else None,
        programme=programme,
        prefix="delegate",
        initial=usual,
    )
    by = person(request)

    def add_owner() -> dict[str, object]:
        values = owner_form.cleaned_data
        said = {"name": values["name"], "language": values["language"]}
        added = roles.add_owner(programme, values["email"], by=by, **said)
        return {"invited": isinstance(added, RoleInvitation)}

    def add_delegate() -> dict[str, object]:
        values = delegate_form.cleaned_data
        said = {"name": values["name"], "language": values["language"]}
        added = roles.add_delegate(programme, values["email"], values["city"], by=by, **said)
        return {"invited": isinstance(added, RoleInvitation)}

    said, invited = "", _("Invitation to %(email)s: the email will leave within minutes.")
    if done := create_with(request, owner_form, "console.owner", add_owner):
        words = invited if done["invited"] else _("%(email)s is now an owner of the programme.")
        said = words % owner_form.cleaned_data
    elif done := create_with(request, delegate_form, "console.delegate", add_delegate):
        words = invited if done["invited"] else _("%(email)s is now a delegate of %(city)s.")
        said = words % delegate_form.cleaned_data
    elif act_on_invitation(request, programme, action):
        return redirect("console_programme_people", programme.slug)
    elif action.startswith("remove-"):
        _remove(programme, action, request)
        return redirect("console_programme_people", programme.slug)
    if said:
        messages.success(request, said)
        return redirect("console_programme_people", programme.slug)
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
            "steps": first_steps(programme),
            "invitations": invitation_rows(programme),
            "zone": "UTC",
            "list_address": reverse("console_programme_people_list", args=[programme.slug]),
            "tab": "people",
            "invalid": invalid,
        },
        status=422 if invalid else 200,
    )


def _remove(programme: Programme, action: str, request: HttpRequest) -> None:
    """Take away the role or the delegation that a button names; one that is gone already is as good as removed."""
    kind, _dash, number = action.removeprefix("remove-").partition("-")
    pk = pk_of(number) or 0
    address = reverse("console_programme_people", args=[programme.slug])
    if kind == "owner":
        staff = Staff.objects.select_related("user", "programme").filter(pk=pk, programme=programme).first()
        if staff is not None:
            words = _("%(who)s is no longer an owner of the programme.") % {"who": staff.user}
            remove = partial(roles.remove_staff, staff, by=person(request))
            delete_or_say(request, staff, remove, words, address, programme=programme)
    elif kind == "delegate":
        delegate = Delegate.objects.select_related("user", "city").filter(pk=pk, programme=programme).first()
        if delegate is not None:
            words = _("%(who)s is no longer a delegate of %(city)s.")
            words %= {"who": delegate.user, "city": delegate.city}
            remove = partial(roles.remove_delegate, delegate, by=person(request))
            delete_or_say(request, delegate, remove, words, address, programme=programme)
