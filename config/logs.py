"""Lines of the log: what opens something never stands in one, whoever wrote the line."""

import logging
import re

# Private links and personal calendars (their path is their key), links to choose a password, codes of certificates,
# keys of programs.
KEYS = re.compile(
    r"(?P<before>/(?:registrations|calendars)/)[\w=%-]{40,}"
    r"|(?P<reset>/password/reset/key/)[^/\s'\"]+"
    r"|(?P<certificate>/certificates/)(?:[0-9A-Za-z]{4}(?:-|%20| )?){3}(?![0-9A-Za-z])"
    r"|(?P<program>\bclab_)[\w-]+"
)


def masked(line: str) -> str:
    """Return the line with its keys replaced by a word."""
    return KEYS.sub(lambda found: f"{found[found.lastgroup or 0]}[key]", line)


class MaskingFormatter(logging.Formatter):
    """Formats as usual, errors and their tracebacks included, and masks the keys in it.

    Django names the address of every request that it refuses, be it only for an empty field.
    """

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))
