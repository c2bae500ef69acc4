"""Writes the catalogue as a workbook, in a process of its own: this takes a processor.

This module imports nothing of the service, so that such a process starts fast.
"""

from __future__ import annotations

import json
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

LARGEST_SHEET = 2**20
"""The rows that a sheet can have, the one with the headings included."""

# The headings, and the widths of the columns in characters.
_COLUMNS = {
    "id": 10,
    "isbn": 15,
    "title": 50,
    "author": 30,
    "release year": 12,
    "price": 12,
    "stock": 10,
    "in print": 9,
    "tags": 30,
    "updated (UTC)": 20,
}


def make_workbook(source: Path, target: Path) -> int:
    """`write_workbook` for a process that does nothing else."""
    # Ctrl-C in a terminal reaches all processes; the one that waits for this decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return write_workbook(source, target)


def write_workbook(source: Path, target: Path, *, largest_sheet: int = LARGEST_SHEET) -> int:
    """Write the books of `source` to `target`, and return how many they are.

    `source` has one book a line, as the export has them. When a sheet has `largest_sheet` rows,
    another one follows. Memory does not grow with the number of books.

    :raises OSError: a file cannot be read or written.
    """
    options = {"constant_memory": True, "tmpdir": str(target.parent)}
    # Only U+000A ends a line.
    with source.open(encoding="utf-8", newline="\n") as lines, Workbook(target, options) as book:
        sheets = _Sheets(book, largest=largest_sheet)
        count = 0
        for line in lines:
            sheets.add(json.loads(line))
            count += 1
    return count


class _Sheets:
    """The sheets of a workbook, filled from top to bottom: in constant memory no row is open."""

    def __init__(self, book: Workbook, *, largest: int) -> None:
        self._book = book
        self._largest = largest
        self._heading = book.add_format({"bold": True, "num_format": "@"})
        # As text, a cell stays what it is when somebody edits it.
        self._text = book.add_format({"num_format": "@"})
        self._price = book.add_format({"num_format": "0.00"})
        self._time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._begin()

    def _begin(self) -> None:
        self._sheet: Worksheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for column, (heading, width) in enumerate(_COLUMNS.items()):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, heading, self._heading)
        self._row = 1

    def add(self, book: dict[str, Any]) -> None:
        """One row, in the order of `_COLUMNS`."""
        if self._row == self._largest:
            self._begin()
        sheet, row = self._sheet, self._row
        # An id is no quantity: a number of Excel has only 15 digits.
        _write_text(sheet, row, 0, str(book["id"]), self._text)
        if book["isbn"] is not None:
            _write_text(sheet, row, 1, book["isbn"], self._text)
        _write_text(sheet, row, 2, book["title"], self._text)
        _write_text(sheet, row, 3, book["author"]["name"], self._text)
        if book["release_year"] is not None:
            sheet.write_number(row, 4, book["release_year"])
        # Ten digits at most, which a double holds exactly enough to show them.
        sheet.write_number(row, 5, float(book["price"]), self._price)
        sheet.write_number(row, 6, book["stock"])
        sheet.write_boolean(row, 7, book["in_print"])
        _write_text(sheet, row, 8, ", ".join(book["tags"]), self._text)
        updated = datetime.fromisoformat(book["updated_at"]).replace(tzinfo=None)
        sheet.write_datetime(row, 9, updated, self._time)
        self._row += 1


def _write_text(sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
    """Text as text, even where it looks like a formula."""
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter takes such a text for one that it has formatted itself, and would write what a
        # client sent into the XML as it is. In parts it escapes it.
        sheet.write_rich_string(row, column, "<", "r", text[2:], style)
    else:
        sheet.write_string(row, column, text, style)
