from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bakeoff_servers
from bakeoff_tasks import comparison, environments, running
from bakeoff_tasks.registry import backends

STORED = [backend.name for backend in backends() if backend.databases]


@pytest.fixture(autouse=True)
def no_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are made, not run."""
    python = Path("python")
    monkeypatch.setattr(environments, "for_development", lambda: python)
    monkeypatch.setattr(environments, "for_serving", lambda backend: python)


def found(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Only these servers can be had; answers a list that records which were wanted."""
    wanted: list[str] = []

    def up(named: Any) -> bakeoff_servers.Found:
        answer = bakeoff_servers.Found()
        for name in named:
            wanted.append(name)
            if name in names:
                answer.servers[name] = SimpleNamespace(url=f"{name}://host/")  # type: ignore[assignment]
            else:
                answer.reasons[name] = "not here"
        return answer

    monkeypatch.setattr(bakeoff_servers, "up", up)
    return wanted


def test_without_arguments_every_layer_is_compared_on_every_database_that_can_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found(monkeypatch, "mysql")
    what = comparison.chosen([])
    servers = comparison.servers(what)
    assert [*servers] == ["mysql"]
    cells = {cell.name for cell in what.cells(servers)}
    assert cells == {"memory"} | {f"{name}-{on}" for name in STORED for on in ("sqlite", "mysql")}


def test_what_is_named_is_compared_with_raw_and_nothing_else_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = found(monkeypatch)
    what = comparison.chosen(["--backends", "gino", "--databases", "sqlite"])
    assert comparison.servers(what) == {}
    assert wanted == []
    assert {cell.name for cell in what.cells([])} == {"memory", "raw-sqlite", "gino-sqlite"}
    command, variables = comparison.bench(what, {})
    arms = [name for flag, name in itertools.pairwise(command) if flag == "--arm"]
    assert arms == ["gino", "gino-tutorial", "raw"]
    assert variables["BAKEOFF_BENCH_DATABASES"] == "sqlite:///build/bench"


def test_each_database_is_measured_for_as_long_as_one_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found(monkeypatch, "postgresql", "mysql")

    def limit(*arguments: str) -> int:
        what = comparison.chosen(arguments)
        command, _ = comparison.bench(what, comparison.servers(what))
        return int(command[command.index("--time-limit") + 1].removesuffix("s"))

    assert limit() == 3 * limit("--databases", "sqlite")
    assert limit("--databases", "mysql") == limit("--databases", "sqlite")


def test_sqlite_takes_no_part_where_only_a_server_was_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found(monkeypatch, "postgresql")
    what = comparison.chosen(["--databases", "postgresql"])
    assert {cell.database for cell in what.cells(["postgresql"])} == {"memory", "postgresql"}
    _, variables = comparison.bench(what, {})
    assert variables["BAKEOFF_BENCH_DATABASES"] == ""


def test_a_server_that_was_chosen_and_cannot_be_had_ends_it_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found(monkeypatch)
    with pytest.raises(running.CheckFailed, match=r"mysql: not here; .*--databases sqlite"):
        comparison.servers(comparison.chosen(["--databases", "sqlite,mysql"]))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--backends", "django"], "no backend 'django'; there are raw"),
        (["--databases", "oracle"], "no database 'oracle'; there are sqlite"),
        (["--databases"], "expected one argument"),
    ],
)
def test_what_is_unknown_is_named(arguments: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        comparison.chosen(arguments)
