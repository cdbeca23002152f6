"""The mutants of a module: each differs from it in one thing that a careless change could have made of it."""

import ast
from collections import Counter
from collections.abc import Iterator
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
# Without these links, a chain of a query means something else.
LINKS = ("filter", "exclude", "visible_to", "taking_place", "ended", "active", "order_by")
# What these say of locks and transactions is seen on PostgreSQL alone (tests/registrations/test_lock_order.py), also
# that rows are locked by key.
OF_LOCKS = ("no_key", "savepoint", "skip_locked", "force_insert")
ORDERS_OF_LOCKS: tuple[list[str], ...] = ([], ["'pk'"])
NO_RULES = ("annotation", "returns", "decorator_list")


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
    for function, statement, parent, field, holder, place in _parts(tree):
        node = holder[place]
        for new, change in _instead_of(node, parent, field):
            holder[place] = ast.copy_location(new, node)
            changed = tree if function else ast.Module([statement], [])
            code = compile(ast.fix_missing_locations(changed), filename, "exec")
            holder[place] = node
            seen[function, change] += 1
            number = f" #{seen[function, change]}" if seen[function, change] > 1 else ""
            found.append(Mutant(path, function, _lines(statement), change + number, code))
    return found


def _lines(statement: ast.stmt) -> range:
    """Return the lines of this statement without the statements inside it."""
    body = getattr(statement, "body", None)
    end = body[0].lineno if body else (statement.end_lineno or statement.lineno) + 1
    return range(statement.lineno, max(end, statement.lineno + 1))


def _parts(
    parent: Any, function: str = "", statement: Any = None
) -> Iterator[tuple[str, ast.stmt, ast.AST, str, Any, Any]]:
    """Yield all parts of functions and of the module's assignments: function, statement, parent, its field, the list
    or dict that holds the part, and the place in it.
    """
    is_block = isinstance(parent, ast.Module | ast.ClassDef | ast.FunctionDef)
    for field, value in ast.iter_fields(parent):
        if field in NO_RULES or (is_block and field != "body"):
            continue
        holder: Any = value if isinstance(value, list) else vars(parent)
        for place in range(len(value)) if isinstance(value, list) else [field]:
            node = holder[place]
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield from _parts(node, f"{function}.{node.name}".lstrip("."))
            elif isinstance(node, ast.AST) and _may_change(node, parent, function):
                of = node if isinstance(node, ast.stmt) else statement
                yield function, of, parent, field, holder, place
                yield from _parts(node, function, of)


def _may_change(node: ast.AST, parent: ast.AST, function: str) -> bool:
    if isinstance(parent, ast.ClassDef) or (isinstance(parent, ast.keyword) and parent.arg in OF_LOCKS):
        return False
    if isinstance(parent, ast.Module) and not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    return not isinstance(node, ast.JoinedStr) and not ast.unparse(node).startswith("logger.")


def _instead_of(node: Any, parent: ast.AST, field: str) -> Iterator[tuple[ast.AST, str]]:
    """Yield nodes that may stand in the place of this one, and how the change reads."""
    text = _text(node)
    unless = ast.Compare | ast.BoolOp | ast.UnaryOp
    if field in ("test", "ifs") and not isinstance(node, unless):
        yield ast.UnaryOp(ast.Not(), node), f"{text} -> not {text}"
    match node:
        case (
            ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Expr(value=ast.Call())
            | ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_])
        ):  # fmt: skip
            # Never carried out, so that the function's variables stay the same ones.
            yield ast.If(ast.Constant(False), [node], []), f"without: {text}"
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            yield operand, f"{text} -> {_text(operand)}"
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value), f"{text} -> {not value}: {_text(parent)}"
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1), f"{text} -> {value + 1}: {_text(parent)}"
        case ast.Call(func=ast.Name(id=name)) if name in SWAPPED_NAMES:
            other = ast.Name(SWAPPED_NAMES[name], ast.Load())
            yield ast.Call(other, node.args, node.keywords), f"{name} to {SWAPPED_NAMES[name]}: {text}"
        case ast.Call(func=function, args=arguments, keywords=keywords):
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            if name in CONDITIONS and len(arguments) + len(keywords) > 1:
                for keyword in keywords:
                    rest = [other for other in keywords if other is not keyword]
                    yield ast.Call(function, arguments, rest), f"without {_text(keyword)}: {text}"
            is_lock_order = name == "order_by" and [_text(one) for one in arguments] in ORDERS_OF_LOCKS
            if isinstance(function, ast.Attribute) and name in LINKS and not is_lock_order:
                everything = ast.Attribute(function.value, "all", ast.Load())
                yield ast.Call(everything, [], []), f"without .{name}: {text}"
        case _ if type(node) in SWAPPED:
            new = SWAPPED[type(node)]()
            yield new, f"{type(node).__name__} to {type(new).__name__}: {_text(parent)}"


def _text(node: ast.AST) -> str:
    return shorten(ast.unparse(node), 160, placeholder=" …")
