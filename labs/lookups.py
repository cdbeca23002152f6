"""The lab that an address names, for whoever may see it. Every page and operation about one lab begins here."""

from django.http import Http404

from labs.models import Lab
from labs.viewer import Viewer


def lab_in_sight(viewer: Viewer, slug: str) -> Lab:
    """Return the lab with its programme. Raises Http404 for one that this viewer may not see, or that is not there."""
    lab = Lab.objects.visible_to(viewer).select_related("programme").filter(slug=slug).order_by().first()
    if lab is None:
        raise Http404
    return lab
