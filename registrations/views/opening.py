"""Opening with a draw: the countdown, the number, the turn, and the page on which anyone can check the draw."""

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from core.jobs.database_clock import DatabaseNow
from core.web.errors import RuleViolation
from core.web.idempotency import FIELD, is_form_key
from core.web.rate_limits import allow, client_address
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from registrations import opening
from registrations.models.rules import rules_of
from registrations.opening import Phase, QueueState

# What a number's id is made of, beside the form's key: pressing twice gives one number.
_NAMESPACE = uuid.UUID("6d3f3c1a-0b53-4e0c-9d4b-5b7a0e7f5a10")
TEN_MINUTES = 10 * 60
ONE_DAY = 24 * 60 * 60
_TO_TAKE_A_NUMBER = (
    "slug", "registration_opens_at", "programme__slug", "registration_rules__opening_draw",
    "registration_rules__people_per_minute", "opening",
)  # fmt: skip


def _lab_and_state(request: HttpRequest, slug: str) -> tuple[Lab, QueueState]:
    """Return a visible lab that opens, or has opened, with a draw. Raises Http404 for others.

    One query before the opening, for many ask at once.
    """
    visible = Lab.objects.visible_to(viewer_of(request)).filter(visibility=Lab.Visibility.PUBLIC)
    related = visible.select_related("programme", "registration_rules", "opening")
    if request.method == "POST":
        # Almost always answered without a page, which alone asks for the rest.
        related = related.only(*_TO_TAKE_A_NUMBER)
    lab = get_object_or_404(related.annotate(read_at=DatabaseNow()), slug=slug)
    state = opening.proof_of(lab, rules_of(lab), lab.read_at, getattr(lab, "opening", None))  # type: ignore[attr-defined]
    if state is None:
        raise Http404
    return lab, state


@access.public
@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest, lab: str) -> HttpResponse:
    """The countdown to the opening; a number can be taken in the last ten minutes, and while there is a queue."""
    found, state = _lab_and_state(request, lab)
    if state.phase == Phase.OPEN or not opening.draws(found, rules_of(found)):
        return redirect("register", found.slug)
    error = ""
    status = 200
    if request.method == "POST":
        if not allow("queue", client_address(request), settings.QUEUE_NUMBERS_PER_NETWORK, TEN_MINUTES):
            return render(request, "registrations/too_many.html", {"lab": found}, status=429)
        key = request.POST.get(FIELD, "")
        public_id = uuid.uuid5(_NAMESPACE, f"{found.pk} {key}") if is_form_key(key) else uuid.uuid4()
        try:
            number = opening.take_number(found, public_id, state)
        except RuleViolation as violation:
            error, status = violation.message, 409
        else:
            return redirect("register_queue_number", found.slug, opening.token_of(number))
    return _page(request, found, state, {"error": error}, status)


@access.personal_link
@require_safe
def waiting(request: HttpRequest, lab: str, queue_number: str) -> HttpResponse:
    """The page that keeps a number and tells when its turn is."""
    found, state = _lab_and_state(request, lab)
    number = opening.find(found, queue_number)
    if number is None:
        raise Http404
    if not opening.draws(found, rules_of(found)):
        return redirect("register", found.slug)
    place = state.place_of(number.number)
    more: dict[str, object] = {"number": number, "place": place}
    if state.has_turn(number.number):
        more["form"] = f"{reverse('register', args=[found.slug])}?{opening.FIELD}={queue_number}"
    else:
        more["seconds"] = state.wait_of(number.number) or state.seconds_left
    return _page(request, found, state, more)


def _page(
    request: HttpRequest, lab: Lab, state: QueueState, more: dict[str, object], status: int = 200
) -> HttpResponse:
    seconds = int(str(more.get("seconds", state.seconds_left)))
    context = {
        "lab": lab,
        "countdown": _clock(seconds) if seconds < ONE_DAY else "",
        "phase": state.phase.value,
        "opens_at": state.opens_at,
        "seconds": seconds,
        "gathers": state.phase in (Phase.GATHERING, Phase.QUEUE),
        **{name: value for name, value in more.items() if name != "seconds"},
    }
    return render(request, "registrations/queue.html", context, status=status)


def _clock(seconds: int) -> str:
    """Return "9:05", or "1:09:05" with hours."""
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


@access.public
@require_safe
def draw(request: HttpRequest, lab: str) -> HttpResponse:
    """The hash of the seed; after the draw the seed and how to check it. `?number=` asks for the place of one."""
    found, state = _lab_and_state(request, lab)
    typed = request.GET.get("number", "").strip()[:10]
    number = int(typed) if typed.isascii() and typed.isdigit() else None
    is_known = number is not None and 1 <= number <= state.opening.last_number
    context = {
        "lab": found,
        "state": state,
        # Else there are only earlier ones.
        "has_draw": opening.draws(found, rules_of(found)) or state.took_place,
        "opens_at": state.opens_at,
        "seed_hash": opening.seed_hash(state.opening),
        "typed": typed,
        "place": state.place_of(number) if is_known and number is not None else None,
        "earlier": [(one, opening.seed_hash(one)) for one in state.opening.earlier.all()],
    }
    return render(request, "registrations/draw.html", context)


@access.public
@require_safe
def draw_csv(request: HttpRequest, lab: str) -> HttpResponse:
    """All numbers of the draw with their places, once it has taken place; `?earlier=` is the id of one before it."""
    _found, state = _lab_and_state(request, lab)
    asked = request.GET.get("earlier", "")[:18]
    if asked:
        earlier = get_object_or_404(state.opening.earlier, pk=int(asked) if asked.isdecimal() else 0)
        table = opening.table_of(earlier.seed, earlier.count)
    elif state.is_drawn:
        table = opening.table_of(state.opening.seed, state.drawn)
    else:
        raise Http404
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="draw.csv"'
    return response
