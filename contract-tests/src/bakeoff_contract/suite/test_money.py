"""Money: decimal, two places, never through a binary float."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from bakeoff_contract.api import Api, Json
from bakeoff_contract.problems import assert_refused

GOOD = [
    ('"12.50"', "12.50"),
    ('"12.5"', "12.50"),
    ('"12"', "12.00"),
    ('"0"', "0.00"),
    ('"0.00"', "0.00"),
    ('"0.01"', "0.01"),
    ('"00012.5"', "12.50"),
    ('"99999999.99"', "99999999.99"),
    ("12.50", "12.50"),
    ("12.5", "12.50"),
    ("12", "12.00"),
    ("0", "0.00"),
    ("0.0", "0.00"),
    ("-0", "0.00"),
    ("0.01", "0.01"),
    ("0.07", "0.07"),
    ("1.15", "1.15"),
    ("1e2", "100.00"),
    ("1.25e1", "12.50"),
    ("125e-1", "12.50"),
    ("70000000.07", "70000000.07"),
    ("99999999.99", "99999999.99"),
    ("99999999", "99999999.00"),
]
BAD = [
    "NaN",
    "Infinity",
    "-Infinity",
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
    '"sNaN"',
    "12.345",
    '"12.345"',
    "12.3400000000000001",
    '"12.3400000000000001"',
    "0.001",
    "1e-3",
    "1e-400",
    "99999999.991",
    "-1",
    "-0.01",
    '"-1"',
    '"-0"',
    '"-0.00"',
    '"+1"',
    "100000000",
    "100000000.00",
    '"100000000"',
    '"100000000.00"',
    "1e8",
    "1e30",
    "1e400",
    "-1e400",
    '"1e2"',
    '"1E+2"',
    '""',
    '" "',
    '"12,50"',
    '"1_000"',
    '"0x10"',
    '".5"',
    '"5."',
    '"１２.50"',
    '"12.50\\n"',
    '"12.50 EUR"',
    "true",
    "[]",
    "{}",
    '["1.00"]',
    "9" * 4500,
]


def _with_price(body: Json, written: str) -> str:
    """The body as text, for a client library writes numbers in its own way."""
    return f'{{"title": "t", "author_id": {body["author_id"]}, "price": {written}}}'


@pytest.mark.trap(24, 25)
def test_an_amount_is_answered_as_a_decimal_string_with_two_places(
    api: Api, subtests: pytest.Subtests
) -> None:
    body = api.book_body()
    for written, answered in GOOD:
        with subtests.test(written=written, answered=answered):
            response = api.send_text("POST", "/books", _with_price(body, written))
            assert response.status_code == 201, response.text
            book = response.json()
            assert book["price"] == answered
            assert api.seen(f"/books/{book['id']}")["price"] == answered


def test_what_is_no_amount_is_refused_and_nothing_is_written(
    api: Api, subtests: pytest.Subtests
) -> None:
    book = api.book()
    path = f"/books/{book['id']}"
    for written in BAD:
        with subtests.test(written=written):
            body = _with_price(book, written)
            for response in (
                api.send_text("POST", "/books", body),
                api.send_text("PUT", path, body),
                api.send_text("PATCH", path, f'{{"price": {written}}}'),
            ):
                assert_refused(response, "body")
    assert api.items("/books", author_id=book["author_id"]) == [book]


@pytest.mark.parametrize("parameter", ["min_price", "max_price"])
def test_what_is_no_amount_is_refused_in_a_query(
    api: Api, parameter: str, subtests: pytest.Subtests
) -> None:
    for written in ["NaN", "Infinity", "1e2", "-1", "1.234", "", "1,5", "100000000", "%EF%BC%91"]:
        with subtests.test(written=written):
            assert_refused(api.get(f"/books?{parameter}={written}"), "query", parameter)


@pytest.mark.trap(24, 25)
def test_every_cent_survives(api: Api) -> None:
    author = api.author()
    chance = random.Random(7)
    prices = [f"{Decimal(cents) / 100:.2f}" for cents in chance.sample(range(10**10), 200)]
    prices += ["0.07", "0.29", "1.10", "33554432.01", "67108864.99", "16777217.03"]
    api.books(api.book_body(author_id=author["id"], price=price) for price in prices)
    read = api.walk("/books", author_id=author["id"], limit=100)
    assert [book["price"] for book in read] == prices


@pytest.mark.trap(24)
def test_prices_sort_as_numbers(api: Api) -> None:
    author = api.author()
    prices = ["9.00", "10.00", "0.50", "100.00", "9.10", "99999999.99", "0.00", "9.01"]
    api.books(api.book_body(author_id=author["id"], price=price) for price in prices)
    listed = [book["price"] for book in api.items("/books", author_id=author["id"], sort="price")]
    assert listed == sorted(prices, key=Decimal)


@pytest.mark.trap(24, 25)
def test_price_filters_are_exact_and_inclusive(api: Api) -> None:
    author = api.author()
    prices = ["0.09", "0.10", "0.11", "0.29", "0.30", "0.31"]
    api.books(api.book_body(author_id=author["id"], price=price) for price in prices)
    found = api.items("/books", author_id=author["id"], min_price="0.10", max_price="0.3")
    assert [book["price"] for book in found] == ["0.10", "0.11", "0.29", "0.30"]


def test_an_order_adds_up_exactly(api: Api) -> None:
    books = [api.book(price=price, stock=1000) for price in ("0.10", "0.20", "99999999.99")]
    order = api.order(api.user(), (books[0], 3), (books[1], 1000), (books[2], 1000))
    assert order["total"] == "100000000190.30"
    assert [line["unit_price"] for line in order["lines"]] == ["0.10", "0.20", "99999999.99"]
    assert api.seen(f"/orders/{order['id']}") == order
