"""A person's private pages about questions: change answers, download one's own files."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.web.encryption import Undecipherable
from core.web.errors import RuleViolation
from core.web.rate_limits import allow
from labs import access
from registrations import answer_files, answers, own_answers
from registrations.kept_forms import sent_of, typed_of
from registrations.models import Registration, Seat
from registrations.own_answers import OwnSet
from registrations.question_forms import AnswersForm, session_names
from registrations.views.managing import redirect_done, seats_held
from registrations.views.private_links import requires_confirmed

ANSWERS_PER_HOUR = 60


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_answers(
    request: HttpRequest, found: Registration, token: str, question_set: str
) -> HttpResponse:
    """Answer the questions of one set, or change the answers."""
    held = seats_held(request, found)
    own = _own(found, held, question_set)
    if not own.can_change:
        raise Http404
    if request.method == "POST" and not allow("answers", str(found.pk), ANSWERS_PER_HOUR, 3600):
        return render(request, "registrations/too_many.html", {"lab": found.lab}, status=429)
    form = AnswersForm(
        own.questions,
        typed_of(request),
        request.FILES if request.method == "POST" else None,
        values=own_answers.values_of(own),
        consents=own_answers.consented(found),
        held=own_answers.held_places(found),
        with_files=True,
        files=own_answers.file_names(own),
    )
    if sent_of(request) is not None and _save(request, found, own, form):
        return redirect_done(token, "answers")
    context = {
        "lab": found.lab,
        "registration": found,
        "token": token,
        "own": own,
        "kept_form": "answers",
        "form": form,
        "sections": form.sections(session_names([seat.session for seat in held])),
    }
    return render(request, "registrations/answers.html", context, status=422 if form.errors else 200)


def _save(request: HttpRequest, found: Registration, own: OwnSet, form: AnswersForm) -> bool:
    """Save what was sent; or say in the form what is wrong. `withdraw` deletes needs, and the consent with them."""
    if "withdraw" in request.POST and own.question_set.is_needs:
        nothing = own.questions.check(own.session_ids, {}, ())
        own_answers.change(found, own, nothing, {}, set(form.stored_files))
        return True
    given = form.check(own.session_ids)
    if given is None:
        return False
    removed = form.removed_files
    try:
        uploads = own_answers.check_uploads(own, given, form.sent_files, removed)
        own_answers.change(found, own, given, uploads, removed)
    except RuleViolation as violation:
        if violation.code in ("gone", "not_registered"):
            raise
        form.add_errors(violation.errors)
        return False
    return True


@access.personal_link
@require_safe
@requires_confirmed
def registration_answer_file(
    request: HttpRequest, found: Registration, token: str, question: str
) -> HttpResponse:
    """Download one's own file."""
    row = found.answers.exclude(file="").filter(question__slug=question).first()
    if row is None:
        raise Http404
    try:
        return answer_files.response(row, answers.value_of(row))
    except (Undecipherable, FileNotFoundError):
        raise Http404(_("The file cannot be read.")) from None


def _own(found: Registration, held: list[Seat], slug: str) -> OwnSet:
    sets = own_answers.own_sets(found, held, timezone.now(), get_language() or "en")
    own = next((one for one in sets if one.question_set.slug == slug), None)
    if own is None:
        raise Http404
    return own
