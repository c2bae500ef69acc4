"""The recording is worth what it refuses: layers that waste statements in one way each."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bakeoff.backends import make_layer
from bakeoff_contract.statements import caps, recorder
from bakeoff_contract.statements.reads import READS
from bakeoff_contract.statements.recorder import OPERATIONS, UNITS
from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig

GROUPS = {
    "authors": ports.Authors,
    "books": ports.Books,
    "users": ports.Users,
    "tokens": ports.Tokens,
    "orders": ports.Orders,
    "reports": ports.Reports,
    "outbox": ports.Outbox,
}


def test_every_method_of_the_port_is_recorded() -> None:
    methods = {
        f"{group}.{name}"
        for group, protocol in GROUPS.items()
        for name, _ in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    }
    assert {name.partition("[")[0] for name in OPERATIONS} == methods


def test_every_operation_has_a_cap_and_every_cap_an_operation() -> None:
    assert all(caps.of(name) > 0 for name in OPERATIONS)
    plain = {name.partition("[")[0] for name in OPERATIONS}
    assert set(caps._CAPS) <= plain | set(OPERATIONS)


@pytest.fixture
def record(run_suite: Any, tmp_path: Any) -> Callable[..., Any]:
    """Record a part of the operations of the raw backend on SQLite."""

    def run(chosen: str) -> Any:
        file = tmp_path / "statements.json"
        outcome = run_suite(
            *("bakeoff_contract.statements.suite", "-p", "bakeoff_contract.statements.plugin"),
            *("--backend", "raw", "--statements-file", str(file), "-k", chosen),
        )
        return outcome, json.loads(file.read_text("utf-8"))

    return run


def test_what_was_recorded_is_written_without_parameters(record: Callable[..., Any]) -> None:
    outcome, written = record("find_isbns or test_a_ping")
    assert outcome.status == 0, outcome.output
    assert (written["backend"], written["database"]) == ("raw", "sqlite")
    assert written["failures"] == []
    assert written["complete"] is False
    assert set(written["operations"]) == {
        *("open", "ping", "books.find_isbns", "books.find_isbns[100]")
    }
    one = written["operations"]["books.find_isbns"]
    assert one["round_trips"] == len(one["statements"]) == 1
    assert "9780547773742" not in json.dumps(written)


def test_a_backend_that_has_no_database_is_refused(run_suite: Any) -> None:
    outcome = run_suite(
        *("bakeoff_contract.statements.suite", "-p", "bakeoff_contract.statements.plugin"),
        *("--backend", "memory", "-k", "ping"),
    )
    assert outcome.status != 0
    assert "a --backend NAME that has a database" in outcome.output


class Spoilt:
    """What it does not do itself is done by what it stands for."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


class Wasteful(Spoilt):
    """The raw layer, spoilt."""

    def __init__(self, config: LayerConfig) -> None:
        super().__init__(make_layer("raw", config))


class EachBookByItself(Spoilt):
    async def list(self, **options: Any) -> Any:
        page = await self._plain.list(**options)
        page.items = [await self._plain.get(book.id) for book in page.items]
        return page


class AsksForEachBook(Wasteful):
    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        async with self._plain.reading() as store:
            spoilt = Spoilt(store)
            spoilt.books = EachBookByItself(store.books)  # type: ignore[attr-defined]
            yield spoilt


class ReadsInTransactions(Wasteful):
    def reading(self) -> Any:
        return self._plain.writing()


class PingsFirst(Wasteful):
    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        await self._plain.ping()
        async with self._plain.writing() as store:
            yield store


class CustomerFirst(Spoilt):
    def __init__(self, store: Any) -> None:
        super().__init__(store.orders)
        self._users = store.users

    async def place(self, new: Any) -> Any:
        await self._users.get(new.customer_id)
        return await self._plain.place(new)


class LooksCustomersUp(Wasteful):
    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        async with self._plain.writing() as store:
            spoilt = Spoilt(store)
            spoilt.orders = CustomerFirst(store)  # type: ignore[attr-defined]
            yield spoilt


@pytest.mark.parametrize(
    ("wasteful", "chosen", "refused"),
    [
        (
            AsksForEachBook,
            "list and title",
            "test_an_operation_keeps_within_its_cap[books.list[by title]]",
        ),
        (
            AsksForEachBook,
            "list and limit and books and not tag and not year",
            "test_a_hundred_rows_cost_as_much_as_one[books.list[limit=1]-books.list[limit=100]]",
        ),
        (
            ReadsInTransactions,
            "orders and get",
            "test_a_read_is_no_transaction_and_sets_and_pings_nothing[orders.get]",
        ),
        (
            LooksCustomersUp,
            "customer_up and key",
            "test_an_order_does_not_look_its_customer_up[orders.place[key]]",
        ),
        (
            PingsFirst,
            "unit_of_work",
            "test_a_unit_of_work_costs_nothing_to_read_and_begin_and_commit_to_write",
        ),
    ],
)
def test_waste_is_found(
    monkeypatch: pytest.MonkeyPatch,
    record: Callable[..., Any],
    wasteful: type[Wasteful],
    chosen: str,
    refused: str,
) -> None:
    monkeypatch.setattr(recorder, "make_layer", lambda _, config: wasteful(config))
    outcome, written = record(chosen)
    assert outcome.status == 1, outcome.output
    assert refused in {failure["test"] for failure in written["failures"]}
    assert READS.keys() | {*UNITS, "orders.place[key]"} >= set(written["operations"])
