"""The kinds of value that stand in a programme file, and the object that all its models are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NoReturn, Self

from django.conf import settings
from django.core import exceptions
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from core.web.email_addresses import clean_address
from core.web.error_messages import plain_messages
from core.web.slugs import transliterated
from labs.models import Lab
from labs.theme import clean_colour
from sessions.programme_import.context import Info, Reading
from sessions.programme_import.json_document import JsonObject
from sessions.programme_import.problems import NOTED, printable, too_long

if TYPE_CHECKING:
    Column = models.Field[Any, Any]

# What is wrong inside a value: the steps that lead there from the value itself, and the sentence.
Finding = tuple[tuple[str | int, ...], str]


def refuse(findings: Iterable[Finding]) -> None:
    """Raise all findings as one error, or nothing where there are none."""
    errors = [
        InitErrorDetails(type="value_error", loc=steps, input=None, ctx={"error": message})
        for steps, message in findings
    ]
    if errors:
        raise ValidationError.from_exception_data("", errors)


def unexpected(expected: str | Promise) -> NoReturn:
    """Raise “`expected` belongs here, not …”."""
    raise PydanticCustomError("unexpected", "unexpected value", {"expected": expected})


MAX_MEMBERS = 1000  # of one object


def at_most(limit: int) -> BeforeValidator:
    """Take lists and objects of at most so many entries, and look into none that is longer."""

    def check(value: object) -> object:
        if isinstance(value, list | dict) and len(value) > limit:
            raise PydanticCustomError("too_long", "too long", {"max_length": limit})
        return value

    return BeforeValidator(check)


# Texts

Text = Annotated[str, StringConstraints(strip_whitespace=True)]
FilledText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _language(code: str) -> str:
    offered = [code for code, _name in settings.LANGUAGES]
    if code not in offered:
        raise ValueError(_("is not one of the languages %(languages)s.") % {"languages": ", ".join(offered)})
    return code


def _by_language(value: object) -> object:
    if isinstance(value, str):
        return {"en": value}
    if not isinstance(value, dict):
        unexpected(_("A text, or an object with a text for each language,"))
    return value


def _without_empty(texts: dict[str, str]) -> dict[str, str]:
    return {code: text for code, text in texts.items() if text}


# A text in several languages: {"en": …, "bg": …}, or a plain string, which counts as English.
Texts = Annotated[
    dict[Annotated[str, AfterValidator(_language)], Text],
    BeforeValidator(_by_language),
    AfterValidator(_without_empty),
    at_most(100),
]
FilledTexts = Annotated[Texts, Field(min_length=1)]


# Days, wall times, numbers and the like


def _written(pattern: str, expected: Promise) -> WrapValidator:
    """Take only texts that are written so, and say what belongs here for everything else."""
    written = re.compile(pattern, re.ASCII)

    def check(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            if isinstance(value, str) and written.fullmatch(value):
                return handler(value)
        except ValidationError:
            pass
        unexpected(expected)

    return WrapValidator(check)


Day = Annotated[date, _written(r"\d{4}-\d{2}-\d{2}", gettext_lazy("A date such as 2027-04-06"))]
WallTime = Annotated[
    datetime,
    _written(
        r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}",
        gettext_lazy("A local date and time such as 2027-04-06T11:30, without an offset,"),
    ),
]


def whole(least: int = 0, most: int = 1_000_000) -> PlainValidator:
    """Take whole numbers within these limits."""

    def check(value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        unexpected(_("A whole number from %(least)d to %(most)d") % {"least": least, "most": most})

    return PlainValidator(check)


Flag = Annotated[bool, Field(strict=True)]


def _country(code: str) -> str:
    if code and not re.fullmatch("[A-Z]{2}", code):
        raise ValueError(_("Two capital letters are expected here, such as BG."))
    return code


def _colour(text: str) -> str:
    try:
        return clean_colour(text) if text else text
    except ValueError:
        raise ValueError(_("A colour such as #00564e is expected here.")) from None


def _email_address(text: str) -> str:
    try:
        return clean_address(text) if text else text
    except exceptions.ValidationError as error:
        raise ValueError(plain_messages(error)[0]) from None


# A slug that may be missing: it is created from the name then.
AutomaticSlug = Annotated[FilledText, Field(default=None, validate_default=True)]
Country = Annotated[FilledText, AfterValidator(_country)]
Colour = Annotated[Text, AfterValidator(_colour)]
EmailAddress = Annotated[Text, AfterValidator(_email_address)]


Count = Annotated[int, whole()]
Ordinal = Annotated[int, whole(least=1)]

# Names of other things in the file


def _once(value: str, info: Info) -> str:
    here = info.context.here
    if here.claim((info.field_name, value), here.path) is not None:
        raise ValueError(_("“%(text)s” appears twice. Keep one.") % {"text": printable(value)})
    return value


def _one_of_the(kind: str, message: Promise) -> AfterValidator:
    """Take the slug of a thing of this kind that stands earlier in the objects around; "" is none."""

    def check(slug: str, info: Info) -> str:
        known = kind == "City" and slug in info.context.known_cities
        if slug and not known and info.context.find((kind, slug)) is None:
            raise ValueError(message % {"slug": slug[:60], "city": slug[:60]})
        return slug

    return AfterValidator(check)


def _check_sources(names: tuple[str, ...], info: Info) -> tuple[str, ...]:
    message, known = _("“%(name)s” is not among the file's sources."), info.context.sources
    refuse(((), message % {"name": name[:60]}) for name in names if known is not None and name not in known)
    return names


_KNOWN_CITY = _one_of_the("City", gettext_lazy("“%(city)s” is neither in this file nor an existing city."))
CitySlug = Annotated[Text, _KNOWN_CITY]
TrackSlug = Annotated[Text, _one_of_the("Track", gettext_lazy("“%(slug)s” is not a track of this lab."))]
RoomSlug = Annotated[Text, _one_of_the("Room", gettext_lazy("“%(slug)s” is not a room of this lab."))]
SpeakerSlug = Annotated[
    FilledText, _one_of_the("Speaker", gettext_lazy("“%(slug)s” is not a speaker of this programme."))
]
CitySlugs = Annotated[tuple[Annotated[FilledText, _KNOWN_CITY, AfterValidator(_once)], ...], at_most(2000)]
Languages = Annotated[
    list[Annotated[FilledText, AfterValidator(_once), AfterValidator(_language)]],
    Field(min_length=1),
    at_most(100),
]
LanguageCodes = Annotated[tuple[Annotated[FilledText, AfterValidator(_once)], ...], at_most(100)]
Sources = Annotated[
    tuple[Annotated[FilledText, AfterValidator(_once)], ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    AfterValidator(_check_sources),
    at_most(100),
]


# Objects


class _Unknown:
    """Takes the place of a member whose name is not known; `near` is a known one that may be meant."""

    def __init__(self, near: list[str]) -> None:
        self.near = near


def _remark(value: object) -> object:
    if not isinstance(value, _Unknown):
        return value
    if value.near:
        raise ValueError(_("is not known here. Did you mean “%(name)s”?") % {"name": value.near[0]})
    raise ValueError(_("is not known here."))


@cache
def _columns(table: type[models.Model] | None) -> dict[str, Column]:
    if table is None:
        return {}
    columns: dict[str, Column] = {column.name: column for column in table._meta.concrete_fields}
    return {"slug": Lab._meta.get_field("slug")} | columns  # that of a room stands in the file alone


class Record(BaseModel):
    """An object of the file. Its context is a `Reading`; a member that is null counts as missing.

    Texts are checked by the validators of the column of `table` that has the field's name. Beside its fields, an
    object may hold remarks that change nothing: `source`, `assumed`, and whatever ends in `_note`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[Text, BeforeValidator(_remark)]]
    table: ClassVar[type[models.Model] | None] = None
    _path: str = ""

    assumed: Text | None = None
    source: Sources | None = None

    @property
    def path(self) -> str:
        """Return where this stood in the file."""
        return self._path

    @model_validator(mode="wrap")
    @classmethod
    def _validate_in_place(
        cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo[Any]
    ) -> Self:
        if not isinstance(data, JsonObject):
            return handler(data)
        reading: Reading = info.context
        if len(data) > MAX_MEMBERS:
            reading.problems.note(data.path, too_long({"max_length": MAX_MEMBERS}))
            raise PydanticCustomError(NOTED, "noted")
        given = cls._members(data)
        try:
            with reading.inside(cls.__name__, data.path, given):
                record = handler(given)
        except ValidationError as error:
            # At once: a file may hold millions of errors, of which only the first are kept.
            reading.problems.note_all(error, data.path)
            raise PydanticCustomError(NOTED, "noted") from None
        record._path = data.path
        return record

    @classmethod
    def _members(cls, data: JsonObject) -> dict[str, Any]:
        names = [column.alias or name for name, column in cls.model_fields.items()]
        members = {}
        for name, value in data.items():
            if name not in names and not name.endswith("_note"):
                members[name] = _Unknown(get_close_matches(name, names, n=1))
            elif value is not None:
                members[name] = value
        return members

    @field_validator("*", mode="wrap")
    @classmethod
    def _check_column(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: Info) -> Any:
        info.context.here.sound = info.data
        value = handler(value)
        column = _columns(cls.table).get(info.field_name or "")
        if column and value and isinstance(value, str | dict | tuple):
            try:
                column.run_validators(list(value) if isinstance(value, tuple) else value)
            except exceptions.ValidationError as error:
                refuse(((), message) for message in plain_messages(error, column))
        return value

    @field_validator("slug", mode="wrap", check_fields=False)
    @classmethod
    def _check_slug(cls, slug: Any, handler: ValidatorFunctionWrapHandler, info: Info) -> str | None:
        """Refuse a slug that is used already; where one may be missing, create it from the name."""
        if slug is None:
            if "name" not in info.data:
                return None  # what is wrong is said beside the name
            slug = transliterated(info.data["name"])[: _columns(cls.table)["slug"].max_length].rstrip("-")
            if not slug:
                raise ValueError(_("is missing, and the name has no letters to create it from."))
        slug = handler(slug)
        place = cls._claim(slug, info)
        if place is not None:
            message = _("“%(slug)s” is already used at %(place)s. Choose another.")
            raise ValueError(message % {"slug": slug, "place": place})
        return slug

    @classmethod
    def _claim(cls, slug: str, info: Info) -> str | None:
        """Take the slug for this object; return the path at which it is taken already."""
        *_around, above, here = info.context.levels
        key = (cls.__name__, slug)
        return info.context.find(key) or above.claim(key, here.path)
