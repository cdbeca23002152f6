"""Cells of tables for spreadsheets, protected against formula injection."""

import re

# Spreadsheets treat these prefixes as formulas, full-width ones included; a leading quote makes it text.
STARTS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# In locales with semicolons as separators (Bulgarian, Greek), a spreadsheet may split a cell.
AFTER_SEMICOLON = re.compile(r"(;\s*)(?=[=+\-@＝＋－＠])")
# Where the comma is the decimal sign, spreadsheets divide the cells of a file at semicolons.
WITH_DECIMAL_COMMA = {"bg", "el"}


def escaped_cell(cell: str) -> str:
    """Return the cell, escaped if a spreadsheet would treat it as a formula."""
    if ";" in cell:
        cell = AFTER_SEMICOLON.sub(r"\1'", cell)
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(STARTS_FORMULA) else cell
