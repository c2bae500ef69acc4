from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from bakeoff.loading.importing import BATCH
from bakeoff_schemas import migrate

Start = Callable[..., AbstractContextManager[subprocess.Popen[str]]]

URL = "sqlite:///bookstore.db"


def books() -> int:
    with closing(sqlite3.connect("bookstore.db")) as connection:
        count: int = connection.execute("SELECT count(*) FROM books").fetchone()[0]
        return count


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


class Pipe:
    """A catalogue that comes as slowly as a test likes."""

    def __init__(self) -> None:
        os.mkfifo("pipe.csv")
        self._go_on = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        try:
            with Path("pipe.csv").open("w", encoding="utf-8") as pipe:
                pipe.write("title,author\n")
                pipe.writelines(f"Volume {n},Author\n" for n in range(BATCH + 500))
                pipe.flush()
                self._go_on.wait(30)
                pipe.writelines(f"Volume {n},Author\n" for n in range(BATCH + 500, 50 * BATCH))
        except BrokenPipeError:
            pass  # the reader stopped, as it should

    def go_on(self) -> None:
        self._go_on.set()

    def close(self) -> None:
        self._go_on.set()
        self._thread.join(30)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_load_that_is_interrupted_finishes_its_batch_and_tells_what_it_did(
    start: Start, backend: str, pipe: Pipe, number: int, code: int
) -> None:
    migrate.upgrade(URL)
    with start("load", "pipe.csv", "--json", "--backend", backend) as process:
        wait_for(lambda: books() == BATCH)
        process.send_signal(number)
        pipe.go_on()
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    summary = json.loads(out)
    assert not summary["complete"]
    assert BATCH <= summary["loaded"] <= 5 * BATCH
    assert summary["loaded"] == summary["read"] == books()
    assert "load the file again to go on" in err
    assert "Traceback" not in err


def test_a_second_signal_stops_a_load_at_once(start: Start, backend: str) -> None:
    migrate.upgrade(URL)
    Path("b.csv").write_text("title,author\nEmma,Jane Austen\n", "utf-8")
    with closing(sqlite3.connect("bookstore.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with start("load", "b.csv", "--json", "--backend", backend, busy_timeout="1") as process:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("loading b.csv into sqlite:///")
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            assert "once more stops at once" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out)["read"] == 0
    assert "Traceback" not in err
