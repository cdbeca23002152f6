"""Who speaks, in a programme file: people described in the programme's list or on the spot, and references to them."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import PlainValidator

from sessions import models
from sessions.programme_import.context import Info
from sessions.programme_import.fields import (
    AutomaticSlug,
    CitySlug,
    FilledTexts,
    LanguageCodes,
    Record,
    SpeakerSlug,
    Text,
    Texts,
    at_most,
)
from sessions.programme_import.json_document import JsonObject

Role = models.Appearance.Role


class Speaker(Record):
    table = models.Speaker

    name: FilledTexts
    slug: AutomaticSlug
    affiliation: Texts | None = None
    biography: Texts | None = None
    city: CitySlug | None = None
    website: Text | None = None
    languages: LanguageCodes | None = None

    @classmethod
    def _claim(cls, slug: str, info: Info) -> str | None:
        programme, here = info.context.level("Programme"), info.context.here
        programme.claim(("name of", slug, str(info.data.get("name"))), here.path)
        return programme.claim(("Speaker", slug), here.path)


class SpeakerOnTheSpot(Speaker):
    """A person described where he or she speaks; whoever speaks twice is described the same way, or referred to."""

    role: Role = Role.SPEAKER

    @property
    def speaker(self) -> str:
        return self.slug

    @classmethod
    def _claim(cls, slug: str, info: Info) -> str | None:
        name = str(info.data.get("name"))
        if info.context.find(("name of", slug, name)) or "name" not in info.data:
            return None
        return super()._claim(slug, info)


class SpeakerReference(Record):
    """A speaker who is described elsewhere in the programme, by slug."""

    speaker: SpeakerSlug
    role: Role = Role.SPEAKER


Appearance = SpeakerOnTheSpot | SpeakerReference


def _appearance(value: Any, info: Info) -> Appearance:
    is_reference = isinstance(value, JsonObject) and value.get("speaker") is not None
    kind = SpeakerReference if is_reference else SpeakerOnTheSpot
    found = kind.model_validate(value, context=info.context)
    if info.context.here.claim(("Appearance", found.speaker, found.role), found.path):
        raise ValueError(_("The same speaker is listed here twice in the same role."))
    return found


Appearances = Annotated[list[Annotated[Appearance, PlainValidator(_appearance)]], at_most(200)]
