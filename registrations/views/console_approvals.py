"""Seats that wait for an organiser's approval, in the console."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from labs import access
from labs.models import Lab
from labs.views import form_posts
from registrations import approvals
from registrations.approvals import Outcome
from registrations.rules_forms import DecisionForm

PER_PAGE = 100


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def pending(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Approve or refuse seats, several at once."""
    page = Paginator(approvals.pending(lab), PER_PAGE).get_page(request.GET.get("page"))
    seats = list(page.object_list)
    form = DecisionForm(request.POST if request.method == "POST" else None, seats=[seat.pk for seat in seats])
    if request.method == "POST" and form.is_valid():
        by, chosen = form_posts.person(request), form.cleaned_data["seat"]
        if request.POST["answer"] == "approve":
            _say_approved(request, approvals.approve(lab, chosen, by))
        else:
            count = approvals.refuse(lab, chosen, by, form.cleaned_data["note"]).decided
            messages.success(
                request,
                ngettext(
                    "%(count)d seat refused. The person is emailed.",
                    "%(count)d seats refused. The people are emailed.",
                    count,
                )
                % {"count": count},
            )
        return redirect("console_approvals", lab.slug)
    context = {
        "lab": lab,
        "section": "registrations",
        "form": form,
        "page_obj": page,
        "seats": seats,
        "chosen": [str(pk) for pk in form["seat"].value() or ()],
        "zone": lab.time_zone,
    }
    return render(
        request, "registrations/console/approvals.html", context, status=422 if form.errors else 200
    )


def _say_approved(request: HttpRequest, outcome: Outcome) -> None:
    words = [
        ngettext("%(count)d seat approved.", "%(count)d seats approved.", outcome.decided)
        % {"count": outcome.decided}
    ]
    if outcome.waiting:
        words.append(
            ngettext(
                "%(count)d is on the waiting list.", "%(count)d are on the waiting list.", outcome.waiting
            )
            % {"count": outcome.waiting}
        )
    if outcome.full:
        words.append(
            ngettext("For %(count)d no seat was left.", "For %(count)d no seats were left.", outcome.full)
            % {"count": outcome.full}
        )
    messages.success(request, " ".join([*words, _("The people are emailed.")]))
