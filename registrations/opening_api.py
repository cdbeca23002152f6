"""The API of an opening with a draw: take a number, ask for its turn, check the draw. For everybody."""

import uuid
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from ninja.errors import Throttled
from pydantic import Field

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import instant_text
from core.api.problems import Problem
from core.web.errors import RuleViolation
from core.web.rate_limits import allow, client_address
from labs.api_authentication import reader_of
from labs.api_idempotency import Key, run_once
from labs.current_viewer import get_visible_lab_or_404
from labs.models import Lab
from registrations import opening
from registrations.models import QueueNumber, RegistrationRules
from registrations.models.rules import rules_of
from registrations.opening import QueueState

router = Router(tags=["Registrations and attendance"])


class QueueNumberOut(Schema):
    number: int
    token: str = Field(description="Send it as queue_number with the registration")
    place: int | None = Field(description="In the order of turns, 1 for the first. Null before the draw")
    is_your_turn: bool
    wait_seconds: int = Field(description="About how long until the turn, or until the draw")


class EarlierDrawOut(Schema):
    opens_at: datetime
    seed_hash: str
    seed: str
    count: int


class DrawOut(Schema):
    opens_at: datetime
    seed_hash: str = Field(description="SHA-256 of the seed, in hexadecimal digits")
    seed: str | None = Field(description="Null before the draw")
    count: int | None = Field(
        description="Numbers that took part. The order is that of SHA-256 of seed:count:number. Null before the draw"
    )
    numbers_given: int | None = Field(description="Null before the draw")
    earlier: list[EarlierDrawOut] = Field(
        description="Draws that took place before registration was set to open at another time"
    )


def _lab_and_state(
    request: HttpRequest,
    slug: str,
    state_of: Callable[[Lab, RegistrationRules], QueueState | None] = opening.state_of,
) -> tuple[Lab, QueueState]:
    lab = get_visible_lab_or_404(reader_of(request), slug)
    state = state_of(lab, rules_of(lab)) if lab.visibility == Lab.Visibility.PUBLIC else None
    if state is None:
        raise Http404
    return lab, state


def _number_data(state: QueueState, number: QueueNumber, token: str) -> dict[str, object]:
    is_turn = state.has_turn(number.number)
    return {
        "number": number.number,
        "token": token,
        "place": state.place_of(number.number),
        "is_your_turn": is_turn,
        "wait_seconds": 0 if is_turn else state.wait_of(number.number) or state.seconds_left,
    }


@router.post(
    "/labs/{lab}/queue",
    response={201: QueueNumberOut},
    url_name="take_queue_number",
    openapi_extra=FOR_EVERYBODY,
)
def take_queue_number(request: HttpRequest, lab: str, idempotency_key: Key) -> Status[dict[str, object]]:
    """Take a number, from ten minutes before a registration that opens with a draw. No API key needed."""
    found, _state = _lab_and_state(request, lab)
    if not allow("queue", client_address(request), settings.QUEUE_NUMBERS_PER_NETWORK, 600):
        raise Throttled(wait=600)

    def operation() -> dict[str, object]:
        try:
            number = opening.take_number(found, uuid.uuid4())
        except RuleViolation as error:
            raise Problem(error.message, status=409) from error
        return {"token": opening.token_of(number)}

    made = run_once(request, f"queue {found.slug}", idempotency_key, None, operation)
    return Status(201, _shown(request, lab, str(made["token"])))


@router.get(
    "/labs/{lab}/queue/{queue_number}",
    response=QueueNumberOut,
    url_name="queue_number",
    openapi_extra=FOR_EVERYBODY,
)
def get_queue_number(request: HttpRequest, lab: str, queue_number: str) -> dict[str, object]:
    """Whose turn it is. Ask again after `wait_seconds`, not more than every 10 seconds."""
    return _shown(request, lab, queue_number)


def _shown(request: HttpRequest, lab: str, token: str) -> dict[str, object]:
    found, state = _lab_and_state(request, lab)
    number = opening.find(found, token)
    if number is None:
        raise Http404
    return _number_data(state, number, token)


@router.get("/labs/{lab}/draw", response=DrawOut, url_name="draw", openapi_extra=FOR_EVERYBODY)
def get_draw(request: HttpRequest, lab: str) -> dict[str, object]:
    """What is needed to check the draw. All numbers with their places: the page's CSV.

    A draw that took place stays when the rule is turned off.
    """
    _found, state = _lab_and_state(request, lab, opening.proof_of)
    return {
        "opens_at": instant_text(state.opens_at),
        "seed_hash": opening.seed_hash(state.opening),
        "seed": state.opening.seed if state.is_drawn else None,
        "count": state.drawn if state.is_drawn else None,
        "numbers_given": state.opening.last_number if state.is_drawn else None,
        "earlier": [
            {
                "opens_at": instant_text(one.opens_at),
                "seed_hash": opening.seed_hash(one),
                "seed": one.seed,
                "count": one.count,
            }
            for one in state.opening.earlier.all()
        ],
    }
