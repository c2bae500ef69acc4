from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bakeoff.backends import UnknownBackend
from bakeoff_bench import dataset
from bakeoff_bench.arms import port
from bakeoff_bench.arms.port import PortArm
from bakeoff_bench.loading.filling import fill
from bakeoff_bench.protocol import Check
from bakeoff_bench.scenarios import BY_NAME, SCENARIOS
from bakeoff_bench.worker.performing import Performer
from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig

BOOKS = 120


def checked(*names: str, arm: str = "raw", seed: int = 3) -> dict[str, list[Any]]:
    """What the reference answers on a fresh data set."""

    async def answers() -> dict[str, list[Any]]:
        layer = Layer(LayerConfig())
        await fill(layer, books=BOOKS, report=lambda what, done, total: None)
        performer = Performer(PortArm(layer), name=arm)
        return {
            name: (await performer.check(Check(scenario=name, seed=seed, books=BOOKS))).answers
            for name in names
        }

    return asyncio.run(answers())


def test_every_scenario_can_be_done_by_the_port_with_as_many_answers_as_it_says() -> None:
    answers = checked(*BY_NAME)

    assert {name: len(found) for name, found in answers.items()} == {
        scenario.name: scenario.checks for scenario in SCENARIOS
    }
    assert all(answer for found in answers.values() for answer in found)


def test_two_arms_that_do_the_same_answer_the_same() -> None:
    some = ("page-first", "create", "upsert", "order", "cancel", "browse", "checkout")

    assert checked(*some) == checked(*some, arm="raw-twin")


def test_an_export_ends_with_the_last_book_of_the_data_set() -> None:
    ((export,),) = checked("export").values()

    assert export["books"] == BOOKS
    assert [book["id"] for book in export["last"]] == [*range(1, BOOKS + 1)]


def test_changing_nothing_leaves_price_and_stock_as_they_are() -> None:
    kept = {(book.title, str(book.price)) for book in map(dataset.book, range(1, BOOKS + 1))}

    changed = checked("update-noop")["update-noop"]

    assert {(book["title"], book["price"]) for book in changed} <= kept


def test_an_update_changes_something() -> None:
    kept = {
        (book.title, str(book.price), book.stock) for book in map(dataset.book, range(1, BOOKS + 1))
    }

    changed = checked("update")["update"]

    assert not {(book["title"], book["price"], book["stock"]) for book in changed} & kept


def test_upserts_add_books_and_replace_some() -> None:
    assert {answer["created"] for answer in checked("upsert")["upsert"]} == {True, False}


def test_what_is_cancelled_was_placed_just_before() -> None:
    assert {order["status"] for order in checked("cancel")["cancel"]} == {"cancelled"}


def test_a_filtered_page_and_a_search_find_at_least_the_book_they_were_made_of() -> None:
    answers = checked("page-filtered", "search")

    assert all(page["items"] for page in [*answers["page-filtered"], *answers["search"]])


def test_a_scenario_that_nobody_knows_is_not_done() -> None:
    assert PortArm(Layer(LayerConfig())).operation("dance") is None


def test_a_backend_that_is_not_installed_is_named() -> None:
    with pytest.raises(UnknownBackend, match="'dbase'"):
        port.make(LayerConfig(), backend="dbase")
