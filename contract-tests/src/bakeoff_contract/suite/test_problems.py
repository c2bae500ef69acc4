"""Errors: always a problem of RFC 9457, whatever was wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bakeoff_contract.api import Api
from bakeoff_contract.problems import assert_problem, assert_refused

_MEBIBYTE = 2**20
_LARGEST = _MEBIBYTE
_LARGEST_LIST = 32 * _MEBIBYTE

BODIES = ["/authors", "/books", "/books/bulk", "/users", "/orders"]


def test_an_unknown_route_is_a_404_problem(api: Api) -> None:
    body = assert_problem(api.get("/no/such/place"), "not-found")
    assert body["instance"] == "/no/such/place"


def test_a_wrong_method_or_path_is_a_problem(api: Api, subtests: pytest.Subtests) -> None:
    for method, path in [
        ("DELETE", "/authors"),
        ("PUT", "/authors/1"),
        ("PATCH", "/books"),
        ("GET", "/books/bulk/"),
        ("PATCH", "/users/4e4e2d5e-6f0e-4b0e-8f0e-3a3a3a3a3a3a"),
        ("DELETE", "/orders"),
        ("POST", "/reports/prices-by-tag"),
        ("POST", "/health/live"),
    ]:
        with subtests.test(method=method, path=path):
            response = api.request(method, path)
            slug = "not-found" if path.endswith("/") else "method-not-allowed"
            assert_problem(response, slug)
            if slug == "method-not-allowed":
                assert response.headers["allow"]


def test_allow_names_every_method_of_the_path(api: Api, subtests: pytest.Subtests) -> None:
    for path, allowed in [
        ("/authors", "GET, HEAD, POST"),
        ("/authors/1", "GET, HEAD, PATCH, DELETE"),
        ("/books", "GET, HEAD, POST"),
        ("/books/1", "GET, HEAD, PUT, PATCH, DELETE"),
        ("/books/by-isbn/9780306406157", "PUT"),
        ("/health/live", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
    ]:
        with subtests.test(path=path):
            response = api.request("OPTIONS", path)
            assert_problem(response, "method-not-allowed")
            assert response.headers["allow"] == allowed


@pytest.mark.parametrize("path", BODIES)
def test_bytes_that_are_not_json_are_refused(
    api: Api, path: str, subtests: pytest.Subtests
) -> None:
    for body in [
        b"",
        b"{",
        b"nonsense",
        b'{"name": "a"',
        b"{'name': 'a'}",
        b'{"name": "\xff\xfe"}',
        b"\xef\xbb\xbf",
        b"\x00\x01\x02\x03",
        b'{"name": "tab\there"}',
        b"[" * 100_000,
        b'{"name":' * 50_000,
        b'{"name": ' + b"9" * 5_000 + b"}",
        b'{"name": NaN}',
    ]:
        with subtests.test(body=body):
            assert_problem(api.send_text("POST", path, body), "invalid", loc=["body"])


@pytest.mark.parametrize("path", BODIES)
def test_json_of_the_wrong_shape_is_refused(api: Api, path: str, subtests: pytest.Subtests) -> None:
    for body in ["null", "1", "1.5", '"text"', "true", "[]", "[1]", "{}", "[{}]", "[[]]"]:
        with subtests.test(body=body):
            assert_problem(api.send_text("POST", path, body), "invalid", loc=["body"])


def test_a_body_that_does_not_claim_to_be_json_is_refused(api: Api) -> None:
    response = api.post("/authors", content='{"name": "a"}', headers={"content-type": "text/plain"})
    assert_problem(response, "invalid")


def test_every_field_at_fault_is_named(api: Api) -> None:
    response = api.post("/books", json={"title": "", "price": "1.234", "stock": -1, "more": 1})
    body = assert_problem(response, "invalid")
    assert {tuple(error["loc"]) for error in body["errors"]} == {
        ("body", "title"),
        ("body", "author_id"),
        ("body", "price"),
        ("body", "stock"),
        ("body", "more"),
    }


def test_every_query_parameter_at_fault_is_named(api: Api) -> None:
    body = assert_problem(api.get("/books?limit=0&sort=colour&in_print=maybe"), "invalid")
    assert {tuple(error["loc"]) for error in body["errors"]} == {
        ("query", "limit"),
        ("query", "sort"),
        ("query", "in_print"),
    }


def test_the_instance_is_the_path_that_was_asked_for(api: Api) -> None:
    body = assert_problem(api.get("/no/such/place?x=1"), "not-found")
    assert body["instance"] == "/no/such/place"


def test_an_unknown_field_is_refused_and_named(api: Api, subtests: pytest.Subtests) -> None:
    for method, path, known in [
        ("POST", "/authors", {"name": "a"}),
        ("PATCH", "/authors/1", {}),
        ("POST", "/users", {"username": "abc", "email": "a@b.cd", "password": "12345678"}),
    ]:
        with subtests.test(method=method, path=path, known=known):
            response = api.request(method, path, json=known | {"nickname": "x"})
            assert_refused(response, "body", "nickname")


def test_an_unknown_field_of_a_book_is_refused_in_every_way_to_write_one(api: Api) -> None:
    book = api.book()
    unknown = {"colour": "red"}
    body = api.book_body(author_id=book["author_id"]) | unknown
    assert_refused(api.post("/books", json=body), "body", "colour")
    assert_refused(api.put(f"/books/{book['id']}", json=body), "body", "colour")
    assert_refused(api.patch(f"/books/{book['id']}", json=unknown), "body", "colour")
    assert_refused(api.post("/books/bulk", json=[body]), "body", 0, "colour")
    assert_refused(api.put("/books/by-isbn/9780306406157", json=body), "body", "colour")


@pytest.mark.parametrize("where", ["order", "line"])
def test_an_unknown_field_of_an_order_is_refused_at_every_level(api: Api, where: str) -> None:
    line = {"book_id": 1, "quantity": 1}
    order: dict[str, Any] = {"customer_id": "4e4e2d5e-6f0e-4b0e-8f0e-3a3a3a3a3a3a", "lines": [line]}
    if where == "order":
        order["discount"] = 1
        assert_refused(api.post("/orders", json=order), "body", "discount")
    else:
        line["unit_price"] = 0
        assert_refused(api.post("/orders", json=order), "body", "lines", 0, "unit_price")


def test_what_the_server_decides_cannot_be_sent(api: Api, subtests: pytest.Subtests) -> None:
    for field in ["id", "version", "created_at", "updated_at", "author"]:
        with subtests.test(field=field):
            book = api.book()
            assert_refused(
                api.patch(f"/books/{book['id']}", json={field: book[field]}), "body", field
            )


@pytest.mark.parametrize(
    ("path", "largest"), [("/authors", _LARGEST), ("/books/bulk", _LARGEST_LIST)]
)
def test_a_body_over_the_limit_is_refused_whether_or_not_its_length_is_announced(
    api: Api, path: str, largest: int
) -> None:
    announced = b'{"name": "' + b"a" * largest + b'"}'
    assert_problem(api.send_text("POST", path, announced), "too-large")

    def chunks() -> Iterator[bytes]:
        for _ in range(largest // _MEBIBYTE + 1):
            yield b"a" * _MEBIBYTE

    response = api.post(path, content=chunks(), headers={"content-type": "application/json"})
    assert_problem(response, "too-large")


def test_an_unknown_query_parameter_is_refused_and_named(
    api: Api, subtests: pytest.Subtests
) -> None:
    for method, path in [
        ("GET", "/books?limt=1"),
        ("GET", "/authors?limit=1&limt=1"),
        ("GET", "/users?limt="),
        ("GET", "/orders?limt"),
        ("GET", "/books/1?limt=1"),
        ("GET", "/books/export?limt=1"),
        ("GET", "/reports/sales-by-author?limt=1"),
        ("GET", "/reports/prices-by-tag?limt=1"),
        ("GET", "/health/live?limt=1"),
        ("GET", "/metrics?limt=1"),
        ("POST", "/authors?limt=1"),
        ("DELETE", "/books/1?limt=1"),
    ]:
        with subtests.test(method=method, path=path):
            body = {"name": "a"} if method == "POST" else None
            assert_refused(api.request(method, path, json=body), "query", "limt")


def test_a_query_parameter_that_is_no_list_is_taken_once(
    api: Api, subtests: pytest.Subtests
) -> None:
    for path, name in [
        ("/books?limit=1&limit=1", "limit"),
        ("/books?sort=id&sort=title", "sort"),
        ("/books?q=a&tag=x&tag=y&q=b", "q"),
        ("/orders?offset=1&offset=2", "offset"),
        ("/reports/sales-by-author?limit=1&limit=2", "limit"),
    ]:
        with subtests.test(path=path):
            assert_refused(api.get(path), "query", name)


def test_a_repeated_member_is_refused_at_every_depth(api: Api, subtests: pytest.Subtests) -> None:
    for method, path, body in [
        ("POST", "/authors", '{"name": "a", "name": "b"}'),
        ("PATCH", "/authors/1", '{"born": null, "born": null}'),
        ("POST", "/authors", '{"name": "a", "n\\u0061me": "b"}'),
        ("PATCH", "/books/1", '{"attributes": {"deep": [{"a": 1, "a": 1}]}}'),
        ("POST", "/books/bulk", '[{"title": "a", "title": "b", "price": "1", "author_id": 1}]'),
        ("POST", "/orders", '{"lines": [{"book_id": 1, "quantity": 1, "quantity": 9}]}'),
    ]:
        with subtests.test(method=method, path=path, body=body):
            problem = assert_problem(api.send_text(method, path, body), "invalid", loc=["body"])
            assert "more than once" in problem["detail"]


def test_u0000_in_a_query_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    for query in ["q=%00", "tag=%00", "cursor=%00", "q=a%00b"]:
        with subtests.test(query=query):
            assert_refused(api.get(f"/books?{query}"), "query", query.partition("=")[0])


def test_a_damaged_query_is_never_a_server_error(api: Api, subtests: pytest.Subtests) -> None:
    for query in ["q=%ff", "tag=%ed%a0%80", "q=%", "%00=1", "&&&", "=", "limit"]:
        with subtests.test(query=query):
            assert api.get(f"/books?{query}").status_code in (200, 422)


def test_a_damaged_path_is_never_a_server_error(api: Api, subtests: pytest.Subtests) -> None:
    for path in ["/books/%00", "/books/%ff", "/users/%00", "/books/by-isbn/%00"]:
        with subtests.test(path=path):
            assert api.put(path, json={"title": "t"}).status_code in (404, 405, 422)


def test_a_refused_body_is_not_repeated_to_the_client(api: Api) -> None:
    secret = "correct horse battery staple"
    response = api.post("/users", json={"username": "x", "email": "none", "password": secret})
    assert_problem(response, "invalid")
    assert secret not in response.text


def test_problems_are_json_even_when_what_they_name_cannot_be_encoded(api: Api) -> None:
    response = api.send_escaped("POST", "/authors", {"name": "a", "\ud800": 1})
    assert_problem(response, "invalid", loc=["body"])
    json.loads(response.content.decode("utf-8"))
