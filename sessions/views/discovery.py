"""sitemap.xml, robots.txt and security.txt."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from core.web.http_caching import read_only_endpoint
from labs import access
from labs.models import Lab, Programme
from labs.viewer import VISITOR
from sessions.models import Appearance, Session

# The limit of a sitemap (sitemaps.org, protocol 0.9).
MAX_URLS = 50_000
MAX_AGE_SECONDS = 3600
# Not /calendars/: some calendar programs obey robots.txt. Those responses have X-Robots-Tag instead.
DISALLOWED_PATHS = ("/accounts/", "/admin/", "/api/", "/organise/", "/registrations/")


def _public_response(content: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    return response


@access.public
@read_only_endpoint
def sitemap(request: HttpRequest) -> HttpResponse:
    """The sitemap of all public pages, with the day of their last change."""
    pages: list[tuple[str, datetime | None]] = [(reverse(name), None) for name in ("home", "help", "contact")]
    pages += [
        (reverse("programme", args=[slug]), None)
        for slug in Programme.objects.visible_to(VISITOR).values_list("slug", flat=True)
    ]
    pages += [
        (reverse("city", args=[programme, city]), None)
        for programme, city in Programme.objects.visible_to(VISITOR)
        .filter(cities__isnull=False)
        .order_by("slug", "cities__slug")
        .values_list("slug", "cities__slug")
    ]
    for slug, revised_at in Lab.objects.visible_to(VISITOR).values_list("slug", "public_revised_at"):
        pages.append((reverse("lab", args=[slug]), revised_at))
        pages.append((reverse("subscribe", args=[slug]), None))
    sessions = Session.objects.visible_to(VISITOR)
    pages += [
        (reverse("session", args=[lab, slug]), revised_at)
        for lab, slug, revised_at in sessions.values_list("lab__slug", "slug", "content_revised_at")
    ]
    appearing = Appearance.objects.filter(session__in=sessions).order_by(
        "session__lab__slug", "speaker__slug"
    )
    speakers = list(appearing.values_list("session__lab__slug", "speaker__slug").distinct())
    pages += [
        (reverse("speakers", args=[lab]), None) for lab in dict.fromkeys(lab for lab, _slug in speakers)
    ]
    pages += [(reverse("speaker", args=[lab, slug]), None) for lab, slug in speakers]
    return _public_response(_urlset(pages[: MAX_URLS // (len(settings.LANGUAGES) + 1)]), "application/xml")


def _urlset(pages: list[tuple[str, datetime | None]]) -> str:
    """Return the document: each page without and with each language, with links to the others.

    URLs consist of slugs, which need no escaping.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
    ]
    for path, revised_at in pages:
        changed = f"<lastmod>{revised_at.date().isoformat()}</lastmod>" if revised_at else ""
        addresses = {"x-default": f"{settings.BASE_URL}{path}"} | {
            code: f"{settings.BASE_URL}{path}?lang={code}" for code, _name in settings.LANGUAGES
        }
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{code}" href="{address}"/>'
            for code, address in addresses.items()
        )
        lines += [f"<url><loc>{address}</loc>{changed}{others}</url>" for address in addresses.values()]
    lines.append("</urlset>")
    return "\n".join(lines) + "\n"


@access.public
@read_only_endpoint
def robots(request: HttpRequest) -> HttpResponse:
    """robots.txt. It protects nothing: private pages check permissions."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in DISALLOWED_PATHS)]
    lines += ["", f"Sitemap: {settings.BASE_URL}{reverse('sitemap')}"]
    return _public_response("\n".join(lines) + "\n", "text/plain; charset=utf-8")


@access.public
@read_only_endpoint
def security(request: HttpRequest) -> HttpResponse:
    """security.txt (RFC 9116)."""
    expires = (
        (timezone.now() + timedelta(days=180))
        .astimezone(UTC)
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )
    lines = [
        *(f"Contact: {contact}" for contact in settings.SECURITY_CONTACTS),
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: en, bg, el",
        f"Canonical: {settings.BASE_URL}{reverse('security_txt')}",
    ]
    return _public_response("\n".join(lines) + "\n", "text/plain; charset=utf-8")
