"""Child processes: long-lived workers that answer commands, and modules that run once."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from bakeoff_bench import protocol
from bakeoff_bench.errors import BenchError, redacted
from bakeoff_bench.protocol import Command, T
from bakeoff_schemas.database_url import DatabaseUrl

TO_CLOSE = 10.0
"""Seconds that a worker has to close what it has open."""
SHOWN = 20
"""Lines shown of what a worker printed."""
_TAIL_BYTES = 65536
_MODULE_TIMEOUT = 300.0


class ArmFailed(BenchError):
    """A worker failed; the message says which arm, doing what, and what the worker printed."""


class Worker:
    """One arm in a fresh process, by the interpreter of its own environment.

    As a context manager it closes the arm at the end, or kills the process after an error.
    """

    def __init__(self, arm: str, *, python: Path, url: DatabaseUrl | None = None) -> None:
        """`url` is named in messages, without its password."""
        self._arm = arm
        self._url = url
        self._received = bytearray()
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
        return self._process.pid

    def ask(self, message: Command, answer: type[T], *, seconds: float) -> T:
        """Send a command and wait for its answer, so many seconds at most.

        :raises ArmFailed: the worker reports a failure, dies, or answers nonsense or nothing.
        """
        self.send(message)
        return self.receive(answer, doing=_doing(message), seconds=seconds)

    def send(self, message: Command) -> None:
        """Send a command whose answer is received later.

        :raises ArmFailed: the worker does not listen any more.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(protocol.encode(message))
        except OSError:
            raise self._failed(_doing(message), "its process ended") from None

    def receive(self, answer: type[T], *, doing: str, seconds: float) -> T:
        """Wait for the answer to what was sent; `doing` describes that in words.

        :raises ArmFailed: as in `ask`.
        """
        line = self._line(doing, seconds=seconds)
        try:
            return protocol.decode(line, answer)
        except (protocol.Refused, protocol.ProtocolError) as error:
            raise self._failed(doing, str(error)) from None

    def close(self) -> None:
        """Close the arm; end the process even if that fails."""
        try:
            if self._process.poll() is None:
                self.ask(protocol.Close(), protocol.Closed, seconds=TO_CLOSE)
                self._process.wait(TO_CLOSE)
        except (subprocess.TimeoutExpired, ArmFailed):
            pass  # its work is done, so how it ends does not matter
        finally:
            self.kill()

    def kill(self) -> None:
        """End the process now; safe to call more than once."""
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
            while b"\n" not in self._received:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise self._failed(doing, f"no answer within {seconds:.0f} seconds")
                read = os.read(self._process.stdout.fileno(), 1 << 20)
                if not read:
                    raise self._failed(doing, "its process ended")
                self._received += read
        line, _, rest = bytes(self._received).partition(b"\n")
        self._received = bytearray(rest)
        return line

    def _failed(self, doing: str, why: str) -> ArmFailed:
        place = f" on {self._url.location}" if self._url else ""
        text = f"{self._arm}{place} could not {doing}: {why}"
        if printed := self._tail().splitlines()[-SHOWN:]:
            text += "\n".join(["", "It printed:", *printed])
        return ArmFailed(redacted(text, url=self._url))

    def _tail(self) -> str:
        # Not seek and read: the worker writes at the same position of the same open file.
        file = self._printed.fileno()
        size = os.fstat(file).st_size
        return os.pread(file, _TAIL_BYTES, max(0, size - _TAIL_BYTES)).decode(errors="replace")


def run_module(
    module: str,
    *arguments: str,
    python: Path,
    url: DatabaseUrl,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Run `python -m module` to its end; answers the JSON object that it prints.

    The address is passed in the environment: command lines are visible to everybody. `progress`
    receives each JSON object that the module prints on standard error.

    :raises BenchError: the process cannot be started, fails, or takes minutes without `progress`.
    """
    what = " ".join([module.removeprefix("bakeoff_bench."), *arguments])
    variables = environment(os.environ) | {"BAKEOFF_DATABASE_URL": url.render()}
    try:
        process = subprocess.Popen(
            [python, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=variables,
            text=True,
        )
    except OSError as error:
        raise BenchError(f"{what}: {python} cannot be started: {error.strerror}") from None
    # Loading a large data set takes as long as it takes.
    timer = threading.Timer(_MODULE_TIMEOUT, process.kill)
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            if progress is None:
                timer.start()
            last = _follow(process.stderr, progress or (lambda message: None))
            answer = process.stdout.read()
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
    if process.returncode:
        why = last.get("error") or last.get("text") or f"exit code {process.returncode}"
        raise BenchError(redacted(f"{what} on {url.location} failed: {why}", url=url))
    answered: dict[str, Any] = json.loads(answer)
    return answered


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a child: without the service's settings, which would change an arm."""
    return {name: value for name, value in variables.items() if not name.startswith("BAKEOFF_")}


def _follow(stream: IO[str], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The last message on the stream, or its last line if that was no message."""
    last: dict[str, Any] = {}
    for line in filter(None, map(str.strip, stream)):
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if isinstance(message, dict):
            last = message
            progress(message)
        else:
            last = {"text": line}
    return last


def _doing(message: Command) -> str:
    scenario = getattr(message, "scenario", None)
    tasks = f" at {message.tasks} tasks" if isinstance(message, protocol.Slice) else ""
    return f"{message.do} {scenario}{tasks}" if scenario else str(message.do)
