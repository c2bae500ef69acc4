"""The worker: takes messages that are due, handles them, and tries again what failed."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Literal, get_args

from bakeoff.outbox import messages
from bakeoff.outbox.confirming import NotConfirmed
from bakeoff.outbox.settings import OutboxSettings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import timestamps
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.records import Message

log = logging.getLogger("bakeoff.worker")

AT_ONCE = 10
_TOPICS = (messages.ORDER_PLACED,)
_LONGEST_PAUSE = 3600.0

Outcome = Literal["handled", "retried", "buried"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Worker:
    """Handles each message at least once: any number of workers may do so, and any may be killed.

    A message that was taken belongs to its worker until the lease ends. If it is not handled by
    then, another worker takes it.
    """

    def __init__(
        self,
        work: UnitOfWork,
        confirm: Callable[[Message], Awaitable[None]],
        settings: OutboxSettings,
    ) -> None:
        """`confirm` handles a message or raises `NotConfirmed`; to do it twice must do no harm."""
        self._work = work
        self._confirm = confirm
        self._attempts = settings.outbox_attempts
        self._backoff = settings.outbox_backoff
        self._lease = timedelta(seconds=settings.outbox_lease)
        self.outcomes: Counter[Outcome] = Counter(dict.fromkeys(OUTCOMES, 0))

    async def step(self) -> None:
        """Handle everything that is due. A cancellation waits for the messages at hand.

        :raises Unavailable: the database cannot be reached.
        """
        while True:
            taken = await self._take()
            await uninterrupted(self._handle_all(taken))
            if len(taken) < AT_ONCE:
                return

    async def _take(self) -> list[Message]:
        now = timestamps.now()
        return await self._work.write(
            lambda store: store.outbox.claim(
                topics=_TOPICS, limit=AT_ONCE, at=now, until=now + self._lease
            )
        )

    async def _handle_all(self, taken: Sequence[Message]) -> None:
        # Each is handled whatever happens to the others.
        results = await asyncio.gather(*map(self._handle, taken), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _handle(self, message: Message) -> None:
        # A worker that was killed in every attempt could not say that they failed.
        if message.attempts > self._attempts:
            await self._bury(message, "the worker did not survive any attempt")
            return
        try:
            await self._confirm(message)
        except NotConfirmed as error:
            await self._failed(message, str(error))
            return
        # The lease may have ended meanwhile: then another worker may have handled it too.
        finished = await self._work.write(
            lambda store: store.outbox.finish(message.id, at=timestamps.now())
        )
        if finished:
            self.outcomes["handled"] += 1

    async def _failed(self, message: Message, error: str) -> None:
        if message.attempts >= self._attempts:
            await self._bury(message, error)
            return
        pause = pause_after(message.attempts, first=self._backoff)
        due_at = timestamps.now() + timedelta(seconds=pause)
        await self._work.write(
            lambda store: store.outbox.retry(message.id, due_at=due_at, error=error)
        )
        self.outcomes["retried"] += 1
        log.warning(
            "attempt %s of %s at %s failed, the next is in %.1f s: %s",
            *(message.attempts, self._attempts, message.id, pause, error),
        )

    async def _bury(self, message: Message, error: str) -> None:
        now = timestamps.now()
        await self._work.write(lambda store: store.outbox.bury(message.id, at=now, error=error))
        self.outcomes["buried"] += 1
        log.error(
            "%s is a dead letter after %s attempts (bakeoff outbox list): %s",
            *(message.id, message.attempts, error),
        )


def pause_after(attempts: int, *, first: float) -> float:
    """The pause after so many failed attempts, in seconds: doubled each time, with jitter."""
    longest = min(first * 2.0 ** min(attempts - 1, 32), _LONGEST_PAUSE)
    return random.uniform(longest / 2, longest)
