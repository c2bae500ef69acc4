from __future__ import annotations

import asyncio
import time

import pytest

from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.pool_gate import PoolGate


async def enter_and_leave(gate: PoolGate) -> None:
    async with gate.reading:
        pass


async def assert_all_free(gate: PoolGate, connections: int) -> None:
    async with asyncio.timeout(30):
        for _ in range(connections):
            await gate.enter(to_write=True)
            gate.leave(to_write=True)
        for _ in range(connections):
            await gate.enter(to_write=False)
    for _ in range(connections):
        gate.leave(to_write=False)


def test_those_who_wait_are_admitted_in_the_order_they_came() -> None:
    entered: list[int] = []

    async def visit(gate: PoolGate, number: int) -> None:
        async with gate.reading:
            entered.append(number)
            await asyncio.sleep(0)

    async def scenario() -> None:
        gate = PoolGate(2, timeout=5)
        await asyncio.gather(*(visit(gate, number) for number in range(50)))
        await assert_all_free(gate, 2)

    asyncio.run(scenario())
    assert entered == list(range(50))


def test_a_newcomer_does_not_overtake_the_one_who_was_woken() -> None:
    async def scenario() -> list[str]:
        order: list[str] = []
        gate = PoolGate(1, timeout=5)

        async def visit(name: str) -> None:
            async with gate.reading:
                order.append(name)

        async with gate.reading:
            waiting = asyncio.create_task(visit("waiting"))
            await asyncio.sleep(0)
        # The connection is free again and `waiting` has been woken, but has not run yet.
        await visit("newcomer")
        await waiting
        return order

    assert asyncio.run(scenario()) == ["waiting", "newcomer"]


def test_waiting_ends_with_an_error_that_names_the_settings() -> None:
    async def scenario() -> None:
        gate = PoolGate(1, timeout=0.01)
        async with gate.reading:
            with pytest.raises(Unavailable, match="BAKEOFF_POOL_MAX, BAKEOFF_POOL_TIMEOUT"):
                await enter_and_leave(gate)
        await assert_all_free(gate, 1)

    asyncio.run(scenario())


def test_a_writer_waits_no_longer_than_the_timeout_for_its_turn_and_a_connection_together() -> None:
    async def scenario() -> float:
        gate = PoolGate(1, timeout=2, one_writer=True)
        await gate.enter(to_write=True)
        waiting = asyncio.create_task(gate.enter(to_write=True))
        began = time.monotonic()
        await asyncio.sleep(1.5)
        gate.leave(to_write=True)
        # The turn to write comes after 1.5 s; a reader who was before it has the connection.
        await gate.enter(to_write=False)
        with pytest.raises(Unavailable):
            await waiting
        waited = time.monotonic() - began
        gate.leave(to_write=False)
        await assert_all_free(gate, 1)
        return waited

    # Two times 2 s less what the machine takes, were they not counted together.
    assert asyncio.run(scenario()) < 3.4


def test_readers_do_not_wait_for_writers() -> None:
    async def scenario() -> None:
        gate = PoolGate(3, timeout=0.05, one_writer=True)
        async with gate.writing:
            with pytest.raises(Unavailable):
                await gate.enter(to_write=True)
            await enter_and_leave(gate)
        await assert_all_free(gate, 3)

    asyncio.run(scenario())


@pytest.mark.parametrize("to_write", [False, True])
def test_a_waiter_that_is_cancelled_holds_nothing(*, to_write: bool) -> None:
    async def scenario() -> None:
        gate = PoolGate(1, timeout=5, one_writer=True)
        async with gate.reading:
            waiting = asyncio.create_task(gate.enter(to_write=to_write))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        await assert_all_free(gate, 1)

    asyncio.run(scenario())


def test_a_waiter_that_was_admitted_and_cancelled_at_once_hands_its_connection_on() -> None:
    async def scenario() -> None:
        gate = PoolGate(1, timeout=5)
        entered: list[str] = []

        async def visit(name: str) -> None:
            async with gate.reading:
                entered.append(name)

        async with gate.reading:
            first, second = (asyncio.create_task(visit(name)) for name in ("first", "second"))
            await asyncio.sleep(0)
        # The first has been woken; it will be cancelled before it runs.
        first.cancel()
        await asyncio.wait((first, second))
        assert first.cancelled()
        assert entered == ["second"]
        await assert_all_free(gate, 1)

    asyncio.run(scenario())


def test_each_waiter_has_a_deadline_of_its_own() -> None:
    async def scenario() -> None:
        gate = PoolGate(1, timeout=0.05)
        async with gate.reading:
            first = asyncio.create_task(gate.enter(to_write=False))
            await asyncio.sleep(0.03)
            began = time.monotonic()
            second = asyncio.create_task(gate.enter(to_write=False))
            await asyncio.wait((first,))
            assert isinstance(first.exception(), Unavailable)
            await asyncio.wait((second,))
            assert isinstance(second.exception(), Unavailable)
            # With the deadline of the first it would have been 0.02 s.
            assert time.monotonic() - began > 0.04
        await assert_all_free(gate, 1)

    asyncio.run(scenario())
