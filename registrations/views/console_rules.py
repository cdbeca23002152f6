"""The rules of registration and quotas of a lab, in the console."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from core.web.errors import RuleViolation
from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import opening, quota_editing, still_coming
from registrations.models import Quota, RegistrationRules
from registrations.models.rules import rules_of
from registrations.rules import change_rules, lock_rules
from registrations.rules_forms import LimitForm, QuotaForm, RulesForm

# The newest people who were asked whether they are still coming.
ASKED_SHOWN = 100


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Who may register, and how seats are given."""

    def form_of(data: QueryDict | None, found: RegistrationRules) -> RulesForm:
        return RulesForm(data, rules=found)

    form, is_saved = form_posts.edit_row(
        request,
        rules_of(lab),
        lambda _rules: lock_rules(lab),
        form_of,
        lambda form: change_rules(lab, form.plan, form_posts.person(request)),
    )
    if is_saved:
        messages.success(request, _("Rules saved. They apply from now on."))
        return redirect("console_rules", lab.slug)
    return form_posts.form_page(
        request,
        "registrations/console/rules.html",
        form,
        lab=lab,
        section="settings",
        tab="rules",
        draw=opening.proof_of(lab, rules_of(lab)),
        coming=still_coming.tally_of(lab),
        asked=still_coming.asked_of(lab)[:ASKED_SHOWN],
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def quotas(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The lab's quotas, and adding some."""
    form = QuotaForm(request.POST if request.method == "POST" else None, lab=lab)

    def operation() -> dict[str, object]:
        plans = quota_editing.each_city(lab, form.plan) if form.is_each_city else [form.plan]
        return {"count": len(quota_editing.add_quotas(lab, plans, form_posts.person(request)))}

    done = form_posts.create_with(request, form, "quotas", operation)
    if done is not None:
        count = int(str(done["count"]))
        words = ngettext("%(count)d quota added.", "%(count)d quotas added.", count) % {"count": count}
        messages.success(request, words)
        return redirect("console_quotas", lab.slug)
    rows = Quota.objects.filter(lab=lab).select_related("session", "city", "stakeholder_group")
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "quotas",
        "form": form,
        "quotas": rows.order_by("session__starts_at", "mode", "city__slug", "pk"),
    }
    return render(request, "registrations/console/quotas.html", context, status=422 if form.errors else 200)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def quota(request: HttpRequest, lab: Lab, quota: int) -> HttpResponse:
    """Change the number of a quota."""
    found = get_object_or_404(
        Quota.objects.select_related("session", "city", "stakeholder_group"), lab=lab, pk=quota
    )
    form = LimitForm(request.POST if request.method == "POST" else None, quota=found)
    if request.method == "POST" and form.is_valid():
        try:
            quota_editing.change_limit(found, form.cleaned_data["limit"], form_posts.person(request))
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            messages.success(request, _("Quota saved."))
            return redirect("console_quotas", lab.slug)
    context = {"lab": lab, "section": "settings", "tab": "quotas", "form": form, "quota": found}
    return render(request, "registrations/console/quota.html", context, status=422 if form.errors else 200)


@access.organiser
@require_POST
def remove_quota(request: HttpRequest, lab: Lab, quota: int) -> HttpResponse:
    """Remove a quota; it can be undone."""
    found = get_object_or_404(Quota, lab=lab, pk=quota)
    back = reverse("console_quotas", args=[lab.slug])
    form_posts.delete_or_say(
        request, found, lambda: quota_editing.remove(found), _("Quota removed."), back, lab=lab
    )
    return redirect(back)
