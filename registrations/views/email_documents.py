"""Emails as documents of their own, for the frames of previews: sandboxed, and able to do nothing."""

from collections.abc import Callable

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpResponse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext

from core.mail.models import Message
from core.mail.rendering import Rendered
from core.web.access import View
from labs.views.console_emails import MESSAGE_POLICY

# For the page around: a frame of this service alone.
with_frame: Callable[[View], View] = csp_replace({"frame-src": ["'self'"]})

_PLAIN = "margin:0;padding:16px 20px;background:#ffffff;color:#0f1b1d;font:16px/24px sans-serif"


def shown_email(message: Message, content: Rendered) -> HttpResponse:
    """Return an email as a document: subject and recipient, as its reader sees it, and its plain text."""
    head = format_html(
        '<div style="{}"><p style="margin:0"><strong>{}</strong> {}</p><p style="margin:4px 0 0">{} {}</p></div>',
        _PLAIN,
        gettext("Subject:"),
        content.subject,
        gettext("To:"),
        f"{message.to_name} <{message.to_email}>" if message.to_name else message.to_email,
    )
    text = format_html(
        '<div style="{}"><h2 style="font-size:17px;margin:0">{}</h2><pre style="white-space:pre-wrap;'
        'overflow-wrap:anywhere;font-size:14px">{}</pre></div>',
        _PLAIN,
        gettext("Plain text version"),
        content.text,
    )
    article = '<div role="article"'
    shown = content.html.replace(article, head + article, 1).replace("</body>", text + "</body>", 1)
    # The document may load pictures of the host that it comes from alone.
    return _response(shown.replace(f'src="{settings.BASE_URL}/', 'src="/'), 200)


def document(content: str, *, status: int = 200) -> HttpResponse:
    """Return HTML of ours as a document."""
    page = format_html(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8"><title>{}</title></head>'
        '<body style="{}">{}</body></html>',
        get_language() or "en",
        gettext("Preview"),
        _PLAIN,
        content,
    )
    return _response(page, status)


def _response(content: str, status: int) -> HttpResponse:
    return HttpResponse(
        content,
        status=status,
        headers={
            "Content-Security-Policy": MESSAGE_POLICY.replace(
                "frame-ancestors 'none'", "frame-ancestors 'self'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
            "X-Frame-Options": "SAMEORIGIN",
        },
    )
