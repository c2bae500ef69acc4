"""Runs commands a few at a time: all of one nox process share one pool."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bakeoff_tasks.registry import ROOT

# For tests that draw no requests: pytest would import it for them as well, in half a second.
WITHOUT_SCHEMATHESIS = ("-p", "no:schemathesis")
# How pytest ends when it has selected no test.
_NO_TESTS = 5


class CheckFailed(Exception):
    """A check does not hold; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended, and all that it printed."""

    name: str
    code: int
    printed: str


class Pool:
    """At most `size` commands at once, whichever thread starts them.

    Places are taken in the order in which they are wanted. Whoever has several commands to run one
    after the other holds a `place` and calls `execute`, so as not to queue for each.
    """

    def __init__(self, size: int) -> None:
        self.place = threading.Semaphore(size)
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._interrupted = False
        self._began = time.monotonic()
        self._expected = self._ended = 0

    def expect(self, commands: int) -> None:
        """So many more commands will be run; this starts the clock of the first ones."""
        with self._lock:
            if self._expected == self._ended:
                self._began = time.monotonic()
                self._expected = self._ended = 0
            self._expected += commands

    def progress(self) -> str:
        """How many commands have ended, and the time left at the speed so far."""
        with self._lock:
            ended, expected = self._ended, self._expected
            elapsed = time.monotonic() - self._began
        minutes, seconds = divmod(round(elapsed / max(1, ended) * (expected - ended)), 60)
        left = f", about {minutes} min {seconds:02d} s left" if ended < expected else ""
        return f"{ended} of {expected} done{left}"

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Done:
        """Wait for a place and run the command.

        :raises InterruptedError: the pool was interrupted before it began.
        """
        with self.place:
            done = self.execute(name, command, environment)
        with self._lock:
            self._ended += 1
        return done

    def execute(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        cwd: Path = ROOT,
    ) -> Done:
        """Run the command in a place that the caller holds.

        :raises InterruptedError: the pool was interrupted before it began.
        """
        with self._lock:
            if self._interrupted:
                raise InterruptedError
            # In a session of its own: otherwise the terminal would interrupt it a second time, and
            # cut short its cleaning up.
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            self._running.add(process)
        printed, _ = process.communicate()
        with self._lock:
            self._running.discard(process)
        return Done(name=name, code=process.returncode, printed=printed)

    def interrupt(self) -> None:
        """Interrupt every command that runs; no other one starts after that."""
        with self._lock:
            self._interrupted = True
            for process in self._running:
                process.send_signal(signal.SIGINT)


@cache
def pool() -> Pool:
    """The pool of this process, with `BAKEOFF_JOBS` places."""
    return Pool(jobs(os.environ))


def jobs(environ: Mapping[str, str]) -> int:
    """How many commands run at once: `BAKEOFF_JOBS`, by default one more than there are processors.

    :raises ValueError: it is not a positive number.
    """
    named = environ.get("BAKEOFF_JOBS")
    if named is None:
        # Some wait for a server or for time to pass.
        return (os.cpu_count() or 1) + 1
    if not named.isdecimal() or int(named) < 1:
        raise ValueError(f"BAKEOFF_JOBS must be a number from 1, not {named!r}")
    return int(named)


def each(
    commands: Mapping[str, Sequence[str]],
    *,
    at_once: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Done]:
    """Run the commands in the pool, at most `at_once` of them; yield each as it ends.

    They get `environment` in addition to ours. An interrupt ends all of them.
    """
    if not commands:
        return
    shared = pool()
    shared.expect(len(commands))
    variables = {**os.environ, **(environment or {})}
    with ThreadPoolExecutor(at_once or len(commands)) as threads:
        try:
            waiting = [
                threads.submit(shared.run, name, command, variables)
                for name, command in commands.items()
            ]
            for future in as_completed(waiting):
                yield future.result()
                show(shared.progress())
        except BaseException:
            shared.interrupt()
            raise


def all_pass(
    commands: Mapping[str, Sequence[str]],
    *,
    environment: Mapping[str, str] | None = None,
    may_be_empty: bool = False,
) -> None:
    """Run the commands and print what each printed.

    With `may_be_empty` some may be runs of pytest that select no test, as with `-k`, but not all.

    :raises CheckFailed: one of them failed.
    """
    ended = []
    for done in each(commands, environment=environment):
        show(f"{done.name}\n{done.printed}")
        ended.append(done)
    empty = [done for done in ended if may_be_empty and done.code == _NO_TESTS]
    failed = [done.name for done in ended if done.code and done not in empty]
    if failed:
        raise CheckFailed(f"failed: {', '.join(failed)}; what they printed is above")
    if ended and len(empty) == len(ended):
        raise CheckFailed("no test was selected")


def together(checks: Mapping[str, Callable[[], None]]) -> None:
    """Run these checks at once, in threads that share the pool.

    :raises CheckFailed: some do not hold; all have run to their end.
    """
    failed = []
    # Made before the threads are: `functools.cache` may call the function once for each of them.
    shared = pool()
    with ThreadPoolExecutor(len(checks)) as threads:
        names = {threads.submit(check): name for name, check in checks.items()}
        try:
            for future in as_completed(names):
                error = future.exception()
                if isinstance(error, CheckFailed | ValueError):
                    failed.append(f"{names[future]}: {error}")
                elif error is not None:
                    raise error
                show(f"{names[future]}: {'failed' if error else 'passed'}")
        except BaseException:
            shared.interrupt()
            raise
    if failed:
        raise CheckFailed("\n".join(failed))


def show(text: str) -> None:
    """Print at once, also through a pipe."""
    print(text, flush=True)
