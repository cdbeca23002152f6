from sessions.models.agenda import AgendaItem, Appearance, Session, Speaker
from sessions.models.untold import UntoldChange

__all__ = ["AgendaItem", "Appearance", "Session", "Speaker", "UntoldChange"]
