"""Search: a substring of the NFKC-casefolded title, taken literally."""

from __future__ import annotations

import pytest

from bakeoff_contract.api import Api, Json, ids, new_isbn
from bakeoff_contract.problems import assert_refused

# Title, what finds it, and what does not.
CASES = [
    ("A Wizard of Earthsea", ["wizard", "WIZARD", "a", "sea", "d of e"], ["wizards", "sea a"]),
    ("100% cotton", ["100%", "%", "% c"], ["100_", "1%", "%cotton", "100%%"]),
    ("snake_case", ["_", "e_c"], ["e%c", "snake__case", "s_ake"]),
    ("back\\slash", ["\\", "k\\s"], ["\\\\", "k\\%", "backslash"]),
    ("a\\%b\\_c", ["\\%", "\\_", "a\\%b\\_c"], ["%b_", "\\\\%"]),
    ("[bracket] (group) *star? ^a$", ["[b", "(group)", "*star?", "^a$"], ["[a-z]", ".*", "st?r"]),
    ('it\'s "quoted"; -- ok', ["it's", '"quoted"', "; --"], ["its", "''", "/*"]),
    ("Straße", ["strasse", "STRASSE", "straße", "ss", "ß", "ẞ"], ["strase"]),
    ("ΟΔΟΣ", ["οδος", "οδοσ", "Οδος"], ["οδοc"]),
    ("\uff21\uff22\uff23 \uff11", ["abc", "\uff41\uff42", "c 1"], ["abd"]),
    ("\ufb01nal o\ufb03ce", ["final", "office", "\ufb03"], ["finale"]),
    ("\u2460 x\u00b2", ["1", "x2", "\u00b2"], ["3"]),
    ("Cafe\u0301", ["caf\u00e9", "cafe\u0301", "CAF\u00c9"], ["cafe"]),
    ("caf\u00e9", ["cafe\u0301", "\u00e9"], ["cafe", "cafè"]),
    ("\u0130stanbul", ["i\u0307stanbul", "\u0130", "stanbul"], ["istanbul"]),
    ("\u212bngstr\u00f6m \u2126", ["\u00e5ngstr\u00f6m", "\u03c9", "\u03a9"], ["angstrom"]),
    ("Voil\u00e0 \U0001f600\U0001f1eb\U0001f1ee", ["\U0001f600", "\U0001f1ee"], ["\U0001f601"]),
    ("\U0001d518nicode", ["unicode", "UNICODE"], ["unicodes"]),
    ("two  spaces", ["o  s"], ["o s"]),
    ("tr\u00e4ume", ["tra\u0308u", "TR\u00c4UME"], ["traume", "traeume"]),
]


def _found(api: Api, author: int, q: str) -> list[Json]:
    return api.items("/books", author_id=author, q=q)


@pytest.mark.trap(30)
def test_a_title_is_found_by_what_it_contains_and_by_nothing_else(
    api: Api, subtests: pytest.Subtests
) -> None:
    for title, finds, misses in CASES:
        with subtests.test(title=title, finds=finds, misses=misses):
            book = api.book(title=title)
            decoy = api.book(author_id=book["author_id"], title="~")
            for q in finds:
                assert ids(_found(api, book["author_id"], q)) == [book["id"]], q
            for q in misses:
                assert _found(api, book["author_id"], q) == [], q
            assert ids(_found(api, book["author_id"], "~")) == [decoy["id"]]


def test_search_follows_every_way_a_title_can_change(api: Api) -> None:
    author = api.author()["id"]
    body = api.book_body(author_id=author, isbn=new_isbn(), title="First")
    book = api.books([body])[0]
    path = f"/books/{book['id']}"

    def now_called(new: str, old: str) -> None:
        assert ids(_found(api, author, new)) == [book["id"]]
        assert _found(api, author, old) == []

    api.patch(path, json={"title": "Second"})
    now_called("SECOND", "first")
    api.put(path, json=body | {"title": "Third"})
    now_called("THIRD", "second")
    api.put(f"/books/by-isbn/{book['isbn']}", json=body | {"title": "Fourth"})
    now_called("FOURTH", "third")
    api.patch(path, json={"stock": 1})
    now_called("fourth", "first")


def test_the_longest_title_with_the_longest_fold_is_found_to_its_end(api: Api) -> None:
    # U+FDFA alone becomes eighteen code points.
    book = api.book(title="\ufdfa" * 299 + "z")
    assert ids(_found(api, book["author_id"], "\ufdfaz")) == [book["id"]]


def test_white_space_around_the_search_is_stripped(api: Api) -> None:
    book = api.book(title="needle")
    assert ids(_found(api, book["author_id"], "  needle ")) == [book["id"]]


def test_a_search_for_nothing_or_for_too_much_is_refused(
    api: Api, subtests: pytest.Subtests
) -> None:
    for q in ["", " ", "\u3000", "x" * 301]:
        with subtests.test(q=q):
            assert_refused(api.get("/books", params={"q": q}), "query", "q")
