from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http import run
from bakeoff_bench.http.catalogue import BY_NAME
from bakeoff_bench.http.plan import HttpOptions
from bakeoff_bench.http.run import check_answers, serving
from bakeoff_bench.processes import Worker
from bakeoff_schemas.database_url import DatabaseUrl

URL = DatabaseUrl.parse("postgresql://ann:p%40ss%2Fword@127.0.0.1:5432/books")
DATA = DataSet(url=URL, books=10)
BARE, RAW = BY_NAME["bare"], BY_NAME["raw"]
Interpreter = Callable[..., Path]


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    def make(**behaviour: Any) -> Path:
        folder = tmp_path / f"env{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        python = folder / "python"
        source = Path(__file__).with_name("stand_in_interpreter.py").read_text()
        python.write_text(f"#!{sys.executable}\n{source}")
        python.chmod(0o755)
        python.with_suffix(".json").write_text(json.dumps(behaviour))
        return python

    return make


def options(**workers: Path) -> HttpOptions:
    return HttpOptions(workers=workers, databases={}, folder=Path(), time_limit=1)


def test_servers_serve_on_ports_of_their_own_and_end_in_the_end(interpreter: Interpreter) -> None:
    python = interpreter()
    chosen = options(memory=python, raw=python)
    with serving([BARE, RAW], chosen, data=DATA) as up:
        assert list(up) == ["bare", "raw"]
        assert up["bare"].origin != up["raw"].origin
        assert up["raw"].serving.versions == {"fastapi": "1"}
        for server in up.values():
            with urllib.request.urlopen(f"{server.origin}/books/1") as answer:
                assert json.load(answer)["id"] == 1
            assert server.cpu_ns() > 0
    assert not any(psutil.pid_exists(server.worker.pid) for server in up.values())


def test_a_server_that_fails_takes_the_others_with_it_and_keeps_the_password(
    interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Worker] = []

    class Noted(Worker):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(run, "Worker", Noted)
    failing = interpreter(misbehaviour={" serve": "die"})
    with (
        pytest.raises(BenchError, match=r"raw on .* could not serve: its process ended") as failed,
        serving([BARE, RAW], options(memory=interpreter(), raw=failing), data=DATA),
    ):
        pytest.fail("it should not have got here")
    assert "ann:***@127.0.0.1" in str(failed.value)
    assert "p%40ss" not in str(failed.value)
    assert len(started) == 2
    assert not any(psutil.pid_exists(worker.pid) for worker in started)


def test_a_server_that_does_not_start_in_time_is_ended(
    interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TO_START", 0.2)
    chosen = options(memory=interpreter(misbehaviour={" serve": "hang"}))
    with (
        pytest.raises(BenchError, match=r"bare on .* could not serve: no answer"),
        serving([BARE], chosen, data=DATA),
    ):
        pytest.fail("it should not have got here")


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(BenchError, match="missing cannot be started"),
        serving([BARE], options(memory=tmp_path / "missing"), data=DATA),
    ):
        pytest.fail("it should not have got here")


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        ({"title": "Two"}, r'(?s)raw answers GET /books/1 over sqlite.*title.*"One".*"Two"'),
        ({"status": 503}, "raw answers GET /books/1 with status 503"),
    ],
)
def test_an_arm_that_answers_otherwise_is_not_timed(
    interpreter: Interpreter, behaviour: dict[str, Any], message: str
) -> None:
    chosen = options(memory=interpreter(), raw=interpreter(**behaviour))
    with serving([BARE, RAW], chosen, data=DATA) as up:
        origins = {arm: server.origin for arm, server in up.items()}
        with pytest.raises(BenchError, match=message):
            check_answers(origins, ["/books/1"], database="sqlite")


def test_arms_that_answer_the_same_pass(interpreter: Interpreter) -> None:
    python = interpreter()
    with serving([BARE, RAW], options(memory=python, raw=python), data=DATA) as up:
        origins = {arm: server.origin for arm, server in up.items()}
        check_answers(origins, ["/books/1", "/books"], database="sqlite")
