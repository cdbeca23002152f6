"""Questions that are asked so often that putting them together costs more than their answers.

Django compiles a query each time it is asked. Here one that differs in its values alone is compiled once.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, Generic, TypeAlias, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, models, transaction
from django.db.models.base import ModelState
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    QuerySet,
    ValuesListIterable,
)
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import UpdateQuery
from django.db.transaction import TransactionManagementError

# Questions about a viewer with rights differ from person to person: of each question the latest of them are kept.
SHAPES_KEPT = 64

Row = TypeVar("Row")
_Read: TypeAlias = Callable[[Iterable[Sequence[Any]]], Iterator[Any]]


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

    def all_in_turn(self, turn: str, *values: Any) -> list[Row]:
        """Ask as `all` does, but one transaction after the other of those that name the same `turn`.

        Waits until the others that were earlier have ended, sees what they wrote, and keeps the turn until its own
        transaction ends. Still one trip to the database. SQLite lets one transaction at a time write as it is
        (`config.sqlite`). Only in a transaction.
        """
        return list(self._rows(values, turn))

    def first(self, *values: Any) -> Row | None:
        """Ask, and return the first row, or None where there is none. One query, which the question has to limit."""
        return next(self._rows(values), None)

    def _rows(self, values: tuple[Any, ...], turn: str | None = None) -> Iterator[Row]:
        plan = self._plan(*map(_shape_of, values))
        if plan is None:
            return iter(())
        if (plan.locks or turn is not None) and connection.get_autocommit():
            raise TransactionManagementError("A row or a turn can be locked only in a transaction.")
        lock, numbers = _lock_for(turn)
        with connection.cursor() as cursor:
            cursor.execute(lock + plan.sql, [*numbers, *_parameters(plan, values)])
            if lock:
                cursor.nextset()
            rows = cursor.fetchall()
        return plan.read(rows)

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
            read=_reader(queryset, compiler),
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
    read: _Read


def _lock_for(turn: str | None) -> tuple[str, list[int]]:
    """Return the statement that waits for a turn, with its parameters; nothing where nobody has to wait.

    It goes before the question in the same message, and is none of its parts: a statement sees what was there when
    it began, and the question may begin only when the lock has been got. Two turns that share a number by chance
    wait for each other, which harms nobody.
    """
    if turn is None or connection.vendor != "postgresql":
        return "", []
    number = int.from_bytes(hashlib.sha256(turn.encode()).digest()[:8], "big", signed=True)
    return "SELECT pg_advisory_xact_lock(%s); ", [number]


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


def _reader(queryset: QuerySet[Any, Any], compiler: SQLCompiler) -> _Read:
    """Return what makes results of rows, as the query set's own iteration would.

    Rows that several rows belong to (`select_related`) are made once, and are then one object.
    """
    how = queryset._iterable_class
    converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
    if how is FlatValuesListIterable or how is ValuesListIterable:
        make: Callable[[Sequence[Any]], Any] = tuple if how is ValuesListIterable else itemgetter(0)
        return lambda rows: map(make, compiler.apply_converters(rows, converters) if converters else rows)
    if how is not ModelIterable or compiler.klass_info is None:
        raise ValueError("A prepared question gives models or a values_list().")
    table = _Table(compiler.klass_info, compiler, converters)
    annotations = [
        (name, place, *converters.get(place, ((), None)))
        for name, place in (compiler.annotation_col_map or {}).items()
    ]

    def read(rows: Iterable[Sequence[Any]]) -> Iterator[models.Model]:
        made: dict[tuple[_Table, Any], models.Model] = {}
        for row in rows:
            instance = table.instance(row, made)
            for name, place, convert, column in annotations:
                setattr(instance, name, _converted(row[place], convert, column))
            yield instance

    return read


class _Table:
    """The part of a row that is one model's, with the parts of those that it belongs to."""

    def __init__(self, info: dict[str, Any], compiler: SQLCompiler, converters: dict[int, Any]) -> None:
        if info.get("from_parent"):
            raise ValueError("A prepared question cannot follow the inheritance of models.")
        self.model: type[models.Model] = info["model"]
        self.start, self.end = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column.target.attname for column, _sql, _alias in compiler.select[self.start : self.end]]
        self.names = names
        self.plain = _is_plain(self.model, names)
        self.pk = self.start + names.index(self.model._meta.pk.attname)
        self.converters = [
            (place - self.start, *found)
            for place, found in converters.items()
            if self.start <= place < self.end
        ]
        self.set_here: Callable[..., None] = info.get("local_setter", _nothing)
        self.set_there: Callable[..., None] = info.get("remote_setter", _nothing)
        self.related = [_Table(other, compiler, converters) for other in info.get("related_klass_infos", ())]

    def instance(self, row: Sequence[Any], made: dict[tuple[_Table, Any], models.Model]) -> models.Model:
        values = list(row[self.start : self.end])
        for place, convert, column in self.converters:
            values[place] = _converted(values[place], convert, column)
        instance = self._new(values)
        for table in self.related:
            other = None
            if (pk := row[table.pk]) is not None:
                other = made.get((table, pk))
                if other is None:
                    other = made[table, pk] = table.instance(row, made)
                table.set_there(other, instance)
            table.set_here(instance, other)
        return instance

    def _new(self, values: list[Any]) -> models.Model:
        """Return what `Model.from_db` returns; it asks each of the model's fields in turn, wanted or not."""
        if not self.plain:
            return self.model.from_db(DEFAULT_DB_ALIAS, self.names, values)
        instance = self.model.__new__(self.model)
        state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        vars(instance).update(zip(self.names, values, strict=True), _state=state)
        return instance


def _is_plain(model: type[models.Model], names: Iterable[str]) -> bool:
    """Tell whether a row's values are all there is to an instance: nothing listens, nothing is done on the way."""
    return (
        model.__init__ is models.Model.__init__
        and getattr(model.from_db, "__func__", None) is getattr(models.Model.from_db, "__func__", None)
        and not any(signal.has_listeners(model) for signal in (pre_init, post_init))
        and all(isinstance(getattr(model, name), DeferredAttribute) for name in names)
    )


def _nothing(*_arguments: object) -> None:
    """The table of the question itself belongs to no other."""


def _converted(value: Any, convert: Iterable[Callable[..., Any]], column: Any) -> Any:
    for one in convert:
        value = one(value, column, connection)
    return value
