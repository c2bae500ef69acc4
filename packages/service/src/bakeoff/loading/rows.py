"""From the text of a row to a book, by the same rules as a request, or to the reason why not."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bakeoff.loading.columns import Columns
from bakeoff.loading.reading import Record
from bakeoff_schemas.api import AuthorBody, BookBody
from bakeoff_schemas.records import BookData

# Not shorter: a number of a few digits is more likely anything else than an ISBN.
_ISBN_WITHOUT_ZEROS = re.compile(r"[0-9]{5,8}[0-9Xx]", re.ASCII)
# What spreadsheets make of numbers, and what they are told so that they leave an ISBN alone.
_INTEGER = re.compile(r"([+-]?[0-9]{1,20})(?:\.0*)?", re.ASCII)
_FORMULA = re.compile(r'="(.*)"')
_TAG_SEPARATORS = re.compile(r"[;|,]")
_YES_OR_NO = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
# The author's id is known only once the whole batch is looked up.
_NOBODY_YET = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a book costs, and how many there are, where the file does not say."""

    price: str
    stock: int


USUAL = Defaults(price="9.99", stock=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A book that may be loaded; the author is a name still."""

    author: str
    book: BookData


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A record that cannot be loaded, and why."""

    line: int
    fields: list[str]
    reason: str


class RowReader:
    """Turns the records of one file into books."""

    def __init__(
        self, columns: Columns, *, defaults: Defaults = USUAL, author_separator: str = ","
    ) -> None:
        """Of several authors the first one counts; an empty separator means there is only one."""
        self._columns = columns
        self._defaults = defaults
        self._separator = author_separator

    def read(self, record: Record) -> Candidate | Reject:
        """The book of a record, or why it is none."""
        if record.problem is not None:
            return Reject(line=record.line, fields=record.fields, reason=record.problem)
        cells = {field: record.fields[place].strip() for field, place in self._columns.items()}
        reasons: list[str] = []
        try:
            author = AuthorBody(name=self._first_author(cells["author"]))
        except ValidationError as error:
            reasons += _reasons(error)
        try:
            book = BookBody.model_validate(self._body(cells))
        except ValidationError as error:
            reasons += _reasons(error)
        if reasons:
            return Reject(line=record.line, fields=record.fields, reason="; ".join(reasons))
        return Candidate(author=author.name, book=book.data())

    def _first_author(self, cell: str) -> str:
        return cell.split(self._separator, 1)[0] if self._separator else cell

    def _body(self, cells: dict[str, str]) -> dict[str, Any]:
        """What a client would send; what cannot be read is passed on, for the model to refuse."""
        body: dict[str, Any] = {
            "title": cells["title"],
            "author_id": _NOBODY_YET,
            "price": cells.get("price") or self._defaults.price,
            "stock": _integer(cells.get("stock") or str(self._defaults.stock)),
        }
        if isbn := _isbn(cells.get("isbn", "")):
            body["isbn"] = isbn
        if year := cells.get("year"):
            body["release_year"] = _integer(year)
        if in_print := cells.get("in_print"):
            body["in_print"] = _YES_OR_NO.get(in_print.casefold(), in_print)
        if tags := cells.get("tags"):
            body["tags"] = [tag for tag in _TAG_SEPARATORS.split(tags) if tag.strip()]
        if attributes := cells.get("attributes"):
            body["attributes"] = _json(attributes)
        return body


def _isbn(cell: str) -> str:
    if formula := _FORMULA.fullmatch(cell):
        cell = formula[1].strip()
    if number := _INTEGER.fullmatch(cell):
        cell = number[1]
    # Padding guesses, but the check digit proves it: it is tested next.
    return cell.zfill(10) if _ISBN_WITHOUT_ZEROS.fullmatch(cell) else cell


def _integer(cell: str) -> int | str:
    number = _INTEGER.fullmatch(cell)
    return int(number[1]) if number else cell


def _json(cell: str) -> Any:
    # It imports FastAPI, for which `bakeoff load --help` need not wait.
    from bakeoff import strict_json

    try:
        return strict_json.loads(cell.encode())
    except json.JSONDecodeError:
        return cell


def _reasons(error: ValidationError) -> list[str]:
    return [
        f"{_column(item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_url=False, include_input=False)
    ]


def _column(loc: tuple[int | str, ...]) -> str:
    """What a field of a request is called where columns are named."""
    field = str(loc[0])
    return {"name": "author", "release_year": "year"}.get(field, field)
