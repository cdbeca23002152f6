"""Looking for a piece of text in columns, regardless of case, alike on every database."""

import re

from django.db import connection
from django.db.models import Q


def holds(text: str, *columns: str) -> Q:
    """Return the condition that one of the columns holds the text somewhere, in capitals or not.

    SQLite's LIKE knows capitals of English letters only; its REGEXP is Python's, which knows all of them. Signs that
    mean something in a pattern stand for themselves.
    """
    condition = Q()
    for column in columns:
        if connection.vendor == "sqlite":
            condition |= Q(**{f"{column}__iregex": re.escape(text)})
        else:
            condition |= Q(**{f"{column}__icontains": text})
    return condition
