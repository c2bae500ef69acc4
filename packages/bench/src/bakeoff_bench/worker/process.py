"""The process around a worker: its event loop, and the two pipes to the controller."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import BinaryIO

import uvloop

from bakeoff_bench.worker.serving import Conversation

_LONGEST_COMMAND = 2**20
_INTERRUPTED = 130


def main() -> int:
    """Work until the controller says that it is enough, or is gone."""
    with channel() as answers, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(answers))
        except KeyboardInterrupt:
            return _INTERRUPTED
    return 0


async def _serve(answers: BinaryIO) -> None:
    reader = asyncio.StreamReader(limit=_LONGEST_COMMAND)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )

    def answer(line: bytes) -> None:
        answers.write(line)
        answers.flush()

    try:
        await Conversation(reader, answer).hold()
    except BrokenPipeError:
        pass  # nobody is left to answer to
    finally:
        transport.close()


def channel() -> BinaryIO:
    """What was standard output; from now on all that is printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers
