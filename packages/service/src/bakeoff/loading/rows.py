"""Turns the text of a row into a book, by the rules of a request, or into the reason why not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bakeoff.loading.reading import CatalogueError, Record
from bakeoff_schemas.api import AuthorBody, BookBody
from bakeoff_schemas.records import BookData

# By preference. In files that have both, a spreadsheet has often rounded `isbn13`, whereas `isbn`
# has lost no more than its leading zeros.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "title": ("title", "book_title", "name", "original_title"),
    "author": ("author", "authors", "author_name", "book_author", "writer"),
    "isbn": ("isbn", "isbn10", "isbn_10", "isbn13", "isbn_13", "ean"),
    "year": (
        "release_year",
        "year",
        "original_publication_year",
        "publication_year",
        "year_of_publication",
        "year_published",
        "published",
    ),
    "price": ("price", "list_price", "unit_price"),
    "stock": ("stock", "quantity", "qty", "copies"),
    "in_print": ("in_print",),
    "tags": ("tags", "genres", "genre", "categories", "subjects"),
    "attributes": ("attributes",),
}
REQUIRED = ("title", "author")

Columns = Mapping[str, int]

# A shorter number is more likely anything else than an ISBN.
_ISBN_WITHOUT_ZEROS = re.compile(r"[0-9]{5,8}[0-9Xx]", re.ASCII)
# How spreadsheets write a number, and the formula that keeps an ISBN as it is.
_INTEGER = re.compile(r"([+-]?[0-9]{1,20})(?:\.0*)?", re.ASCII)
_FORMULA = re.compile(r'="(.*)"')
_TAG_SEPARATORS = re.compile(r"[;|,]")
_YES_OR_NO = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
# The id of the author is known only when the whole batch has been looked up.
_NO_AUTHOR_YET = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """The price and the stock of a book where the file has none."""

    price: str
    stock: int


USUAL = Defaults(price="9.99", stock=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A book that may be loaded, with the name of its author."""

    author: str
    book: BookData


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A record that cannot be loaded, and why."""

    line: int
    fields: list[str]
    reason: str


def find_columns(header: Sequence[str], wanted: Mapping[str, str]) -> Columns:
    """The position of each field of `SYNONYMS` that the header has; `wanted` names columns.

    :raises CatalogueError: a named column, or one that every book needs, is missing.
    """
    positions = {
        field: _named(header, name, option=_option(field)) for field, name in wanted.items()
    }
    folded = [_fold(name) for name in header]
    for field, names in SYNONYMS.items():
        if field not in positions:
            found = next((folded.index(name) for name in names if name in folded), None)
            if found is not None:
                positions[field] = found
    for field in REQUIRED:
        if field not in positions:
            raise CatalogueError(
                f"no column looks like the {field}: name it with {_option(field)}, or the "
                f"separator with --delimiter; the columns are {_listed(header)}"
            )
    return positions


def _named(header: Sequence[str], name: str, *, option: str) -> int:
    if name in header:
        return header.index(name)
    folded = [_fold(column) for column in header]
    if _fold(name) in folded:
        return folded.index(_fold(name))
    raise CatalogueError(f"there is no column {name!r} ({option}); there are {_listed(header)}")


def _fold(name: str) -> str:
    """Case and punctuation do not matter: `Book-Title` is `book_title`."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _option(field: str) -> str:
    return "--" + field.replace("_", "-")


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in header[:30])
    return shown + (", …" if len(header) > 30 else "")


class RowReader:
    """Turns the records of one file into books."""

    def __init__(
        self,
        header: Sequence[str],
        *,
        wanted: Mapping[str, str] | None = None,
        defaults: Defaults = USUAL,
        author_separator: str = ",",
    ) -> None:
        """Find the columns, of which `wanted` names some.

        Of several authors the first one counts; an empty separator means that there is only one.

        :raises CatalogueError: a named column, or one that every book needs, is missing.
        """
        self.columns = find_columns(header, wanted or {})
        self._defaults = defaults
        self._separator = author_separator

    def read(self, record: Record) -> Candidate | Reject:
        """The book of a record, or why it is not one."""
        if record.problem is not None:
            return Reject(line=record.line, fields=record.fields, reason=record.problem)
        cells = {field: record.fields[index].strip() for field, index in self.columns.items()}
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
        """The body of a request; what cannot be read goes into it, for the model to refuse."""
        body: dict[str, Any] = {
            "title": cells["title"],
            "author_id": _NO_AUTHOR_YET,
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
    # A guess that the check digit proves or refutes.
    return cell.zfill(10) if _ISBN_WITHOUT_ZEROS.fullmatch(cell) else cell


def _integer(cell: str) -> int | str:
    number = _INTEGER.fullmatch(cell)
    return int(number[1]) if number else cell


def _json(cell: str) -> Any:
    # It imports FastAPI, for which `bakeoff load --help` does not wait.
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
    """The name of a request's field among the columns."""
    field = str(loc[0])
    return {"name": "author", "release_year": "year"}.get(field, field)
