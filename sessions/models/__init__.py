from sessions.models.agenda import AgendaItem, Appearance, Session, Speaker
from sessions.models.calendar_texts import CalendarText
from sessions.models.imports import ImportColumns, ImportedKey, ImportEntry, ScheduleImport
from sessions.models.speakers import SpeakerAvailability
from sessions.models.unannounced import UnannouncedChange

__all__ = [
    "AgendaItem",
    "Appearance",
    "CalendarText",
    "ImportColumns",
    "ImportEntry",
    "ImportedKey",
    "ScheduleImport",
    "Session",
    "Speaker",
    "SpeakerAvailability",
    "UnannouncedChange",
]
