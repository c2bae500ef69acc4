"""Carries out commands one after the other; an error is an answer and ends nothing."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import packages_distributions, version

from bakeoff_bench.arms.arm import Arm, layer_config, make
from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.errors import redacted
from bakeoff_bench.protocol import (
    Allocate,
    Answer,
    Check,
    Close,
    Closed,
    Command,
    Failed,
    Inspect,
    Measure,
    Open,
    Opened,
    Serve,
    Slice,
    decode_command,
    encode,
)
from bakeoff_bench.scenarios import SCENARIOS
from bakeoff_bench.worker import costs
from bakeoff_bench.worker.performing import Performer
from bakeoff_schemas.database_url import DatabaseUrl


class UnknownArmError(LookupError):
    """The catalogue has no arm of this name."""


class OutOfOrderError(Exception):
    """The command is not possible now."""


class Conversation:
    """From the first command to `close`, or to the end of the input."""

    def __init__(self, lines: AsyncIterator[bytes], answer: Callable[[bytes], None]) -> None:
        """`answer` takes one line for each line that comes in."""
        self._lines = lines
        self._answer = answer
        self._url: DatabaseUrl | None = None
        self._performer: Performer | None = None

    async def hold(self) -> None:
        """Answer every command; whatever is open is closed at the end."""
        async with AsyncExitStack() as stack:
            async for line in self._lines:
                answer: Answer
                try:
                    answer = await self._do(decode_command(line), stack)
                except Exception as error:
                    printed = "".join(traceback.format_exception(error))
                    sys.stderr.write(redacted(printed, url=self._url))
                    answer = Failed(error=redacted(_described(error), url=self._url))
                self._answer(encode(answer))
                if isinstance(answer, Closed):
                    return

    async def _do(self, command: Command, stack: AsyncExitStack) -> Answer:
        match command:
            case Open():
                if self._performer is not None:
                    raise OutOfOrderError("an arm is open already")
                self._url = DatabaseUrl.parse(command.url)
                arm, answer = await stack.enter_async_context(_opened_arm(command))
                self._performer = Performer(arm, name=command.arm)
                return answer
            case Serve():
                # Only here: this imports the service, which would count as a cost of an arm.
                from bakeoff_bench.http.serving import serving

                self._url = DatabaseUrl.parse(command.url)
                return await stack.enter_async_context(serving(command))
            case Check():
                return await self._opened().check(command)
            case Slice():
                return await self._opened().slice(command)
            case Allocate():
                return await self._opened().allocate(command)
            case Measure():
                return costs.measured()
            case Inspect():
                return costs.installed()
            case Close():
                await stack.aclose()
                return Closed()

    def _opened(self) -> Performer:
        if self._performer is None:
            raise OutOfOrderError("no arm is open yet")
        return self._performer


def _described(error: Exception) -> str:
    """Its type and its message, which may be empty."""
    return ": ".join(filter(None, (type(error).__name__, str(error))))


@asynccontextmanager
async def _opened_arm(command: Open) -> AsyncIterator[tuple[Arm, Opened]]:
    """The arm with its whole pool connected; it is closed at the end.

    :raises UnknownArmError: there is no such arm.
    """
    if command.arm not in BY_NAME:
        raise UnknownArmError(f"there is no arm {command.arm!r}; known are {', '.join(BY_NAME)}")
    spec = BY_NAME[command.arm]
    arm = make(spec, layer_config(command.url, pool=command.pool, driver=spec.driver))
    try:
        await arm.open()
        answer = Opened(
            versions=_versions(),
            scenarios=[one.name for one in SCENARIOS if arm.operation(one.name) is not None],
        )
        # Exempt long-lived objects (modules, pools, caches) from garbage collection: a layer of
        # many modules would pay for its size in every collection, at random moments.
        gc.collect()
        gc.freeze()
        yield arm, answer
    finally:
        await arm.close()


def _versions() -> dict[str, str]:
    imported = {name.partition(".")[0] for name in sys.modules}
    distributions = packages_distributions()
    names = {name for module in imported for name in distributions.get(module, ())}
    return {name: version(name) for name in sorted(names, key=str.casefold)}
