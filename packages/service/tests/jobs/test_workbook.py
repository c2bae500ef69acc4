from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff.jobs.workbook import write_workbook
from bakeoff_contract.workbooks import Row, sheets

BOOK: dict[str, Any] = {
    "id": 7,
    "isbn": "9780547773742",
    "title": "A Wizard of Earthsea",
    "author": {"id": 42, "name": "Ursula K. Le Guin"},
    "release_year": 1968,
    "price": "12.50",
    "stock": 12,
    "in_print": True,
    "tags": ["fantasy", "islands"],
    "updated_at": "2024-05-01T12:00:00.000000Z",
}
# What the contract lets into a text.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)


def write(books: list[dict[str, Any]], **options: Any) -> list[list[Row]]:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "books.ndjson"), Path(folder, "catalogue.xlsx")
        lines = (json.dumps(book, ensure_ascii=False) + "\n" for book in books)
        source.write_text("".join(lines), "utf-8", newline="\n")
        assert write_workbook(source, target, **options) == len(books)
        assert {path.name for path in Path(folder).iterdir()} == {source.name, target.name}
        return sheets(target.read_bytes())


def test_a_book_is_a_row() -> None:
    [[headings, row]] = write([BOOK])
    assert list(headings.values()) == [
        *("id", "isbn", "title", "author", "release year", "price", "stock", "in print", "tags"),
        "updated (UTC)",
    ]
    assert row == {
        "A": "7",
        "B": "9780547773742",
        "C": "A Wizard of Earthsea",
        "D": "Ursula K. Le Guin",
        "E": "1968",
        "F": "12.5",
        "G": "12",
        "H": "1",
        "I": "fantasy, islands",
        "J": "45413.5",
    }


def test_a_catalogue_without_books_has_headings_alone() -> None:
    [[headings]] = write([])
    assert headings["C"] == "title"


def test_what_a_book_does_not_have_is_no_cell() -> None:
    [[_, row]] = write([BOOK | {"isbn": None, "release_year": None}])
    assert not {"B", "E"} & set(row)


def test_an_id_of_19_digits_is_not_rounded() -> None:
    [[_, row]] = write([BOOK | {"id": 2**63 - 1}])
    assert row["A"] == "9223372036854775807"


def test_a_sheet_that_is_full_is_followed_by_another() -> None:
    books = [BOOK | {"id": number} for number in range(7)]
    found = write(books, largest_sheet=4)
    assert [len(rows) for rows in found] == [4, 4, 2]
    assert all(rows[0]["A"] == "id" for rows in found)
    assert [row["A"] for rows in found for row in rows[1:]] == [*"0123456"]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@A1", "{=1}", "<r>x</r>", "<r></r>", "<r></t></is></c></r>", "a\x01\n b"],
)
def test_text_is_text_whatever_it_looks_like(text: str) -> None:
    [[_, row]] = write([BOOK | {"title": text, "author": {"id": 1, "name": text}, "tags": [text]}])
    assert [row[column] for column in "CDI"] == [text] * 3


# Both depend on how busy the machine is.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts)
def test_any_text_of_the_contract_comes_back(text: str) -> None:
    [[_, row]] = write([BOOK | {"title": text}])
    assert row["C"] == text
