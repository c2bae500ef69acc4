"""Takes commands one after the other and answers each; an error is an answer, not an end."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

from bakeoff_bench.masking import masked
from bakeoff_bench.protocol import (
    Answer,
    Check,
    Close,
    Closed,
    Command,
    Failed,
    Measure,
    Open,
    Slice,
    decode_command,
    encode,
)
from bakeoff_bench.worker.measuring import measured
from bakeoff_bench.worker.opening import opened
from bakeoff_bench.worker.performing import Performer
from bakeoff_schemas.database_url import DatabaseUrl


class OutOfOrderError(Exception):
    """The command does not suit the moment."""


class Conversation:
    """From the first command to `close`, or to the end of what comes in."""

    def __init__(self, lines: AsyncIterator[bytes], answer: Callable[[bytes], None]) -> None:
        """`answer` is given one line for each line that comes in."""
        self._lines = lines
        self._answer = answer
        self._url: DatabaseUrl | None = None
        self._performer: Performer | None = None

    async def hold(self) -> None:
        """Answer every command; the arm is closed at the end, whichever way that comes."""
        async with AsyncExitStack() as stack:
            async for line in self._lines:
                answer: Answer
                try:
                    answer = await self._do(decode_command(line), stack)
                except Exception as error:
                    sys.stderr.write(self._masked("".join(traceback.format_exception(error))))
                    answer = Failed(error=self._masked(_told(error)))
                self._answer(encode(answer))
                if isinstance(answer, Closed):
                    return

    async def _do(self, command: Command, stack: AsyncExitStack) -> Answer:
        match command:
            case Open():
                if self._performer is not None:
                    raise OutOfOrderError("an arm is open already")
                self._url = DatabaseUrl.parse(command.url)
                arm, answer = await stack.enter_async_context(opened(command))
                self._performer = Performer(arm, name=command.arm)
                return answer
            case Check():
                return await self._ready().check(command)
            case Slice():
                return await self._ready().slice(command)
            case Measure():
                return measured()
            case Close():
                await stack.aclose()
                return Closed()

    def _ready(self) -> Performer:
        if self._performer is None:
            raise OutOfOrderError("no arm is open yet")
        return self._performer

    def _masked(self, text: str) -> str:
        return text if self._url is None else masked(text, url=self._url)


def _told(error: Exception) -> str:
    """What it is, and what it says, which may be nothing."""
    return ": ".join(filter(None, (type(error).__name__, str(error))))
