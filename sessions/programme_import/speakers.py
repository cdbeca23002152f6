"""People in a programme file: described in the programme's own list, or where they speak."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from sessions.models import Appearance, Speaker
from sessions.programme_import.document import Record
from sessions.programme_import.facts import AppearanceFacts, SpeakerFacts
from sessions.programme_import.ground import Ground, column, slug_of, web_address


@dataclass
class Speakers:
    """The speakers of one programme, by slug, in the order in which the file names them."""

    ground: Ground
    found: dict[str, SpeakerFacts] = field(default_factory=dict)

    def read_list(self, programme: Record) -> None:
        """Read the programme's own list."""
        for record in programme.records("speakers"):
            with record:
                self.ground.provenance(record)
                facts = self._profile(record)
            if facts and not self._taken(record, facts.slug):
                self.found[facts.slug] = facts

    def appearances(self, record: Record) -> tuple[AppearanceFacts, ...] | None:
        """Return who speaks in a session or an agenda item; None where the file does not say."""
        if "speakers" not in record:
            record.value("speakers")
            return None
        appearances: list[AppearanceFacts] = []
        for item in record.records("speakers", at_most=200):
            with item:
                self.ground.provenance(item)
                slug = self._reference(item) if "speaker" in item else self._person(item)
                role = item.choice("role", tuple(Appearance.Role.values)) or Appearance.Role.SPEAKER.value
            if slug and AppearanceFacts(slug, role) in appearances:
                item.note("", _("The same speaker is listed here twice in the same role."))
            elif slug:
                appearances.append(AppearanceFacts(slug, role))
        return tuple(appearances)

    def _reference(self, record: Record) -> str | None:
        slug = record.text("speaker", required=True)
        if slug and slug not in self.found:
            record.note("speaker", _("“%(slug)s” is not a speaker of this programme.") % {"slug": slug[:60]})
        return slug

    def _person(self, record: Record) -> str | None:
        """Read a person where he or she speaks. Whoever speaks twice is described the same way, or by reference."""
        facts = self._profile(record)
        if facts is None:
            return None
        known = self.found.setdefault(facts.slug, facts)
        if known.name != facts.name:
            self._taken(record, facts.slug)
        return facts.slug

    def _taken(self, record: Record, slug: str) -> bool:
        known = self.found.get(slug)
        if known:
            record.note(
                "slug",
                _("“%(slug)s” is used already at %(place)s. Choose another.")
                % {"slug": slug, "place": known.path},
            )
        return known is not None

    def _profile(self, record: Record) -> SpeakerFacts | None:
        name = record.texts("name", column(Speaker, "name"), required=True)
        slug = slug_of(record, column(Speaker, "slug"), named=name)
        affiliation = record.texts("affiliation", column(Speaker, "affiliation"))
        biography = record.texts("biography", column(Speaker, "biography"))
        city = self.ground.city_slug(record, "city")
        website = web_address(record, "website", column(Speaker, "website"))
        if not (slug and name):
            return None
        return SpeakerFacts(record.path, slug, name, affiliation, biography, city, website)
