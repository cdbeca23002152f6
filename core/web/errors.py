"""How the rules of the domain refuse: one family of exceptions, which pages, API and commands show in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise


class RuleViolation(Exception):
    """What was asked for is against a rule, and nothing has changed.

    `code` names the rule for programs, `message` says it to people in the reader's language, `field` is what has to be
    corrected, "" where no single field is at fault.
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
        """The sentence for people, in the language that is active when it is asked for."""
        return str(self._message)

    @property
    def errors(self) -> dict[str, list[str]]:
        """Sentences by field, as forms take them."""
        return {self.field: [self.message]}


class InvalidFields(RuleViolation):
    """Several fields break rules; all of them are told at once. The field "" is the whole."""

    def __init__(self, errors: Mapping[str, Sequence[str | Promise]]) -> None:
        super().__init__("invalid", field=next(iter(errors), ""))
        self._errors = errors

    @property
    def message(self) -> str:
        return " ".join(message for messages in self.errors.values() for message in messages)

    @property
    def errors(self) -> dict[str, list[str]]:
        return {field: [str(message) for message in messages] for field, messages in self._errors.items()}
