"""The control with which a file is chosen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise


def file_input(accept: str, most: int, too_large: str | Promise, **attrs: Any) -> forms.FileInput:
    """Return the control for files of these kinds, of at most `most` bytes. Where script runs, `too_large` is said
    beside it before a larger one is sent; the server checks again.
    """
    return forms.FileInput(
        attrs={"accept": accept, "data-max-bytes": most, "data-too-large": too_large, **attrs}
    )
