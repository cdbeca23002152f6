"""Parses bodies of API calls: strictly JSON in UTF-8 (RFC 8259)."""

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from core.api.problems import Unreadable

JSON = "application/json"


class JsonBody(Parser):
    """Parses bodies. Raises Unreadable."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != JSON:
            # Also against forged cross-site forms: browsers send no JSON without a preflight.
            raise Unreadable(_("Send JSON with the header Content-Type: application/json."), status=415)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Unreadable(_("Send the body without Content-Encoding."), status=415)
        try:
            return json.loads(
                request.body.decode("utf-8-sig"),
                parse_constant=_refuse_constant,
                object_pairs_hook=_reject_duplicate_names,
            )
        except UnicodeDecodeError as error:
            message = _("The body is not UTF-8: see byte %(place)d.") % {"place": error.start}
            raise Unreadable(message) from error
        except json.JSONDecodeError as error:
            message = _("The body is not JSON: see line %(line)d, column %(column)d.") % {
                "line": error.lineno,
                "column": error.colno,
            }
            raise Unreadable(message) from error
        except RecursionError as error:
            raise Unreadable(_("The body is nested too deeply.")) from error
        except ValueError as error:  # NaN and the like, and numbers of thousands of digits
            raise Unreadable(_("The body has a number that is not valid.")) from error


def _reject_duplicate_names(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. Raises Unreadable for duplicate names, whose value is undefined (RFC 8259 §4)."""
    found: dict[str, Any] = {}
    for name, value in members:
        if name in found:
            raise Unreadable(_("The body has “%(name)s” more than once.") % {"name": name[:60]})
        found[name] = value
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)
