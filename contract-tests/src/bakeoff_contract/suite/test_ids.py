"""Ids: 1 to 2**63 - 1, or UUIDs; what is beyond never reaches a driver."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from bakeoff_contract.api import Api, Json, order_body
from bakeoff_contract.problems import assert_problem, assert_refused, assert_unknown

LARGEST = 2**63 - 1
OUTSIDE = [0, -1, 2**63, 2**64, 10**30, -(2**63) - 1]
NO_NUMBERS = ["zero", "1.0", "1e3", "+1", "0x10", "1_000", "%20", "１", "1%00"]
BAD_UUIDS = ["1", "zero", "4e4e2d5e-6f0e-4b0e-8f0e", "g" * 32, "%00"]


def _every_way(api: Api, kind: str, key: object) -> list[Any]:
    """An answer of each method that takes the id in its path."""
    if kind == "authors":
        path = f"/authors/{key}"
        return [api.get(path), api.patch(path, json={}), api.delete(path)]
    if kind == "books":
        path = f"/books/{key}"
        body = {"title": "t", "author_id": 1, "price": 1}
        return [
            api.get(path),
            api.put(path, json=body),
            api.patch(path, json={}),
            api.delete(path),
        ]
    if kind == "users":
        return [api.get(f"/users/{key}"), api.delete(f"/users/{key}")]
    return [api.get(f"/orders/{key}"), api.post(f"/orders/{key}/cancel")]


@pytest.mark.parametrize(("kind", "name"), [("authors", "author_id"), ("books", "book_id")])
@pytest.mark.trap(19)
def test_an_id_out_of_range_in_a_path_is_refused(
    api: Api, kind: str, name: str, subtests: pytest.Subtests
) -> None:
    for key in [*OUTSIDE, *NO_NUMBERS]:
        with subtests.test(key=key):
            for response in _every_way(api, kind, key):
                assert_refused(response, "path", name)


@pytest.mark.trap(18, 19)
def test_the_largest_id_is_only_absent(api: Api, subtests: pytest.Subtests) -> None:
    for kind in ["authors", "books"]:
        with subtests.test(kind=kind):
            for response in _every_way(api, kind, LARGEST):
                assert_problem(response, "not-found")


@pytest.mark.parametrize(("kind", "name"), [("users", "user_id"), ("orders", "order_id")])
def test_what_is_no_uuid_is_refused_in_a_path(
    api: Api, kind: str, name: str, subtests: pytest.Subtests
) -> None:
    for key in BAD_UUIDS:
        with subtests.test(key=key):
            for response in _every_way(api, kind, key):
                assert_refused(response, "path", name)


def test_an_unknown_uuid_is_only_absent(api: Api, subtests: pytest.Subtests) -> None:
    for kind in ["users", "orders"]:
        with subtests.test(kind=kind):
            for response in _every_way(api, kind, uuid4()):
                assert_problem(response, "not-found")


def test_a_uuid_is_the_same_in_upper_case(api: Api) -> None:
    user = api.user()
    order = api.order(user, (api.book(stock=1), 1))
    assert UUID(user["id"]).version is not None
    assert api.seen(f"/users/{user['id'].upper()}") == user
    assert api.seen(f"/orders/{order['id'].upper()}") == order
    assert api.items("/orders", customer_id=user["id"].upper()) == [order]


@pytest.mark.trap(19)
def test_an_id_out_of_range_in_a_body_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    book = api.book()
    for value in [*OUTSIDE, "1", 1.0, 1.5, True, [], {}]:
        with subtests.test(value=value):
            body = api.book_body(author_id=value)
            assert_refused(api.post("/books", json=body), "body", "author_id")
            assert_refused(api.put(f"/books/{book['id']}", json=body), "body", "author_id")
            patch = {"author_id": value}
            assert_refused(api.patch(f"/books/{book['id']}", json=patch), "body", "author_id")
            assert_refused(api.post("/books/bulk", json=[body]), "body", 0, "author_id")
            order: Json = {
                "customer_id": str(uuid4()),
                "lines": [{"book_id": value, "quantity": 1}],
            }
            assert_refused(api.post("/orders", json=order), "body", "lines", 0, "book_id")


@pytest.mark.trap(18, 19)
def test_the_largest_id_in_a_body_only_names_nothing(api: Api) -> None:
    body = api.book_body(author_id=LARGEST)
    assert_unknown(api.post("/books", json=body), "body", "author_id")
    assert_unknown(api.post("/books/bulk", json=[body]), "body", 0, "author_id")
    order = order_body(api.user(), ({"id": LARGEST}, 1))
    assert_unknown(api.post("/orders", json=order), "body", "lines", 0, "book_id")


def test_what_is_no_uuid_is_refused_in_a_body(api: Api, subtests: pytest.Subtests) -> None:
    for value in ["1", 1, None, "", [], "4e4e2d5e-6f0e-4b0e-8f0e"]:
        with subtests.test(value=value):
            order = {"customer_id": value, "lines": [{"book_id": 1, "quantity": 1}]}
            assert_refused(api.post("/orders", json=order), "body", "customer_id")


@pytest.mark.trap(19)
def test_an_id_out_of_range_in_a_query_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    for value in [*OUTSIDE, *NO_NUMBERS, ""]:
        with subtests.test(value=value):
            assert_refused(api.get(f"/books?author_id={value}"), "query", "author_id")


@pytest.mark.trap(18)
def test_an_absent_id_in_a_query_finds_nothing(api: Api) -> None:
    assert api.items("/books", author_id=LARGEST) == []
    assert api.items("/orders", customer_id=str(uuid4())) == []


def test_what_is_no_uuid_is_refused_in_a_query(api: Api) -> None:
    assert_refused(api.get("/orders?customer_id=1"), "query", "customer_id")
