from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bakeoff.settings import Settings
from bakeoff_bench import operations, scenarios
from bakeoff_bench.arms import port
from bakeoff_bench.arms.catalogue import TUTORIAL_SCENARIOS
from bakeoff_bench.scenarios import BY_NAME, SCENARIOS
from bakeoff_schemas.api import BulkBooks, SalesQuery
from bakeoff_schemas.records import AuthorName, Book, Page

BOOK = Book(
    id=7,
    isbn="9780547773742",
    title="A Wizard of Earthsea",
    author_id=42,
    author=AuthorName(id=42, name="Ursula K. Le Guin"),
    release_year=1968,
    price=Decimal("12.50"),
    stock=3,
    in_print=True,
    tags=["fantasy"],
    attributes={"id": 1, "pages": {"version": 205.5}},
    version=4,
    created_at=datetime(2024, 5, 1, tzinfo=UTC),
    updated_at=datetime(2024, 5, 2, tzinfo=UTC),
)


def test_every_scenario_has_a_name_of_its_own_and_says_what_it_is_in_a_sentence() -> None:
    assert len(BY_NAME) == len(SCENARIOS) == 18
    assert all(scenario.description.endswith(".") for scenario in SCENARIOS)


def test_those_that_write_come_after_those_that_read() -> None:
    writes = [scenario.writes for scenario in SCENARIOS]

    assert writes == sorted(writes)


def test_what_the_tutorials_do_are_scenarios_that_need_no_preparation() -> None:
    assert [name for name in TUTORIAL_SCENARIOS if BY_NAME[name].prepare is not None] == []


def test_limits_are_those_of_the_service() -> None:
    assert Settings.model_fields["export_batch"].default == operations.EXPORT_BATCH
    assert SalesQuery.model_fields["limit"].default == operations.REPORT_LIMIT
    assert Settings.model_fields["contention_retries"].default == port.CONTENTION_RETRIES
    assert "max_length=1000" in repr(BulkBooks)


def test_a_read_is_compared_to_the_last_field() -> None:
    read = BY_NAME["point-read"]

    assert read.comparable(BOOK) == {
        "id": 7,
        "isbn": "9780547773742",
        "title": "A Wizard of Earthsea",
        "author_id": 42,
        "author": {"id": 42, "name": "Ursula K. Le Guin"},
        "release_year": 1968,
        "price": "12.50",
        "stock": 3,
        "in_print": True,
        "tags": ["fantasy"],
        "attributes": {"id": 1, "pages": {"version": 205.5}},
        "version": 4,
        "created_at": "2024-05-01T00:00:00.000000Z",
        "updated_at": "2024-05-02T00:00:00.000000Z",
    }


def test_amounts_that_are_equal_but_not_written_alike_differ() -> None:
    read = BY_NAME["point-read"]

    assert read.comparable(replace(BOOK, price=Decimal("12.5"))) != read.comparable(BOOK)


def test_of_a_new_book_only_what_was_sent_is_compared() -> None:
    create = BY_NAME["create"]
    other = replace(BOOK, id=8, isbn="9791000000001", version=1, created_at=datetime.now(UTC))

    assert create.comparable(other) == create.comparable(BOOK)
    assert create.comparable(replace(BOOK, tags=[])) != create.comparable(BOOK)


def test_the_attributes_of_a_book_are_data_whatever_their_keys() -> None:
    other = replace(BOOK, attributes={"id": 2, "pages": {"version": 205.5}})

    create = BY_NAME["create"]

    assert create.comparable(other) != create.comparable(BOOK)


def test_a_first_page_may_be_answered_as_a_plain_list() -> None:
    first = BY_NAME["page-first"]

    assert first.comparable([BOOK]) == first.comparable(Page(items=[BOOK], more=True))


def test_whether_more_follows_is_compared_elsewhere() -> None:
    deep = BY_NAME["page-deep"]

    assert deep.comparable(Page(items=[BOOK], more=True)) != deep.comparable(
        Page(items=[BOOK], more=False)
    )


def test_an_answer_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        scenarios.comparable({1, 2}, leaving_out=scenarios.NOTHING)
    assert scenarios.comparable(date(2024, 5, 1), leaving_out=scenarios.NOTHING) == "2024-05-01"
