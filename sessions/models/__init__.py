from sessions.models.agenda import AgendaItem, Appearance, Session, Speaker
from sessions.models.calendar_texts import CalendarText
from sessions.models.groups import CityGroup, CityGroupMember, CityProfile, Grouping
from sessions.models.imports import ImportColumns, ImportedKey, ImportEntry, ScheduleImport
from sessions.models.public_changes import PublicChange
from sessions.models.speakers import AppearanceReply, Slides, SpeakerAvailability
from sessions.models.unannounced import AppearanceChange, ChangeDecision, UnannouncedChange
from sessions.models.zone_rules import ZoneRules

__all__ = [
    "AgendaItem",
    "Appearance",
    "AppearanceChange",
    "AppearanceReply",
    "CalendarText",
    "ChangeDecision",
    "CityGroup",
    "CityGroupMember",
    "CityProfile",
    "Grouping",
    "ImportColumns",
    "ImportEntry",
    "ImportedKey",
    "PublicChange",
    "ScheduleImport",
    "Session",
    "Slides",
    "Speaker",
    "SpeakerAvailability",
    "UnannouncedChange",
    "ZoneRules",
]
