"""S3 (pretix CVE-2026-9712): a file was given to whoever had its number; nobody asked for owner and purpose.

Every kind of file is asked for by every kind of viewer, and every private link is tried at every address that takes
one. Expected is the whole set of those who get it, not one of them.
"""

import pytest
from django.core.cache import cache
from django.test import Client

from certificates.models import Certificate
from core.mail.models import Message
from core.web import signed_links
from labs.models import Lab
from registrations.models import Answer, Registration
from tests.walks import world as w
from tests.walks.exploring import body_of
from tests.walks.routes import routes

pytestmark = pytest.mark.django_db

ORGANISERS = {"organiser", "owner", "superuser"}
ELSEWHERE = {"organiserelsewhere", "superuser"}
TAKES_LINKS = {
    # Which purpose opens an address by GET; the rest of a participant's pages go with `manage`.
    "registrations/<str:token>/confirm/": "registration.confirm",
    "registrations/<str:token>/leave/": "registration.leave",
    "registrations/<str:token>/unsubscribe/": "registration.unsubscribe",
    "calendars/<str:token>.ics": "registration.feed",
    # What these name is no registration, or has a purpose that none of those below has.
    "registrations/mine/<str:token>/": "person",
    "registrations/transfer/<str:token>/": "transfer",
    "registrations/transfer/<str:token>/decline/": "transfer",
    "accounts/invitations/<str:token>/": "roles.invitation",
    "accounts/email/<str:token>/": "account.email",
    "nominations/<str:token>/": "registration.nomination",
    "nominating/<str:token>/": "contact",
    "nominating/<str:token>/profile/": "contact",
    "nominating/<str:token>/places/<int:places>/": "contact",
    "nominating/<str:token>/people/<int:nomination>/replace/": "contact",
    "nominating/<str:token>/people/<int:nomination>/withdraw/": "contact",
    "speaking/<str:token>/": "speaker",
    "speaking/<str:token>/profile/": "speaker",
    "speaking/<str:token>/availability/": "speaker",
    "speaking/<str:token>/photo/": "speaker",
    "speaking/<str:token>/forget/": "speaker",
    "speaking/<str:token>/sessions/<int:own_session>/reply/": "speaker",
    "speaking/<str:token>/sessions/<int:own_session>/slides/": "speaker",
    "speaking/<str:token>/sessions/<int:own_session>/slides/file/": "speaker",
}
PURPOSES = (
    "registration.manage", "registration.confirm", "registration.leave", "registration.feed",
    "registration.unsubscribe",
    "registration.invitation", "delegate.feed", "",
    "registration", "certificate",
)  # fmt: skip


@pytest.fixture
def world() -> w.World:
    return w.build()


def who_gets(world: w.World, address: str) -> set[str]:
    found = set()
    for name, kind in world.kinds.items():
        cache.clear()
        response = kind.client().get(address, headers=kind.headers)
        body_of(response)  # to its end: only two exports are written at a time
        if response.status_code == 200:
            found.add(name)
    return found


def test_each_file_goes_to_exactly_those_it_is_for(world: w.World) -> None:
    hidden = Lab.objects.get(visibility="draft")
    mine, stranger, account = (
        Message.objects.get(key=f"walk/{each}") for each in ("personmail", "strangermail", "accountmail")
    )
    everybody = set(world.kinds)
    person = Registration.objects.get(public_id=world.main["registration"])
    expected = {
        f"/labs/{hidden.slug}/logo": {"superuser", "api_superuser"} & {"superuser"},
        f"/labs/{hidden.slug}/theme.css": {"superuser"},
        "/organise/labs/main-lab/registrations.csv": ORGANISERS,
        "/organise/labs/main-lab/registrations.xlsx": ORGANISERS,
        "/organise/labs/other-lab/registrations.csv": ELSEWHERE,
        "/organise/labs/other-lab/registrations.xlsx": ELSEWHERE,
        f"/organise/labs/main-lab/mail/{mine.public_id}/body/": ORGANISERS,
        f"/organise/labs/other-lab/mail/{stranger.public_id}/body/": ELSEWHERE,
        # An email of one lab at the address of another, and at that of no lab, and the other way round.
        f"/organise/labs/main-lab/mail/{stranger.public_id}/body/": set(),
        f"/organise/labs/other-lab/mail/{mine.public_id}/body/": set(),
        f"/organise/labs/main-lab/mail/{account.public_id}/body/": set(),
        f"/organise/mail/{mine.public_id}/body/": set(),
        f"/organise/mail/{account.public_id}/body/": {"superuser"},
        # Whoever has the code has the certificate: it stands on it.
        "/certificates/7K3M-Q9TX-2W8H.pdf": everybody,
        "/certificates/0000-0000-0000.pdf": set(),
        # Files that participants sent: of the lab, of another lab's address, of a kind that only named people open.
        f"/organise/labs/main-lab/registrations/{person.public_id}/files/file-answer/": ORGANISERS,
        f"/organise/labs/other-lab/registrations/{person.public_id}/files/file-answer/": set(),
        f"/organise/labs/main-lab/registrations/{person.public_id}/files/file-need/": set(),
    }
    assert {address: who_gets(world, address) for address in expected} == expected


def test_a_revoked_certificate_is_no_file_for_anybody(world: w.World) -> None:
    Certificate.objects.update(state="revoked", revoked_at="2026-01-01T00:00Z")
    assert who_gets(world, "/certificates/7K3M-Q9TX-2W8H.pdf") == set()


def test_stored_files_have_no_address_of_their_own(world: w.World) -> None:
    names = [Lab.objects.get(visibility="draft").logo.name]
    names += Certificate.objects.values_list("pdf", flat=True)
    names += Answer.objects.exclude(file="").values_list("file", flat=True)
    assert len(names) == 5
    for name in names:
        for start in ("/files-are-served-by-views-only/", "/media/", "/static/", "/static/../media/", "/"):
            assert who_gets(world, start + name) == set()


def test_each_private_link_opens_the_addresses_of_its_own_purpose_alone(world: w.World) -> None:
    person = Registration.objects.get(public_id=world.main["registration"])
    taking = [route for route in routes() if "token" in route.parameters and "api_token" not in route.path]
    assert len(taking) > 8
    for route in taking:
        own = TAKES_LINKS.get(route.path, "registration.manage")
        for purpose in PURPOSES:
            token = signed_links.make_token(purpose, person.public_id, 1)
            status = Client().get(route.address({**world.main, "token": token})).status_code
            expected = {200, 302, 405} if purpose == own else {404, 405}
            assert status in expected, (route.path, purpose)


def test_no_link_of_another_purpose_changes_anything(world: w.World) -> None:
    person = Registration.objects.get(public_id=world.main["registration"])
    before = Registration.objects.filter(pk=person.pk).values().get()
    seats = list(person.seats.order_by("pk").values())
    for route in routes():
        if "token" not in route.parameters:
            continue
        own = TAKES_LINKS.get(route.path, "registration.manage")
        for purpose in PURPOSES:
            if purpose == own:
                continue
            token = signed_links.make_token(purpose, person.public_id, 1)
            status = Client().post(route.address({**world.main, "token": token})).status_code
            assert status in (404, 405), (route.path, purpose)
    assert Registration.objects.filter(pk=person.pk).values().get() == before
    assert list(person.seats.order_by("pk").values()) == seats


def test_a_link_of_one_person_with_the_proof_of_another_opens_nothing(world: w.World) -> None:
    other = Registration.objects.filter(lab__slug="other-lab", state="confirmed").get()
    mine = signed_links.make_token("registration.manage", world.main["registration"], 1)
    theirs = signed_links.make_token("registration.manage", other.public_id, 1)
    assert Client().get(f"/registrations/{mine}/").status_code == 200
    # 16 bytes of subject are 64 of 3 × 4 signs: the seams of both are tried.
    for seam in range(1, 48):
        mixed = theirs[:seam] + mine[seam:]
        if mixed not in (mine, theirs):
            assert Client().get(f"/registrations/{mixed}/").status_code == 404


def test_whoever_has_somebody_else_s_link_gets_no_file_of_this_person(world: w.World) -> None:
    own = world.kinds["participant"].tokens[0]
    other = world.kinds["insider"].tokens[0]
    for question in ("file-answer", "file-need"):
        assert who_gets(world, f"/registrations/{own}/files/{question}/") == set(world.kinds)
        assert who_gets(world, f"/registrations/{other}/files/{question}/") == set()
