"""Held proof in the console: its rules, and the list for its readers."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.timezones.wall_clock import wall
from core.web.errors import RuleViolation
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.revisions import lock_lab
from labs.views import form_posts
from registrations import proof
from registrations.models import HeldProof, ProofRules
from registrations.proof_forms import ProofForm

LISTED = 200


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Whether attendance is held as proof, on which basis, who reads it, until when."""

    def form_of(data: QueryDict | None, found: ProofRules) -> ProofForm:
        return ProofForm(data, rules=found)

    def lock(_rules: ProofRules) -> ProofRules:
        return proof.proof_rules_of(lock_lab(lab.pk))

    form, is_saved = form_posts.edit_row(
        request,
        proof.proof_rules_of(lab),
        lock,
        form_of,
        lambda form: proof.change_proof_rules(lab, form.plan, form_posts.person(request)),
    )
    if is_saved:
        messages.success(request, _("Rules saved. They apply from now on."))
        return redirect("console_proof_rules", lab.slug)
    return form_posts.form_page(
        request, "registrations/console/proof_rules.html", form, lab=lab, section="settings", tab="privacy"
    )


@access.door
@require_http_methods(["GET", "HEAD", "POST"])
def held(request: HttpRequest, lab: Lab) -> HttpResponse:
    """What is held of erased people, shown when one of the readers asks for it; and who opened it."""
    viewer = viewer_of(request)
    is_reader = proof.may_read(viewer, lab)
    if not is_reader and not viewer.organises(lab):
        raise Http404
    proofs = None
    if request.method == "POST":
        proofs = _open(request, lab, proof.What.LIST)
    context = {
        "lab": lab,
        "section": "settings" if viewer.organises(lab) else "answers",
        "tab": "privacy",
        "organises": viewer.organises(lab),
        "is_reader": is_reader,
        "count": HeldProof.objects.filter(lab=lab).count(),
        "proofs": proofs,
        "views": lab.proof_views.select_related("by")[:LISTED],
        "zone": lab.time_zone,
        "now": timezone.now(),
    }
    return render(request, "registrations/console/proof.html", context)


@access.door
@require_POST
def held_csv(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The same as CSV."""
    proofs = _open(request, lab, proof.What.EXPORT)
    name = f"{lab.slug}-proof-{wall(timezone.now(), lab.time_zone):%Y-%m-%d}.csv"
    return HttpResponse(
        proof.proof_csv(proofs, lab, get_language() or "en"),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


def _open(request: HttpRequest, lab: Lab, what: str) -> list[proof.Proof]:
    try:
        return proof.open_all(lab, viewer_of(request), form_posts.person(request), what)
    except RuleViolation:
        raise Http404 from None
