"""The console of a programme: what it says, its stakeholder groups, its owners and delegates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.web.edit_conflicts import Difference, EditConflict
from core.web.errors import RuleViolation
from labs import access, roles, undo
from labs.forms.people import DelegateForm, PersonForm
from labs.forms.programmes import ProgrammeForm
from labs.forms.rows import NamedRow, NamedRows, with_more_rows
from labs.lab_parts import ROWS_AT_MOST, NamedPlan, set_groups
from labs.models import Delegate, Programme, Staff
from labs.programmes import change_programme, create_programme
from labs.revisions import lock_row
from labs.views.form_posts import create_once, person, save_edit, status_of

NamedRowSet: Any = formset_factory(
    NamedRow, formset=NamedRows, extra=0, max_num=ROWS_AT_MOST, absolute_max=ROWS_AT_MOST + 20
)
EMPTY_ROWS, MORE_ROWS = 1, 3


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def programme(request: HttpRequest, programme: Programme) -> HttpResponse:
    """What the programme says of itself."""
    if request.method == "POST":
        form, is_saved = save_edit(
            lambda: lock_row(programme),
            lambda held: ProgrammeForm(request.POST, programme=held),
            lambda form: change_programme(programme, form.plan, person(request)),
        )
        if is_saved:
            messages.success(request, _("The programme is saved."))
            return redirect("console_programme", programme.slug)
    else:
        form = ProgrammeForm(programme=programme)
    labs = programme.labs.order_by("-starts_on")
    return render(
        request,
        "labs/console/programme.html",
        {
            "programme": programme,
            "form": form,
            "labs": labs,
            "tab": "programme",
            "conflict": form.conflict,
        },
        status=status_of(form),
    )


@access.superuser
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Create a programme. Its cities and its first lab come next."""
    form = ProgrammeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            result, _new = create_once(
                request,
                "console.programme",
                lambda: {"programme": create_programme(form.plan, person(request)).slug},
            )
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            messages.success(
                request,
                _("Programme created, as a draft. Add its cities next.")
                if form.cleaned_data["visibility"] == Programme.Visibility.DRAFT
                else _("Programme created. Add its cities next."),
            )
            return redirect("console_cities", result["programme"])
    return render(
        request,
        "labs/console/programme.html",
        {"form": form, "is_new": True},
        status=status_of(form),
    )


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def groups(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The stakeholder groups that people choose from when they register."""
    page = NamedPage(
        owner=programme,
        standing=lambda: programme.stakeholder_groups.all(),
        save=lambda plans, gone: set_groups(programme, plans, gone),
        languages=programme.languages,
        purpose="console.groups",
        legend=_("Group"),
    )
    if page.is_saved(request):
        address = reverse("console_groups", args=[programme.slug])
        page.say_saved(request, _("The stakeholder groups are saved."), address, programme=programme)
        return redirect("console_groups", programme.slug)
    return render(
        request,
        "labs/console/groups.html",
        {"programme": programme, "tab": "groups", **page.context},
        status=page.status,
    )


@dataclass
class NamedPage:
    """A page of tracks or groups: rows that stand and some empty ones, or those that were sent.

    While they are saved `owner` is held, so that nobody else changes them; `standing` asks for them in their order.
    """

    owner: Model
    standing: Callable[[], Iterable[Any]]
    save: Callable[[Sequence[NamedPlan], Collection[int]], Sequence[Model]]
    languages: list[str]
    purpose: str
    legend: str
    rows: Any = None
    conflict: list[Difference] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)

    def say_saved(self, request: HttpRequest, words: str, address: str, **whose: Any) -> None:
        """Say that it is saved, and offer to bring back what was removed; `whose` as in `undo.offer_restoring`."""
        count = len(self.gone)
        if not count:
            messages.success(request, words)
            return
        also = ngettext("%(count)d was removed.", "%(count)d were removed.", count) % {"count": count}
        undo.offer_restoring(request, f"{words} {also}", self.gone, address, **whose)

    def is_saved(self, request: HttpRequest) -> bool:
        """Fill `rows`, and tell whether what was sent is saved."""
        if request.method != "POST" or "more" in request.POST:
            self.rows = self._opened() if request.method != "POST" else self._with_more(request.POST)
            return False
        with transaction.atomic():
            lock_row(self.owner)
            self.rows = rows = self._sent(request.POST)
            if not rows.is_valid():
                return False
            for words in rows.left_deleted:
                messages.info(
                    request, _("“%(name)s” was deleted by somebody else meanwhile.") % {"name": words}
                )
            try:
                # What is sent twice is no conflict with itself.
                create_once(request, self.purpose, self._save)
            except RuleViolation as error:
                rows.add_errors(error.errors)
                return False
            except EditConflict as error:
                self.conflict = error.differences
                self.rows = self._sent(rows.renewed())
                self.rows.forget_errors()
                return False
        return True

    def _save(self) -> dict[str, Any]:
        self.rows.refuse_conflict()
        gone = self.rows.removed
        self.gone = undo.rows_of(*(row for row in self.standing() if row.pk in gone))
        return {"rows": [row.pk for row in self.save(self.rows.plans(), self.rows.removed)]}

    def _opened(self) -> Any:
        kwargs = self._kwargs()
        initial = [
            {"row": pk, "name": name, "order": place}
            for place, (pk, name) in enumerate(kwargs["stored"].items(), 1)
        ]
        rows = NamedRowSet(initial=initial, **kwargs)
        rows.extra = EMPTY_ROWS
        return rows

    def _with_more(self, data: Any) -> Any:
        rows = self._sent(with_more_rows(data, "rows", MORE_ROWS))
        rows.forget_errors()
        return rows

    def _sent(self, data: Any) -> Any:
        return NamedRowSet(data, **self._kwargs())

    def _kwargs(self) -> dict[str, Any]:
        return {
            "prefix": "rows",
            "stored": {one.pk: one.name for one in self.standing()},
            "about": f"{self.purpose} {self.owner.pk}",
            "legend": self.legend,
            "form_kwargs": {"locales": self.languages},
        }

    @property
    def context(self) -> dict[str, Any]:
        return {"rows": self.rows, "conflict": self.conflict, "invalid": has_errors(self.rows)}

    @property
    def status(self) -> int:
        return 409 if self.conflict else 422 if has_errors(self.rows) else 200


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
                create_once(
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
                create_once(
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
        except RuleViolation as error:
            form = {"owner": owner_form, "delegate": delegate_form}.get(action)
            if form is None:
                messages.error(request, error.message)
                return redirect("console_programme_people", programme.slug)
            form.add_errors(error.errors)
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
    address = reverse("console_programme_people", args=[programme.slug])
    if kind == "owner":
        staff = Staff.objects.select_related("user", "programme").filter(pk=pk, programme=programme).first()
        if staff is not None:
            rows = undo.rows_of(staff)
            roles.remove_staff(staff, by=person(request))
            words = _("%(who)s no longer owns the programme.") % {"who": staff.user}
            undo.offer_restoring(request, words, rows, address, programme=programme)
    elif kind == "delegate":
        delegate = Delegate.objects.select_related("user", "city").filter(pk=pk, programme=programme).first()
        if delegate is not None:
            rows = undo.rows_of(delegate)
            roles.remove_delegate(delegate, by=person(request))
            words = _("%(who)s is no longer a delegate of %(city)s.")
            words %= {"who": delegate.user, "city": delegate.city}
            undo.offer_restoring(request, words, rows, address, programme=programme)
