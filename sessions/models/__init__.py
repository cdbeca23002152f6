from sessions.models.agenda import AgendaItem, Appearance, Session, Speaker

__all__ = ["AgendaItem", "Appearance", "Session", "Speaker"]
