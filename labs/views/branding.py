"""Serves what belongs to the look: colours, logo and signature of a lab, logos of a programme."""

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from core.web.http_caching import conditional_response, read_only_endpoint
from labs import access
from labs.current_viewer import viewer_of
from labs.logos import MEDIA_TYPES
from labs.models import Lab, Programme
from labs.theme import file_version, theme_css, theme_version
from labs.viewer import VISITOR

# A drawing from outside never runs on our origin, even when it is opened by itself.
LOGO_POLICY = "default-src 'none'; sandbox"

FOR_A_YEAR = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"


def _seen_lab(request: HttpRequest, slug: str) -> tuple[Lab, bool]:
    """Return the lab, and whether everybody sees it: who asks is looked at only where that matters."""
    found = Lab.objects.visible_to(VISITOR).filter(slug=slug).first()
    if found is not None:
        return found, True
    return get_object_or_404(Lab.objects.visible_to(viewer_of(request)), slug=slug), False


def _caching(request: HttpRequest, shared: bool, version: str) -> str:
    """Public labs' files may be kept by anyone, for long under the address that changes with their content."""
    if not shared:
        return "private, no-store"
    return FOR_A_YEAR if request.GET.get("v") == version else FOR_A_WHILE


@access.public
@read_only_endpoint
def lab_theme(request: HttpRequest, lab: str) -> HttpResponse:
    """Serve a lab's colours as a style sheet; 404 where the lab has none of its own."""
    found, shared = _seen_lab(request, lab)
    if not found.theme_values:
        raise Http404
    response = HttpResponse(theme_css(found.slug, found.theme_values), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = _caching(request, shared, theme_version(found))
    return conditional_response(request, response)


@access.public
@read_only_endpoint
def lab_logo(request: HttpRequest, lab: str) -> HttpResponse:
    """Serve a lab's logo, which `labs.logos` checked when it was uploaded."""
    found, shared = _seen_lab(request, lab)
    caching = _caching(request, shared, file_version(found.logo))
    return _picture(request, found.logo, found.slug, caching)


@access.organiser
@require_safe
def lab_signature(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Serve the signature on a lab's certificates, to its organisers alone."""
    return _picture(request, lab.signature, f"{lab.slug}-signature", _caching(request, False, ""))


@access.public
@read_only_endpoint
def programme_logo(request: HttpRequest, programme: str, logo: int) -> HttpResponse:
    """Serve a logo of a programme."""
    found = get_object_or_404(Programme.objects.visible_to(viewer_of(request)), slug=programme)
    shared = Programme.objects.visible_to(VISITOR).filter(pk=found.pk).exists()
    row = found.logos.filter(pk=logo).first() if logo < 2**63 else None
    if row is None:
        raise Http404
    caching = _caching(request, shared, file_version(row.picture))
    return _picture(request, row.picture, f"{found.slug}-{row.pk}", caching)


def _picture(request: HttpRequest, file: FieldFile, name: str, caching: str) -> HttpResponse:
    extension = (file.name or "").rpartition(".")[2]
    if extension not in MEDIA_TYPES:
        raise Http404
    try:
        with file.open("rb") as picture:
            content = picture.read()
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(content, content_type=MEDIA_TYPES[extension])
    response.headers["Content-Disposition"] = f'inline; filename="{name}.{extension}"'
    response.headers["Cache-Control"] = caching
    response.headers["Content-Security-Policy"] = LOGO_POLICY
    return conditional_response(request, response)
