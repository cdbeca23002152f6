"""The personal data of a lab in the console: what people agreed to, what is held, and the export of one person."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.web.errors import RuleViolation
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.revisions import lock_lab
from labs.viewer import VISITOR
from labs.views import form_posts
from registrations import personal_export, privacy_notice, processing, search
from registrations.consent import consent_texts, mark_of, versions_of
from registrations.models import PrivacyNotice
from registrations.privacy_forms import NoticeForm
from registrations.views.own_data import zip_response


@access.organiser
@require_safe
def report(request: HttpRequest, lab: Lab) -> HttpResponse:
    """What is held, why, who reads it, until when; it is also the record by Article 30."""
    own = privacy_notice.notice_of(lab)
    rows = processing.holdings(lab, get_language() or "en", own)
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "privacy",
        "rows": rows,
        "own": own,
        "next": processing.next_deletion(rows),
    }
    return render(request, "registrations/console/privacy.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: HttpRequest, lab: Lab) -> HttpResponse:
    """What the lab says itself in the notice, saved or shown as it would be."""

    def form_of(data: QueryDict | None, found: PrivacyNotice) -> NoticeForm:
        return NoticeForm(data, notice=found)

    previews: list[tuple[str, str]] = []
    if request.method == "POST" and "preview" in request.POST:
        form = form_of(request.POST, privacy_notice.notice_of(lab))
        if form.is_valid():
            try:
                previews = _previews(request, lab, form.plan)
            except RuleViolation as error:
                form.add_errors(error.errors)
    else:
        form, is_saved = form_posts.edit_row(
            request,
            privacy_notice.notice_of(lab),
            lambda _notice: privacy_notice.notice_of(lock_lab(lab.pk)),
            form_of,
            lambda form: privacy_notice.change_notice(lab, form.plan, form_posts.person(request)),
        )
        if is_saved:
            messages.success(request, _("Notice saved. Participants see it from now on."))
            return redirect("console_privacy_notice", lab.slug)
    page = "registrations/console/privacy_notice.html"
    return form_posts.form_page(
        request, page, form, lab=lab, section="settings", tab="privacy", previews=previews
    )


def _previews(request: HttpRequest, lab: Lab, plan: privacy_notice.NoticePlan) -> list[tuple[str, str]]:
    """Return the notice in each language of the lab, as visitors would read it. Raises InvalidFields."""
    own = privacy_notice.follow(privacy_notice.notice_of(lab), plan)
    found: list[tuple[str, str]] = []
    for language in lab.languages:
        with override(language):
            rows = processing.notice(lab, VISITOR, language, own)
            context = {"lab": lab, "rows": rows, "own": own}
            found.append(
                (language, render_to_string("registrations/lab_privacy_body.html", context, request))
            )
    return found


@access.organiser
@require_safe
def consents(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The texts of consent, with how many people agreed to each."""
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "privacy",
        "texts": consent_texts(lab),
        "mark": mark_of(lab),
        "versions": versions_of(lab),
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/consents.html", context)


@access.organiser
@require_POST
def export_person(request: HttpRequest, lab: Lab, registration: UUID) -> StreamingHttpResponse:
    """Everything that is stored about a person, as a ZIP; protected answers only for their readers."""
    people = search.registrations_of(lab).select_related("lab__programme", "consent_version")
    found = get_object_or_404(people, public_id=registration)
    account = form_posts.person(request)
    return zip_response(personal_export.export_for(found, viewer_of(request), account), account.language)
