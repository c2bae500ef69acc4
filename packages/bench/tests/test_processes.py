from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bakeoff_bench.errors import BenchError, redacted
from bakeoff_bench.processes import ArmFailed, Worker, environment, run_module
from bakeoff_bench.protocol import Check, Checked, Open, Opened
from bakeoff_schemas.database_url import DatabaseUrl

URL = DatabaseUrl.parse("postgresql://ann:p%40ss%2Fword@127.0.0.1:5432/books")
CHECK = Check(scenario="point-read", seed=1, books=10)
StandIn = Callable[..., Path]


def opened(python: Path, *, seconds: float = 20) -> Worker:
    worker = Worker("gino", python=python, url=URL)
    try:
        worker.ask(Open(arm="gino", url=URL.render()), Opened, seconds=seconds)
    except BaseException:
        worker.kill()
        raise
    return worker


def has_ended(worker: Worker) -> bool:
    return not psutil.pid_exists(worker.pid)


def test_a_worker_answers_what_it_is_asked_and_ends_when_it_is_closed(stand_in: StandIn) -> None:
    with opened(stand_in(answers={"gino": [1, 2]})) as worker:
        assert worker.ask(CHECK, Checked, seconds=20).answers == [1, 2]
        assert not has_ended(worker)
    assert has_ended(worker)


@pytest.mark.parametrize(
    ("misbehaviour", "why"),
    [
        ("die", "its process ended"),
        ("hang", "no answer within 1 seconds"),
        ("babble", "Checked"),
        ("refuse", "the table is locked"),
    ],
)
def test_a_worker_that_cannot_is_ended_and_says_which_arm_could_not_do_what(
    stand_in: StandIn, misbehaviour: str, why: str
) -> None:
    python = stand_in(misbehaviour={"gino check": misbehaviour})
    worker = opened(python)
    with pytest.raises(ArmFailed, match=r"gino.* could not check point-read") as failed, worker:
        worker.ask(CHECK, Checked, seconds=1)
    assert why in str(failed.value)
    assert has_ended(worker)


def test_what_a_dying_worker_printed_is_shown_without_the_password(stand_in: StandIn) -> None:
    with pytest.raises(ArmFailed) as failed:
        opened(stand_in(misbehaviour={"gino open": "die"}))
    text = str(failed.value)
    assert "cannot reach postgresql://ann:***@127.0.0.1" in text
    assert "p%40ss" not in text
    assert "p@ss" not in text


def test_a_worker_is_ended_on_an_interruption(stand_in: StandIn) -> None:
    worker = opened(stand_in())
    with pytest.raises(KeyboardInterrupt), worker:
        raise KeyboardInterrupt
    assert has_ended(worker)


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="nowhere"):
        Worker("gino", python=tmp_path / "nowhere", url=URL)


@pytest.mark.parametrize("line", ["12", "out of memory", '"quoted"'])
def test_the_last_line_of_a_module_that_fails_is_shown_even_if_it_is_json(
    tmp_path: Path, line: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{line}' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(BenchError, match=f"failed: {line}$"):
        run_module("bakeoff_bench.loading", "facts", python=python, url=URL)


def test_the_settings_of_a_service_do_not_reach_an_arm() -> None:
    given: dict[str, Any] = {"BAKEOFF_POOL_MAX": "50", "PATH": os.defpath}
    assert environment(given) == {"PATH": os.defpath}


@pytest.mark.parametrize(
    "text",
    [
        "Access denied: p@ss/word",
        "mysql://ann:p%40ss%2Fword@host/books?x=1",
        "postgresql+asyncpg://ann:p@ss/word@host:5432/books",
    ],
)
def test_no_form_of_a_password_is_left_in_a_text(text: str) -> None:
    shown = redacted(text, url=URL)
    assert "***" in shown
    assert "ss" not in shown.replace("Access", "").replace("postgres", "").replace("asyncpg", "")
