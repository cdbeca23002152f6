"""The whole story in Bulgarian: from an empty installation to a certificate that an employer checks.

Real parts only: the service as `make run` starts it, its worker, a mail server, a calendar client, Chromium. Nothing
reaches into the database; people make everything on the pages, and read their emails.

It is played twice: by participants without an account, and by two who are signed in, the delegate and the door staff.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import what_organisers_do as organising
from tests.e2e import what_participants_do as participating
from tests.e2e.calendar_client import find_programs
from tests.e2e.catalogue import words
from tests.e2e.conftest import Newcomer
from tests.e2e.people import PASSWORD, PHONE
from tests.e2e.running_service import Service, running
from tests.e2e.story import DELEGATE, DOOR, LAB, OPERATOR, OWNER, SECOND, Programme

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An installation of its own for each play: the story begins with an empty one."""
    with running(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.mark.parametrize("signed_in", [False, True], ids=["signed out", "signed in"])
def test_the_whole_story_in_bulgarian(
    service: Service, newcomer: Newcomer, tmp_path: Path, signed_in: bool
) -> None:
    find_programs()
    service.manage("load_programme", "data/programmes.json")
    service.manage("createsuperuser", "--noinput", "--email", OPERATOR, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    operator, owner, delegate = newcomer("operator"), newcomer("owner"), newcomer("delegate")
    organising.the_operator_gives_roles(operator)
    owner.accepts_account(service.post, OWNER)
    delegate.accepts_account(service.post, DELEGATE)

    programme = Programme()
    organising.the_owner_makes_a_lab(owner, programme)
    organising.the_owner_schedules(owner, programme)
    visitor = newcomer("visitor", zone="Europe/Rome")
    participating.drafts_are_seen_by_nobody(visitor, programme)
    organising.the_owner_publishes(owner, programme)
    participating.a_visitor_reads_the_programme(visitor, programme)
    participating.the_delegate_sees_the_internal_session(delegate, programme)

    door = newcomer("door", viewport=PHONE, is_mobile=True, has_touch=True)
    organising.the_owner_asks_for_help_at_the_door(owner, programme)
    door.accepts_account(service.post, DOOR)

    first, second = (delegate, door) if signed_in else (newcomer("first"), newcomer("second"))
    participating.the_first_registers(first, service, programme)
    participating.the_second_waits_for_a_seat(second, service, programme)
    calendar = participating.the_first_subscribes(first, tmp_path)
    organising.the_owner_moves_the_plenary(owner, service, programme, calendar)
    participating.the_first_gives_up_the_seat_that_the_second_gets(first, second, service, calendar)
    organising.the_owner_cancels_and_restores_the_plenary(owner, first, service, programme, calendar)

    organising.the_owner_brings_the_lab_forward_until_it_is_over(owner, programme)
    organising.attendance_is_taken_on_a_phone(door, programme)
    organising.the_owner_issues_certificates(owner, programme)
    code = participating.a_certificate_comes_by_mail_and_is_sound(first, service, tmp_path)
    employer = newcomer("employer")
    participating.an_employer_checks(employer, code)
    organising.the_owner_revokes(owner, service, programme, code)
    participating.the_check_page_says_so(employer, code)
    organising.the_outbox_shows_what_was_sent(owner, programme)
    assert service.post.next_to(SECOND).subject == words(
        "Your certificate of attendance: %(lab_title)s", lab_title=LAB
    )
    assert service.post.unread() == {}
    # What was written where it changed is what one would find by looking at everything.
    assert service.manage("calendar_texts", "--check").strip() == "0 entries differed."
    assert service.manage("recount").strip() == "All counters are correct."
