"""The notice on every console page of a lab that people have not been told of changes."""

from django import template

from labs.models import Lab
from sessions.models import Session
from sessions.unannounced_changes import pending_sessions

register = template.Library()


@register.inclusion_tag("sessions/console/unannounced_notice.html")
def unannounced_notice(lab: Lab) -> dict[str, object]:
    """Lead to the page that announces changes, where there are any. One query."""
    return {"lab": lab, "unannounced": len(pending_sessions(Session.objects.filter(lab=lab)))}
