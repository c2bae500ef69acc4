"""A real load on a real service: what the judge says of it, and what is left of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from bakeoff_contract.drift.connecting import connected
from bakeoff_contract.faults import catalogue, readback, records
from bakeoff_contract.faults.__main__ import main
from bakeoff_contract.faults.call import Kind
from bakeoff_contract.faults.cell import Cell, run_cell
from bakeoff_contract.faults.fault import Fault, Target
from bakeoff_contract.faults.judge import judge
from bakeoff_contract.faults.load import Load
from bakeoff_contract.faults.records import FaultRecord
from bakeoff_contract.service_process import service_process
from bakeoff_schemas.database_url import DatabaseUrl

PYTHON = Path(sys.executable)
PATIENCE = 30.0


@contextmanager
def _nothing(target: Target) -> Iterator[None]:
    yield


@contextmanager
def _killed(target: Target) -> Iterator[None]:
    target.service.kill()
    yield


@contextmanager
def _spoiled(target: Target) -> Iterator[None]:
    """Sell copies behind the back of the service, once something has been sold."""
    with connected(target.database) as run:
        run("UPDATE books SET stock = stock - 1 WHERE stock > 1000")
    yield


def _fault(name: str, inject: object, **others: object) -> Fault:
    return Fault(name=name, title=name, inject=inject, seconds=0.5, **others)  # type: ignore[arg-type]


def _run(tmp_path: Path, *faults: Fault) -> list[FaultRecord]:
    cell = Cell(backend="raw", python=PYTHON, product="sqlite", server="sqlite", logs=tmp_path)
    done = run_cell(cell, faults, full=False, tell=lambda name, record: None)
    assert (done.backend, done.database) == ("raw", "sqlite")
    assert done.server_version
    return list(done.faults)


def test_a_load_does_everything_and_the_judge_has_nothing_against_a_healthy_service() -> None:
    with service_process("memory", DatabaseUrl.parse("sqlite:///unused.db")) as api:
        made = catalogue.make(api)
        with Load(str(api.base_url), made, patience=PATIENCE) as load:
            deadline = time.monotonic() + PATIENCE
            done: set[str] = set()
            while done < {*get_args(Kind)} and time.monotonic() < deadline:
                time.sleep(0.1)
                done = {call.sent.kind for call in [*load.calls] if call.is_acknowledged}
            assert load.recovered(within=PATIENCE) is not None
        stored = _with_keys(readback.from_api(api, made.customers), load)
    assert done == {*get_args(Kind)}
    assert judge(load.calls, made, stored, limit=PATIENCE).sentences() == []


def _with_keys(stored: readback.Stored, load: Load) -> readback.Stored:
    """The keys of the orders, which no answer shows, from those who have placed them."""
    keys = {
        call.shown.order: call.sent.key
        for call in load.calls
        if call.sent.kind == "order" and call.shown is not None
    }
    orders = {id_: replace(order, key=keys.get(id_)) for id_, order in stored.orders.items()}
    return replace(stored, orders=orders)


def test_a_fault_that_does_nothing_breaks_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    (record,) = _run(tmp_path, _fault("nothing", _nothing))
    assert (record.status, record.broken) == ("kept", ())
    assert record.acknowledged
    assert record.recovered_ms is not None
    assert record.memory_before_kib > 0
    assert record.memory_after_kib > 0
    assert record.limit_ms == 5000


def test_a_service_that_was_killed_is_started_again_and_judged(tmp_path: Path) -> None:
    (record,) = _run(tmp_path, _fault("killed", _killed, ends_service=True))
    assert (record.status, record.broken) == ("kept", ())
    assert record.statuses.get("closed", 0) + record.statuses.get("refused", 0) > 0


def test_a_service_that_dies_though_the_fault_does_not_end_it_has_broken_its_promises(
    tmp_path: Path,
) -> None:
    (record,) = _run(tmp_path, _fault("killed", _killed))
    assert record.status == "broken"
    assert record.recovered_ms is None


def test_what_is_done_behind_the_back_of_the_service_is_found(tmp_path: Path) -> None:
    (record,) = _run(tmp_path, _fault("spoiled", _spoiled))
    assert record.status == "broken"
    assert record.phantom > 0


def test_a_fault_that_cannot_happen_or_cannot_be_done_is_not_applicable(tmp_path: Path) -> None:
    reason = "there is no disk here"
    elsewhere, impossible = _run(
        tmp_path,
        _fault("elsewhere", _nothing, products=frozenset({"mysql"})),
        _fault("impossible", _nothing, why_not=lambda target: reason),
        _fault("nothing", _nothing),
    )[:2]
    assert (elsewhere.status, elsewhere.why) == ("not_applicable", "it cannot happen to sqlite")
    assert (impossible.status, impossible.why) == ("not_applicable", reason)


def test_a_run_that_fails_is_broken_and_the_next_one_goes_on(tmp_path: Path) -> None:
    @contextmanager
    def failing(target: Target) -> Iterator[None]:
        raise RuntimeError("the disk is not there")
        yield

    failed, after = _run(tmp_path, _fault("failing", failing), _fault("nothing", _nothing))
    assert failed.broken == ("the run ended with RuntimeError: the disk is not there",)
    assert after.status == "kept"


def test_the_command_writes_its_records_and_ends_with_0_if_all_was_kept(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "raw-sqlite.json"
    arguments = ["--backend", f"raw={PYTHON}", "--database", "sqlite", "--report", str(report)]
    arguments += ["--fault", "connections-ended", "--logs", str(tmp_path)]
    assert main(arguments) == 0
    (cell,) = records.read(report)
    assert [fault.status for fault in cell.faults] == ["not_applicable"]
    assert "1/1 raw-sqlite connections-ended: not applicable" in capfd.readouterr().out


def test_a_server_that_is_not_named_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BAKEOFF_TEST_MYSQL_URL", raising=False)
    arguments = ["--backend", f"raw={PYTHON}", "--database", "mysql"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--report", str(tmp_path / "r.json"), "--logs", str(tmp_path)])
    assert ended.value.code == 2
    assert "set BAKEOFF_TEST_MYSQL_URL" in capfd.readouterr().err
