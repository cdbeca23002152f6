"""What is wrong with a page by the HTML standard: errors of its parser, and attributes where they may not stand."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from tinyhtml5.parser import HTMLParser

# Elements whose role takes no name (ARIA in HTML): a label there is read by nobody, or by some.
PHRASING = {
    "abbr",
    "b",
    "bdi",
    "bdo",
    "br",
    "cite",
    "code",
    "em",
    "i",
    "kbd",
    "mark",
    "q",
    "s",
    "samp",
    "small",
    "span",
}
MORE = {"del", "ins", "strong", "sub", "sup", "time", "u", "var", "dd", "dt", "div", "p", "pre", "td"}
NAMELESS = PHRASING | MORE
TYPED = frozenset({"input", "textarea"})
# Attributes of some elements only.
BELONG = {
    "maxlength": TYPED, "minlength": TYPED, "placeholder": TYPED, "readonly": TYPED,
    "pattern": frozenset({"input"}), "min": frozenset({"input", "meter"}),
    "max": frozenset({"input", "meter", "progress"}),
    "rows": frozenset({"textarea"}), "alt": frozenset({"img", "input", "area"}), "for": frozenset({"label", "output"}),
    "scope": frozenset({"th"}), "datetime": frozenset({"time", "ins", "del"}),
}  # fmt: skip
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "list", "form")
UNKNOWN = re.compile(r"(hx-|x-|ng-|v-)")


def invalid_in(body: str) -> Iterator[str]:
    """Yield what is wrong with a page."""
    parser = HTMLParser(namespace_html_elements=False)
    root: Element = parser.parse(body)
    for position, code, said in parser.errors:
        yield f"{code} {said or ''} at {position}"
    elements = [
        element for element in root.iter() if not callable(element.tag)
    ]  # comments are their own makers
    ids = [element.get("id") for element in elements if element.get("id") is not None]
    yield from (f"id {name!r} twice" for name in set(ids) if ids.count(name) > 1)
    if root.get("lang") not in ("en", "bg", "el"):
        yield f"lang of the page: {root.get('lang')}"
    for element in elements:
        yield from _invalid_about(element, set(ids))


def _invalid_about(element: Element, ids: set[str | None]) -> Iterator[str]:
    tag, said = element.tag, element.attrib
    for name, value in said.items():
        if (name in BELONG and tag not in BELONG[name]) or UNKNOWN.match(name):
            yield f"{name} on {tag}"
        if name in ("aria-label", "aria-labelledby") and tag in NAMELESS and "role" not in said:
            yield f"{name} on {tag} without a role"
        if name in REFERENCES:
            yield from (f"{name} of {tag} names no {one!r}" for one in value.split() if one not in ids)
        if name == "lang" and not LANGUAGE.fullmatch(value):
            yield f"lang {value!r} on {tag}"
        if name in ("id", "src", "action") and (not value or value != value.strip()):
            yield f"{name} {value!r} on {tag}"
    if tag == "img" and "alt" not in said:
        yield "img without alt"
