"""Masks secrets in log lines."""

import logging
import re

# Tokens of private links and personal calendars, password reset keys, certificate codes, API tokens.
KEY_PATTERN = re.compile(
    r"(?P<before>/(?:registrations|calendars)/)[\w=%-]{40,}"
    r"|(?P<reset>/password/reset/key/)[^/\s'\"]+"
    r"|(?P<certificate>/certificates/)(?:[0-9A-Za-z]{4}(?:-|%20| )?){3}(?![0-9A-Za-z])"
    r"|(?P<program>\bclab_)[\w-]+"
)


def mask_keys(line: str) -> str:
    """Return the line with its keys replaced by "[key]"."""
    return KEY_PATTERN.sub(lambda found: f"{found[found.lastgroup or 0]}[key]", line)


class MaskingFormatter(logging.Formatter):
    """Masks keys in log records and tracebacks. Django logs the path of every rejected request."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_keys(super().format(record))
