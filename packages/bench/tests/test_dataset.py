from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from bakeoff_bench import dataset
from bakeoff_schemas import api, isbn, text

BOOKS = [dataset.book(number) for number in range(1, 1001)]


def test_a_number_always_gives_the_same_book() -> None:
    assert [dataset.book(number) for number in (1, 77, 999_999)] == [
        dataset.book(number) for number in (1, 77, 999_999)
    ]


@pytest.mark.parametrize("number", [1, 2, 10, 500, 99_999, 1_000_000])
def test_a_book_is_what_the_contract_would_have_made_of_it(number: int) -> None:
    book = dataset.book(number)
    sent = api.BookBody(
        isbn=book.isbn,
        title=book.title,
        author_id=book.author_id,
        release_year=book.release_year,
        price=str(book.price),
        stock=book.stock,
        in_print=book.in_print,
        tags=book.tags,
        attributes=book.attributes,
    )
    assert sent.data() == book


def test_one_book_in_ten_has_no_isbn_and_no_two_share_one() -> None:
    isbns = [book.isbn for book in BOOKS if book.isbn is not None]
    assert len(isbns) == 900
    assert len(set(isbns)) == 900


def test_isbns_of_the_free_prefix_are_valid_and_never_in_the_data_set() -> None:
    fresh = dataset.isbn13(7, prefix="979")
    assert isbn.canonical(fresh) == fresh
    assert not any(book.isbn.startswith("979") for book in BOOKS if book.isbn)


def test_every_author_of_a_book_is_among_those_of_any_data_set_that_has_the_book() -> None:
    for number, book in enumerate(BOOKS, start=1):
        assert 1 <= book.author_id <= dataset.authors_of(number)


def test_every_book_has_three_tags_and_a_few_tags_are_on_many_books() -> None:
    assert all(len(set(book.tags)) == 3 for book in BOOKS)
    uses = Counter(tag for book in BOOKS for tag in book.tags)
    first, *_, last = uses.most_common(150)
    assert first[1] > 50 * last[1]
    assert uses[dataset.TAGS[0]] == first[1]


def test_tags_are_folded_and_distinct() -> None:
    assert [text.fold_tag(tag) for tag in dataset.TAGS] == list(dataset.TAGS)
    assert len(set(dataset.TAGS)) == len(dataset.TAGS) == 200


def test_attributes_have_two_to_five_keys() -> None:
    assert {len(book.attributes) for book in BOOKS} == {2, 3, 4, 5}


def test_text_is_not_ascii_alone() -> None:
    assert 100 < sum(not book.title.isascii() for book in BOOKS) < 900
    names = [dataset.author(number).name for number in range(1, 201)]
    assert 20 < sum(not name.isascii() for name in names) < 180


def test_an_order_names_books_and_a_customer_that_are_there() -> None:
    customers = {dataset.user_id(number) for number in range(1, dataset.users_of(40) + 1)}
    for number in range(1, 200):
        order = dataset.order(number, books=40)
        assert order.customer_id in customers
        assert 1 <= len(order.quantities) <= 3
        assert all(1 <= book <= 40 for book in order.quantities)
        assert all(1 <= copies <= 3 for copies in order.quantities.values())


def test_everything_happened_before_the_frontier_and_in_order() -> None:
    last = max(dataset.SIZES.values())
    orders = [dataset.order(number, books=last).placed_at for number in range(1, 5001)]
    assert all(earlier < later for earlier, later in pairwise(orders))
    instants = [orders[-1], dataset.created_at(last), dataset.user(1000).created_at]
    assert max(instants) < dataset.FRONTIER


def test_customers_are_as_the_contract_folds_them_and_all_different() -> None:
    users = [dataset.user(number) for number in range(1, 1001)]
    assert len({user.id for user in users}) == 1000
    assert all(user.username_key == text.search_key(user.username) for user in users)
    assert len({user.email for user in users}) == 1000
