"""Light, fixed pages: instead of one that would come too late, and for a request that is too large to be read.

When requests wait longer for a thread than people do for a page, those that only read are answered at once, without the
application: the page loads itself again, at the same address, so nobody loses a place in a queue. Sent forms are always
carried out.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http import parse_cookie
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

# Seconds that a request has waited for a thread. While pages are asked for faster than they can be answered, sent forms
# wait about as long: it is well below the 2 seconds in which a number is to be given.
MAX_WAIT = 1.0
# Seconds until the page loads itself again.
AGAIN = 8
WAITED = "citylabs.waited"
# Files are as light as the page; probes and programs read the status.
_ALWAYS = re.compile(r"/(static|media|health|metrics)(/|$)")
# In one form with its files, and in one file of an answer: what the page says of it.
MAX_MEGABYTES = 10
MAX_FILE_MEGABYTES = 5
_TOO_LARGE = (
    b'{"type": "about:blank", "title": "Content Too Large", "status": 413, "detail": "Send at most 10 MB"}'
)
_POLICY = ("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'")
_PROBLEM = b'{"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": "Too busy at the moment"}'

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def shedding(application: Application) -> Application:
    """Wrap the application; the pages are rendered now, once for each language."""
    pages = {code: _page(code) for code, _name in settings.LANGUAGES}

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        is_read = environ.get("REQUEST_METHOD") in ("GET", "HEAD")
        if environ.get(WAITED, 0.0) <= MAX_WAIT or not is_read or _ALWAYS.match(path):
            return application(environ, start_response)
        headers = [("Retry-After", str(AGAIN)), ("Cache-Control", "no-store")]
        if path.startswith("/api/"):
            body, kind = _PROBLEM, "application/problem+json"
        else:
            language = _language_of(environ)
            body, kind = pages[language], "text/html; charset=utf-8"
            # As a header, since the page itself never changes.
            headers += [("Refresh", str(AGAIN)), ("Content-Language", language)]
            headers.append(_POLICY)
        start_response(
            "503 Service Unavailable",
            [("Content-Type", kind), ("Content-Length", str(len(body))), *headers],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def too_large(path: str, query: str, headers: Mapping[str, str]) -> tuple[list[tuple[str, str]], bytes]:
    """Return the headers and the body of the answer to a request that is too large. `headers` are named as in WSGI,
    without HTTP_.
    """
    if path.startswith("/api/"):
        return [("Content-Type", "application/problem+json")], _TOO_LARGE
    language = _language_of(
        {"QUERY_STRING": query, **{f"HTTP_{name}": said for name, said in headers.items()}}
    )
    said = [("Content-Type", "text/html; charset=utf-8"), ("Content-Language", language)]
    return [*said, ("Cache-Control", "no-store"), _POLICY], _too_large_page(language)


@lru_cache
def _too_large_page(language: str) -> bytes:
    with translation.override(language):
        context = {"most": MAX_MEGABYTES, "most_of_file": MAX_FILE_MEGABYTES}
        return render_to_string("errors/too_large.html", context).encode()


def _page(language: str) -> bytes:
    with translation.override(language):
        return render_to_string("errors/busy.html", {"seconds": AGAIN}).encode()


def _language_of(environ: dict[str, Any]) -> str:
    """Return the language of the address, else the reader's choice, else the browser's, else the usual one."""
    known = dict(settings.LANGUAGES)
    asked = parse_qs(environ.get("QUERY_STRING", "")[:2000]).get("lang", [])
    accepted = parse_accept_lang_header(environ.get("HTTP_ACCEPT_LANGUAGE", "")[:200])
    chosen = parse_cookie(environ.get("HTTP_COOKIE", "")[:4000]).get(settings.LANGUAGE_COOKIE_NAME, "")
    for code in [*asked, chosen, *(name.partition("-")[0] for name, _quality in accepted)]:
        if code in known:
            return code
    return settings.LANGUAGE_CODE
