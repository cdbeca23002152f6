"""A lab's registration in Greek: its form, a city's nominees, a room that fills, and whom it then goes to.

Real parts only: the service as `make run` starts it, its worker, a mail server, Chromium. Thirty people register by
script; all others use the pages.
"""

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import what_greek_organisers_do as organising
from tests.e2e import what_greek_participants_do as participating
from tests.e2e.conftest import Newcomer
from tests.e2e.greek_story import (
    LANGUAGE,
    ONLINE,
    OPERATOR,
    PATIENT,
    ROOM,
    SEATS,
    SESSION,
    SWITCHING,
    WAITING,
    ZONE,
    letter_to,
    load_lab,
)
from tests.e2e.people import PASSWORD, PHONE
from tests.e2e.running_service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

# Counts the seats themselves, apart from the verbs that keep the counters.
COUNT = """
from registrations.models import Seat
from sessions.models import Session
session = Session.objects.get(slug="harbours")
seats = Seat.objects.filter(session=session)
print({
    mode: (
        seats.filter(mode=mode, state__in=["confirmed", "held"]).count(), getattr(session, f"{mode}_taken"),
        seats.filter(mode=mode, state="waiting").count(), getattr(session, f"{mode}_waiting"),
    )
    for mode in ("room", "online")
})
"""


def test_a_room_fills_and_is_filled_again_in_greek(
    service: Service, newcomer: Newcomer, tmp_path: Path
) -> None:
    load_lab(service, tmp_path)
    service.manage("createsuperuser", "--noinput", "--email", OPERATOR, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    greek: dict[str, Any] = {"language": LANGUAGE, "zone": ZONE}
    operator, organiser = newcomer("operator", **greek), newcomer("organiser", **greek)
    organising.the_operator_names_an_owner(operator, organiser, service)
    organising.the_organiser_builds_the_form(organiser)
    organising.the_organiser_gives_places_to_a_city(organiser, service)

    contact = newcomer("contact", **greek, viewport=PHONE, is_mobile=True, has_touch=True)
    participating.the_contact_nominates(contact, service)
    participating.one_of_them_accepts(newcomer("nominee", **greek), service)
    organising.the_organiser_sees_how_the_city_stands(organiser)

    person = newcomer("by hand", **greek)
    participating.one_registers_by_hand(person, service)
    visitor = newcomer("script", **greek).page.request
    private: dict[str, str] = {}
    for mode, addresses in (("room", ROOM), ("online", ONLINE), ("room", WAITING)):
        participating.register(visitor, service.base, mode, *addresses)
        private |= participating.confirm(visitor, service, *addresses)
    participating.the_next_finds_the_choice_taken_and_the_room_full(newcomer("visitor", **greek))
    organising.the_organiser_counts(organiser, taken=SEATS + len(ONLINE), waiting=len(WAITING))

    organising.the_organiser_changes_a_text(organiser)
    participating.one_who_waits_switches_to_online(person, service, private[SWITCHING], SWITCHING)
    participating.one_cancels(person, service, private[ROOM[0]], ROOM[0])
    participating.the_next_is_told_in_her_own_language(newcomer("reader"), service)
    organising.the_organiser_counts(organiser, taken=SEATS + len(ONLINE) + 1, waiting=len(PATIENT))

    organising.the_organiser_sees_what_became_of_the_emails(organiser)
    organising.the_organiser_writes_to_those_who_wait(organiser, service)
    organising.the_organiser_erases(organiser, ROOM[1])
    letter_to(service, PATIENT[0], "You have a seat: %(session_title)s", session_title=SESSION)
    organising.the_organiser_counts(organiser, taken=SEATS + len(ONLINE) + 1, waiting=1)

    assert not {*WAITING, *ROOM} & service.post.unread().keys()
    counted = ast.literal_eval(service.manage("shell", "--verbosity", "0", "--command", COUNT).strip())
    assert counted == {"room": (SEATS, SEATS, 1, 1), "online": (len(ONLINE) + 1, len(ONLINE) + 1, 0, 0)}
    assert service.manage("recount").strip() == "All counters are correct."
