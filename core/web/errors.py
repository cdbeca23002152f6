"""Exceptions of the domain's rules, which pages, API and commands show in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise


class RuleViolation(Exception):
    """An operation breaks a rule; nothing has changed.

    `code` identifies the rule, `message` is its text in the reader's language, `field` the field to correct, "" if no
    single field is at fault.
    """

    def __init__(self, code: str, message: str | Promise = "", field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self._message = message

    def __str__(self) -> str:
        return self.message or self.code

    @property
    def message(self) -> str:
        """The text for people, in the active language."""
        return str(self._message)

    @property
    def errors(self) -> dict[str, list[str]]:
        """Messages by field, as for `Form.add_error`."""
        return {self.field: [self.message]}


class InvalidFields(RuleViolation):
    """Several fields break rules. The field "" stands for the whole form."""

    def __init__(self, errors: Mapping[str, Sequence[str | Promise]]) -> None:
        super().__init__("invalid", field=next(iter(errors), ""))
        self._errors = errors

    @property
    def message(self) -> str:
        return " ".join(message for messages in self.errors.values() for message in messages)

    @property
    def errors(self) -> dict[str, list[str]]:
        return {field: [str(message) for message in messages] for field, messages in self._errors.items()}
