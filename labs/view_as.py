"""An organiser looks at the pages as somebody else would see them: a visitor, a delegate, a participant, door staff.

Whom, is kept in the organiser's own session, and a cookie without content tells that there is something to look for
there, so that nobody else's request costs anything. Nobody real is impersonated: the viewer has the rights of such a
person, an account that is stored nowhere, and never sees what the organiser may not see.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.localized_fields import text_of
from labs.current_viewer import viewer_for
from labs.models import City, Lab
from labs.viewer import VISITOR, Viewer

SESSION_KEY = COOKIE = "view_as"
LASTS = timedelta(hours=1)


class As(models.TextChoices):
    VISITOR = "visitor", _("Visitor")
    DELEGATE = "delegate", _("Delegate of a city")
    PARTICIPANT = "participant", _("Participant")
    DOOR = "door", _("Door staff")


@dataclass(frozen=True)
class ViewAs:
    """Whom the pages of `lab` (an id) are shown as, until an instant in seconds since 1970.

    `city` is a delegate's.
    """

    lab: int
    who: str
    until: float
    city: int | None = None


@dataclass(frozen=True)
class Simulated:
    """A viewer who stands for such people, with the account that pages show, and who it is in words."""

    state: ViewAs
    lab: Lab
    viewer: Viewer
    user: User | AnonymousUser
    words: str


def start(
    request: HttpRequest,
    response: HttpResponseBase,
    lab: Lab,
    who: str,
    city: City | None = None,
) -> None:
    """Show this browser the pages as such a person from the next request on. The caller checks who organises it."""
    until = (timezone.now() + LASTS).timestamp()
    state = ViewAs(lab.pk, As(who).value, until, city.pk if city else None)
    request.session[SESSION_KEY] = asdict(state)
    # Without a date: it ends with the browser, if not with the hour.
    response.set_cookie(COOKIE, "1", samesite="Lax", httponly=True, secure=settings.HTTPS)


def end(request: HttpRequest, response: HttpResponseBase) -> None:
    request.session.pop(SESSION_KEY, None)
    response.delete_cookie(COOKIE, samesite="Lax")


def simulated_for(request: HttpRequest) -> Simulated | None:
    """Return as whom the request of an organiser is answered; None where that is over, or never was.

    What the organiser may do is read with each request: without the lab, the view of others is over, too.
    """
    if COOKIE not in request.COOKIES or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    state = _stored(request.session.get(SESSION_KEY))
    if state is None or not request.user.is_authenticated:
        return None
    lab = Lab.objects.select_related("programme").filter(pk=state.lab).first()
    own = viewer_for(request.user)
    if lab is None or not own.organises(lab):
        return None
    return _simulate(state, lab, own)


def _stored(said: object) -> ViewAs | None:
    if not isinstance(said, dict):
        return None
    try:
        state = ViewAs(**said)
    except TypeError:  # of another version of this service
        return None
    return state if state.until > timezone.now().timestamp() and state.who in As.values else None


def _simulate(state: ViewAs, lab: Lab, own: Viewer) -> Simulated | None:
    if state.who == As.DELEGATE:
        city = lab.programme.cities.filter(pk=state.city or 0).first()
        if city is None:
            return None
        name = text_of(city.name, get_language() or settings.LANGUAGE_CODE, lab)
        words = gettext("Delegate of %(city)s") % {"city": name}
        # Delegates see internal sessions of all labs of the programme, of which this organiser may have one.
        viewer = Viewer(delegations=frozenset({(lab.programme_id, city.pk)}), within=own)
        return Simulated(state, lab, viewer, _account(words), words)
    if state.who == As.DOOR:
        words = str(As.DOOR.label)
        return Simulated(state, lab, Viewer(door_labs=frozenset({lab.pk})), _account(words), words)
    # A participant has no account: the pages of a lab are those of visitors. The own page opens by a private link.
    return Simulated(state, lab, VISITOR, AnonymousUser(), str(As(state.who).label))


def _account(name: str) -> User:
    """Return an account that is stored nowhere; the link of its calendar opens nothing."""
    return User(name=name, email="", feed_id=uuid.uuid4())
