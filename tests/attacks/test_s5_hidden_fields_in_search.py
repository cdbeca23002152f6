"""S5 (pretalx 2026.1.2, #970): a search that matched what the page does not show, and so told of it by its hits.

Each list is asked for a hidden word and for a word that nowhere stands; the answers must be the same, letter by letter
but for the word itself: no hit, no count, no order, no other choice in a menu.
"""

import re
from collections.abc import Iterable, Iterator

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from core.mail.models import Message
from tests.walks import world as w
from tests.walks.canaries import canary
from tests.walks.exploring import body_of

pytestmark = pytest.mark.django_db

PARAMETERS = ("q", "session", "track", "city", "sort", "occasion", "code")
PUBLIC = ("/", "/labs/main-lab/", "/labs/main-lab/speakers/", "/labs/main-lab/register/", "/certificates/")
API = (
    "/api/v1/labs", "/api/v1/labs/main-lab/sessions", "/api/v1/labs/main-lab/speakers",
)  # fmt: skip
CONSOLE = tuple(
    f"/organise/labs/main-lab/{path}"
    for path in ("sessions/", "speakers/", "registrations/", "registrations.csv", "certificates/", "mail/")
)
DOOR = ("/organise/labs/main-lab/attendance/open/", "/organise/labs/main-lab/attendance/open/all/")
_PASSING = re.compile(r'(name="(?:form_key|csrfmiddlewaretoken)" value="[^"]*")')
NOWHERE = "nowherezz"


@pytest.fixture
def world() -> Iterator[w.World]:
    with time_machine.travel(timezone.now(), tick=False):  # the outbox tells how many seconds an email waits
        yield w.build()


def differing(
    kind: w.Kind, addresses: Iterable[str], words: Iterable[str], names: Iterable[str] = PARAMETERS
) -> list[tuple[str, str, str]]:
    """Return where a hidden word is answered otherwise than a word that stands nowhere."""
    client = kind.client()

    def ask(address: str, name: str, word: str) -> tuple[int, str]:
        cache.clear()
        response = client.get(address, {name: word}, headers=kind.headers)
        body = body_of(response).decode(errors="replace")
        return response.status_code, _PASSING.sub("", body).replace(word, "WORD")

    absent = {(address, name): ask(address, name, NOWHERE) for address in addresses for name in names}
    return [
        (address, name, word)
        for (address, name), answer in absent.items()
        for word in words
        if ask(address, name, word) != answer
    ]


def words_of(secrets: Iterable[str], fields: Iterable[str]) -> list[str]:
    return [canary(secret, name) for secret in secrets for name in fields]


def test_visitors_and_delegates_find_no_word_of_hidden_sessions(world: w.World) -> None:
    some = ("title", "slug", "trackslug", "link")
    words = words_of(("draft", "unpublished"), some)
    for name in ("visitor", "api_delegatetrikala"):
        addresses = PUBLIC + API if name == "visitor" else API
        assert differing(world.kinds[name], addresses, words) == []
    assert (
        differing(world.kinds["visitor"], PUBLIC[1:2] + API[1:2], words_of(["sofia", "cities"], some)) == []
    )


def test_organisers_find_nothing_of_other_labs_and_no_words_of_mails(world: w.World) -> None:
    words = [
        *words_of(["other"], ("title", "slug")),
        *words_of(["stranger"], ("name", "email")),
        *words_of(["strangermail", "accountmail"], ("toemail",)),
        *words_of(["open"], ("link",)),
    ]
    assert differing(world.kinds["organiser"], CONSOLE, words) == []
    # The search goes through names and addresses, as it says. (The unsearched list shows subjects.)
    own = words_of(["personmail"], ("subject", "text", "html"))
    assert differing(world.kinds["organiser"], CONSOLE[-1:], own, ["q"]) == []


def test_the_door_finds_people_by_name_alone(world: w.World) -> None:
    words = [
        *words_of(["person", "insider"], ("email", "organisation")),
        *words_of(["unconfirmed"], ("name", "email")),
        *words_of(["stranger"], ("name",)),
    ]
    assert differing(world.kinds["door"], DOOR, words) == []


def test_private_links_are_found_in_no_search(world: w.World) -> None:
    secret = "t0k3nt0k3nt0k3n"
    Message.objects.filter(key="walk/personmail").update(links={"manage": secret}, last_error=secret)
    assert differing(world.kinds["organiser"], CONSOLE[-1:], [secret], ["q"]) == []


def test_what_may_be_found_is_found(world: w.World) -> None:
    """The positive control: the comparison sees a hit."""
    own = words_of(["person"], ("name", "email", "organisation"))
    found = differing(world.kinds["organiser"], [CONSOLE[2]], own)
    assert {word for _address, name, word in found if name == "q"} == set(own)
    assert differing(world.kinds["door"], DOOR[:1], words_of(["person"], ["name"])) != []
    assert differing(world.kinds["visitor"], PUBLIC[1:2], ["open-track"]) != []
    assert Client().get("/labs/main-lab/").status_code == 200
