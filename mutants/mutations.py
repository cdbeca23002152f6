"""The mutants of a module: each differs from it in one thing that a careless change could have made of it."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import shorten
from types import CodeType
from typing import Any

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
SWAPPED_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}
# Each keyword of these calls is a condition or a column.
CONDITIONS = ("filter", "exclude", "get", "Q", "update", "get_or_create", "update_or_create")
# What these say of locks and transactions is seen on PostgreSQL alone (tests/registrations/test_lock_order.py).
OF_LOCKS = ("no_key", "savepoint", "skip_locked", "force_insert")
# Without these links, a chain of a query means something else.
LINKS = ("filter", "exclude", "visible_to", "held", "over", "active", "order_by")


@dataclass(frozen=True)
class Mutant:
    """One changed module: `code` of all of it, or of one assignment where `function` is "". `lines` may differ."""

    path: str
    function: str
    lines: range
    change: str
    code: CodeType


def mutants_of(path: str, source: str, filename: str) -> list[Mutant]:
    """Return the mutants of this module in the order of its lines, always the same ones."""
    tree = ast.parse(source)
    found = []
    seen: Counter[tuple[str, str]] = Counter()
    for function, block, index in _statements(tree):
        statement = block[index]
        body = getattr(statement, "body", None)
        end = body[0].lineno if body else (statement.end_lineno or statement.lineno) + 1
        lines = range(statement.lineno, max(end, statement.lineno + 1))
        for change, apply, undo in _changes(block, index):
            apply()
            changed = tree if function else ast.Module([statement], [])
            code = compile(ast.fix_missing_locations(changed), filename, "exec")
            undo()
            seen[function, change] += 1
            number = seen[function, change]
            found.append(Mutant(path, function, lines, f"{change} #{number}" if number > 1 else change, code))
    return found


def _statements(node: ast.AST, name: str = "") -> Iterator[tuple[str, list[ast.stmt], int]]:
    """Yield the statements of all functions, and the assignments of the module, as (function, block, index)."""
    for block in ("body", "orelse", "finalbody", "handlers"):
        for index, child in enumerate(getattr(node, block, [])):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                yield from _statements(child, f"{name}.{child.name}".lstrip("."))
            elif isinstance(child, ast.ExceptHandler):
                yield from _statements(child, name)
            elif not isinstance(node, ast.ClassDef) and (
                name or isinstance(child, ast.Assign | ast.AnnAssign)
            ):
                yield name, getattr(node, block), index
                yield from _statements(child, name)


Change = tuple[str, Callable[[], None], Callable[[], None]]


def _changes(block: list[ast.stmt], index: int) -> Iterator[Change]:
    """Yield what can be changed in this statement, without the statements inside it: how it reads, do, undo."""
    statement = block[index]
    if ast.unparse(statement).startswith("logger."):
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if (
        isinstance(statement, ast.AugAssign | ast.Raise | ast.Continue)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call))
        or any(isinstance(target, ast.Attribute | ast.Subscript | ast.Tuple) for target in targets)
    ):
        nothing = ast.copy_location(ast.Pass(), statement)
        if not any(isinstance(target, ast.Tuple) for target in targets):
            yield _exchange(block, index, nothing, f"without: {_text(statement)}")
    yield from _changes_inside(statement)


def _changes_inside(parent: ast.AST) -> Iterator[Change]:
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        if isinstance(parent, ast.keyword) and parent.arg in OF_LOCKS:
            continue
        holder = value if isinstance(value, list) else parent
        children = list(enumerate(value)) if isinstance(value, list) else [(field, value)]
        for place, child in children:
            if not isinstance(child, ast.AST) or isinstance(
                child, ast.stmt | ast.ExceptHandler | ast.JoinedStr
            ):
                continue
            is_condition = field in ("test", "ifs")
            for new, words in _instead_of(child, is_condition):
                where = f": {_text(parent)}" if isinstance(child, ast.Constant) else ""
                yield _exchange(holder, place, ast.copy_location(new, child), words + where)
            if type(child) in SWAPPED:
                new = SWAPPED[type(child)]()
                yield _exchange(
                    holder, place, new, f"{type(child).__name__} to {type(new).__name__}: {_text(parent)}"
                )
            yield from _changes_inside(child)


def _instead_of(node: ast.AST, is_condition: bool) -> Iterator[tuple[ast.expr, str]]:
    """Yield expressions that may stand in the place of this one, and how the change reads."""

    def to(new: ast.expr) -> tuple[ast.expr, str]:
        return new, f"{_text(node)} -> {_text(new)}"

    unless = ast.Compare | ast.BoolOp | ast.UnaryOp
    if is_condition and isinstance(node, ast.expr) and not isinstance(node, unless):
        yield to(ast.UnaryOp(ast.Not(), node))
    match node:
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            yield to(operand)
        case ast.Constant(value=bool(value)):
            yield to(ast.Constant(not value))
        case ast.Constant(value=int(value)):
            yield to(ast.Constant(value + 1))
        case ast.Call(func=ast.Name(id=name)) if name in SWAPPED_NAMES:
            yield to(ast.Call(ast.Name(SWAPPED_NAMES[name], ast.Load()), node.args, node.keywords))
        case ast.Call(func=function, args=arguments, keywords=keywords):
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            if name in CONDITIONS and len(arguments) + len(keywords) > 1:
                for index, keyword in enumerate(keywords):
                    rest = keywords[:index] + keywords[index + 1 :]
                    yield ast.Call(function, arguments, rest), f"without {_text(keyword)}: {_text(node)}"
            # Rows are locked by key, which tests/registrations/test_lock_order.py looks after on PostgreSQL.
            is_lock_order = name == "order_by" and [_text(argument) for argument in arguments] in (
                [],
                ["'pk'"],
            )
            if isinstance(function, ast.Attribute) and name in LINKS and not is_lock_order:
                everything = ast.Attribute(function.value, "all", ast.Load())
                yield ast.Call(everything, [], []), f"without .{name}: {_text(node)}"


def _exchange(holder: Any, place: int | str, new: ast.AST, words: str) -> Change:
    """Return the change of one part: of a list by its index, of a node by the name of its field."""
    parts: Any = holder if isinstance(holder, list) else vars(holder)
    old = parts[place]

    def put(node: ast.AST) -> Callable[[], None]:
        return lambda: parts.__setitem__(place, node)

    return words, put(new), put(old)


def _text(node: ast.AST) -> str:
    return shorten(ast.unparse(node), 160, placeholder=" …")
