"""A list that is pasted or uploaded as CSV."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from labs import csv_lists


class ListForm(BaseForm):
    """A list: what is pasted, or was read from the file."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("Up to 500 rows."),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )
    rows = forms.CharField(
        label=_("Or the rows themselves"),
        strip=False,
        error_messages={"required": _("Choose a file, or paste the rows.")},
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )


def list_form(request: HttpRequest) -> tuple[ListForm, bool]:
    """Return the form with the rows of the file that was chosen, if there is one, and whether there is."""
    if request.method != "POST":
        return ListForm(), False
    data, upload = request.POST.copy(), request.FILES.get("file")
    if upload is None:
        return ListForm(data), False
    try:
        data["rows"] = csv_lists.decoded(upload.read(csv_lists.MAX_BYTES + 1))
    except ValidationError as error:
        form = ListForm(data)
        form.add_error("file", error)
        return form, True
    return ListForm(data), True
