"""Reports: exact to the cent, and in an order that every database shares."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from bakeoff_contract.api import Api, Json
from bakeoff_contract.problems import assert_refused


def _sales(api: Api, authors: list[Json], **params: Any) -> list[Json]:
    """The rows of these authors, in the order of the report."""
    wanted = {author["id"] for author in authors}
    report = api.seen("/reports/sales-by-author", **{"limit": 100} | params)
    assert set(report) == {"items"}
    return [row for row in report["items"] if row["author"]["id"] in wanted]


def _prices(api: Api, *tags: str) -> list[Json]:
    report = api.seen("/reports/prices-by-tag")
    assert set(report) == {"items"}
    return [row for row in report["items"] if row["tag"] in tags]


def test_sales_add_up_by_author(api: Api) -> None:
    user = api.user()
    author = api.author(name="Seller")
    since = author["created_at"]
    books = [
        api.book(author_id=author["id"], stock=100, price=p) for p in ("0.10", "0.20", "33.33")
    ]
    api.order(user, (books[0], 3), (books[1], 7))
    api.order(user, (books[2], 3), (api.book(stock=1), 1))
    api.patch(f"/books/{books[0]['id']}", json={"price": "99.00"})
    (row,) = _sales(api, [author], **{"from": since})
    assert row == {
        "author": {"id": author["id"], "name": "Seller"},
        "copies": 13,
        "orders": 2,
        "revenue": "101.69",
    }


def test_revenue_beyond_what_a_float_can_hold_is_exact(api: Api) -> None:
    user, author = api.user(), api.author()
    books = api.books(
        api.book_body(author_id=author["id"], stock=1000, price="99999999.99") for _ in range(50)
    )
    api.order(user, *((book, 1000) for book in books))
    cent = api.book(author_id=author["id"], stock=1, price="0.01")
    api.order(user, (cent, 1))
    (row,) = _sales(api, [author])
    assert row["copies"] == 50_001
    assert row["revenue"] == "4999999999500.01"


def test_cancelled_orders_are_left_out(api: Api) -> None:
    user, author = api.user(), api.author()
    book = api.book(author_id=author["id"], stock=10)
    api.order(user, (book, 1))
    order = api.order(user, (book, 2))
    api.post(f"/orders/{order['id']}/cancel")
    (row,) = _sales(api, [author], **{"from": author["created_at"]})
    assert (row["copies"], row["orders"], row["revenue"]) == (1, 1, "10.00")


def test_an_author_who_sold_nothing_is_left_out(api: Api) -> None:
    author, other = api.author(), api.author()
    api.book(author_id=author["id"], stock=10)
    order = api.order(api.user(), (api.book(author_id=other["id"], stock=10), 1))
    api.post(f"/orders/{order['id']}/cancel")
    assert _sales(api, [author, other], **{"from": author["created_at"]}) == []


def test_copies_that_were_given_away_are_sales(api: Api) -> None:
    author = api.author()
    api.order(api.user(), (api.book(author_id=author["id"], stock=5, price="0"), 5))
    (row,) = _sales(api, [author], **{"from": author["created_at"]})
    assert (row["copies"], row["revenue"]) == (5, "0.00")


def test_an_order_with_two_books_of_an_author_is_one_order(api: Api) -> None:
    author = api.author()
    books = [api.book(author_id=author["id"], stock=5) for _ in range(2)]
    api.order(api.user(), *((book, 1) for book in books))
    (row,) = _sales(api, [author], **{"from": author["created_at"]})
    assert (row["copies"], row["orders"]) == (2, 1)


def test_sales_are_sorted_by_revenue_and_then_by_author(api: Api) -> None:
    user = api.user()
    authors = [api.author() for _ in range(6)]
    for author, price in zip(
        authors, ["9.00", "10.00", "9.00", "100.00", "10.00", "9.5"], strict=True
    ):
        api.order(user, (api.book(author_id=author["id"], stock=1, price=price), 1))
    rows = _sales(api, authors, **{"from": authors[0]["created_at"]})
    expected = [authors[place]["id"] for place in (3, 1, 4, 5, 0, 2)]
    assert [row["author"]["id"] for row in rows] == expected


def test_the_limit_keeps_the_best(api: Api) -> None:
    author = api.author()
    for price in ("99999999.99", "99999999.98"):
        seller = author if price.endswith("9") else api.author()
        api.order(api.user(), (api.book(author_id=seller["id"], stock=1000, price=price), 1000))
    since = author["created_at"]
    report = api.seen("/reports/sales-by-author", limit=1, **{"from": since})["items"]
    assert [row["author"]["id"] for row in report] == [author["id"]]


def test_from_is_inclusive_and_to_is_exclusive(api: Api) -> None:
    author, user = api.author(), api.user()
    book = api.book(author_id=author["id"], stock=10)
    first, second, third = (api.order(user, (book, copies)) for copies in (1, 2, 4))

    def copies(**bounds: str) -> int:
        return sum(row["copies"] for row in _sales(api, [author], **bounds))

    one, two, three = first["placed_at"], second["placed_at"], third["placed_at"]
    assert copies(**{"from": one}) == 7
    assert copies(**{"from": two}) == 6
    assert copies(**{"from": one, "to": three}) == 3
    assert copies(**{"from": one, "to": one}) == 0
    assert copies(**{"from": three, "to": one}) == 0


def test_the_limit_of_the_sales_is_1_to_100(api: Api, subtests: pytest.Subtests) -> None:
    for limit in ["0", "101", "-1", "1.0", "", "all"]:
        with subtests.test(limit=limit):
            assert_refused(api.get(f"/reports/sales-by-author?limit={limit}"), "query", "limit")


def test_prices_are_reported_by_tag(api: Api) -> None:
    tag, other = api.unique(), api.unique()
    for price in ("1.00", "2.00", "4.00"):
        api.book(price=price, tags=[tag])
    api.book(price="99999999.99", tags=[tag, other])
    rows = {row["tag"]: row for row in _prices(api, tag, other)}
    assert rows[tag] == {
        "tag": tag,
        "books": 4,
        "min_price": "1.00",
        "max_price": "99999999.99",
        "average_price": "25000001.75",
    }
    assert rows[other]["average_price"] == "99999999.99"
    assert rows[other]["books"] == 1


def test_the_average_is_exact_and_rounded_half_even(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[list[str], str]] = [
        (["0.01", "0.02"], "0.02"),
        (["0.02", "0.03"], "0.02"),
        (["0.03", "0.04"], "0.04"),
        (["1.00", "1.01"], "1.00"),
        (["1.01", "1.02"], "1.02"),
        (["0.00", "0.01"], "0.00"),
        (["0.10", "0.10", "0.10"], "0.10"),
        (["0.01", "0.01", "0.02"], "0.01"),
        (["0.01", "0.02", "0.02"], "0.02"),
        (["10.00", "10.00", "10.01", "10.01"], "10.00"),
        (["10.01", "10.01", "10.02", "10.02"], "10.02"),
        (["99999999.98", "99999999.99"], "99999999.98"),
        (["99999999.99"] * 3, "99999999.99"),
        (["0.01"] * 7 + ["0.02"], "0.01"),
        (["0.00"], "0.00"),
    ]
    for prices, average in cases:
        with subtests.test(prices=prices, average=average):
            tag = api.unique()
            author = api.author()["id"]
            api.books(api.book_body(author_id=author, price=price, tags=[tag]) for price in prices)
            exact = sum(map(Fraction, prices), Fraction(0)) / len(prices)
            assert abs(Fraction(average) - exact) <= Fraction(1, 200)
            (row,) = _prices(api, tag)
            assert row["average_price"] == average


def test_tags_are_reported_by_code_point_and_only_where_a_book_has_them(api: Api) -> None:
    base = api.unique()
    tags = [f"{base}{end}" for end in ("", "\x01", " x", "a", "á", "\uff41", "\U0001d4b6")]
    book = api.book(tags=tags[::-1])
    gone = api.book(tags=[f"{base}gone"])
    api.patch(f"/books/{gone['id']}", json={"tags": []})
    reported = [
        row["tag"]
        for row in api.seen("/reports/prices-by-tag")["items"]
        if row["tag"].startswith(base)
    ]
    assert reported == tags
    api.delete(f"/books/{book['id']}")
    assert _prices(api, *tags) == []


def test_the_whole_report_is_in_order(api: Api) -> None:
    api.book(tags=[api.unique(), "\U0001f600", "zz", "é", "\uff5a"])
    tags = [row["tag"] for row in api.seen("/reports/prices-by-tag")["items"]]
    assert all(one < other for one, other in pairwise(tags))
