"""What tests of sessions share."""

import pytest

from sessions.signals import session_changed


@pytest.fixture
def news():
    """The news sent upward, as (change, tell)."""
    sent = []

    def receive(**said):
        sent.append((said["change"], said["tell"]))

    session_changed.connect(receive)
    yield sent
    session_changed.disconnect(receive)
