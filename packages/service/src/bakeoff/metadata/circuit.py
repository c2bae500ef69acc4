"""A circuit breaker: after several failures in a row, calls fail at once for a while.

It is for one event loop, and keeps its state in memory: each process finds out by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

State = Literal["closed", "open", "half_open"]
STATES: tuple[State, ...] = get_args(State)


class CircuitOpen(Exception):
    """The call was not made."""


class Circuit:
    """Closed it lets calls through; open it refuses them; half open it lets one through to see."""

    def __init__(
        self,
        *,
        failures: int,
        of: tuple[type[Exception], ...],
        pause: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """It opens after so many `failures` in a row, and is half open after `pause` seconds.

        `of` are the exceptions that are failures of the other side.
        """
        self._most = failures
        self._failures = of
        self._pause = pause
        self._clock = clock
        self._failed = 0
        self._opened_at: float | None = None
        self._trying = False

    @property
    def state(self) -> State:
        """What a call would meet now."""
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._clock() >= self._opened_at + self._pause else "open"

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make one call in the block.

        One that is cancelled counts neither way: it says nothing about the other side.

        :raises CircuitOpen: the circuit is open, or half open and another call tries already.
        """
        trial = self._admit()
        try:
            yield
        except self._failures:
            self._count_failure(trial=trial)
            raise
        else:
            self._count_success(trial=trial)
        finally:
            if trial:
                self._trying = False

    def _admit(self) -> bool:
        """Whether the call is the one that tries."""
        state = self.state
        if state == "closed":
            return False
        if state == "open" or self._trying:
            raise CircuitOpen
        self._trying = True
        return True

    def _count_failure(self, *, trial: bool) -> None:
        self._failed += 1
        if trial or (self._opened_at is None and self._failed >= self._most):
            self._opened_at = self._clock()

    def _count_success(self, *, trial: bool) -> None:
        # A call from before the circuit opened is no news about the time since.
        if trial or self._opened_at is None:
            self._failed = 0
            self._opened_at = None
