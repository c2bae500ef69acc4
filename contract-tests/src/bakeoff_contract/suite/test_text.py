"""Text comes back exactly as it was sent, code point by code point."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from bakeoff_contract.api import Api, Json, ids
from bakeoff_contract.problems import assert_problem, assert_refused

TEXTS = {
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1eb\U0001f1ee",
    "right-to-left": "\u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0633\u0644\u0645 \u202babc\u202c",
    "stacked": "Z\u0351\u036b\u0343a\u0328\u0322l\u030d\u030b",
    "astral": "\U0001d518\U0001d52b\U0001d526 \U00020000 \U0010ffff",
    "private and none": "\ue000 \uffff \ufdd0",
    "controls": "a\x01b\x1bc\x7fd\u0080e",
    "bom": "\ufeffabc\ufeff",
    "inner space": "a  b\u00a0c\td\ne",
    "quotes": "Robert'); DROP TABLE books;-- \" ` \\ \\' \\\\",
    "placeholders": "%s %(title)s %% ? ?1 $1 :title :1 {0} {title} @x \\u0041 &amp; <b>",
    "json": '{"a": [1, null]}',
    "number": "007",
    "turkish": "\u0130stanbul \u0131\u015f\u0131k",
    "sharp s": "Stra\u00dfe STRASSE \u1e9e",
    "ligatures": "\ufb01 \ufdfa \u2126 \u00c5 \u212b",
    "zero width": "a\u200bb\u00adc\u2060d",
}
SURROUNDING = " \t\r\n\x0b\x0c\x1c\u0085\u00a0\u1680\u2003\u2028\u202f\u3000"
NOT_TEXT = ["\x00", "a\x00b", "\ud800", "a\udfffb", "\udc00\ud800"]


def test_text_comes_back_exactly_as_sent(api: Api, subtests: pytest.Subtests) -> None:
    for text in TEXTS.values():
        with subtests.test(text=text):
            author = api.author(name=text)
            assert author["name"] == text
            assert api.seen(f"/authors/{author['id']}")["name"] == text
            book = api.book(
                author_id=author["id"], title=text, attributes={text: [text, {"k": text}]}
            )
            assert book["title"] == text
            assert book["author"]["name"] == text
            assert book["attributes"] == {text: [text, {"k": text}]}
            assert api.seen(f"/books/{book['id']}") == book
            assert api.items("/books", author_id=author["id"]) == [book]
            changed = api.patch(f"/books/{book['id']}", json={"title": f"{text}!"}).json()
            assert changed["title"] == f"{text}!"


def test_names_of_users_come_back_exactly_as_sent(api: Api, subtests: pytest.Subtests) -> None:
    for text in TEXTS.values():
        with subtests.test(text=text):
            username = f"{text[:15]} {api.unique()}"
            user = api.user(username=username)
            assert user["username"] == username
            assert api.seen(f"/users/{user['id']}") == user


def test_escapes_and_characters_mean_the_same(api: Api) -> None:
    text = TEXTS["emoji"] + TEXTS["right-to-left"]
    response = api.send_escaped("POST", "/authors", {"name": text})
    assert response.json()["name"] == text


def test_surrounding_white_space_is_stripped_and_inner_kept(api: Api) -> None:
    padded = f"{SURROUNDING}a \u2003 b{SURROUNDING}"
    assert api.author(name=padded)["name"] == "a \u2003 b"
    name = api.unique()
    user = api.user(username=f"{SURROUNDING}{name}{SURROUNDING}")
    assert user["username"] == name
    book = api.book(title=padded, attributes={" k ": " v "})
    assert book["title"] == "a \u2003 b"
    assert book["attributes"] == {" k ": " v "}
    assert api.seen(f"/books/{book['id']}") == book


def test_lengths_count_code_points(api: Api, subtests: pytest.Subtests) -> None:
    for character in ["a", "\u00e9", "\u20ac", "\U0001f600", "\ufdfa", "\u0390"]:
        with subtests.test(character=character):
            author = api.author(name=character * 200)
            assert author["name"] == character * 200
            assert_refused(api.post("/authors", json={"name": character * 201}), "body", "name")
            book = api.book(author_id=author["id"], title=character * 300)
            assert api.seen(f"/books/{book['id']}")["title"] == character * 300
            body = api.book_body(author_id=author["id"], title=character * 301)
            assert_refused(api.post("/books", json=body), "body", "title")
            assert_refused(
                api.patch(f"/books/{book['id']}", json={"title": character * 301}), "body", "title"
            )


def test_lengths_count_what_is_left_after_stripping(api: Api) -> None:
    assert api.author(name=" " * 50 + "a" * 200 + " " * 50)["name"] == "a" * 200


def test_usernames_have_3_to_50_code_points(api: Api, subtests: pytest.Subtests) -> None:
    for username in ["ab", " ab ", "\U0001f600" * 2, "x" * 51, "\u00e9" * 51]:
        with subtests.test(username=username):
            assert_refused(
                api.post("/users", json=api.user_body(username=username)), "body", "username"
            )


def test_a_username_of_3_and_one_of_50_code_points_are_kept(api: Api) -> None:
    for length in (3, 50):
        unlikely = "".join(chr(0x20000 + secrets.randbelow(0xA000)) for _ in range(3))
        username = unlikely.ljust(length, "\u00e9")
        assert api.user(username=username)["username"] == username


@pytest.mark.parametrize("field", ["title", "isbn", "tags", "attributes", "key", "deep"])
@pytest.mark.trap(20)
def test_what_no_database_can_keep_is_refused_in_a_book(
    api: Api, field: str, subtests: pytest.Subtests
) -> None:
    book = api.book()
    for text in NOT_TEXT:
        with subtests.test(text=text):
            fields: dict[str, Json] = {
                "title": {"title": text},
                "isbn": {"isbn": text},
                "tags": {"tags": ["good", text]},
                "attributes": {"attributes": {"a": text}},
                "key": {"attributes": {text: 1}},
                "deep": {"attributes": {"a": [{"b": [text]}]}},
            }
            change = fields[field]
            (name,) = change
            path = f"/books/{book['id']}"
            body = api.book_body(author_id=book["author_id"]) | change
            assert_refused(api.send_escaped("POST", "/books", body), "body", name)
            assert_refused(api.send_escaped("PUT", path, body), "body", name)
            assert_refused(api.send_escaped("PATCH", path, change), "body", name)
            assert_refused(api.send_escaped("POST", "/books/bulk", [body]), "body", 0, name)
    assert api.items("/books", author_id=book["author_id"]) == [book]


@pytest.mark.parametrize("field", ["username", "email", "password"])
@pytest.mark.trap(20)
def test_what_no_database_can_keep_is_refused_in_a_user(
    api: Api, field: str, subtests: pytest.Subtests
) -> None:
    for text in NOT_TEXT:
        with subtests.test(text=text):
            body = api.user_body() | {field: f"abc{text}defgh@example.com"}
            assert_refused(api.send_escaped("POST", "/users", body), "body", field)


@pytest.mark.trap(20)
def test_what_no_database_can_keep_is_refused_in_an_author(
    api: Api, subtests: pytest.Subtests
) -> None:
    author = api.author()
    for text in NOT_TEXT:
        with subtests.test(text=text):
            assert_refused(api.send_escaped("POST", "/authors", {"name": text}), "body", "name")
            path = f"/authors/{author['id']}"
            assert_refused(api.send_escaped("PATCH", path, {"name": text}), "body", "name")
    assert api.seen(path) == author


@pytest.mark.parametrize("path", ["/authors", "/books", "/users", "/orders"])
def test_an_unknown_field_with_such_a_name_is_refused_as_any_other(
    api: Api, path: str, subtests: pytest.Subtests
) -> None:
    for text in NOT_TEXT:
        with subtests.test(text=text):
            assert_problem(api.send_escaped("POST", path, {text: 1}), "invalid", loc=["body"])


def test_nothing_but_white_space_is_no_text(api: Api, subtests: pytest.Subtests) -> None:
    for text in ["", " ", "\u3000", "\u2028\n"]:
        with subtests.test(text=text):
            body: dict[str, Any] = api.book_body(title=text)
            assert_refused(api.post("/books", json=body), "body", "title")
            assert_refused(
                api.post("/users", json=api.user_body(username=text)), "body", "username"
            )


@pytest.mark.trap(31)
def test_texts_that_only_look_alike_stay_apart(api: Api) -> None:
    author = api.author()
    alike = ["caf\u00e9", "cafe\u0301", "CAF\u00c9", "cafe", "\uff43afe", "caf\u00e9\u200b"]
    made = api.books(api.book_body(author_id=author["id"], title=title) for title in alike)
    listed = api.items("/books", author_id=author["id"])
    assert [book["title"] for book in listed] == alike
    assert ids(listed) == ids(made)
