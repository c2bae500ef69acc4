from __future__ import annotations

import asyncio

import pytest

from bakeoff_schemas.cancellation import uninterrupted


def test_the_work_is_done_before_a_cancellation_goes_on_however_often_it_comes() -> None:
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.02)
        done.append("work")

    async def scenario() -> None:
        task = asyncio.create_task(uninterrupted(work()))
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == ["work"]

    asyncio.run(scenario())


def test_the_result_and_the_error_of_the_work_come_out() -> None:
    async def answer() -> int:
        return 42

    async def fail() -> None:
        raise LookupError

    assert asyncio.run(uninterrupted(answer())) == 42
    with pytest.raises(LookupError):
        asyncio.run(uninterrupted(fail()))


def test_a_cancelled_task_hears_of_its_cancellation_and_not_of_the_works_error() -> None:
    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise LookupError

    async def scenario() -> None:
        task = asyncio.create_task(uninterrupted(fail()))
        await asyncio.sleep(0)
        task.cancel("by the client")
        with pytest.raises(asyncio.CancelledError, match="by the client"):
            await task

    asyncio.run(scenario())


def test_the_first_cancellation_is_reported_once_and_starts_the_grace_period() -> None:
    calls: list[str] = []

    async def scenario() -> None:
        work = uninterrupted(asyncio.sleep(60), on_cancel=lambda: calls.append("x"), grace=0.02)
        task = asyncio.create_task(work)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(5):
            with pytest.raises(asyncio.CancelledError):
                await task
        assert calls == ["x"]

    asyncio.run(scenario())
