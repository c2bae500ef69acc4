from __future__ import annotations

from decimal import Decimal

import pytest

from bakeoff.loading.reading import Record
from bakeoff.loading.rows import SYNONYMS, Candidate, Defaults, Reject, RowReader

COLUMNS = list(SYNONYMS)


def read(separator: str = ",", **cells: str) -> Candidate | Reject:
    reader = RowReader(
        COLUMNS, defaults=Defaults(price="1.00", stock=2), author_separator=separator
    )
    row = {"title": "Emma", "author": "Jane Austen", **cells}
    return reader.read(Record(line=7, fields=[row.get(field, "") for field in COLUMNS]))


def accepted(**cells: str) -> Candidate:
    result = read(**cells)
    assert isinstance(result, Candidate), result
    return result


def reason(**cells: str) -> str:
    result = read(**cells)
    assert isinstance(result, Reject), result
    return result.reason


def test_a_row_of_bare_necessities_is_a_book() -> None:
    book = accepted().book
    assert (book.title, book.title_key) == ("Emma", "emma")
    assert (book.isbn, book.release_year, book.tags, book.attributes) == (None, None, [], {})
    assert (book.price, book.stock, book.in_print) == (Decimal("1.00"), 2, True)


def test_every_cell_counts() -> None:
    candidate = accepted(
        isbn="0-14-143958-0",
        year="1815",
        price="8.9",
        stock="3",
        in_print="No",
        tags="Romance; fiction|classic,",
        attributes='{"pages": 474, "weight": 0.35}',
    )
    book = candidate.book
    assert candidate.author == "Jane Austen"
    assert (book.isbn, book.release_year, book.stock) == ("9780141439587", 1815, 3)
    assert (book.price, book.in_print) == (Decimal("8.90"), False)
    assert book.tags == ["classic", "fiction", "romance"]
    assert book.attributes == {"pages": 474, "weight": 0.35}


def test_white_space_around_a_cell_is_no_part_of_it() -> None:
    candidate = accepted(title="  Emma\t", author=" Jane Austen ", year=" 1815 ", isbn="  ")
    assert (candidate.book.title, candidate.author) == ("Emma", "Jane Austen")
    assert (candidate.book.release_year, candidate.book.isbn) == (1815, None)


def test_the_first_of_several_authors_counts() -> None:
    assert accepted(author="J.K. Rowling, Mary GrandPré").author == "J.K. Rowling"
    assert accepted(author="Le Guin, Ursula K.", separator="").author == "Le Guin, Ursula K."
    assert accepted(author="Le Guin, U.; Wood, S.", separator=";").author == "Le Guin, U."


@pytest.mark.parametrize(
    ("written", "isbn"),
    [
        ("439023483", "9780439023481"),
        ("61120081", "9780061120084"),
        ("7491433", "9780007491438"),
        ("439023483.0", "9780439023481"),
        ("9780439023481.0", "9780439023481"),
        ('="0439023483"', "9780439023481"),
        ('=""', None),
        ("080442957x", "9780804429573"),
        ("80442957X", "9780804429573"),
    ],
)
def test_what_a_spreadsheet_did_to_an_isbn_is_undone(written: str, isbn: str | None) -> None:
    assert accepted(isbn=written).book.isbn == isbn


@pytest.mark.parametrize("isbn", ["812971060", "9.78043902348e+12", "0", "12345", "978043902348"])
def test_an_isbn_that_cannot_be_proven_is_a_reject(isbn: str) -> None:
    assert reason(isbn=isbn).startswith("isbn: ")


@pytest.mark.parametrize(
    ("written", "year"),
    [("-720.0", -720), ("2008.0", 2008), ("1965.", 1965), ("+90", 90), ("", None)],
)
def test_years_may_have_been_numbers_with_a_point(written: str, year: int | None) -> None:
    assert accepted(year=written).book.release_year == year


@pytest.mark.parametrize("year", ["2008.5", "MCMXC", "2101", "1e3", "٢٠٠٨", "9" * 5000])
def test_a_year_that_is_none_is_a_reject(year: str) -> None:
    assert reason(year=year).startswith("year: ")


@pytest.mark.parametrize(
    ("cell", "value", "field"),
    [
        ("title", "", "title"),
        ("title", "x" * 301, "title"),
        ("title", "a\x00b", "title"),
        ("author", "", "author"),
        ("author", ", Mary GrandPré", "author"),
        ("author", "x" * 201, "author"),
        ("price", "12,50", "price"),
        ("price", "-1", "price"),
        ("price", "1.005", "price"),
        ("stock", "-1", "stock"),
        ("stock", "many", "stock"),
        ("stock", str(2**31), "stock"),
        ("in_print", "perhaps", "in_print"),
        ("tags", "x" * 51, "tags"),
        ("attributes", "[]", "attributes"),
        ("attributes", "{", "attributes"),
        ("attributes", '{"a": NaN}', "attributes"),
        ("attributes", '{"a": 1e999}', "attributes"),
        ("attributes", "[" * 100_000, "attributes"),
    ],
)
def test_a_cell_that_a_request_could_not_hold_is_a_reject(
    cell: str, value: str, field: str
) -> None:
    assert reason(**{cell: value}).startswith(f"{field}: ")


def test_every_reason_is_named() -> None:
    result = read(title="", author="", price="free")
    assert isinstance(result, Reject)
    assert [part.partition(":")[0] for part in result.reason.split("; ")] == [
        "author",
        "title",
        "price",
    ]


def test_a_record_that_is_no_row_is_a_reject_as_it_was() -> None:
    reader = RowReader(COLUMNS)
    record = Record(line=3, fields=["?"], problem="has 1 fields")
    assert reader.read(record) == Reject(line=3, fields=["?"], reason="has 1 fields")
