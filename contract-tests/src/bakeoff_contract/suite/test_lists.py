"""Lists: limits, offsets and cursors that neither repeat nor skip a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bakeoff_contract.api import Api, Json, ids
from bakeoff_contract.problems import assert_problem, assert_refused
from bakeoff_contract.sorting import BOTH_WAYS, assorted, in_order

LISTS = ["/authors", "/books", "/users", "/orders"]


@pytest.fixture(scope="module")
def books(api: Api) -> list[Json]:
    """Books of one author, with ties and nulls."""
    return assorted(api)


def test_a_list_answers_items_cursor_and_total(api: Api, subtests: pytest.Subtests) -> None:
    for path in LISTS:
        with subtests.test(path=path):
            body = api.seen(path)
            assert set(body) == {"items", "next_cursor", "total"}
            assert body["total"] is None
            assert len(body["items"]) <= 20
            assert api.seen(path, include_total="false")["total"] is None
            assert isinstance(api.seen(path, include_total="true")["total"], int)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.trap(18, 19)
def test_paging_out_of_bounds_is_refused(api: Api, path: str, subtests: pytest.Subtests) -> None:
    for parameter, value in [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "1.0"),
        ("limit", "ten"),
        ("limit", ""),
        ("limit", "9" * 30),
        ("limit", "%201"),
        ("offset", "-1"),
        ("offset", "1000001"),
        ("offset", str(2**31)),
        ("offset", str(2**63)),
        ("offset", "1e3"),
        ("offset", ""),
        ("include_total", "yes"),
        ("cursor", ""),
    ]:
        with subtests.test(parameter=parameter, value=value):
            assert_refused(api.get(f"{path}?{parameter}={value}"), "query", parameter)


def test_paging_at_the_bounds_is_allowed(api: Api, subtests: pytest.Subtests) -> None:
    for path in LISTS:
        with subtests.test(path=path):
            assert len(api.seen(path, limit=1)["items"]) <= 1
            assert len(api.seen(path, limit=100)["items"]) <= 100
            far = api.seen(path, offset=1_000_000, include_total="true")
            assert far["total"] > 1_000_000 or (far["items"], far["next_cursor"]) == ([], None)


def test_a_page_has_20_rows_unless_told_otherwise(api: Api, books: list[Json]) -> None:
    author = books[0]["author_id"]
    page = api.seen("/books", author_id=author)
    assert ids(page["items"]) == ids(books[:20])
    rest = api.seen("/books", author_id=author, cursor=page["next_cursor"])
    assert ids(rest["items"]) == ids(books[20:])
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("path", ["/authors", "/books"])
def test_cursor_and_offset_exclude_each_other(api: Api, path: str, offset: int) -> None:
    assorted(api, count=2)
    cursor = api.seen(path, limit=1)["next_cursor"]
    assert_problem(api.get(path, params={"cursor": cursor, "offset": offset}), "invalid")


def test_walking_meets_every_row_once_and_in_order(
    api: Api, books: list[Json], subtests: pytest.Subtests
) -> None:
    for sort in BOTH_WAYS:
        with subtests.test(sort=sort):
            for limit in [3, 100]:
                with subtests.test(limit=limit):
                    walked = api.walk(
                        "/books", author_id=books[0]["author_id"], sort=sort, limit=limit
                    )
                    assert ids(walked) == ids(in_order(books, sort))


def test_offsets_meet_the_same_rows_as_cursors(
    api: Api, books: list[Json], subtests: pytest.Subtests
) -> None:
    for sort in BOTH_WAYS:
        with subtests.test(sort=sort):
            expected = ids(in_order(books, sort))
            for offset in (0, 1, 11, 23, 24, 25):
                page = api.seen(
                    "/books", author_id=books[0]["author_id"], sort=sort, limit=7, offset=offset
                )
                assert ids(page["items"]) == expected[offset : offset + 7]
                assert (page["next_cursor"] is None) is (offset + 7 >= len(expected))


def test_a_cursor_continues_a_page_that_was_found_by_offset(api: Api, books: list[Json]) -> None:
    params = {"author_id": books[0]["author_id"], "limit": 5}
    page = api.seen("/books", offset=3, **params)
    following = api.seen("/books", cursor=page["next_cursor"], **params)
    assert ids(following["items"]) == ids(books[8:13])


def test_the_limit_may_change_from_page_to_page(api: Api, books: list[Json]) -> None:
    author = books[0]["author_id"]
    page = api.seen("/books", author_id=author, limit=2)
    following = api.seen("/books", author_id=author, limit=9, cursor=page["next_cursor"])
    assert ids(following["items"]) == ids(books[2:11])


def test_a_last_page_that_is_full_has_no_cursor(
    api: Api, books: list[Json], subtests: pytest.Subtests
) -> None:
    for limit, pages in [(8, 3), (24, 1), (12, 2)]:
        with subtests.test(limit=limit, pages=pages):
            assert (
                len(list(api.pages("/books", author_id=books[0]["author_id"], limit=limit)))
                == pages
            )


def test_the_total_counts_what_matches_on_every_page(api: Api, books: list[Json]) -> None:
    params = {"author_id": books[0]["author_id"], "limit": 10, "include_total": "true"}
    page = api.seen("/books", **params)
    assert page["total"] == 24
    assert api.seen("/books", cursor=page["next_cursor"], **params)["total"] == 24
    assert api.seen("/books", offset=20, **params)["total"] == 24


# --- while rows come and go -----------------------------------------------------------------------


def _insert_around(api: Api, book: Json) -> None:
    """Books that sort before, at and after this one, in every key."""
    author = book["author_id"]
    api.books(
        api.book_body(author_id=author, title=title, release_year=year, price=price)
        for title, year, price in [
            ("\x01", None, "0.00"),
            (book["title"], book["release_year"], book["price"]),
            ("\U0010ffff", 2100, "99999999.99"),
            ("á", -4000, "9.00"),
        ]
    )


@pytest.mark.parametrize("sort", BOTH_WAYS)
def test_rows_that_stay_are_met_once_while_others_come_and_go(api: Api, sort: str) -> None:
    books = assorted(api, count=12)
    staying = set(ids(books))
    met: list[int] = []
    for page in api.pages("/books", author_id=books[0]["author_id"], sort=sort, limit=3):
        met += ids(page)
        if not page or len(met) > 100:
            break
        _insert_around(api, page[-1])
        # The row that the cursor stands on, and one that has not been met yet.
        unmet = sorted(staying - set(met))
        for removed in (page[-1]["id"], *unmet[:1]):
            if removed in staying and len(staying) > 6:
                api.delete(f"/books/{removed}")
                staying.discard(removed)
    assert len(met) == len(set(met))
    assert staying <= set(met)


def test_a_walk_by_id_ends_although_rows_are_removed_ahead_of_it(api: Api) -> None:
    books = assorted(api, count=9)
    author = books[0]["author_id"]
    page = api.seen("/books", author_id=author, limit=3)
    for book in books[2:]:
        api.delete(f"/books/{book['id']}")
    rest = api.seen("/books", author_id=author, limit=3, cursor=page["next_cursor"])
    assert (rest["items"], rest["next_cursor"]) == ([], None)


# --- the other lists ------------------------------------------------------------------------------


MAKERS: dict[str, Callable[[Api], Json]] = {
    "/authors": lambda api: api.author(),
    "/users": lambda api: api.user(),
}


@pytest.mark.parametrize("path", MAKERS)
def test_authors_and_users_are_walked_from_the_oldest_to_the_newest(api: Api, path: str) -> None:
    made = [MAKERS[path](api) for _ in range(7)]
    total = api.seen(path, limit=1, include_total="true")["total"]
    page = api.seen(path, limit=3, offset=total - 7)
    second = api.seen(path, limit=3, cursor=page["next_cursor"])
    third = api.seen(path, limit=3, cursor=second["next_cursor"])
    assert page["items"] + second["items"] + third["items"] == made
    assert third["next_cursor"] is None


def test_orders_of_a_customer_are_walked_from_the_oldest_to_the_newest(api: Api) -> None:
    user, other = api.user(), api.user()
    books = [api.book(stock=100) for _ in range(3)]
    made = []
    for number in range(7):
        made.append(api.order(user, *((book, number + 1) for book in books[number % 3 :])))
        api.order(other, (books[0], 1))
    assert api.items("/orders", customer_id=user["id"]) == made
    assert api.walk("/orders", customer_id=user["id"], limit=3) == made
    page = api.seen("/orders", customer_id=user["id"], offset=5, include_total="true")
    assert (page["items"], page["total"]) == (made[5:], 7)


def test_all_orders_are_listed_with_the_newest_last(api: Api) -> None:
    order = api.order(api.user(), (api.book(stock=1), 1))
    total = api.seen("/orders", limit=1, include_total="true")["total"]
    assert api.seen("/orders", offset=total - 1)["items"] == [order]


# --- cursors that are not ours --------------------------------------------------------------------


def _cursor(api: Api, books: list[Json], **params: Any) -> str:
    params = {"author_id": books[0]["author_id"], "limit": 3} | params
    cursor: str = api.seen("/books", **params)["next_cursor"]
    return cursor


@pytest.mark.parametrize("path", LISTS)
def test_a_forged_cursor_is_refused(api: Api, path: str, subtests: pytest.Subtests) -> None:
    for forged in [
        "x",
        "AAAA",
        "eyJpZCI6MX0",
        "W251bGwsMV0=",
        "[1,1]",
        "....",
        "é",
        "a b",
        "A" * 4096,
        "A" * 5000,
    ]:
        with subtests.test(forged=forged):
            assert_refused(api.get(path, params={"cursor": forged}), "query", "cursor")


def test_a_damaged_cursor_is_refused(api: Api, books: list[Json]) -> None:
    cursor = _cursor(api, books, sort="title")
    damaged = [cursor[:length] for length in range(1, len(cursor), 5)]
    damaged += [cursor + "A", cursor + "=", cursor * 2, cursor.swapcase(), cursor[::-1]]
    for place in range(0, len(cursor), 3):
        other = "A" if cursor[place] != "A" else "B"
        damaged.append(cursor[:place] + other + cursor[place + 1 :])
    params = {"author_id": books[0]["author_id"], "sort": "title"}
    for forged in damaged:
        response = api.get("/books", params=params | {"cursor": forged})
        assert_refused(response, "query", "cursor")


def test_a_cursor_of_another_sort_is_refused(
    api: Api, books: list[Json], subtests: pytest.Subtests
) -> None:
    for sort in ["-title", "id", "-id", "release_year", "price", "created_at"]:
        with subtests.test(sort=sort):
            cursor = _cursor(api, books, sort="title")
            params = {"author_id": books[0]["author_id"], "sort": sort, "cursor": cursor}
            assert_refused(api.get("/books", params=params), "query", "cursor")


def test_a_cursor_of_another_filter_is_refused(
    api: Api, books: list[Json], subtests: pytest.Subtests
) -> None:
    cursor = _cursor(api, books)
    assert_refused(api.get("/books", params={"cursor": cursor}), "query", "cursor")
    for parameter, value in [
        ("author_id", "1"),
        ("q", "a"),
        ("tag", "a"),
        ("year_from", "1"),
        ("year_to", "1"),
        ("min_price", "1"),
        ("max_price", "1"),
        ("in_print", "true"),
    ]:
        with subtests.test(parameter=parameter):
            params = {"author_id": books[0]["author_id"], "cursor": cursor} | {parameter: value}
            assert_refused(api.get("/books", params=params), "query", "cursor")


def test_filters_that_mean_the_same_share_their_cursors(api: Api) -> None:
    tags = [api.unique(), api.unique()]
    author = api.author()["id"]
    made = api.books(api.book_body(author_id=author, tags=tags) for _ in range(4))
    page = api.seen("/books", tag=tags, min_price="1", limit=2)
    same = {"tag": [tags[1].upper(), tags[0], tags[0]], "min_price": "1.00"}
    following = api.seen("/books", cursor=page["next_cursor"], **same)
    assert ids(following["items"]) == ids(made[2:])


@pytest.mark.parametrize("source", LISTS)
def test_a_cursor_of_another_list_is_refused(api: Api, source: str) -> None:
    assorted(api, count=2)
    user = api.user()
    for _ in range(2):
        api.order(user, (api.book(stock=1), 1))
        api.user()
    cursor = api.seen(source, limit=1)["next_cursor"]
    assert cursor is not None
    for path in LISTS:
        if path != source:
            assert_refused(api.get(path, params={"cursor": cursor}), "query", "cursor")


def test_a_cursor_of_one_customers_orders_is_refused_for_anothers(api: Api) -> None:
    user, other = api.user(), api.user()
    for _ in range(2):
        api.order(user, (api.book(stock=1), 1))
    cursor = api.seen("/orders", customer_id=user["id"], limit=1)["next_cursor"]
    for params in ({"customer_id": other["id"]}, {}):
        response = api.get("/orders", params=params | {"cursor": cursor})
        assert_refused(response, "query", "cursor")
