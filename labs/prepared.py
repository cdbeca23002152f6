"""Questions that are asked so often that putting them together costs more than their answers.

Django compiles a query each time it is asked. Here one that differs in its values alone is compiled once.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import secrets
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
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
    to be hashable and is compiled into it. Of a row give the key: rows count as equal whatever else is in them. The
    question is called with random values of the same types: nothing in it may depend on more than its arguments.
    Raises ValueError or TypeError where it is asked for the first time in a way that does not fit.
    """

    def __init__(self, question: Callable[..., QuerySet[Any, Row]]) -> None:
        self._question = question
        self._plan = _kept(self._compiled)

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
        if (turn is not None or (plan is not None and plan.locks)) and connection.get_autocommit():
            raise TransactionManagementError("A row or a turn can be locked only in a transaction.")
        lock, numbers = _lock_for(turn)
        if plan is None:
            if lock:
                with connection.cursor() as cursor:
                    cursor.execute(lock, numbers)
            return iter(self._question(*values))
        with connection.cursor() as cursor:
            cursor.execute(lock + plan.sql, [*numbers, *_parameters(plan, values)])
            if lock:
                cursor.nextset()
            rows = cursor.fetchall()
        return plan.read(rows)

    def _compiled(self, stand_ins: Sequence[Any]) -> _Plan | None:
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
        self._plan = _kept(self._compiled)

    def carry_out(self, *values: Any) -> int:
        """Write, and return how many rows were matched. One statement."""
        plan = self._plan(*map(_shape_of, values))
        if plan is None:
            return self._question(*values).update(**self._columns)
        with transaction.mark_for_rollback_on_error(using=DEFAULT_DB_ALIAS), connection.cursor() as cursor:
            cursor.execute(plan.sql, _parameters(plan, values))
            return int(cursor.rowcount)

    def _compiled(self, stand_ins: Sequence[Any]) -> _Statement | None:
        query = cast(UpdateQuery, self._question(*stand_ins).query.chain(UpdateQuery))
        if query.is_sliced:
            raise ValueError("A prepared update writes every row that its question finds.")
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
    """Compiled SQL. Each of `parameters` is the place of a value among those asked about, or None and what is fixed."""

    sql: str
    parameters: list[tuple[int | None, Any]]

    @property
    def fixed(self) -> list[Any]:
        return [(number, value) for number, (place, value) in enumerate(self.parameters) if place is None]


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


_Compiled = TypeVar("_Compiled", bound=_Statement)


def _kept(compiled: Callable[[Sequence[Any]], _Compiled | None]) -> Callable[..., _Compiled | None]:
    """Return what gives the compiled statement for the shapes of some values, and keeps the latest of them.

    None stands for a question that Django sees to be empty without the database, as with an empty list, or with a
    value that no row can have. It is then asked as it is: with other values it may not be empty.
    """
    is_sound = False

    @functools.lru_cache(SHAPES_KEPT)
    def plan(*shapes: object) -> _Compiled | None:
        nonlocal is_sound
        statement = compiled(_stand_ins(shapes))
        if statement is not None and not is_sound:
            # The first time with a second set of values: what changes with them would stay as it was.
            other = compiled(_stand_ins(shapes))
            if other is None or (other.sql, other.fixed) != (statement.sql, statement.fixed):
                raise ValueError(
                    "A prepared question depends on its values as they were given, and on nothing else."
                )
            is_sound = True
        return statement

    return plan


def _parameters(statement: _Statement, values: Sequence[Any]) -> list[Any]:
    """Return the parameters of this asking, as the database wants them."""
    own = _as_stored(values)
    return [fixed if place is None else own[place] for place, fixed in statement.parameters]


def _places(parameters: Sequence[Any], stand_ins: Sequence[Any]) -> list[tuple[int | None, Any]]:
    """Find the values in the compiled statement. Raises ValueError for one that does not stand there as it is."""
    own = {value: place for place, value in enumerate(_as_stored(stand_ins))}
    found = [(own.get(value) if isinstance(value, Hashable) else None, value) for value in parameters]
    if {place for place, _value in found if place is not None} != set(own.values()):
        raise ValueError("A value of a prepared question does not stand in it as it was given.")
    return found


def _as_stored(values: Sequence[Any]) -> list[Any]:
    return [field.get_db_prep_value(value, connection) for field, value in _variables(values)]


# Numbers that stand for values: no two alike, nothing that stands in a question by itself, and room in most columns.
_numbers = itertools.count(2**30 + secrets.randbelow(2**28))
# How values of each type are written to the database, and what stands for one while the question is put together.
_FIELDS: dict[type, tuple[models.Field[Any, Any], Callable[[], Any]]] = {
    str: (models.TextField(), lambda: secrets.token_hex(8)),
    int: (models.BigIntegerField(), lambda: next(_numbers)),
    uuid.UUID: (models.UUIDField(), uuid.uuid4),
    datetime: (
        models.DateTimeField(),
        lambda: datetime(2200, 1, 1, tzinfo=UTC) + timedelta(microseconds=next(_numbers)),
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
        return value if _is_huge(value) else _Of(kind)
    if kind in _MANY:
        kinds = set(map(type, value)) or {str}
        if len(kinds) > 1 or not kinds <= _FIELDS.keys():
            raise TypeError("A prepared question is asked about many values of one kind.")
        return _Of(kinds.pop(), len(value))
    if isinstance(value, models.Model):
        raise TypeError("A prepared question is asked about the key of a row.")
    return value


def _is_huge(value: Any) -> bool:
    """Tell of a number that no column holds: it is compiled in, since Django knows what then is found."""
    return type(value) is int and value.bit_length() > 63


def _stand_ins(shapes: Sequence[object]) -> list[Any]:
    return [_stand_in(shape) for shape in shapes]


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
            if not _is_huge(value):
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
        # Behind what was asked for stands what distinct rows are ordered by.
        asked_for: Callable[[Sequence[Any]], Any] = itemgetter(slice(len(compiler.select)))
        make = itemgetter(0) if how is FlatValuesListIterable else lambda row: tuple(asked_for(row))
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
