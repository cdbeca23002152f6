"""Render Markdown that people type as safe HTML: a small set of elements, no attributes but checked links.

Two layers, each sufficient alone: markdown-it-py runs without raw HTML and rejects link targets that are not http,
https or mailto; nh3 then keeps only the listed elements and attributes.
"""

from functools import lru_cache
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

LINK_SCHEMES = frozenset({"http", "https", "mailto"})
ELEMENTS = frozenset(
    {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a"}
    | {f"h{level}" for level in range(1, 7)}
)


def is_safe_link(address: str) -> bool:
    """Tell whether a link target may be shown: absolute, http, https or mailto, without control characters."""
    if any(character <= " " for character in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    scheme = parts.scheme.lower()
    if scheme == "mailto":
        return bool(parts.path)
    # User info before @ disguises the host; an escaped host has no legitimate use.
    return scheme in LINK_SCHEMES and bool(parts.netloc) and not set("@%\\") & set(parts.netloc)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True, "maxNesting": 20})
    # Public pages load nothing from other sites.
    parser.disable(["image", "html_block", "html_inline"])
    parser.enable("strikethrough")
    parser.validateLink = is_safe_link  # type: ignore[method-assign, assignment]
    return parser


_PARSER = _parser()
_CLEANER = nh3.Cleaner(
    tags=set(ELEMENTS),
    # The empty "*" removes `title` and `lang`, which nh3 allows everywhere.
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    attribute_filter=lambda element, name, value: value if name != "href" or is_safe_link(value) else None,
    link_rel="nofollow noopener",
    url_schemes=set(LINK_SCHEMES),
    url_relative="deny",
    strip_comments=True,
)


def _demote(tokens: list[Token], top: int) -> None:
    """Shift the headings so that the highest is at level `top`."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + top - 1, 6)}"


@lru_cache(maxsize=4096)
def render(text: str, top: int = 3) -> SafeString:
    """Return Markdown as HTML; the highest heading becomes h`top` (3 under a section's h2)."""
    tokens = _PARSER.parse(text)
    _demote(tokens, top)
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return SafeString(_CLEANER.clean(html).strip())


def link_targets(text: str) -> list[str]:
    """Return the addresses that the links of a text in Markdown lead to."""
    return [
        str(token.attrs["href"])
        for block in _PARSER.parse(text)
        for token in block.children or []
        if token.type == "link_open"
    ]


def plain_line(text: str) -> str:
    """Return Markdown as plain text on one line, for descriptions and previews."""
    words: list[str] = []
    for block in _PARSER.parse(text):
        for token in block.children or []:
            if token.type in ("text", "code_inline"):
                words.append(token.content)
            elif token.type in ("softbreak", "hardbreak"):
                words.append(" ")
        if block.type in ("fence", "code_block"):
            words.append(block.content)
        words.append(" ")
    return " ".join("".join(words).split())


def plain_paragraphs(text: str) -> str:
    """Return Markdown as plain paragraphs, for calendars: one line per list item, links' addresses in brackets."""
    found, mark, depth, was_in_list = "", "", 0, False
    for block in _PARSER.parse(text):
        if block.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif block.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif block.type == "list_item_open":
            mark = f"{block.info}. " if block.info else "– "
        elif words := (
            _paragraph_text(block.children or []) if block.type == "inline" else block.content
        ).strip():
            gap = "\n" if depth and was_in_list else "\n\n"
            found += f"{gap if found else ''}{mark}{words}"
            mark, was_in_list = "", depth > 0
    return found


def _paragraph_text(tokens: list[Token]) -> str:
    """Return the text of a paragraph, with the address of each link after its text unless they are equal."""
    words, link_begins, address = "", 0, ""
    for token in tokens:
        if token.type in ("text", "code_inline"):
            words += token.content
        elif token.type in ("softbreak", "hardbreak"):
            words += "\n"
        elif token.type == "link_open":
            link_begins, address = len(words), str(token.attrs["href"]).removeprefix("mailto:")
        elif token.type == "link_close" and words[link_begins:] != address:
            words += f" ({address})"
    return words
