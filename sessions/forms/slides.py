"""The form by which a speaker hands in slides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.files import file_input
from sessions.slides import MAX_BYTES, TOO_LARGE, CheckedSlides, InvalidSlides, check


class SlidesField(forms.FileField):
    """A presentation; its clean value is `CheckedSlides`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_empty_file=True,
            max_length=300,
            widget=file_input(".pdf,.pptx,.odp", MAX_BYTES, TOO_LARGE),
            **options,
        )

    def clean(self, data: Any, initial: Any = None) -> CheckedSlides:
        try:
            return check(super().clean(data, initial))
        except InvalidSlides as error:
            raise forms.ValidationError(error.message) from None


class SlidesForm(BaseForm):
    mark_optional = False

    slides = SlidesField(
        label=_("Slides"),
        help_text=_("PDF, PowerPoint (PPTX) or OpenDocument (ODP), at most 9 MB."),
        error_messages={"required": _("Choose a file.")},
    )
