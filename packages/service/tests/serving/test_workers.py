from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

Serving = Callable[..., AbstractContextManager[Any]]

COMMAND = "bakeoff serve --workers 2 --port 8000"
FAILING = """
import multiprocessing

from bakeoff_raw.layer import Layer as Raw


class Layer(Raw):
    def __init__(self, config):
        if multiprocessing.parent_process() is not None:
            raise RuntimeError("not in a worker")
        super().__init__(config)
"""


def workers(manager: int) -> set[int]:
    """Its processes but for the one that watches over what they share."""
    found = set()
    for child in psutil.Process(manager).children():
        with suppress(psutil.Error):  # it has just ended
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


def test_several_workers_are_prepared_once_and_one_that_dies_is_replaced(
    serving: Serving,
) -> None:
    with serving(f"{COMMAND} --sample", backend="raw") as served:
        deadline = time.monotonic() + 120
        while not (banner := served.stdout.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert banner.count("The bookstore") == 1
        assert len(banner.splitlines()) == 4
        there = workers(served.process.pid)
        assert len(there) == 2
        os.kill(min(there), signal.SIGKILL)
        while workers(served.process.pid) in (there, there - {min(there)}):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert served.get("/books?limit=1").json()["items"]
        assert served.stop() == 0
        printed = served.stderr.read_text()
        assert printed.count("migrated sqlite:///bookstore.db") == 1
        assert printed.count("loaded the sample catalogue") == 1
        assert served.stdout.read_text() == banner


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_whole_group_ends_it_well_as_a_terminal_sends_it(
    serving: Serving, number: int
) -> None:
    with serving(COMMAND, backend="raw") as served:
        os.killpg(served.process.pid, number)
        assert served.process.wait(120) == 0
        assert "Traceback" not in served.stderr.read_text()


def test_workers_that_cannot_start_end_it_and_are_not_replaced_for_ever(
    serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "site" / "bakeoff_failing-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: bakeoff-failing\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[bakeoff.backends]\nfailing = failing_backend:Layer\n"
    )
    (tmp_path / "site/failing_backend.py").write_text(FAILING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    with serving(COMMAND, ready=None, backend="failing") as served:
        assert served.process.wait(120) == 1
        printed = served.stderr.read_text()
    assert "not in a worker" in printed
    assert printed.endswith("error: a worker could not start; what it logged is above\n")
