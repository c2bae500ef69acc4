from __future__ import annotations

import asyncio

import pytest

from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.turnstile import Turnstile


def test_those_who_wait_are_let_in_in_the_order_they_came() -> None:
    entered: list[int] = []

    async def visit(turnstile: Turnstile, number: int) -> None:
        async with turnstile:
            entered.append(number)
            await asyncio.sleep(0)

    async def scenario() -> None:
        turnstile = Turnstile(2, timeout=5)
        await asyncio.gather(*(visit(turnstile, number) for number in range(50)))
        assert turnstile.inside == 0

    asyncio.run(scenario())
    assert entered == list(range(50))


def test_a_newcomer_does_not_overtake_the_one_who_was_woken() -> None:
    async def scenario() -> list[str]:
        order: list[str] = []
        turnstile = Turnstile(1, timeout=5)

        async def visit(name: str) -> None:
            async with turnstile:
                order.append(name)

        async with turnstile:
            waiting = asyncio.create_task(visit("waiting"))
            await asyncio.sleep(0)
        # The place is free again and `waiting` has been woken, but has not run yet.
        await visit("newcomer")
        await waiting
        return order

    assert asyncio.run(scenario()) == ["waiting", "newcomer"]


def test_waiting_ends_with_an_error_that_names_the_settings() -> None:
    async def scenario() -> None:
        turnstile = Turnstile(1, timeout=0.01)
        async with turnstile:
            with pytest.raises(Unavailable, match="BAKEOFF_POOL_MAX, BAKEOFF_POOL_TIMEOUT"):
                async with turnstile:
                    pass
        async with turnstile:
            assert turnstile.inside == 1

    asyncio.run(scenario())


def test_a_place_is_free_again_after_a_waiter_was_cancelled() -> None:
    async def scenario() -> None:
        turnstile = Turnstile(1, timeout=5)

        async def visit() -> None:
            async with turnstile:
                pass

        async with turnstile:
            waiting = asyncio.create_task(visit())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with turnstile:
            assert turnstile.inside == 1

    asyncio.run(scenario())


def test_a_place_is_handed_on_by_one_who_was_let_in_and_cancelled_at_once() -> None:
    async def scenario() -> None:
        turnstile = Turnstile(1, timeout=5)
        entered: list[str] = []

        async def visit(name: str) -> None:
            async with turnstile:
                entered.append(name)

        async with turnstile:
            first, second = (asyncio.create_task(visit(name)) for name in ("first", "second"))
            await asyncio.sleep(0)
        # The place is the first one's already, who will never run.
        first.cancel()
        await asyncio.wait((first, second))
        assert first.cancelled()
        assert entered == ["second"]
        assert turnstile.inside == 0

    asyncio.run(scenario())


def test_whoever_gave_up_is_passed_over() -> None:
    async def scenario() -> None:
        turnstile = Turnstile(1, timeout=0.05)
        async with turnstile:
            with pytest.raises(Unavailable):
                async with turnstile:
                    pass
            last = asyncio.create_task(turnstile.__aenter__())
            await asyncio.sleep(0)
            assert len(turnstile._line) == 1
        await last
        assert turnstile.inside == 1
        await turnstile.__aexit__(None, None, None)
        assert turnstile.inside == 0

    asyncio.run(scenario())


def test_whoever_is_cancelled_while_a_place_becomes_free_does_not_take_it_along() -> None:
    async def scenario() -> None:
        turnstile = Turnstile(1, timeout=5)
        async with turnstile:
            waiting = asyncio.create_task(turnstile.__aenter__())
            await asyncio.sleep(0)
            # Both happen before the one who waits hears of either.
            waiting.cancel()
        await asyncio.wait((waiting,))
        assert waiting.cancelled()
        assert turnstile.inside == 0
        async with turnstile:
            assert turnstile.inside == 1

    asyncio.run(scenario())


def test_each_of_those_who_wait_has_their_own_time() -> None:
    async def scenario() -> None:
        turnstile = Turnstile(1, timeout=0.05)
        async with turnstile:
            first = asyncio.create_task(turnstile.__aenter__())
            await asyncio.sleep(0.03)
            second = asyncio.create_task(turnstile.__aenter__())
            await asyncio.wait((first,))
            assert isinstance(first.exception(), Unavailable)
            assert not second.done()
            await asyncio.wait((second,))
            assert isinstance(second.exception(), Unavailable)
        assert turnstile.inside == 0

    asyncio.run(scenario())


def test_who_enters_at_once_takes_a_place_that_leaving_hands_to_the_next() -> None:
    async def scenario() -> None:
        turnstile = Turnstile(1, timeout=5)
        assert turnstile.enter()
        assert not turnstile.enter()
        waiting = asyncio.create_task(turnstile.__aenter__())
        await asyncio.sleep(0)
        turnstile.leave()
        # The place is never free in between.
        assert not turnstile.enter()
        await waiting
        turnstile.leave()
        assert turnstile.inside == 0

    asyncio.run(scenario())
