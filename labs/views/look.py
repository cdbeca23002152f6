"""What belongs to the look: a lab's colours and logo, and the two statements that every page links to."""

from datetime import date

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from labs import access
from labs.logos import MEDIA_TYPES
from labs.models import Lab
from labs.theme import theme_css
from labs.viewer import viewer_of

# A drawing from outside never runs on our origin, even when it is opened by itself.
LOGO_POLICY = "default-src 'none'; sandbox"

# When the accessibility statement was last held against the pages; it is to be reviewed every year.
REVIEWED_ON = date(2026, 11, 23)


def _visible_lab(request: HttpRequest, slug: str) -> Lab:
    return get_object_or_404(Lab.objects.visible_to(viewer_of(request)), slug=slug)


def _caching(lab: Lab) -> str:
    """Public labs' files may be kept by anyone: their addresses change with their content."""
    return "public, max-age=86400" if lab.visibility == Lab.Visibility.PUBLIC else "private, no-store"


@access.public
def lab_theme(request: HttpRequest, lab: str) -> HttpResponse:
    """Serve a lab's colours as a style sheet; 404 where the lab has none of its own."""
    found = _visible_lab(request, lab)
    if not found.theme_values:
        raise Http404
    css = theme_css(found.slug, found.theme_values)
    return HttpResponse(
        css, content_type="text/css; charset=utf-8", headers={"Cache-Control": _caching(found)}
    )


@access.public
def lab_logo(request: HttpRequest, lab: str) -> HttpResponseBase:
    """Serve a lab's logo, which `labs.logos` checked when it was uploaded."""
    found = _visible_lab(request, lab)
    extension = (found.logo.name or "").rpartition(".")[2]
    if extension not in MEDIA_TYPES:
        raise Http404
    try:
        content = found.logo.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(
        content,
        content_type=MEDIA_TYPES[extension],
        filename=f"{found.slug}.{extension}",
        headers={
            "Cache-Control": _caching(found),
            "Content-Security-Policy": LOGO_POLICY,
            "X-Content-Type-Options": "nosniff",
        },
    )


@access.public
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/accessibility.html", {"reviewed_on": REVIEWED_ON})


@access.public
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html")
