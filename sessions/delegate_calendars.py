"""The private calendar link of a delegate: making it, reading it, renewing it."""

import uuid

from django.conf import settings
from django.urls import reverse

from core.accounts.models import User
from core.web import signed_links
from labs.current_viewer import viewer_for
from labs.viewer import Viewer

PURPOSE = "delegate.feed"
# Renewing changes the account's `feed_id` itself.
_VERSION = 1


def address_of(user: User) -> str:
    """Return the full address of the user's calendar, built from BASE_URL and never from a request."""
    token = signed_links.make(PURPOSE, user.feed_id, _VERSION)
    return f"{settings.BASE_URL}{reverse('personal_feed', args=[token])}"


def user_of(token: str) -> User | None:
    """Return whose calendar the token opens; None for one that is altered, renewed or made for something else."""
    subject = signed_links.subject_of(token)
    if subject is None or not signed_links.fits(token, PURPOSE, subject, _VERSION):
        return None
    return User.objects.filter(feed_id=subject, is_active=True).first()


def renew(user: User) -> None:
    """Revoke the old link by making a new one."""
    user.feed_id = uuid.uuid4()
    user.save(update_fields=["feed_id"])


def as_delegate(user: User) -> Viewer:
    """Return the user's viewer without roles in the console: a calendar holds no drafts."""
    return Viewer(user_id=user.pk, delegations=viewer_for(user).delegations)
