"""The documents of a lab in the console: listed with who accepted them, added, changed, withdrawn."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.web.forms.editing import was_edited
from labs import access
from labs.models import Lab
from labs.revisions import lock_lab
from labs.views import form_posts
from registrations import documents
from registrations.document_forms import DocumentForm
from registrations.models import Document, DocumentVersion, Registration


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest, lab: Lab) -> HttpResponse:
    """All versions of the documents, and a form to add one."""
    form = DocumentForm(request.POST if request.method == "POST" else None, lab=lab)

    def operation() -> dict[str, object]:
        made = documents.add(lab, form.plan, form_posts.person(request))
        if form.cleaned_data["place"]:
            documents.move(made, form.cleaned_data["place"])
        return {"document": made.slug}

    if form_posts.create_with(request, form, "documents", operation) is not None:
        messages.success(request, _("Document added. It is in the registration form now."))
        return redirect("console_documents", lab.slug)
    context = {
        "lab": lab,
        "section": "settings",
        "tab": "documents",
        "zone": lab.time_zone,
        "form": form,
        "versions": documents.versions_of(lab),
        "registered": _registered(lab),
    }
    page = "registrations/console/documents.html"
    return render(request, page, context, status=422 if form.errors else 200)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, lab: Lab, document: str) -> HttpResponse:
    """Change a document."""

    def form_of(data: QueryDict | None, row: Document) -> DocumentForm:
        order = list(documents.documents_of(lab).values_list("pk", flat=True))
        said = DocumentVersion.objects.select_related("document").get(document=row, number=row.number)
        return DocumentForm(
            data, lab=lab, said=said, place=order.index(row.pk) + 1 if row.pk in order else None
        )

    def save(form: DocumentForm) -> None:
        documents.change(found, form.plan, form_posts.person(request))
        if form.cleaned_data["place"]:
            documents.move(found, form.cleaned_data["place"])

    rows = Document.objects.filter(lab=lab)
    # Where somebody else withdrew it meanwhile, the verb says so and what was typed stays on the page.
    found = get_object_or_404(
        rows if was_edited(request) else rows.filter(withdrawn_at__isnull=True), slug=document
    )
    form, is_saved = form_posts.edit_row(request, found, _lock, form_of, save)
    if is_saved:
        messages.success(request, _("Document saved."))
        return redirect("console_documents", lab.slug)
    page = "registrations/console/document.html"
    return form_posts.form_page(
        request,
        page,
        form,
        document=found,
        registered=_registered(lab),
        lab=lab,
        section="settings",
        tab="documents",
    )


def _registered(lab: Lab) -> int:
    return Registration.objects.active().filter(lab=lab).count()


def _lock(row: Document) -> Document:
    lock_lab(row.lab_id)
    return Document.objects.get(pk=row.pk)


@access.organiser
@require_POST
def withdraw(request: HttpRequest, lab: Lab, document: str) -> HttpResponse:
    """No longer show a document."""
    documents.withdraw(get_object_or_404(Document, lab=lab, slug=document))
    messages.success(request, _("Document withdrawn. What people accepted is kept."))
    return redirect("console_documents", lab.slug)
