"""Authors: made, read, changed and removed."""

from __future__ import annotations

from typing import Any

import pytest

from bakeoff_contract.api import Api, ids
from bakeoff_contract.problems import assert_problem, assert_refused, assert_unknown


def test_a_new_author_is_answered_with_201_and_a_location_that_works(api: Api) -> None:
    response = api.post("/authors", json={"name": "Tove Jansson", "born": "1914-08-09"})
    assert response.status_code == 201
    author = response.json()
    assert set(author) == {"id", "name", "born", "created_at"}
    assert author["name"] == "Tove Jansson"
    assert author["born"] == "1914-08-09"
    assert response.headers["location"] == f"/authors/{author['id']}"
    assert api.seen(response.headers["location"]) == author


def test_an_author_without_a_birthday_has_null(api: Api) -> None:
    assert api.author()["born"] is None


def test_two_authors_may_share_a_name(api: Api) -> None:
    name = api.unique()
    assert api.author(name=name)["id"] != api.author(name=name)["id"]


def test_any_day_of_the_calendar_is_a_birthday(api: Api, subtests: pytest.Subtests) -> None:
    for born in ["0001-01-01", "1582-10-10", "1900-02-28", "2000-02-29", "9999-12-31"]:
        with subtests.test(born=born):
            author = api.author(born=born)
            assert author["born"] == born
            assert api.seen(f"/authors/{author['id']}")["born"] == born


def test_what_is_no_day_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    for born in [
        "2023-02-30",
        "1900-02-29",
        "0000-01-01",
        "10000-01-01",
        "20230101",
        "2023-1-1",
        "2023-W01-1",
        "2023-01-01T00:00:00Z",
        "yesterday",
        "",
        "２０２３-01-01",
        0,
        -1e9,
        True,
        [],
    ]:
        with subtests.test(born=born):
            assert_refused(api.post("/authors", json={"name": "a", "born": born}), "body", "born")


def test_what_is_no_name_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    names: list[Any] = [None, 1, True, [], {}, "", " ", "\t\n\u2003"]
    for name in names:
        with subtests.test(name=name):
            assert_refused(api.post("/authors", json={"name": name}), "body", "name")


def test_a_name_is_required(api: Api) -> None:
    assert_refused(api.post("/authors", json={"born": "2000-01-01"}), "body", "name")


def test_patch_changes_what_is_there_and_keeps_what_is_not(api: Api) -> None:
    author = api.author(born="1914-08-09")
    response = api.patch(f"/authors/{author['id']}", json={"name": "Tove"})
    assert response.status_code == 200
    assert response.json() == author | {"name": "Tove"}
    assert api.seen(f"/authors/{author['id']}") == author | {"name": "Tove"}


def test_patch_clears_the_birthday_with_null(api: Api) -> None:
    author = api.author(born="1914-08-09")
    response = api.patch(f"/authors/{author['id']}", json={"born": None})
    assert response.json() == author | {"born": None}


def test_a_patch_is_an_object(api: Api, subtests: pytest.Subtests) -> None:
    author = api.author()
    for body in ["[]", "null", '"name"', "1", "1.5", "true"]:
        with subtests.test(body=body):
            assert_refused(api.send_text("PATCH", f"/authors/{author['id']}", body), "body")


def test_patch_cannot_clear_the_name(api: Api) -> None:
    author = api.author()
    response = api.patch(f"/authors/{author['id']}", json={"name": None, "born": "2000-01-01"})
    assert_refused(response, "body", "name")
    assert api.seen(f"/authors/{author['id']}") == author


@pytest.mark.trap(8, 9)
def test_a_patch_to_the_same_values_succeeds(api: Api, subtests: pytest.Subtests) -> None:
    author = api.author(name="same", born="2000-01-01")
    for patch in [{}, {"name": "same"}, {"born": "2000-01-01"}]:
        with subtests.test(patch=patch):
            for _ in range(2):
                response = api.patch(f"/authors/{author['id']}", json=patch)
                assert response.status_code == 200
                assert response.json() == author


def test_a_removed_author_is_gone(api: Api) -> None:
    path = f"/authors/{api.author()['id']}"
    response = api.delete(path)
    assert response.status_code == 204
    assert response.content == b""
    assert_problem(api.get(path), "not-found")
    assert_problem(api.patch(path, json={"name": "a"}), "not-found")
    assert_problem(api.delete(path), "not-found")


def test_an_author_with_books_stays(api: Api) -> None:
    book = api.book()
    path = f"/authors/{book['author_id']}"
    assert_problem(api.delete(path), "author-has-books")
    assert api.seen(path)["id"] == book["author_id"]
    assert api.delete(f"/books/{book['id']}").status_code == 204
    assert api.delete(path).status_code == 204


@pytest.mark.trap(26)
def test_no_book_can_name_an_author_who_is_gone(api: Api) -> None:
    author = api.author()
    api.delete(f"/authors/{author['id']}")
    response = api.post("/books", json=api.book_body(author_id=author["id"]))
    assert_unknown(response, "body", "author_id")


def test_a_book_never_loses_its_author_to_a_removal_at_the_same_moment(api: Api) -> None:
    for _ in range(5):
        author = api.author()
        made, removed = api.together(
            [
                api.build_request("POST", "/books", json=api.book_body(author_id=author["id"])),
                api.build_request("DELETE", f"/authors/{author['id']}"),
            ]
        )
        assert (made.status_code, removed.status_code) in [(201, 409), (422, 204)]
        there = api.get(f"/authors/{author['id']}").status_code == 200
        assert there is (made.status_code == 201)
        assert len(api.items("/books", author_id=author["id"])) == there


def test_a_new_name_shows_in_the_books(api: Api) -> None:
    book = api.book()
    api.patch(f"/authors/{book['author_id']}", json={"name": "Renamed"})
    renamed = {"id": book["author_id"], "name": "Renamed"}
    assert api.seen(f"/books/{book['id']}")["author"] == renamed
    assert api.items("/books", author_id=book["author_id"])[0]["author"] == renamed


def test_authors_are_listed_by_id(api: Api) -> None:
    made = [api.author() for _ in range(5)]
    total = api.seen("/authors", include_total="true", limit=1)["total"]
    listed = api.items("/authors", offset=total - 5)
    assert listed == made
    assert ids(listed) == sorted(ids(listed))
