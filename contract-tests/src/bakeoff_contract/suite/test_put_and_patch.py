"""PUT replaces everything; PATCH changes what it names."""

from __future__ import annotations

import pytest

from bakeoff_contract.api import Api, Json, new_isbn
from bakeoff_contract.problems import assert_refused

DEFAULTS: Json = {
    "isbn": None,
    "release_year": None,
    "stock": 0,
    "in_print": True,
    "tags": [],
    "attributes": {},
}
OTHERS: Json = {
    "title": "Another title",
    "release_year": -800,
    "price": "0.05",
    "stock": 3,
    "in_print": True,
    "tags": ["another"],
    "attributes": {"other": [1, 2]},
}


def _book(api: Api) -> Json:
    return api.book(
        isbn=new_isbn(),
        release_year=1968,
        stock=12,
        in_print=False,
        tags=["one", "two"],
        attributes={"pages": 205, "nested": {"a": 1, "b": 2}},
    )


def test_put_replaces_everything(api: Api) -> None:
    book = _book(api)
    author = api.author()
    body = OTHERS | {"author_id": author["id"], "isbn": new_isbn()}
    response = api.put(f"/books/{book['id']}", json=body)
    assert response.status_code == 200
    changed = response.json()
    assert changed == body | {
        "id": book["id"],
        "author": {"id": author["id"], "name": author["name"]},
        "version": 2,
        "created_at": book["created_at"],
        "updated_at": changed["updated_at"],
    }
    assert changed["updated_at"] > book["updated_at"]
    assert api.seen(f"/books/{book['id']}") == changed


def test_put_gives_defaults_to_what_it_leaves_out(api: Api) -> None:
    book = _book(api)
    body = {"title": "Short", "author_id": book["author_id"], "price": "1.00"}
    changed = api.put(f"/books/{book['id']}", json=body).json()
    assert changed == book | DEFAULTS | body | {
        "version": 2,
        "updated_at": changed["updated_at"],
    }
    assert api.seen(f"/books/{book['id']}") == changed


def test_put_needs_what_is_required(api: Api, subtests: pytest.Subtests) -> None:
    book = _book(api)
    for field in ["title", "author_id", "price"]:
        with subtests.test(field=field):
            body = api.book_body(author_id=book["author_id"])
            del body[field]
            assert_refused(api.put(f"/books/{book['id']}", json=body), "body", field)
    assert api.seen(f"/books/{book['id']}") == book


def test_patch_changes_one_field_and_no_other(api: Api, subtests: pytest.Subtests) -> None:
    for field in sorted(OTHERS):
        with subtests.test(field=field):
            book = _book(api)
            response = api.patch(f"/books/{book['id']}", json={field: OTHERS[field]})
            assert response.status_code == 200
            changed = response.json()
            assert changed == book | {
                field: OTHERS[field],
                "version": 2,
                "updated_at": changed["updated_at"],
            }
            assert changed["updated_at"] > book["updated_at"]
            assert api.seen(f"/books/{book['id']}") == changed


def test_patch_changes_the_author_and_the_isbn(api: Api) -> None:
    book, author, isbn = _book(api), api.author(), new_isbn()
    patch = {"author_id": author["id"], "isbn": isbn}
    changed = api.patch(f"/books/{book['id']}", json=patch).json()
    assert changed["author"] == {"id": author["id"], "name": author["name"]}
    assert changed["isbn"] == isbn
    assert api.seen(f"/books/{book['id']}") == changed


def test_patch_clears_with_null_what_may_be_null(api: Api, subtests: pytest.Subtests) -> None:
    for field in ["isbn", "release_year"]:
        with subtests.test(field=field):
            book = _book(api)
            changed = api.patch(f"/books/{book['id']}", json={field: None}).json()
            assert changed == book | {
                field: None,
                "version": 2,
                "updated_at": changed["updated_at"],
            }
            assert api.seen(f"/books/{book['id']}") == changed


def test_patch_refuses_null_for_what_may_not_be_null(api: Api, subtests: pytest.Subtests) -> None:
    book = _book(api)
    for field in ["title", "author_id", "price", "stock", "in_print", "tags", "attributes"]:
        with subtests.test(field=field):
            response = api.patch(f"/books/{book['id']}", json={field: None, "release_year": 1})
            assert_refused(response, "body", field)
    assert api.seen(f"/books/{book['id']}") == book


def test_patch_takes_empty_values_for_values(api: Api, subtests: pytest.Subtests) -> None:
    book = _book(api)
    for field, value in [("tags", []), ("attributes", {}), ("stock", 0), ("in_print", False)]:
        with subtests.test(field=field, value=value):
            assert api.patch(f"/books/{book['id']}", json={field: value}).json()[field] == value
            assert api.seen(f"/books/{book['id']}")[field] == value


def test_patch_replaces_attributes_as_a_whole(api: Api) -> None:
    book = _book(api)
    patch = {"attributes": {"nested": {"a": None}}}
    assert api.patch(f"/books/{book['id']}", json=patch).json()["attributes"] == patch["attributes"]


@pytest.mark.trap(8, 9)
def test_an_empty_patch_and_a_patch_to_the_same_values_succeed_and_count(api: Api) -> None:
    book = _book(api)
    path = f"/books/{book['id']}"
    same = {key: book[key] for key in ("isbn", "title", "price", "tags", "attributes", "stock")}
    for version, patch in enumerate([{}, {"title": book["title"]}, same], start=2):
        response = api.patch(path, json=patch)
        assert response.status_code == 200
        changed = response.json()
        assert changed == book | {"version": version, "updated_at": changed["updated_at"]}
    body = {key: book[key] for key in (*OTHERS, "author_id", "isbn")}
    assert api.put(path, json=body).json()["version"] == 5


def test_a_patch_is_an_object(api: Api, subtests: pytest.Subtests) -> None:
    book = _book(api)
    for body in ["[]", "null", '"title"', "1", "1.5", '[{"op": "remove", "path": "/title"}]']:
        with subtests.test(body=body):
            assert_refused(api.send_text("PATCH", f"/books/{book['id']}", body), "body")
    assert api.seen(f"/books/{book['id']}") == book


def test_a_patch_may_be_called_a_merge_patch(api: Api) -> None:
    book = _book(api)
    response = api.patch(
        f"/books/{book['id']}",
        content='{"release_year": null}',
        headers={"content-type": "application/merge-patch+json"},
    )
    assert response.status_code == 200
    assert response.json()["release_year"] is None
