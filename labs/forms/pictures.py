"""A picture that is uploaded: a logo, a signature."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.files import file_input
from labs.logos import MAX_BYTES, TOO_LARGE

# Beside a picture in an edit conflict.
CHOOSE_AGAIN = _("A different file. Choose it again: browsers do not keep it.")


class PictureField(forms.FileField):
    """An SVG or PNG; its clean value is the content, of a large file as much as refuses it, None without a file."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_empty_file=True,
            max_length=200,
            widget=file_input(".svg,.png,image/svg+xml,image/png", MAX_BYTES, TOO_LARGE),
            **options,
        )

    def clean(self, data: Any, initial: Any = None) -> bytes | None:
        upload = super().clean(data, initial)
        return upload.read(MAX_BYTES + 1) if upload else None
