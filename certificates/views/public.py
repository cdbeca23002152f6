"""What an employer opens: the check page of a certificate, and its file."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from certificates.codes import PER_SECONDS, may_ask, tidy
from certificates.forms import CompareForm
from certificates.holders import is_holder
from certificates.models import Certificate
from certificates.outdated import attested_now
from certificates.snapshot import languages_on
from core.web.http_caching import conditional_response, read_only_endpoint
from labs import access


def _slow_down(request: HttpRequest) -> HttpResponse:
    response = render(request, "certificates/too_many.html", status=429)
    response["Retry-After"] = str(PER_SECONDS)
    return response


@access.public
def certificate_check(request: HttpRequest) -> HttpResponse:
    """The form for a typed code; leads on to the certificate's own page."""
    typed = request.GET.get("code")
    if typed is None:
        return render(request, "certificates/check_form.html", {"typed": ""})
    code = tidy(typed)
    if code is None:
        error = _("Enter a code with 12 letters and numbers, like 7K3M-Q9TX-2W8H.")
        if not typed.strip():
            error = _("Enter the code on the certificate.")
        context = {"typed": typed[:60], "error": error, "invalid": True}
        return render(request, "certificates/check_form.html", context, status=400)
    return redirect("certificate", code=code)


@access.public
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Say whether a certificate is valid and what it attests; POST compares a name with an erased holder's."""
    if not may_ask(request):
        return _slow_down(request)
    tidied = tidy(code)
    known = Certificate.objects.compared().select_related("lab__programme", "replaced_by")
    found = known.filter(code=tidied).first()
    if found is None:
        response = render(request, "certificates/unknown.html", {"typed": code[:60]}, status=404)
        add_never_cache_headers(response)
        return response
    if code != found.code:
        return redirect("certificate", code=found.code)
    form = CompareForm(request.POST if request.method == "POST" else None)
    matches = None
    if request.method == "POST" and form.is_valid():
        matches = is_holder(form.cleaned_data["name"], found.holder_hash)
    newer = found.replaced_by
    context = {
        "certificate": found,
        "state": found.public_state,
        "replaced_at": newer.issued_at if newer else None,
        "form": form,
        "matches": matches,
        "now": timezone.now(),
        **_said(found),
    }
    response = render(request, "certificates/check.html", context)
    add_never_cache_headers(response)
    response["X-Robots-Tag"] = "noindex"
    return response


def _said(certificate: Certificate) -> dict[str, object]:
    """Return what the certificate attests, with its days as dates."""
    content = certificate.content
    if not content:
        return {"content": {}, "sessions": [], "minutes": 0, "zone": certificate.lab.time_zone}
    attested, minutes = attested_now(certificate)
    days = {name: date.fromisoformat(content[name]) for name in ("first_day", "last_day")}
    sessions = [
        {**each, **{name: date.fromisoformat(each[name]) for name in ("on", "until")}} for each in attested
    ]
    return {
        "content": {**content, **days},
        "sessions": sessions,
        "minutes": minutes,
        "zone": content["time_zone"],
    }


@access.public
@read_only_endpoint
def certificate_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """The file as it was issued, to anybody who has its code, as long as everything in it is still correct."""
    if not may_ask(request):
        return _slow_down(request)
    found = Certificate.objects.compared().filter(code=tidy(code)).first()
    if found is None or found.public_state != Certificate.State.VALID or not found.pdf:
        raise Http404
    with found.pdf.open("rb") as pdf:
        response = HttpResponse(pdf.read(), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found.code}.pdf"'
    response["Content-Language"] = ", ".join(languages_on(found))
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "private, no-cache"
    return conditional_response(request, response, int(found.issued_at.timestamp()))
