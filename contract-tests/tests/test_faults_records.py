"""What is recorded comes back from the file as it was, and contradictions are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bakeoff_contract.faults import records
from bakeoff_contract.faults.records import CellRecord, FaultRecord

KEPT = FaultRecord(
    name="connections-ended",
    status="kept",
    fault_seconds=2.0,
    requests=300,
    acknowledged=100,
    statuses={"200": 290, "503": 10},
    slowest_ms=120.5,
    limit_ms=5000.0,
    recovered_ms=12.5,
    connections_before=6,
    connections_after=5,
    memory_before_kib=90_000,
    memory_after_kib=91_000,
)
BROKEN = FaultRecord(
    name="server-stopped",
    status="broken",
    lost=1,
    unexpected={"500": 2},
    broken=("lost: the book 9790000000000 — „Ω“",),
)
ABSENT = FaultRecord(name="clock-back", status="not_applicable", why="there is no faketime here")
CELL = CellRecord(
    backend="raw",
    database="mysql",
    server_version="9.7.0",
    layer_version="0.30.0",
    python="3.11.9",
    faults=(KEPT, BROKEN, ABSENT),
)


def test_records_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "faults" / "raw-mysql.json"
    records.write([CELL], path)
    assert records.read(path) == [CELL]


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"version": 2, "cells": []}), encoding="utf-8")
    with pytest.raises(ValueError, match="has version 2, and not 1"):
        records.read(path)


def test_a_record_that_lacks_a_field_or_has_one_too_many_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    records.write([CELL], path)
    content = json.loads(path.read_text(encoding="utf-8"))
    fault = content["cells"][0]["faults"][0]
    fault["hits"] = fault.pop("lost")
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match="FaultRecord lacks or should not have hits, lost"):
        records.read(path)


def test_a_status_that_does_not_follow_from_the_record_is_refused() -> None:
    with pytest.raises(ValueError, match="what is broken must be told"):
        FaultRecord(name="x", status="broken")
    with pytest.raises(ValueError, match="what is broken must be told"):
        FaultRecord(name="x", status="kept", broken=("lost: a book",))
    with pytest.raises(ValueError, match="`why` belongs to"):
        FaultRecord(name="x", status="not_applicable")
    with pytest.raises(ValueError, match="`why` belongs to"):
        FaultRecord(name="x", status="kept", why="it was tried")
