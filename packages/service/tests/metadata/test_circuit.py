from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from bakeoff.metadata.circuit import Circuit, CircuitOpen


class Failed(Exception):
    pass


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def make(clock: Clock, *, failures: int = 3) -> Circuit:
    return Circuit(failures=failures, of=(Failed,), pause=30, clock=clock)


def fail(circuit: Circuit, *, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(Failed), circuit.call():
            raise Failed


def succeed(circuit: Circuit) -> None:
    with circuit.call():
        pass


def assert_refused(circuit: Circuit) -> None:
    with pytest.raises(CircuitOpen), circuit.call():
        pytest.fail("the call was made")


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    circuit = make(Clock())
    fail(circuit, times=2)
    assert circuit.state == "closed"
    fail(circuit)
    assert circuit.state == "open"
    assert_refused(circuit)


def test_a_success_begins_the_count_again() -> None:
    circuit = make(Clock())
    fail(circuit, times=2)
    succeed(circuit)
    fail(circuit, times=2)
    assert circuit.state == "closed"


def test_after_the_pause_one_call_tries_and_its_success_closes_it() -> None:
    clock = Clock()
    circuit = make(clock)
    fail(circuit, times=3)
    clock.now += 29.9
    assert_refused(circuit)
    clock.now += 0.1
    assert circuit.state == "half_open"
    with circuit.call():
        assert_refused(circuit)
    assert circuit.state == "closed"
    fail(circuit, times=2)
    assert circuit.state == "closed"


def test_a_trial_that_fails_begins_another_pause() -> None:
    clock = Clock()
    circuit = make(clock)
    fail(circuit, times=3)
    clock.now += 30
    fail(circuit)
    assert circuit.state == "open"
    clock.now += 29.9
    assert_refused(circuit)
    clock.now += 0.1
    succeed(circuit)
    assert circuit.state == "closed"


def test_a_trial_that_is_cancelled_leaves_its_place_to_the_next() -> None:
    async def scenario() -> None:
        clock = Clock()
        circuit = make(clock)
        fail(circuit, times=3)
        clock.now += 30

        async def hang() -> None:
            with circuit.call():
                await asyncio.Event().wait()

        task = asyncio.create_task(hang())
        await asyncio.sleep(0)
        assert_refused(circuit)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert circuit.state == "half_open"
        succeed(circuit)
        assert circuit.state == "closed"

    asyncio.run(scenario())


def test_an_error_that_is_not_the_other_sides_does_not_count() -> None:
    circuit = make(Clock(), failures=1)
    with pytest.raises(RuntimeError), circuit.call():
        raise RuntimeError
    assert circuit.state == "closed"


def test_a_success_from_before_it_opened_does_not_close_it() -> None:
    circuit = make(Clock())
    with circuit.call():
        fail(circuit, times=3)
    assert circuit.state == "open"


def test_a_failure_from_before_it_opened_does_not_make_the_pause_longer() -> None:
    clock = Clock()
    circuit = make(clock)

    def fail_late() -> None:
        with circuit.call():
            fail(circuit, times=3)
            clock.now += 29
            raise Failed

    with pytest.raises(Failed):
        fail_late()
    clock.now += 1
    succeed(circuit)
    assert circuit.state == "closed"
