from sessions.models.agenda import AgendaItem, Appearance, Session, Speaker
from sessions.models.unannounced import UnannouncedChange

__all__ = ["AgendaItem", "Appearance", "Session", "Speaker", "UnannouncedChange"]
