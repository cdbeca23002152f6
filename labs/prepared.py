"""Questions that are asked so often that putting them together costs more than their answers.

Django compiles a query each time it is asked. Here one that differs in its values alone is compiled once.
"""

from __future__ import annotations

import functools
import secrets
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeAlias, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, models, transaction
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    QuerySet,
    ValuesListIterable,
    get_related_populators,
)
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import UpdateQuery
from django.db.transaction import TransactionManagementError

# Questions about a viewer with rights differ from person to person: of each question the latest of them are kept.
SHAPES_KEPT = 64

Row = TypeVar("Row")
_Make: TypeAlias = Callable[[Sequence[Any]], Any]


class Prepared(Generic[Row]):
    """A query that is compiled once for all values that it may be asked about.

    `question` takes the values and returns a query set of whole models (also with `select_related`, `only`, `defer`),
    or a `values_list()`. What is a str, int, datetime or UUID, or a list, tuple or set of one of these, may differ
    from asking to asking, and must stand in the query as it is given; any other argument, a viewer for example, has
    to be hashable and is compiled into it. The question is called with random values of the same types: nothing in
    it may depend on more than its arguments.
    """

    def __init__(self, question: Callable[..., QuerySet[Any, Row]]) -> None:
        self._question = question
        self._plan = functools.lru_cache(SHAPES_KEPT)(self._put_together)

    def all(self, *values: Any) -> list[Row]:
        """Ask, and return all rows. One query."""
        return list(self._rows(values))

    def first(self, *values: Any) -> Row | None:
        """Ask, and return the first row, or None where there is none. One query, which the question has to limit."""
        return next(self._rows(values), None)

    def _rows(self, values: tuple[Any, ...]) -> Iterator[Row]:
        plan = self._plan(*map(_shape_of, values))
        if plan is None:
            return iter(())
        if plan.locks and connection.get_autocommit():
            raise TransactionManagementError("A row can be locked only in a transaction.")
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, _parameters(plan, values))
            rows = cursor.fetchall()
        if plan.converters:
            rows = plan.compiler.apply_converters(rows, plan.converters)
        return map(plan.make, rows)

    def _put_together(self, *shapes: object) -> _Plan | None:
        stand_ins = [_stand_in(shape) for shape in shapes]
        queryset = self._question(*stand_ins)
        if queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
            raise ValueError("A prepared question cannot fetch other rows beside its own.")
        compiler = queryset.query.get_compiler(connection=connection)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return None
        return _Plan(
            sql=sql,
            parameters=_places(parameters, stand_ins),
            locks=queryset.query.select_for_update and connection.features.has_select_for_update,
            compiler=compiler,
            converters=compiler.get_converters([column for column, _sql, _alias in compiler.select]),
            make=_maker(queryset, compiler),
        )


class PreparedUpdate:
    """The same for an update: `question` returns which rows, of one table alone, and `columns` are what they get.

    Columns are given as to `QuerySet.update`; what differs from time to time belongs to the question.
    """

    def __init__(self, question: Callable[..., QuerySet[Any, Any]], **columns: Any) -> None:
        self._question = question
        self._columns = columns
        self._plan = functools.lru_cache(SHAPES_KEPT)(self._put_together)

    def carry_out(self, *values: Any) -> int:
        """Write, and return how many rows were matched. One statement."""
        plan = self._plan(*map(_shape_of, values))
        if plan is None:
            return 0
        with transaction.mark_for_rollback_on_error(using=DEFAULT_DB_ALIAS), connection.cursor() as cursor:
            cursor.execute(plan.sql, _parameters(plan, values))
            return int(cursor.rowcount)

    def _put_together(self, *shapes: object) -> _Statement | None:
        stand_ins = [_stand_in(shape) for shape in shapes]
        query = cast(UpdateQuery, self._question(*stand_ins).query.chain(UpdateQuery))
        query.add_update_values(self._columns)
        compiler = query.get_compiler(connection=connection)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return None
        if query.get_related_updates() or query.count_active_tables() > 1:
            raise ValueError("A prepared update writes one table and asks no other.")
        return _Statement(sql, _places(parameters, stand_ins))


@dataclass(frozen=True)
class _Statement:
    """Compiled SQL. `parameters` are the place of a value among those asked about, or None and what is fixed."""

    sql: str
    parameters: list[tuple[int | None, Any]]


@dataclass(frozen=True)
class _Plan(_Statement):
    """A compiled question, and what makes its rows into results."""

    locks: bool
    compiler: SQLCompiler
    converters: dict[int, Any]
    make: _Make


def _parameters(statement: _Statement, values: Sequence[Any]) -> list[Any]:
    """Return the parameters of this asking, as the database wants them."""
    own = _as_stored(values)
    return [fixed if place is None else own[place] for place, fixed in statement.parameters]


def _places(parameters: Sequence[Any], stand_ins: Sequence[Any]) -> list[tuple[int | None, Any]]:
    """Find the values in the compiled statement. Raises ValueError for one that does not stand there as it is."""
    own = _as_stored(stand_ins)
    if not all(value in parameters for value in own):
        raise ValueError("A value of a prepared question does not stand in it as it was given.")
    return [(own.index(value) if value in own else None, value) for value in parameters]


def _as_stored(values: Sequence[Any]) -> list[Any]:
    return [field.get_db_prep_value(value, connection) for field, value in _variables(values)]


# How values of each type are written to the database, and what stands for one while the question is put together.
_FIELDS: dict[type, tuple[models.Field[Any, Any], Callable[[], Any]]] = {
    str: (models.TextField(), lambda: secrets.token_hex(8)),
    int: (models.BigIntegerField(), lambda: 2**30 + secrets.randbelow(2**30)),
    uuid.UUID: (models.UUIDField(), uuid.uuid4),
    datetime: (
        models.DateTimeField(),
        lambda: datetime(2200, 1, 1, tzinfo=UTC) + timedelta(microseconds=secrets.randbelow(10**15)),
    ),
}
_MANY = (list, tuple, set, frozenset)


@dataclass(frozen=True)
class _Of:
    """The shape of a value, or of `many` of them, that may differ from asking to asking."""

    kind: type
    many: int | None = None


def _shape_of(value: Any) -> object:
    kind = type(value)
    if kind in _FIELDS:
        return _Of(kind)
    if kind in _MANY:
        return _Of(type(next(iter(value), "")), len(value))
    return value


def _stand_in(shape: object) -> Any:
    if not isinstance(shape, _Of):
        return shape
    make = _FIELDS[shape.kind][1]
    return make() if shape.many is None else [make() for _number in range(shape.many)]


def _variables(values: Sequence[Any]) -> Iterator[tuple[models.Field[Any, Any], Any]]:
    """Go through what may differ: each value with the field that writes it."""
    for value in values:
        kind = type(value)
        if kind in _FIELDS:
            yield _FIELDS[kind][0], value
        elif kind in _MANY:
            for one in value:
                yield _FIELDS[type(one)][0], one


def _maker(queryset: QuerySet[Any, Any], compiler: SQLCompiler) -> _Make:
    """Return what makes a result of a row, as the query set's own iteration would."""
    how = queryset._iterable_class
    if how is FlatValuesListIterable:
        return lambda row: row[0]
    if how is ValuesListIterable:
        return tuple
    if how is not ModelIterable or compiler.klass_info is None:
        raise ValueError("A prepared question gives models or a values_list().")
    model: type[models.Model] = compiler.klass_info["model"]
    start, end = compiler.klass_info["select_fields"][0], compiler.klass_info["select_fields"][-1] + 1
    names = [column.target.attname for column, _sql, _alias in compiler.select[start:end]]
    related = get_related_populators(compiler.klass_info, compiler.select, queryset.db)  # type: ignore[call-arg]
    annotations = list((compiler.annotation_col_map or {}).items())
    database = queryset.db

    def make(row: Sequence[Any]) -> models.Model:
        made = model.from_db(database, names, row[start:end])
        for populator in related:
            populator.populate(row, made)
        for name, place in annotations:
            setattr(made, name, row[place])
        return made

    return make
