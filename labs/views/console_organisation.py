"""The console of the installation: the organisation behind it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from labs import access
from labs.forms.organisation import OperatorForm
from labs.models import Operator
from labs.organisation import operator, save_operator
from labs.views.form_posts import edit_row, form_page, person


@access.superuser
@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request: HttpRequest) -> HttpResponse:
    """Who runs this service, for the pages about contact, privacy and accessibility."""
    form, is_saved = edit_row(
        request,
        operator(),
        lambda _row: Operator.objects.select_for_update(no_key=True).first(),
        lambda data, row: OperatorForm(data, operator=row),
        lambda form: save_operator(form.plan, person(request)),
    )
    if is_saved:
        messages.success(request, _("Organisation saved."))
        return redirect("console_organisation")
    return form_page(request, "labs/console/organisation.html", form)
