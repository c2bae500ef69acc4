"""Versions: entity tags, conditional reads and writes, and one winner among many."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bakeoff_contract.api import Api, Json, ids, new_isbn, statuses
from bakeoff_contract.problems import assert_problem, assert_refused


def _writes(api: Api, book: Json, **headers: str) -> list[httpx.Request]:
    """Every way to change or remove a book that is there; the removal comes last."""
    path = f"/books/{book['id']}"
    body = api.book_body(author_id=book["author_id"])
    return [
        api.build_request("PUT", path, json=body | {"isbn": book["isbn"]}, headers=headers),
        api.build_request("PATCH", path, json={"stock": 7}, headers=headers),
        api.build_request("PUT", f"/books/by-isbn/{book['isbn']}", json=body, headers=headers),
        api.build_request("DELETE", path, headers=headers),
    ]


def test_every_answer_with_a_book_carries_its_version_as_entity_tag(api: Api) -> None:
    body = api.book_body(isbn=new_isbn())
    created = api.post("/books", json=body)
    book = created.json()
    path = f"/books/{book['id']}"
    answers = [
        created,
        api.get(path),
        api.put(path, json=body),
        api.patch(path, json={"stock": 1}),
        api.put(f"/books/by-isbn/{body['isbn']}", json=body),
        api.get(path),
    ]
    assert [answer.json()["version"] for answer in answers] == [1, 1, 2, 3, 4, 4]
    for answer in answers:
        assert answer.headers["etag"] == f'"{answer.json()["version"]}"'


def test_a_client_that_has_this_version_is_told_so(api: Api, subtests: pytest.Subtests) -> None:
    book = api.book()
    for tags in ['"1"', 'W/"1"', '"9", "1"', '"x", W/"1" ,"2"', "*", '"a,b", "1"']:
        with subtests.test(tags=tags):
            response = api.get(f"/books/{book['id']}", headers={"if-none-match": tags})
            assert response.status_code == 304
            assert response.content == b""
            assert response.headers["etag"] == '"1"'


def test_a_client_that_has_another_version_is_given_this_one(
    api: Api, subtests: pytest.Subtests
) -> None:
    book = api.book()
    for tags in ['"2"', '"01"', 'W/"11"', '"x"', '""', f'"{2**64 + 1}"']:
        with subtests.test(tags=tags):
            response = api.get(f"/books/{book['id']}", headers={"if-none-match": tags})
            assert response.status_code == 200
            assert response.json() == book


def test_not_modified_ends_with_the_next_change(api: Api) -> None:
    book = api.book()
    path = f"/books/{book['id']}"
    api.patch(path, json={})
    assert api.get(path, headers={"if-none-match": '"1"'}).status_code == 200
    assert api.get(path, headers={"if-none-match": '"2"'}).status_code == 304


def test_an_absent_book_is_absent_whatever_the_client_has(api: Api) -> None:
    response = api.get(f"/books/{2**63 - 1}", headers={"if-none-match": "*"})
    assert_problem(response, "not-found")


def test_a_write_goes_through_when_the_version_is_current(
    api: Api, subtests: pytest.Subtests
) -> None:
    for tags in ["*", '"{v}"', '"{v}", "77"', '"77" , "{v}"', '"a,b","{v}"']:
        with subtests.test(tags=tags):
            book = api.book(isbn=new_isbn())
            for version, write in enumerate(_writes(api, book), start=1):
                write.headers["if-match"] = tags.format(v=version)
                response = api.send(write)
                assert response.status_code in (200, 204), response.text


def test_a_write_over_another_version_is_stale_and_changes_nothing(
    api: Api, subtests: pytest.Subtests
) -> None:
    book = api.book(isbn=new_isbn())
    path = f"/books/{book['id']}"
    current = api.patch(path, json={"stock": 3}).json()
    for tags in [
        '"1"',
        '"3"',
        '"1", "3"',
        'W/"2"',
        '"02"',
        '"2.0"',
        '"x"',
        '""',
        f'"{2**63}"',
        f'"{10**30}"',
    ]:
        with subtests.test(tags=tags):
            for write in _writes(api, book, **{"if-match": tags}):
                assert_problem(api.send(write), "stale")
    assert api.seen(path) == current


def test_a_malformed_condition_is_refused_and_changes_nothing(
    api: Api, subtests: pytest.Subtests
) -> None:
    book = api.book(isbn=new_isbn())
    for tags in ["1", "", '"1', '1"', '"1" "2"', "'1'", '"1",,"2"x', "w/1", "**"]:
        with subtests.test(tags=tags):
            for write in _writes(api, book, **{"if-match": tags}):
                assert_refused(api.send(write), "header", "if-match")
    assert api.seen(f"/books/{book['id']}") == book


def test_a_condition_on_an_absent_book_finds_it_absent(api: Api) -> None:
    path = f"/books/{2**63 - 1}"
    for tags in ("*", '"1"'):
        headers = {"if-match": tags}
        body = api.book_body()
        assert_problem(api.put(path, json=body, headers=headers), "not-found")
        assert_problem(api.patch(path, json={}, headers=headers), "not-found")
        assert_problem(api.delete(path, headers=headers), "not-found")


@pytest.mark.parametrize("tags", ["*", '"1"'])
def test_a_conditional_upsert_makes_no_new_book(api: Api, tags: str) -> None:
    author = api.author()
    response = api.put(
        f"/books/by-isbn/{new_isbn()}",
        json=api.book_body(author_id=author["id"]),
        headers={"if-match": tags},
    )
    assert_problem(response, "stale")
    assert api.items("/books", author_id=author["id"]) == []


def test_several_lines_and_empty_members_are_one_list(api: Api) -> None:
    book = api.book(isbn=new_isbn())
    path = f"/books/{book['id']}"
    lines = [("if-none-match", '"7",'), ("if-none-match", ', , W/"1"')]
    assert api.get(path, headers=lines).status_code == 304
    for version, write in enumerate(_writes(api, book), start=1):
        tags = ['"77"', "", f', "{version}" ,,"78",']
        headers = [*write.headers.raw, *((b"if-match", tag.encode()) for tag in tags)]
        sent = httpx.Request(write.method, write.url, headers=headers, content=write.content)
        assert api.send(sent).status_code in (200, 204)


def test_a_write_that_excludes_the_current_version_is_refused_and_changes_nothing(
    api: Api, subtests: pytest.Subtests
) -> None:
    book = api.book(isbn=new_isbn())
    path = f"/books/{book['id']}"
    current = api.patch(path, json={"stock": 3}).json()
    for tags in ["*", '"2"', 'W/"2"', '"1", "2"']:
        with subtests.test(tags=tags):
            for write in _writes(api, book, **{"if-none-match": tags}):
                problem = assert_problem(api.send(write), "stale")
                assert problem["errors"][0]["loc"] == ["header", "if-none-match"]
    assert api.seen(path) == current


def test_a_write_that_excludes_other_versions_goes_through(
    api: Api, subtests: pytest.Subtests
) -> None:
    for tags in ['"77"', 'W/"78", "x"', '"02"']:
        with subtests.test(tags=tags):
            book = api.book(isbn=new_isbn())
            for write in _writes(api, book, **{"if-none-match": tags}):
                response = api.send(write)
                assert response.status_code in (200, 204), response.text


def test_both_conditions_must_hold(api: Api) -> None:
    book = api.book(isbn=new_isbn())
    for write in _writes(api, book, **{"if-match": '"1"', "if-none-match": '"1"'}):
        assert_problem(api.send(write), "stale")
    for write in _writes(api, book, **{"if-match": '"9"', "if-none-match": '"8"'}):
        assert_problem(api.send(write), "stale")
    assert api.seen(f"/books/{book['id']}") == book


def test_an_upsert_that_wants_no_book_makes_one_and_replaces_none(api: Api) -> None:
    isbn = new_isbn()
    body = api.book_body()
    headers = {"if-none-match": "*"}
    made = api.put(f"/books/by-isbn/{isbn}", json=body, headers=headers)
    assert made.status_code == 201
    again = api.put(f"/books/by-isbn/{isbn}", json=body, headers=headers)
    assert_problem(again, "stale")
    assert api.seen(f"/books/{made.json()['id']}") == made.json()


def test_of_many_upserts_that_want_no_book_one_makes_it(api: Api) -> None:
    isbn = new_isbn()
    body = api.book_body()
    answers = api.together(
        api.build_request(
            "PUT", f"/books/by-isbn/{isbn}", json=body, headers={"if-none-match": "*"}
        )
        for _ in range(10)
    )
    assert statuses(answers) == [201] + [412] * 9
    assert [book["version"] for book in api.items("/books", author_id=body["author_id"])] == [1]


def test_20_patches_that_exclude_another_version_all_count(api: Api) -> None:
    book = api.book()
    path = f"/books/{book['id']}"
    answers = api.together(
        api.build_request("PATCH", path, json={"stock": n}, headers={"if-none-match": '"77"'})
        for n in range(20)
    )
    assert statuses(answers) == [200] * 20
    assert api.seen(path)["version"] == 21


def test_staleness_is_looked_at_before_conflicts(api: Api) -> None:
    book, other = api.book(), api.book(isbn=new_isbn())
    response = api.patch(
        f"/books/{book['id']}", json={"isbn": other["isbn"]}, headers={"if-match": '"9"'}
    )
    assert_problem(response, "stale")


def test_a_failed_write_does_not_count(api: Api) -> None:
    book, other = api.book(), api.book(isbn=new_isbn())
    path = f"/books/{book['id']}"
    api.patch(path, json={"isbn": other["isbn"]})
    api.patch(path, json={"author_id": 2**63 - 1})
    api.patch(path, json={"stock": -1})
    assert api.seen(path) == book


def test_a_sale_and_its_cancellation_each_add_one_to_the_version(api: Api) -> None:
    book = api.book(stock=5)
    path = f"/books/{book['id']}"
    order = api.order(api.user(), (book, 2))
    sold = api.seen(path)
    assert (sold["version"], sold["stock"]) == (2, 3)
    assert_problem(api.patch(path, json={"stock": 5}, headers={"if-match": '"1"'}), "stale")
    api.post(f"/orders/{order['id']}/cancel")
    back = api.seen(path)
    assert (back["version"], back["stock"]) == (3, 5)


# --- many at once ---------------------------------------------------------------------------------


def test_of_20_patches_over_one_version_one_wins(api: Api) -> None:
    book = api.book()
    path = f"/books/{book['id']}"
    answers = api.together(
        api.build_request("PATCH", path, json={"stock": n + 1}, headers={"if-match": '"1"'})
        for n in range(20)
    )
    assert statuses(answers) == [200] + [412] * 19
    (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert winner["version"] == 2
    assert api.seen(path) == winner


def test_20_unconditional_patches_all_count(api: Api) -> None:
    book = api.book()
    path = f"/books/{book['id']}"
    answers = api.together(api.build_request("PATCH", path, json={"stock": n}) for n in range(20))
    assert statuses(answers) == [200] * 20
    versions = {answer.json()["version"]: answer.json() for answer in answers}
    assert set(versions) == set(range(2, 22))
    assert api.seen(path) == versions[21]


def test_of_many_puts_at_once_the_last_one_is_there_as_a_whole(api: Api) -> None:
    book = api.book()
    path = f"/books/{book['id']}"
    bases = [api.unique() for _ in range(10)]

    def body(base: str, number: int) -> dict[str, Any]:
        return api.book_body(
            author_id=book["author_id"],
            title=base,
            stock=number,
            tags=[f"{base}-{n}" for n in range(number % 4)],
            attributes={"is": base},
        )

    answers = api.together(
        api.build_request("PUT", path, json=body(base, number)) for number, base in enumerate(bases)
    )
    last = max((answer.json() for answer in answers), key=lambda changed: changed["version"])
    assert last["version"] == 11
    assert api.seen(path) == last
    number = bases.index(last["title"])
    assert last["stock"] == number
    assert last["tags"] == [f"{last['title']}-{n}" for n in range(number % 4)]
    assert last["attributes"] == {"is": last["title"]}


def test_tags_that_many_requests_change_at_once_are_those_of_the_last(api: Api) -> None:
    base = api.unique()
    book = api.book(tags=[f"{base}-old"])
    path = f"/books/{book['id']}"
    answers = api.together(
        api.build_request("PATCH", path, json={"tags": [f"{base}-{n}", f"{base}-{n + 1}"]})
        for n in range(10)
    )
    last = max((answer.json() for answer in answers), key=lambda changed: changed["version"])
    assert last["version"] == 11
    assert api.seen(path) == last
    assert len(last["tags"]) == 2
    for tag in last["tags"]:
        assert ids(api.items("/books", tag=tag)) == [book["id"]]


def test_of_many_removals_at_once_one_finds_the_book(api: Api) -> None:
    book = api.book(tags=[api.unique()])
    answers = api.together(api.build_request("DELETE", f"/books/{book['id']}") for _ in range(10))
    assert statuses(answers) == [204] + [404] * 9
