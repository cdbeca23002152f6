"""The filter of the list of emails. A value that is not offered is reported and left out; the rest still counts."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.mail.message_list import TABS, MessageSearch, occasion_in_words
from core.web.forms.searching import FilterForm, SearchField


class MessageSearchForm(FilterForm):
    """Comes by GET. `occasions` are those that there are emails for."""

    NO_FILTERS = ("state",)

    q = SearchField(_("To: name or email"))
    occasion = forms.ChoiceField(
        label=_("Type"),
        required=False,
        error_messages={"invalid_choice": _("This value is not in the list and was ignored.")},
    )
    state = forms.ChoiceField(
        required=False, choices=[("", ""), *((tab, tab) for tab in TABS)], widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, occasions: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = sorted((occasion_in_words(occasion), occasion) for occasion in occasions)
        self.set_choices("occasion", [("", _("Any")), *((occasion, said) for said, occasion in words)])

    @property
    def search(self) -> MessageSearch:
        """What could be understood."""
        self.is_valid()
        values = self.cleaned_data
        return MessageSearch(
            to=values.get("q", "").strip(), occasion=values.get("occasion", ""), tab=values.get("state", "")
        )
