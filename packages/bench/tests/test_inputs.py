from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from bakeoff_bench import dataset
from bakeoff_bench.arms.catalogue import ARMS
from bakeoff_bench.inputs import BULK, draw, fresh_isbns, stream
from bakeoff_bench.scenarios import BY_NAME
from bakeoff_schemas import isbn
from bakeoff_schemas.records import BookData

BOOKS = 1000
SOME = [name for name in BY_NAME if name != "bulk-insert"]
CONSTANT = {"page-first", "report-sales", "report-tags", "export"}


def drawn(scenario: str, count: int = 40, *, seed: int = 1, arm: str = "raw") -> list[Any]:
    return draw(scenario, seed=seed, count=count, books=BOOKS, isbns=fresh_isbns(arm))


def of_few(scenario: str) -> list[Any]:
    """Inputs of every hundredth book."""
    isbns = fresh_isbns("raw")
    inputs = stream(scenario, seed=1, books=BOOKS, isbns=isbns, touched=BOOKS // 100)
    return list(islice(inputs, 500))


@pytest.mark.parametrize("scenario", SOME)
def test_a_seed_gives_the_same_inputs_again_and_fewer_are_the_first_of_more(scenario: str) -> None:
    assert drawn(scenario, 40)[:15] == drawn(scenario, 15)


@pytest.mark.parametrize("scenario", sorted({*SOME} - CONSTANT))
def test_another_seed_gives_other_inputs(scenario: str) -> None:
    assert drawn(scenario, seed=1) != drawn(scenario, seed=2)


@pytest.mark.parametrize("scenario", ["point-read", "update"])
def test_the_touched_books_are_few_and_evenly_spread(scenario: str) -> None:
    inputs = of_few(scenario)
    ids = {one if isinstance(one, int) else one.book_id for one in inputs}
    assert ids == {*range(100, BOOKS + 1, 100)}


def test_a_deep_page_after_a_touched_book_is_in_the_middle_half() -> None:
    inputs = of_few("page-deep")
    after = {one.window.after.id for one in inputs}
    assert after <= {*range(100, BOOKS + 1, 100)}
    assert BOOKS // 5 <= min(after) < max(after) <= BOOKS - BOOKS // 5


def test_arms_are_given_the_same_books_under_isbns_of_their_own() -> None:
    ours, others = drawn("create"), drawn("create", arm="raw-twin")

    assert not {book.isbn for book in ours} & {book.isbn for book in others}
    assert [replace(book, isbn=None) for book in ours] == [
        replace(book, isbn=None) for book in others
    ]


def test_no_isbn_is_given_out_twice_and_all_are_valid_and_new() -> None:
    given = [number for arm in ARMS for number in islice(fresh_isbns(arm.name), 300)]
    of_the_set = {dataset.book(number).isbn for number in range(1, BOOKS + 1)}

    assert len(set(given)) == len(given)
    assert [isbn.canonical(number) for number in given] == given
    assert not of_the_set & {*given}


def test_a_new_book_names_an_author_and_tags_that_are_there() -> None:
    books: list[BookData] = drawn("create", 300)

    assert {book.author_id for book in books} <= {*range(1, dataset.authors_of(BOOKS) + 1)}
    assert {tag for book in books for tag in book.tags} <= {*dataset.TAGS}
    assert {len(book.tags) for book in books} == {3}


def test_a_bulk_insert_brings_as_many_books_as_the_service_takes() -> None:
    (books,) = drawn("bulk-insert", 1)

    assert len({book.isbn for book in books}) == BULK == 1000


def test_a_deep_page_begins_in_the_middle_half() -> None:
    assert all(250 <= listing.window.after.id <= 750 for listing in drawn("page-deep", 200))


def test_an_order_is_of_three_books_by_a_customer_of_the_store() -> None:
    customers = {dataset.user_id(number) for number in range(1, dataset.users_of(BOOKS) + 1)}

    for basket in drawn("order", 100):
        assert basket.customer_id in customers
        assert len(basket.quantities) == 3
        assert {*basket.quantities} <= {*range(1, BOOKS + 1)}


def test_half_of_the_upserts_replace_a_book_at_any_length() -> None:
    for length in (2, 10, 64):
        replacing = [one for one in drawn("upsert", length) if one.replaces is not None]
        assert len(replacing) == length / 2


@pytest.mark.parametrize(
    ("mix", "shares"),
    [
        (
            "browse",
            {"point-read": 10, "page-first": 4, "page-deep": 3, "search": 2, "update": 1},
        ),
        ("checkout", {"point-read": 10, "order": 10}),
    ],
)
def test_a_mix_has_its_shares_in_every_twenty(mix: str, shares: dict[str, int]) -> None:
    steps = drawn(mix, 60)

    for first in (0, 20, 40):
        assert Counter(step.scenario for step in steps[first : first + 20]) == shares
