"""A question that is asked so often that putting it together costs more than its answer.

Django compiles a query each time it is asked. Here one that differs in a single value is compiled once.
"""

import secrets
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler


class PreparedRow:
    """The first row of a query for one text value.

    `question` takes the value and returns a `values_list()` of columns, which must stand in the query once and as it
    is given. It is called once in a process: nothing in it may depend on the time or on who asks.
    """

    def __init__(self, question: Callable[[str], QuerySet[Any, Any]]) -> None:
        self._question = question
        self._prepared: tuple[str, tuple[Any, ...], int, SQLCompiler, dict[int, Any]] | None = None

    def find(self, value: str) -> tuple[Any, ...] | None:
        """Return the columns of the first row, as Python values, or None where there is none."""
        sql, parameters, place, compiler, converters = self._prepared or self._prepare()
        with connection.cursor() as cursor:
            cursor.execute(sql, (*parameters[:place], value, *parameters[place + 1 :]))
            row = cursor.fetchone()
        if row is None:
            return None
        return tuple(next(iter(compiler.apply_converters([row], converters))))

    def _prepare(self) -> tuple[str, tuple[Any, ...], int, SQLCompiler, dict[int, Any]]:
        stand_in = secrets.token_hex(8)
        compiler = self._question(stand_in).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
        self._prepared = sql, tuple(parameters), list(parameters).index(stand_in), compiler, converters
        return self._prepared
