"""The console's forms that do something with registrations: enter one, act on many, note, save a filter."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.timezones import formatting
from core.web.edit_conflicts import Difference
from core.web.errors import InvalidFields
from core.web.forms.base import BaseForm
from core.web.forms.editing import NOTHING, EditForm
from core.web.localized_fields import no_control_characters, one_line, text_and_language
from labs.models import Lab
from labs.viewer import Viewer
from registrations import answer_files, answer_values, own_answers
from registrations.forms import RegistrationForm
from registrations.models import BulkAction, Question, Registration
from registrations.models.tags import MAX_NOTE
from registrations.own_answers import OwnSet
from registrations.photos import PHOTOS_IN_WORDS
from registrations.question_forms import AnswersForm
from registrations.questionnaire import GivenAnswers
from sessions.models import Session

Kind = BulkAction.Kind
AT_ONCE, ASK = "at-once", "ask"


class AddForm(RegistrationForm):
    """A person whom an organiser enters. Words are about the person, not to him or her."""

    # Nobody accepts them for another one: the person does on the private page.
    asks_documents = False

    how = forms.ChoiceField(
        label=_("Confirmation"),
        choices=[
            (ASK, _("Ask the person by email to confirm")),
            (AT_ONCE, _("Register at once: the person has agreed and gets the confirmation by email")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how the registration is confirmed."),
            "invalid_choice": _("Choose from the list."),
        },
    )
    consent = forms.BooleanField(
        label=_("The person has agreed to the consent text below"),
        required=False,
    )

    def __init__(self, *args: Any, lab: Lab, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, lab=lab, viewer=viewer, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput):
                field.widget.attrs["autocomplete"] = "off"
        self.fields["name"].help_text = _("As it should appear on the certificate.")
        self.fields["email"].help_text = ""
        self.fields["time_zone"].label = _("Time zone")
        self.fields["time_zone"].help_text = _("Emails show times in this zone and in the lab’s zone")
        if photos := self.fields.get("photos"):
            photos.required, photos.help_text = (
                False,
                _("Leave this open if the person has not said anything."),
            )
            photos.choices = PHOTOS_IN_WORDS  # type: ignore[attr-defined]
        self.fields["session"].error_messages["required"] = _("Choose at least one session.")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("how") == AT_ONCE and not values.get("consent"):
            self.add_error("consent", _("Tick this if the person has agreed, or ask the person by email."))
        return values


class PersonAnswersForm(EditForm, AnswersForm):
    """A person's answers of one set, for an organiser. A valid form has `given` and `uploads`, checked."""

    given: GivenAnswers
    uploads: dict[int, answer_files.CheckedFile]

    def __init__(self, data: QueryDict | None, files: Any, *, own: OwnSet, person: Registration) -> None:
        super().__init__(
            own.questions,
            data,
            files,
            version=own.version,
            values=own_answers.values_of(own),
            held=own_answers.held_places(person),
            with_files=True,
            files=own_answers.file_names(own),
        )
        self.own = own
        for field in self.fields.values():
            if "autocomplete" in field.widget.attrs:
                # The browser knows the organiser, not the person.
                field.widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        given = self.check(self.own.session_ids)
        if given is not None:
            self.given = given
            try:
                self.uploads = own_answers.check_uploads(self.own, given, self.sent_files, self.removed_files)
            except InvalidFields as error:
                self.add_errors(error.errors)
        return super().clean() or {}

    def differences(self) -> list[Difference]:
        before, after = own_answers.values_of(self.own), dict(self.given.values)
        found = []
        for question in self.questions.questions:
            if question.kind == Question.Kind.FILE:
                words = self._file_words(question)
                differs = question.pk in self.uploads or words[0] != words[1]
            else:
                words = tuple(self._words(question, values.get(question.pk)) for values in (before, after))
                differs = words[0] != words[1]
            if differs:
                found.append(Difference(self._plain(question.label), *(one or NOTHING for one in words)))
        return found

    def _words(self, question: Question, value: object) -> str:
        if value is None:
            return ""
        choices, fallback = self.questions.choices_of(question), self.questions.lab.default_language
        return answer_values.words(question, choices, value, get_language() or "en", fallback)

    def _file_words(self, question: Question) -> tuple[str, str]:
        before = self.stored_files.get(question.pk, "")
        if question.pk in self.uploads:
            return before, str(self.uploads[question.pk].facts["name"])
        is_kept = question.pk in self.given.questions and question.pk not in self.removed_files
        return before, before if is_kept else ""


class BulkForm(BaseForm):
    """What is done with the selected people."""

    action = forms.ChoiceField(
        label=_("With the selected people"),
        error_messages={
            "required": _("Choose what to do."),
            "invalid_choice": _("Choose what to do from the list."),
        },
    )
    session = forms.ChoiceField(
        label=_("Session"),
        required=False,
        error_messages={"invalid_choice": _("Choose a session that is not over from the list.")},
    )
    tag = forms.CharField(
        label=_("Tag"),
        required=False,
        max_length=40,
        validators=[no_control_characters, one_line],
        widget=forms.TextInput(attrs={"list": "tags-of-lab", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, lab: Lab, sessions: list[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = get_language() or "en"
        self.sessions = {session.slug: session for session in sessions}
        self.set_choices("action", [("", _("Choose…")), *Kind.choices])
        self.set_choices(
            "session",
            [
                ("", _("Choose…")),
                *(
                    (
                        slug,
                        f"{text_and_language(session.title, here, lab.default_language)[0]}, "
                        f"{formatting.short_day(session.start_date, here)}",
                    )
                    for slug, session in self.sessions.items()
                ),
            ],
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        action = values.get("action")
        if action == Kind.GIVE_SEAT and "session" in values and not values["session"]:
            self.add_error("session", _("Choose a session."))
        if action in (Kind.TAG, Kind.UNTAG) and "tag" in values and not values["tag"]:
            self.add_error("tag", _("Enter a tag."))
        return values

    @property
    def chosen(self) -> Session | None:
        return self.sessions.get(self.cleaned_data["session"])


class TagForm(BaseForm):
    """A tag for one person."""

    tag = forms.CharField(
        label=_("Tag"),
        max_length=40,
        validators=[no_control_characters, one_line],
        error_messages={"required": _("Enter a tag.")},
        widget=forms.TextInput(attrs={"list": "tags-of-lab", "autocomplete": "off"}),
    )


class NoteForm(BaseForm):
    """A note about one person."""

    text = forms.CharField(
        label=_("Note"),
        max_length=MAX_NOTE,
        error_messages={"required": _("Enter a note.")},
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class FilterNameForm(BaseForm):
    """The name of a filter that is saved."""

    name = forms.CharField(
        label=_("Name of the filter"),
        max_length=40,
        validators=[no_control_characters, one_line],
        error_messages={"required": _("Enter a name for the filter.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
