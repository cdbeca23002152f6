"""What a person decides about the own data, on the private page, and its export."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.web.errors import RuleViolation
from core.web.rate_limits import allow
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from registrations import documents, links, personal_export, photos, privacy_notice, processing
from registrations.kept_forms import initial_from, sent_of
from registrations.models import Registration
from registrations.own_forms import OwnDocumentsForm, PhotosForm
from registrations.views.managing import redirect_done
from registrations.views.private_links import context_of, requires_confirmed, requires_link

EXPORTS_PER_HOUR = 20


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_photos(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Choose whether photos and recordings may be taken."""
    form = PhotosForm(sent_of(request), initial={"photos": found.photos, **initial_from(request.POST)})
    if form.is_bound and form.is_valid():
        photos.choose(found, form.cleaned_data["photos"])
        return redirect_done(token, "photos")
    status = 422 if form.errors else 200
    return render(request, "registrations/photos.html", context_of(found, token, form=form), status=status)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_documents(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Accept documents that the form did not show: to people entered or nominated by others, or added since."""
    left = documents.left_to_accept(found, documents.accepted_by(found))
    form = OwnDocumentsForm(sent_of(request), versions=left, initial=initial_from(request.POST))
    if form.is_bound and form.is_valid():
        try:
            documents.accept_later(found, form.accepted, get_language() or "en")
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            return redirect_done(token, "documents")
    status = 422 if form.errors else 200
    return render(request, "registrations/documents.html", context_of(found, token, form=form), status=status)


@access.personal_link
@require_POST
@requires_link(links.MANAGE, [Registration.State.CONFIRMED, Registration.State.CANCELLED])
def registration_export(request: HttpRequest, found: Registration, token: str) -> HttpResponseBase:
    """Everything that is stored about the person, as a ZIP."""
    if not allow("personal-export", str(found.public_id), EXPORTS_PER_HOUR, 60 * 60):
        return render(request, "registrations/too_many.html", {"lab": found.lab}, status=429)
    language = get_language() or found.language
    return zip_response(personal_export.own_export(found, language), language)


def zip_response(found: personal_export.PersonalData, language: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        personal_export.archive(found, language),
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{personal_export.file_name(found)}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


@access.public
@require_safe
def lab_privacy(request: HttpRequest, lab: str) -> HttpResponse:
    """What the lab keeps of people, and why (Article 13), made from what it asks."""
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    own = privacy_notice.notice_of(found)
    rows = processing.notice(found, viewer, get_language() or "en", own)
    return render(request, "registrations/lab_privacy.html", {"lab": found, "rows": rows, "own": own})
