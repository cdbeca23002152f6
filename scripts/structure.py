#!/usr/bin/env python3
"""Write docs/structure.md: every module with its first sentence, lines per package, and who imports whom.

`--check` writes nothing and exits with 1 where the file is not what would be written.
"""

import ast
import sys
from collections import defaultdict
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "structure.md"
APPS = ("core", "labs", "sessions", "registrations", "certificates", "demo", "config")
# core is drawn package by package.
PARTS = ("search", "timezones", "web", "accounts", "api", "jobs", "mail", "backup")

HEAD = """# Structure

Written by `make structure`; `make check` sees that it is up to date.

## Who imports whom

An arrow leads from what imports to what is imported. Arrows that follow from others are left out.

```mermaid
flowchart TD
{arrows}
```

## Lines

Python without migrations and tests.

| package | lines | modules | longest module |
|---|---|---|---|
{sizes}

## Modules
"""


def modules(app: str) -> list[Path]:
    """Return the modules of an app that are not empty, without migrations."""
    found = (path for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts)
    return [path for path in found if path.read_text().strip()]


def package_of(module: str) -> str:
    """Return the package that the drawing shows for a module: an app, or a part of core."""
    app, _, rest = module.partition(".")
    part = rest.partition(".")[0]
    return f"core.{part}" if app == "core" and part in PARTS else app


def arrows() -> list[str]:
    """Return the imports between packages as lines of a Mermaid flowchart, without those that others imply."""
    graph = grimp.build_graph(*APPS, cache_dir=None)
    imports: defaultdict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            one, other = package_of(module), package_of(imported)
            if one != other and one != "config" and other != "config":
                imports[one].add(other)

    def reached(package: str) -> set[str]:
        return imports[package] | {far for near in list(imports[package]) for far in reached(near)}

    return [
        f"    {one} --> {other}"
        for one in sorted(imports)
        for other in sorted(imports[one])
        if not any(other in reached(near) for near in imports[one] - {other})
    ]


def first_sentence(path: Path) -> str:
    """Return the first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]


def sizes() -> list[str]:
    """Return the rows of the table of lines."""
    rows, total = [], 0
    for app in APPS:
        lines = {path: len(path.read_text().splitlines()) for path in modules(app)}
        longest = max(lines, key=lambda path: lines[path])
        total += sum(lines.values())
        rows.append(
            f"| {app} | {sum(lines.values())} | {len(lines)} | {longest.relative_to(ROOT)} ({lines[longest]}) |"
        )
    return [*rows, f"| together | {total} | | |"]


def document() -> str:
    """Return the text of docs/structure.md."""
    parts = [HEAD.format(arrows="\n".join(arrows()), sizes="\n".join(sizes()))]
    for app in APPS:
        parts.append(f"\n### {app}\n\n| module | what it is |\n|---|---|\n")
        parts.extend(
            f"| `{path.relative_to(ROOT)}` | {sentence} |\n"
            for path in modules(app)
            if (sentence := first_sentence(path))
        )
    return "".join(parts)


def main() -> int:
    """Write the file, or compare it."""
    sys.path.insert(0, str(ROOT))
    text = document()
    if "--check" not in sys.argv:
        TARGET.write_text(text)
        return 0
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    print("docs/structure.md is not up to date: run `make structure`.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
