"""The questions of a lab as a form. `registrations.questionnaire` checks what was answered; this shows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from core.web.errors import InvalidFields
from core.web.forms.base import BaseForm
from core.web.forms.files import file_input
from core.web.localized_fields import text_of
from core.web.localized_html import localized_html
from labs.cities import countries
from registrations import answer_files
from registrations.answer_values import LENGTHS
from registrations.answers import needs_consent_text
from registrations.models import Choice, Question, QuestionSet
from registrations.questionnaire import GivenAnswers, Questionnaire

Kind = Question.Kind
# With more choices than these, one is chosen from a list.
MAX_RADIO_BUTTONS = 8
ANSWER, CONSENT, REMOVE = "q-", "consent-", "remove-"  # what names of fields begin with

_TEXTS: dict[str, dict[str, str]] = {
    Kind.SHORT: {},
    Kind.EMAIL: {
        "inputmode": "email",
        "autocomplete": "email",
        "autocapitalize": "none",
        "spellcheck": "false",
    },
    Kind.PHONE: {"type": "tel", "autocomplete": "tel", "class": "input-short"},
    Kind.URL: {"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"},
    Kind.CITY: {"autocomplete": "address-level2"},
    Kind.NUMBER: {"inputmode": "decimal", "class": "input-short", "autocomplete": "off"},
    Kind.DATE: {"type": "date", "class": "input-short"},
}


@dataclass(frozen=True)
class QuestionRow:
    """One question of the form. `only_if` says in words when it is asked; the rest tells the script.

    `note` stands in place of the control where the question cannot be answered here.
    """

    question: Question
    bound: BoundField | None
    label: SafeString
    hint: SafeString
    only_if: str = ""
    shown_if: str = ""
    shown_if_value: str = ""
    for_session: str = ""
    note: str = ""
    file_name: str = ""
    remove: BoundField | None = None


@dataclass
class QuestionSection:
    """The questions of one set, with the consent to keep needs."""

    question_set: QuestionSet
    rows: list[QuestionRow] = field(default_factory=list)
    consent: BoundField | None = None
    consent_text: str = ""


class _WithFullChoices:
    """Choices that are full cannot be chosen anew."""

    full: Collection[str] = ()

    def create_option(
        self, name: str, value: Any, label: Any, selected: bool, *args: Any, **kwargs: Any
    ) -> Any:
        option = super().create_option(name, value, label, selected, *args, **kwargs)  # type: ignore[misc]
        if value in self.full and not selected:
            option["attrs"]["disabled"] = True
        return option


class _Radios(_WithFullChoices, forms.RadioSelect):
    pass


class _Boxes(_WithFullChoices, forms.CheckboxSelectMultiple):
    pass


class _List(_WithFullChoices, forms.Select):
    pass


class AnswersForm(BaseForm):
    """The questions, empty, with stored `values` by question id, or as they were sent.

    `held` are the ids of choices in which the person has a place. Files are chosen only `with_files`; `files` are the
    names of those that are stored, by question id.
    """

    def __init__(
        self,
        questions: Questionnaire,
        data: QueryDict | None = None,
        uploads: Any = None,
        *,
        values: Mapping[int, Any] | None = None,
        consents: Collection[int] = (),
        held: Collection[int] = (),
        with_files: bool = False,
        files: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__(data, uploads)
        self.questions, self.held, self.stored_files = questions, held, dict(files or {})
        for question in questions.questions:
            if question.kind == Kind.FILE and not with_files:
                continue
            one = self._field_of(question, (values or {}).get(question.pk))
            self.fields[f"{ANSWER}{question.slug}"] = one
            if question.pk in self.stored_files:
                self.fields[f"{REMOVE}{question.slug}"] = forms.BooleanField(
                    required=False, label=gettext("Delete this file")
                )
        for one_set in questions.sets:
            if one_set.is_needs:
                self.fields[f"{CONSENT}{one_set.slug}"] = forms.BooleanField(
                    required=False,
                    initial=one_set.pk in consents,
                    label=needs_consent_text(questions.lab, one_set, get_language() or "en"),
                )

    def for_sessions(self, sessions: Iterable[Any]) -> AnswersForm:
        """Keep the questions that concern these sessions or none, with what was typed and what is wrong."""
        kept = self.questions.for_sessions({session.pk for session in sessions})
        slugs = {one.slug for one in self.questions.questions} - {one.slug for one in kept.questions}
        for name in [f"{ANSWER}{slug}" for slug in slugs]:
            self.fields.pop(name, None)
        self.questions = kept
        return self

    def check(self, session_ids: Collection[int]) -> GivenAnswers | None:
        """Return the answers of somebody with these sessions; None where the form now says what is wrong."""
        try:
            return self.questions.check(session_ids, self._raw(), self._consents(), held=self.held)
        except InvalidFields as error:
            self.add_errors(error.errors)
            return None

    def add_errors(self, errors: Mapping[str, Iterable[Any]]) -> None:
        """Show errors of "answers.<slug>" and "consents.<slug>" beside their fields."""
        prefixes = {"answers.": ANSWER, "consents.": CONSENT}
        super().add_errors(
            {
                next(
                    (to + name[len(one) :] for one, to in prefixes.items() if name.startswith(one)), name
                ): said
                for name, said in errors.items()
            }
        )

    def _raw(self) -> dict[str, object]:
        data: Any = self.data
        return {
            question.slug: data.getlist(name) if question.kind == Kind.SEVERAL else data.get(name)
            for question in self.questions.questions
            if (name := f"{ANSWER}{question.slug}") in data
        }

    def _consents(self) -> set[str]:
        return {one.slug for one in self.questions.sets if self.data.get(f"{CONSENT}{one.slug}")}

    @property
    def sent_files(self) -> dict[str, Any]:
        """The files that were sent, by slug of question."""
        return {
            name.removeprefix(ANSWER): upload
            for name, upload in self.files.items()
            if name.startswith(ANSWER) and not isinstance(upload, list)
        }

    @property
    def removed_files(self) -> set[int]:
        """The ids of questions whose file is to be deleted."""
        return {
            one.pk
            for one in self.questions.questions
            if self.data.get(f"{REMOVE}{one.slug}") and one.pk in self.stored_files
        }

    def _field_of(self, question: Question, value: Any) -> forms.Field:
        one = forms.Field(required=False, label=self._plain(question.label), widget=self._widget_of(question))
        # What is required is so only where it is asked: the server decides.
        one.one_required = question.required  # type: ignore[attr-defined]
        one.initial = value[0] if question.kind == Kind.ONE and value else value
        return one

    def _widget_of(self, question: Question) -> forms.Widget:
        if question.has_choices:
            return self._choices_widget(question)
        if question.kind == Kind.YES_NO:
            options = [("yes", gettext("Yes")), ("no", gettext("No"))]
            return forms.RadioSelect(
                choices=[*options, *([] if question.required else [("", gettext("No answer"))])]
            )
        if question.kind == Kind.COUNTRY:
            listed = countries(get_language() or "en")
            return forms.Select(
                choices=[("", gettext("Choose…")), *listed], attrs={"autocomplete": "country"}
            )
        if question.kind == Kind.LONG:
            return forms.Textarea(attrs={"rows": 4, "maxlength": _length(question)})
        if question.kind == Kind.FILE:
            return file_input(".pdf,.png,.jpg,.jpeg", answer_files.MAX_BYTES, answer_files.TOO_LARGE)
        limit = {"maxlength": str(_length(question))} if question.kind in LENGTHS else {}
        attrs = {**_TEXTS[question.kind], **limit}
        widget = forms.TextInput(attrs=attrs)
        widget.input_type = attrs.pop("type", "text")
        widget.attrs.pop("type", None)
        return widget

    def _choices_widget(self, question: Question) -> forms.Widget:
        choices = self.questions.choices_of(question)
        options: list[tuple[str, Any]] = [(one.slug, self._choice_label(one)) for one in choices]
        kind: type[Any] = _Boxes
        if question.kind == Kind.ONE:
            kind = _Radios if len(choices) <= MAX_RADIO_BUTTONS else _List
            if kind is _List:
                options = [("", gettext("Choose…")), *options]
            elif not question.required:
                options = [*options, ("", gettext("No answer"))]
        widget: forms.Widget = kind(choices=options)
        widget.full = {one.slug for one in choices if one.places_left == 0 and one.pk not in self.held}  # type: ignore[attr-defined]
        return widget

    def _choice_label(self, choice: Choice) -> str:
        label, left = self._plain(choice.label), choice.places_left
        if left is None or choice.pk in self.held:
            return label
        if not left:
            return gettext("%(choice)s (full)") % {"choice": label}
        words = ngettext("%(choice)s (%(count)d place left)", "%(choice)s (%(count)d places left)", left)
        return words % {"choice": label, "count": left}

    def _plain(self, text: Any) -> str:
        return text_of(text, get_language() or "en", self.questions.lab)

    def sections(self, sessions: Mapping[int, tuple[str, object]]) -> list[QuestionSection]:
        """Return the form set by set. `sessions` are slugs and titles of the sessions that questions may be about."""
        found = []
        for one in self.questions.sets:
            section = QuestionSection(one)
            section.rows = [self._row(question, sessions) for question in self.questions.of_set(one)]
            if one.is_needs:
                section.consent = self[f"{CONSENT}{one.slug}"]
                section.consent_text = str(section.consent.label)
            found.append(section)
        return found

    def _row(self, question: Question, sessions: Mapping[int, tuple[str, object]]) -> QuestionRow:
        name = f"{ANSWER}{question.slug}"
        lab, here = self.questions.lab, get_language() or "en"
        by_id = {one.pk: one for one in self.questions.questions}
        parent = by_id.get(question.shown_if_id or 0)
        slug, title = sessions.get(question.session_id or 0, ("", ""))
        conditions = []
        if slug:
            conditions.append(gettext("About the session “%(session)s”.") % {"session": self._plain(title)})
        if parent is not None:
            conditions.append(
                gettext("Answer only if you answered “%(answer)s” to “%(question)s”.")
                % {
                    "answer": self._answer_words(parent, question.shown_if_value),
                    "question": self._plain(parent.label),
                }
            )
        return QuestionRow(
            question=question,
            bound=self[name] if name in self.fields else None,
            label=localized_html(question.label, here, lab.default_language),
            hint=self._hint(question),
            only_if=" ".join(conditions),
            shown_if=f"{ANSWER}{parent.slug}" if parent else "",
            shown_if_value=question.shown_if_value,
            for_session=slug,
            note=""
            if name in self.fields
            else gettext("You can add the file on your registration page, after you confirm your email."),
            file_name=self.stored_files.get(question.pk, ""),
            remove=self[f"{REMOVE}{question.slug}"] if question.pk in self.stored_files else None,
        )

    def _answer_words(self, question: Question, value: str) -> str:
        if question.kind == Kind.YES_NO:
            return gettext("Yes") if value == "yes" else gettext("No")
        return next(
            (self._plain(one.label) for one in self.questions.choices_of(question) if one.slug == value),
            value,
        )

    def _hint(self, question: Question) -> SafeString:
        here, fallback = get_language() or "en", self.questions.lab.default_language
        parts: list[Any] = [localized_html(question.help, here, fallback)] if question.help else []
        if question.kind == Kind.FILE:
            parts.append(
                gettext("PDF, PNG or JPEG, at most 5 MB. Only people who may read this answer can open it.")
            )
        if question.kind == Kind.PHONE:
            parts.append(gettext("With the country code, like +359 2 987 6543."))
        if question.kind == Kind.SEVERAL and question.maximum is not None:
            words = ngettext("Choose at most %(limit)d.", "Choose at most %(limit)d.", int(question.maximum))
            parts.append(words % {"limit": int(question.maximum)})
        if not parts:
            return format_html("{}", "")
        return format_html(" ".join("{}" for _part in parts), *parts)


def _length(question: Question) -> int:
    limit = LENGTHS[Kind(question.kind)]
    return min(limit, int(question.maximum)) if question.maximum is not None else limit


def session_names(sessions: Iterable[Any]) -> dict[int, tuple[str, object]]:
    """Return slug and title of sessions by id, for `AnswersForm.sections`."""
    return {session.pk: (session.slug, session.title) for session in sessions}
