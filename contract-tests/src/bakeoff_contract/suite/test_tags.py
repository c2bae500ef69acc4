"""Tags: folded, merged, sorted by code point."""

from __future__ import annotations

import pytest

from bakeoff_contract.api import Api, ids
from bakeoff_contract.problems import assert_refused

# Code points sort otherwise than UTF-16 units (the last two), letters (case, accents) and locales.
SORTED = ["a", "a\x01", "a b", "a-b", "ab", "b", "z", "á", "ä", "а", "\uff41", "\U0001d4b6"]


def test_tags_are_folded_merged_and_sorted(api: Api) -> None:
    book = api.book(tags=["Fantasy", "islands", "FANTASY", " fantasy ", "Dragons"])
    assert book["tags"] == ["dragons", "fantasy", "islands"]
    assert api.seen(f"/books/{book['id']}")["tags"] == ["dragons", "fantasy", "islands"]


def test_tags_are_answered_by_code_point(api: Api, subtests: pytest.Subtests) -> None:
    for sent in [SORTED, SORTED[::-1], SORTED[::2] + SORTED[1::2]]:
        with subtests.test(sent=sent):
            assert sorted(SORTED) == SORTED
            book = api.book(tags=sent)
            assert book["tags"] == SORTED
            assert api.seen(f"/books/{book['id']}")["tags"] == SORTED
            assert api.items("/books", author_id=book["author_id"])[0]["tags"] == SORTED


@pytest.mark.trap(31)
def test_tags_are_equal_by_case_folding_and_by_nothing_else(
    api: Api, subtests: pytest.Subtests
) -> None:
    for sent, expected in [
        (["Straße", "STRASSE", "strasse"], ["strasse"]),
        (["ΣΟΦΟΣ", "σοφος", "σοφοσ"], ["σοφοσ"]),
        (["ÉTÉ", "été"], ["été"]),
        (["\u0130"], ["i\u0307"]),
        (["a", "á", "a\u0301", "à"], ["a", "a\u0301", "à", "á"]),
        (["e", "\uff45"], ["e", "\uff45"]),
        (["caf\u00e9", "cafe\u0301"], ["cafe\u0301", "caf\u00e9"]),
        (["ab", "a\u200bb", "a b"], ["a b", "ab", "a\u200bb"]),
    ]:
        with subtests.test(sent=sent, expected=expected):
            book = api.book(tags=sent)
            assert book["tags"] == expected
            assert api.seen(f"/books/{book['id']}")["tags"] == expected


@pytest.mark.trap(31)
def test_similar_tags_of_different_books_stay_apart(api: Api) -> None:
    base = api.unique()
    tags = [f"{base}a", f"{base}á", f"{base}a\u0301", f"{base}a\x01", f"{base}\uff41"]
    books = [api.book(tags=[tag]) for tag in tags]
    for tag, book in zip(tags, books, strict=True):
        assert ids(api.items("/books", tag=tag)) == [book["id"]]


def test_20_tags_are_allowed_and_21_are_not(api: Api) -> None:
    tags = [f"tag{number:02}" for number in range(20)]
    assert api.book(tags=tags)["tags"] == tags
    body = api.book_body(tags=[*tags, "one more"])
    assert_refused(api.post("/books", json=body), "body", "tags")


def test_only_what_is_left_after_merging_counts(api: Api) -> None:
    tags = [f"tag{number:02}" for number in range(20)]
    assert api.book(tags=[*tags, "TAG00", " tag01"])["tags"] == tags


def test_a_tag_of_50_code_points_is_kept(api: Api, subtests: pytest.Subtests) -> None:
    for tag in ["x" * 50, "é" * 50, "\U0001f600" * 50, "ß" * 25, "x" * 50 + " "]:
        with subtests.test(tag=tag):
            expected = tag.casefold().strip()
            book = api.book(tags=[tag])
            assert book["tags"] == [expected]
            assert ids(api.items("/books", tag=expected, author_id=book["author_id"])) == [
                book["id"]
            ]


def test_what_is_no_tag_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    book = api.book()
    for tags in [
        ["x" * 51],
        ["\U0001f600" * 51],
        ["ß" * 26],
        [""],
        ["good", " "],
        [1],
        [None],
        [["a"]],
        [True],
    ]:
        with subtests.test(tags=tags):
            assert_refused(api.post("/books", json=api.book_body(tags=tags)), "body", "tags")
            assert_refused(api.patch(f"/books/{book['id']}", json={"tags": tags}), "body", "tags")
    assert api.seen(f"/books/{book['id']}") == book


def test_a_tag_taken_from_one_book_stays_with_the_others(api: Api) -> None:
    tag, other = api.unique(), api.unique()
    first, second = api.book(tags=[tag, other]), api.book(tags=[tag])
    changed = api.patch(f"/books/{first['id']}", json={"tags": [other]}).json()
    assert changed["tags"] == [other]
    assert ids(api.items("/books", tag=tag)) == [second["id"]]
    assert ids(api.items("/books", tag=other)) == [first["id"]]
    api.delete(f"/books/{first['id']}")
    assert ids(api.items("/books", tag=tag)) == [second["id"]]


def test_many_requests_at_once_may_bring_the_same_new_tags(api: Api) -> None:
    tags = [api.unique() for _ in range(6)]
    author = api.author()
    answers = api.together(
        api.build_request(
            "POST",
            "/books",
            json=api.book_body(
                author_id=author["id"], tags=tags[number % 6 :] + tags[: number % 6]
            ),
        )
        for number in range(12)
    )
    for answer in answers:
        assert answer.status_code == 201
        assert answer.json()["tags"] == sorted(tags)
    assert len(api.items("/books", tag=tags)) == 12
