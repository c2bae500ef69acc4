"""Workers: processes that do what they are asked, one question at a time, and always end."""

from __future__ import annotations

import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from bakeoff_bench import protocol
from bakeoff_bench.errors import BenchError
from bakeoff_bench.masking import masked
from bakeoff_bench.protocol import Command, T
from bakeoff_schemas.database_url import DatabaseUrl

TO_CLOSE = 10.0
"""Seconds that a worker has to close its pool, or to die once it was told to."""
SHOWN = 20
"""Lines of what a worker printed."""
_KEPT = 65536


class ArmFailed(BenchError):
    """A worker could not do what it was asked: it says which arm, what, and what it printed."""


class Worker:
    """One arm in a fresh process of its own environment's interpreter.

    As a context manager it closes the arm in the end, or kills the process if something went wrong.
    """

    def __init__(self, arm: str, *, python: Path, url: DatabaseUrl) -> None:
        self._arm = arm
        self._url = url
        self._waiting = bytearray()
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process lives
        try:
            self._process = subprocess.Popen(
                [python, "-m", "bakeoff_bench.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._printed,
                env=environment(os.environ),
                start_new_session=True,  # Ctrl-C reaches the controller alone, which ends them
                bufsize=0,
            )
        except OSError as error:
            self._printed.close()
            raise BenchError(f"{arm}: {python} cannot be started: {error.strerror}") from None

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def ask(self, message: Command, answer: type[T], *, seconds: float) -> T:
        """Send one message and wait for its answer, so many seconds at most.

        :raises ArmFailed: the worker says that it cannot, dies, answers nonsense or nothing.
        """
        self.send(message)
        return self.receive(answer, doing=_doing(message), seconds=seconds)

    def send(self, message: Command) -> None:
        """Send one message, whose answer is to be received later.

        :raises ArmFailed: the worker does not listen any more.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(protocol.encode(message))
        except OSError:
            raise self._failed(_doing(message), "its process ended") from None

    def receive(self, answer: type[T], *, doing: str, seconds: float) -> T:
        """Wait for the answer to what was sent; `doing` says in words what that was.

        :raises ArmFailed: as in `ask`.
        """
        line = self._line(doing, seconds=seconds)
        try:
            return protocol.decode(line, answer)
        except (protocol.Refused, protocol.ProtocolError) as error:
            raise self._failed(doing, str(error)) from None

    def close(self) -> None:
        """Close the arm, and end the process even if that fails."""
        try:
            if self._process.poll() is None:
                self.ask(protocol.Close(), protocol.Closed, seconds=TO_CLOSE)
                self._process.wait(TO_CLOSE)
        except (subprocess.TimeoutExpired, ArmFailed):
            pass  # what it was there for is done
        finally:
            self.kill()

    def kill(self) -> None:
        """End the process, now; safe to call more than once."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._printed):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.kill()

    def _line(self, doing: str, *, seconds: float) -> bytes:
        assert self._process.stdout is not None
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._waiting:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise self._failed(doing, f"no answer within {seconds:.0f} seconds")
                read = os.read(self._process.stdout.fileno(), 1 << 20)
                if not read:
                    raise self._failed(doing, "its process ended")
                self._waiting += read
        line, _, rest = bytes(self._waiting).partition(b"\n")
        self._waiting = bytearray(rest)
        return line

    def _failed(self, doing: str, why: str) -> ArmFailed:
        text = f"{self._arm} on {self._url.place} could not {doing}: {why}"
        if printed := self._tail().splitlines()[-SHOWN:]:
            text += "\n".join(["", "It printed:", *printed])
        return ArmFailed(masked(text, url=self._url))

    def _tail(self) -> str:
        # Not seek and read: the worker writes at the same position of the same open file.
        file = self._printed.fileno()
        size = os.fstat(file).st_size
        return os.pread(file, _KEPT, max(0, size - _KEPT)).decode(errors="replace")


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What a worker gets: all but the service's settings, which would change one arm or all."""
    return {name: value for name, value in variables.items() if not name.startswith("BAKEOFF_")}


def _doing(message: Command) -> str:
    scenario = getattr(message, "scenario", None)
    tasks = f" at {message.tasks} tasks" if isinstance(message, protocol.Slice) else ""
    return f"{message.do} {scenario}{tasks}" if scenario else str(message.do)
