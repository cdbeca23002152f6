"""axe in a page: the rules that it checks, and what it finds.

The rules are those of WCAG 2.2 AA and axe's own good practice.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = (Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES = {"type": "tag", "values": RULES}
TOO_WIDE = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
_RUN = """async (options) => (await axe.run(document, { ...options, resultTypes: ["violations"] })).violations.flatMap(
    (rule) => rule.nodes.map((node) => (
        [rule.id, `${node.target}`, `${node.html.slice(0, 200)} ${node.failureSummary}`]
    ))
)"""


@dataclass(frozen=True)
class Finding:
    """An element that breaks a rule: `target` is its CSS selector, `details` its HTML and what is wrong."""

    rule: str
    target: str
    details: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.target} {self.details}"


def findings(page: Page, only: dict[str, Any], *but: str) -> list[Finding]:
    """Return what axe, which the page has loaded, finds by these rules `but` for some of them."""
    options = {"runOnly": only, "rules": {rule: {"enabled": False} for rule in but}}
    return [Finding(*found) for found in page.evaluate(_RUN, options)]
