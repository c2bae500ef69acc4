from __future__ import annotations

import asyncio
import logging

import pytest

from bakeoff.outbox.repeating import Repeating, beside
from bakeoff_schemas.errors import Unavailable


def test_a_step_is_done_at_once_when_woken_and_after_a_while() -> None:
    async def scenario() -> None:
        done = asyncio.Semaphore(0)

        async def step() -> None:
            done.release()

        seldom = Repeating("a test", step, every=1000)
        async with beside(seldom.run()):
            await done.acquire()
            seldom.wake()
            await done.acquire()
        async with beside(Repeating("a test", step, every=0.001).run()):
            for _ in range(5):
                await done.acquire()

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_who_is_woken_during_a_step_does_another() -> None:
    async def scenario() -> None:
        steps = 0
        twice = asyncio.Event()

        async def step() -> None:
            nonlocal steps
            steps += 1
            if steps == 1:
                repeating.wake()
            else:
                twice.set()

        repeating = Repeating("a test", step, every=1000)
        async with beside(repeating.run()):
            await twice.wait()

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_a_cancellation_that_comes_together_with_a_wake_up_ends_it() -> None:
    async def scenario() -> None:
        async def step() -> None:
            """Nothing."""

        for _ in range(20):
            repeating = Repeating("a test", step, every=1000)
            task = asyncio.create_task(repeating.run())
            await asyncio.sleep(0.001)
            repeating.wake()
            task.cancel()
            done, _ = await asyncio.wait((task,), timeout=10)
            assert done
            assert task.cancelled()

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_it_outlives_errors_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        failures = [Unavailable("down"), Unavailable("still down"), ZeroDivisionError()]
        well = asyncio.Event()

        async def step() -> None:
            if failures:
                raise failures.pop(0)
            well.set()

        async with beside(Repeating("a test", step, every=0.001).run()):
            await well.wait()
            await asyncio.sleep(0.01)

    caplog.set_level(logging.WARNING, "bakeoff.outbox")
    asyncio.run(asyncio.wait_for(scenario(), 30))
    assert [record.message for record in caplog.records] == [
        "a test: not now: down",
        "a test failed, and goes on",
        "a test works again",
    ]


def test_after_an_error_the_step_is_tried_again_long_before_its_time() -> None:
    async def scenario() -> None:
        steps = 0
        again = asyncio.Event()

        async def step() -> None:
            nonlocal steps
            steps += 1
            if steps == 1:
                raise Unavailable("the database is away")
            again.set()

        async with beside(Repeating("a test", step, every=1000).run()):
            await again.wait()

    asyncio.run(asyncio.wait_for(scenario(), 30))
