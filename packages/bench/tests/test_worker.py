from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bakeoff_bench.loading.filling import fill, opened
from bakeoff_bench.protocol import (
    Answer,
    Check,
    Checked,
    Close,
    Closed,
    Command,
    Measure,
    Measured,
    Open,
    Opened,
    Refused,
    Slice,
    Sliced,
    decode,
    encode,
)
from bakeoff_bench.scenarios import SCENARIOS
from bakeoff_bench.worker.performing import Performer, Timing
from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl

T = TypeVar("T", bound=Answer)
BOOKS = 60
SHORT = 2_000_000


class Talk:
    """A worker in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bakeoff_bench.worker"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)

    def ask(self, message: Command, kind: type[T]) -> T:
        return decode(self.line(encode(message)), kind)

    def line(self, line: bytes) -> bytes:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def end(self) -> tuple[int, str]:
        """Close its input; its exit code, and what it has printed."""
        _, printed = self.process.communicate(timeout=30)
        return self.process.returncode, printed.decode()


@pytest.fixture
def worker() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.process.kill()
    talk.process.wait()
    for pipe in (talk.process.stdin, talk.process.stdout, talk.process.stderr):
        assert pipe is not None
        pipe.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small data set on SQLite."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}"
    migrate.upgrade(url)

    async def load() -> None:
        async with opened(DatabaseUrl.parse(url)) as layer:
            await fill(layer, books=BOOKS, report=lambda what, done, total: None)

    asyncio.run(load())
    return url


def test_a_conversation_from_open_to_close(worker: Talk, store: str) -> None:
    reported = worker.ask(Open(arm="raw", url=store, pool=3), Opened)
    check = Check(scenario="point-read", seed=1, books=BOOKS)
    checked = worker.ask(check, Checked)
    ran = worker.ask(
        Slice(scenario="point-read", tasks=4, nanoseconds=SHORT, seed=1, books=BOOKS), Sliced
    )
    measured = worker.ask(Measure(), Measured)
    worker.ask(Close(), Closed)

    assert reported.versions["aiosqlite"] == version("aiosqlite")
    assert reported.scenarios == [scenario.name for scenario in SCENARIOS]
    assert len(checked.answers) == 8
    assert ran.operations == len(ran.latencies) == sum(ran.per_task)
    assert min(ran.per_task) >= 1
    assert ran.nanoseconds >= SHORT
    assert measured.peak_rss >= measured.rss > 2**20
    assert worker.end() == (0, "")


def test_what_an_arm_cannot_do_it_does_not_offer(worker: Talk, store: str) -> None:
    reported = worker.ask(Open(arm="driver", url=store), Opened)

    assert reported.scenarios == ["point-read"]
    with pytest.raises(Refused, match="does not do search"):
        worker.ask(Check(scenario="search", seed=1, books=BOOKS), Checked)


def test_a_worker_goes_on_after_whatever_it_could_not_do(worker: Talk, store: str) -> None:
    refusals: list[tuple[Command, str]] = [
        (Check(scenario="search", seed=1, books=BOOKS), "no arm is open yet"),
        (Open(arm="cobol", url=store), "no arm 'cobol'"),
        (Open(arm="raw", url="nowhere"), "a database URL must look like"),
        (Open(arm="raw", url="sqlite:////no/such/folder/store.db"), "^Unavailable: "),
    ]
    for command, why in refusals:
        with pytest.raises(Refused, match=why):
            worker.ask(command, Opened)
    with pytest.raises(Refused, match=r"^ProtocolError: Invalid JSON"):
        decode(worker.line(b"what?\n"), Opened)
    worker.ask(Open(arm="raw", url=store), Opened)
    with pytest.raises(Refused, match="open already"):
        worker.ask(Open(arm="raw", url=store), Opened)
    with pytest.raises(Refused, match="no scenario 'dance'"):
        worker.ask(Check(scenario="dance", seed=1, books=BOOKS), Checked)
    # There are fewer books than it is reported, so that one of them is not found.
    with pytest.raises(Refused, match=r"^NotFound: There is no book"):
        worker.ask(Check(scenario="point-read", seed=1, books=BOOKS * 1000), Checked)

    assert worker.ask(Check(scenario="point-read", seed=1, books=BOOKS), Checked).answers


def test_no_password_is_answered_or_printed(worker: Talk) -> None:
    url = "postgresql://me:open%20sesame@127.0.0.1:1/store"

    with pytest.raises(Refused) as refusal:
        worker.ask(Open(arm="raw", url=url), Opened)
    _, printed = worker.end()

    assert "sesame" not in str(refusal.value) + printed
    assert "Traceback" in printed


def test_a_worker_whose_controller_is_gone_closes_its_arm_and_ends(
    worker: Talk, store: str
) -> None:
    worker.ask(Open(arm="raw", url=store), Opened)

    assert worker.end() == (0, "")
    # The last connection that is closed removes it.
    assert not Path(f"{DatabaseUrl.parse(store).file}-wal").exists()


def test_what_a_layer_prints_is_kept_out_of_the_answers() -> None:
    code = (
        "import os; from bakeoff_bench.worker.__main__ import answer_channel;"
        "answers = answer_channel();"
        "print('noise', flush=True); os.write(1, b'more');"
        "answers.write(b'answer'); answers.close()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert (ended.stdout, ended.stderr) == (b"answer", b"noise\nmore")


class Counting:
    """An arm that never waits, and remembers what it was given."""

    def __init__(self, *, waits: bool = False, fails_at: int | None = None) -> None:
        self.done: list[Any] = []
        self.cancelled = 0
        self._waits = waits
        self._fails_at = fails_at

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def operation(self, scenario: str) -> Callable[[Any], Awaitable[Any]] | None:
        return self.work

    async def work(self, one: Any) -> None:
        self.done.append(one)
        if len(self.done) == self._fails_at:
            raise LookupError("no such thing")
        try:
            if self._waits:
                await asyncio.sleep(0)
            if self._fails_at is not None:
                await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


def ran(arm: Counting, *, tasks: int, inputs: int, nanoseconds: int) -> Sliced:
    timing = Timing(arm.work, tasks=tasks)
    asyncio.run(timing.run(range(inputs), nanoseconds=nanoseconds))
    return timing.sliced()


def test_an_arm_that_never_waits_leaves_every_task_one_operation() -> None:
    sliced = ran(Counting(), tasks=4, inputs=50, nanoseconds=10**12)

    assert sliced.per_task == [47, 1, 1, 1]


def test_every_input_is_used_once() -> None:
    arm = Counting(waits=True)

    sliced = ran(arm, tasks=4, inputs=50, nanoseconds=10**12)

    assert sorted(arm.done) == [*range(50)]
    assert max(sliced.per_task) - min(sliced.per_task) <= 1


def test_when_time_is_up_no_further_operation_begins() -> None:
    sliced = ran(Counting(waits=True), tasks=4, inputs=50, nanoseconds=1)

    assert sliced.per_task == [1, 1, 1, 1]


def test_the_first_failure_ends_the_slice_and_the_other_tasks() -> None:
    arm = Counting(fails_at=3)

    with pytest.raises(LookupError, match="no such thing"):
        ran(arm, tasks=3, inputs=10, nanoseconds=10**12)

    assert arm.cancelled == 2


def test_a_slice_whose_inputs_run_out_draws_more_and_never_the_same_again() -> None:
    arm = Counting(waits=True)
    command = Slice(scenario="create", tasks=2, nanoseconds=SHORT, seed=1, books=BOOKS)

    sliced = asyncio.run(Performer(arm, name="raw").slice(command))

    isbns = [book.isbn for book in arm.done]
    assert len(isbns) == sliced.operations > 4
    assert len(set(isbns)) == len(isbns)
    assert sliced.nanoseconds >= SHORT
