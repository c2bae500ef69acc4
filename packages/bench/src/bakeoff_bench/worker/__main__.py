"""`python -m bakeoff_bench.worker`: carries out the commands on its standard input."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import BinaryIO

import uvloop

from bakeoff_bench.worker.conversation import Conversation

_LONGEST_COMMAND = 2**20
_INTERRUPTED = 130


def main() -> int:
    """Work until a command ends it, or the controller's end of the pipe is closed."""
    with answer_channel() as answers, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_converse(answers))
        except KeyboardInterrupt:
            return _INTERRUPTED
    return 0


async def _converse(answers: BinaryIO) -> None:
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
        pass  # the controller has ended
    finally:
        transport.close()


def answer_channel() -> BinaryIO:
    """The former standard output; from now on all that is printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    sys.exit(main())
