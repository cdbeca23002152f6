"""The context of every page template."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from labs.current_viewer import viewer_of


def page(request: HttpRequest) -> dict[str, object]:
    """Return the viewer, the reader's language and theme, and the URLs of the other languages.

    `asked_language` is the one in the URL, if any: such a page is the same for every reader.
    """
    here = get_language() or settings.LANGUAGE_CODE
    languages = []
    for code, name in settings.LANGUAGES:
        query = request.GET.copy()
        query["lang"] = code
        languages.append(
            {"code": code, "name": name, "current": code == here, "url": f"?{query.urlencode()}"}
        )
    asked = request.GET.get("lang", "")
    return {
        "asked_language": asked if any(code == asked for code, _name in settings.LANGUAGES) else "",
        "viewer": SimpleLazyObject(lambda: viewer_of(request)),
        "languages": languages,
        "theme": getattr(request, "theme", ""),
        "reader_zone": getattr(request, "reader_zone", None),
        "base_url": settings.BASE_URL,
        "sso_name": settings.OIDC_NAME if settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID else "",
        "return_to": _return_to(request),
        "has_session": settings.SESSION_COOKIE_NAME in request.COOKIES,
    }


def _return_to(request: HttpRequest) -> str:
    """Return the path to return to after signing in; "" for the console, from the home page and account pages."""
    match = request.resolver_match
    if match is not None and (match.url_name == "home" or (match.url_name or "").startswith("account_")):
        return ""
    return request.path
