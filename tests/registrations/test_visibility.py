"""Whose rights count for a registration, and which of its sessions they show."""

import pytest

from labs.viewer import VISITOR, Viewer
from registrations.visibility import confirming_viewers, visible_ids
from tests import factories as f

pytestmark = pytest.mark.django_db


def test_of_these_sessions_those_of_the_lab_that_somebody_may_see_are_in_sight():
    lab = f.LabFactory()
    public, internal, draft, unasked = (
        f.SessionFactory(lab=lab, visibility=visibility)
        for visibility in ("public", "internal", "draft", "public")
    )
    elsewhere = f.SessionFactory()
    door, delegate = Viewer(door_labs=frozenset([lab.pk])), f.DelegateFactory(programme=lab.programme)
    asked = [session.pk for session in (public, internal, draft, elsewhere)]

    assert visible_ids(lab.pk, [VISITOR], asked) == {public.pk}
    assert visible_ids(lab.pk, [VISITOR, door], asked) == {public.pk, internal.pk}
    assert visible_ids(lab.pk, [], asked) == set()
    assert visible_ids(lab.pk, [door], []) == set()
    theirs = Viewer(delegations=frozenset([(lab.programme_id, delegate.city_id)]))
    assert visible_ids(lab.pk, [theirs], [internal.pk]) == {internal.pk}
    assert unasked.pk not in visible_ids(lab.pk, [door], asked)


def test_the_senders_rights_of_now_count_beside_the_readers():
    sender = f.DelegateFactory().user
    registration = f.RegistrationFactory(submitted_by=sender)
    reader, sending = confirming_viewers(registration, VISITOR)
    assert (reader, sending.user_id) == (VISITOR, sender.pk)
    assert sending.delegations
    # Once, where the sender is the reader; not at all for an account that is switched off or was never there.
    assert confirming_viewers(registration, sending) == (sending,)
    sender.is_active = False
    assert confirming_viewers(registration, VISITOR) == (VISITOR,)
    assert confirming_viewers(f.RegistrationFactory(), VISITOR) == (VISITOR,)
