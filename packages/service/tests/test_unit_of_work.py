from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import pytest

from bakeoff.unit_of_work import UnitOfWork
from bakeoff_memory.layer import Layer
from bakeoff_schemas import timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import ConnectionLost, Contended, NotFound, Unavailable
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import Author, AuthorData, Window


class Unsteady(Layer):
    """The reference, on a connection that fails where a script says so."""

    def __init__(self, script: dict[str, list[Exception]]) -> None:
        super().__init__(LayerConfig())
        self.script = script
        self.begun = 0

    def fail(self, moment: str) -> None:
        if self.script.get(moment):
            raise self.script[moment].pop(0)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Store]:  # type: ignore[override]
        self.begun += 1
        self.fail("connect")
        async with super().reading() as store:
            yield store

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Store]:  # type: ignore[override]
        self.begun += 1
        self.fail("connect")
        async with super().writing() as store:
            yield store
            self.fail("commit")


async def add(store: Store) -> Author:
    return await store.authors.create(AuthorData(name="Ged"), at=timestamps.now())


async def count(layer: Layer) -> int:
    async with layer.reading() as store:
        page = await store.authors.list(window=Window(include_total=True))
    assert page.total is not None
    return page.total


def test_a_unit_that_lost_is_run_again_until_it_wins() -> None:
    async def scenario() -> None:
        layer = Unsteady({"commit": [Contended(), Contended()]})
        await UnitOfWork(layer, contention_retries=2).write(add)
        assert layer.begun == 3
        assert await count(layer) == 1

    asyncio.run(scenario())


def test_a_unit_that_always_loses_is_given_up_after_the_agreed_number_of_times() -> None:
    async def scenario() -> None:
        layer = Unsteady({"commit": [Contended()] * 9})
        with pytest.raises(Contended):
            await UnitOfWork(layer, contention_retries=2).write(add)
        assert layer.begun == 3
        assert await count(layer) == 0

    asyncio.run(scenario())


def test_a_write_is_tried_again_when_the_connection_was_dead_before_it_began() -> None:
    async def scenario() -> None:
        layer = Unsteady({"connect": [ConnectionLost("closed")]})
        await UnitOfWork(layer, contention_retries=0).write(add)
        assert layer.begun == 2
        assert await count(layer) == 1

    asyncio.run(scenario())


def test_a_write_whose_outcome_is_unknown_is_not_run_again() -> None:
    async def scenario() -> None:
        layer = Unsteady({"commit": [ConnectionLost("cut off")]})
        with pytest.raises(Unavailable):
            await UnitOfWork(layer, contention_retries=5).write(add)
        assert layer.begun == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("failures", [1, 3, 4])
def test_a_read_is_run_again_while_connections_turn_out_to_be_dead_but_not_for_ever(
    failures: int,
) -> None:
    async def scenario() -> int:
        layer = Unsteady({"connect": [ConnectionLost("closed")] * failures})
        expected = pytest.raises(ConnectionLost) if failures == 4 else nullcontext()
        with expected:
            await UnitOfWork(layer, contention_retries=0).read(
                lambda store: store.authors.find_ids([1])
            )
        return layer.begun

    assert asyncio.run(scenario()) == min(failures + 1, 4)


def test_a_pool_that_is_empty_is_waited_for_once() -> None:
    async def scenario() -> None:
        for run in ("read", "write"):
            layer = Unsteady({"connect": [Unavailable("no connection is free")] * 9})
            with pytest.raises(Unavailable):
                await getattr(UnitOfWork(layer, contention_retries=5), run)(add)
            assert layer.begun == 1

    asyncio.run(scenario())


def test_a_statement_that_timed_out_is_sent_once() -> None:
    sent = 0

    async def slow(store: Store) -> None:
        nonlocal sent
        sent += 1
        raise Unavailable("the statement timed out")

    async def scenario() -> None:
        work = UnitOfWork(Unsteady({}), contention_retries=5)
        for run in (work.read, work.write):
            with pytest.raises(Unavailable):
                await run(slow)

    asyncio.run(scenario())
    assert sent == 2


def test_an_error_of_the_contract_is_passed_on_at_once() -> None:
    async def scenario() -> None:
        layer = Unsteady({})
        with pytest.raises(NotFound):
            await UnitOfWork(layer, contention_retries=5).write(
                lambda store: store.authors.delete(1)
            )
        assert layer.begun == 1

    asyncio.run(scenario())
