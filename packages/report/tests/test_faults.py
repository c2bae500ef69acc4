"""What is read of the runs of the faults: every number as it is in the file, and nothing else."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any

import pytest

from bakeoff_report import inputs, summary
from bakeoff_report.collect import alive
from bakeoff_report.model import FaultFigures, Report, SourceFile
from bakeoff_report.page import render
from bakeoff_report.page.worst_days import WorstDay, rows_of, worst_days

YOURS = "build/faults.json"
REFERENCE = "results/2026-11-20/faults.json.gz"


def fault(name: str, **changes: Any) -> dict[str, Any]:
    """A fault after which all was kept."""
    return {
        "name": name,
        "status": "kept",
        "why": None,
        "fault_seconds": 2.125,
        "requests": 4123,
        "acknowledged": 812,
        "lost": 0,
        "phantom": 0,
        "stale": 0,
        "statuses": {"200": 3101, "201": 812, "503": 210},
        "unexpected": {},
        "slowest_ms": 2345.5,
        "limit_ms": 4000.0,
        "recovered_ms": 120.25,
        "connections_before": 10,
        "connections_after": 9,
        "memory_before_kib": 61234,
        "memory_after_kib": 63111,
        "broken": [],
        **changes,
    }


def broken(name: str, **changes: Any) -> dict[str, Any]:
    lost = {"status": "broken", "lost": 2, "broken": ["Two orders are not there."]}
    return fault(name, **(lost | changes))


def run(*cells: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "commit": "0" * 40,
        "made": "2026-11-30T12:00:00+00:00",
        "full": False,
        "machine": {"cpus": 2},
        "cells": [*cells],
        **changes,
    }


def cell(backend: str, database: str, *faults: Any, **changes: Any) -> dict[str, Any]:
    about = {"server_version": "3.40", "layer_version": "1.0", "python": "3.11.9"}
    return {"backend": backend, "database": database, **about, "faults": [*faults], **changes}


def source_of(report: Report, path: str = YOURS) -> SourceFile:
    (found,) = [one for one in report.sources if one.path == path]
    return found


def day_of(report: Report, backend: str, database: str) -> WorstDay:
    return worst_days(report, rows_of(report))[backend, database]


def mismatched(report: Report, files: dict[str, Any]) -> list[str]:
    """The results of which something is not in the file that they name."""
    wrong = []
    for result in report.faults.results:
        entry = inputs.resolve(files[result.origin.file], result.origin.pointer)
        figures = result.figures.model_dump() if result.figures else {}
        shown = {"name": result.fault, "status": result.status, **figures}
        if any(entry[name] != value for name, value in shown.items()):
            wrong.append(result.origin.pointer)
    return wrong


def test_every_number_is_in_the_file_and_the_place_that_it_names(tree: Any) -> None:
    files = {
        YOURS: run(
            cell("raw", "sqlite", fault("server-killed"), broken("black-hole", stale=3)),
            cell("raw", "postgresql", fault("server-killed", requests=7)),
        ),
        REFERENCE: run(cell("elm", "sqlite", broken("server-killed", slowest_ms=9.5)), full=True),
    }
    tree.json(YOURS, files[YOURS])
    tree.bench(REFERENCE, files[REFERENCE])
    report = tree.report()
    assert len(report.faults.results) == 4
    assert mismatched(report, files) == []
    assert FaultFigures.model_fields.keys() <= fault("x").keys()
    # It would be noticed.
    for name in ("requests", "lost", "memory_after_kib"):
        other = copy.deepcopy(files)
        other[YOURS]["cells"][0]["faults"][1][name] += 1
        assert mismatched(report, other) == ["/cells/0/faults/1"]


def test_a_run_says_when_and_how_it_was_made(tree: Any) -> None:
    facts = {"elm": {"last": "2.0", "released": None, "looked_up": "2026-11-30", "python": None}}
    tree.write(f"packages/elm/{alive.LIBRARIES}", '[elm]\nrole = "layer"\n')
    tree.json(alive.FACTS, {"elm": {**facts["elm"], "days": {}}})
    tree.json(YOURS, run(cell("elm", "sqlite", fault("server-killed"))))
    report = tree.report()
    source = source_of(report)
    assert (source.name, source.commit, source.machine) == ("yours", "0" * 40, "cpus 2")
    assert str(source.made) == "2026-11-30 12:00:00+00:00"
    assert source.versions == {"elm": "1.0", "sqlite": "3.40"}
    assert source.stale == ["elm 1.0 was measured, 2.0 is out."]
    assert [(one.source, one.full) for one in report.faults.runs] == [(YOURS, False)]


def test_without_a_run_all_is_not_run_and_the_command_is_named(tree: Any) -> None:
    report = tree.report()
    source = source_of(report)
    assert (source.state, source.command) == ("missing", "python3.11 run.py faults")
    assert day_of(report, "raw", "sqlite").text == "not run"
    assert "Nothing has been run: `python3.11 run.py faults`" in summary.markdown(report)


def test_a_day_counts_the_faults_that_were_made_and_links_to_what_broke(tree: Any) -> None:
    no_network = {"name": "black-hole", "status": "not_applicable", "why": "A file."}
    faults = [fault("a"), broken("server-killed"), no_network]
    tree.json(YOURS, run(cell("raw", "sqlite", *faults), cell("raw", "postgresql", fault("a"))))
    report = tree.report()
    day = day_of(report, "raw", "sqlite")
    assert (day.text, day.status, day.absent) == ("1/2", "broken", 0)
    assert day.link == "fault-raw-sqlite-server-killed"
    other = day_of(report, "raw", "postgresql")
    assert (other.text, other.status, other.absent) == ("1/1", "kept", 2)
    assert day_of(report, "raw", "").text == "2/3"
    assert day_of(report, "elm", "sqlite").text == "not run"
    (found,) = [one for one in report.faults.results if one.status == "not_applicable"]
    assert (found.why, found.figures) == ("A file.", None)


def test_your_run_is_shown_before_references_and_newer_ones_before_older_ones(tree: Any) -> None:
    def made(day: int, *cells: Any) -> dict[str, Any]:
        return run(*cells, made=f"2026-11-{day}T00:00:00+00:00", full=True)

    older, newer = "results/b/faults.json.gz", "results/a/faults.json.gz"
    tree.bench(older, made(10, cell("raw", "sqlite", broken("a"), broken("b"), broken("c"))))
    tree.bench(newer, made(20, cell("raw", "sqlite", broken("a"), fault("b"))))
    tree.json(YOURS, run(cell("raw", "sqlite", fault("a"))))
    shown = {
        row.fault.id: (row.result.source, [other.source for other in row.others])
        for row in rows_of(tree.report())
        if row.result
    }
    assert shown == {"a": (YOURS, [newer, older]), "b": (newer, [older]), "c": (older, [])}


def test_a_backend_without_a_database_is_shown_if_it_was_run(tree: Any) -> None:
    tree.write(
        "backends.toml",
        '[backends.mem]\npackage = "m"\npath = "m"\nlayer = "m"\npythons = ["3.11"]\n'
        "databases = []\n",
    )
    assert worst_days(tree.report(), rows_of(tree.report())) == {}
    tree.json(YOURS, run(cell("mem", "memory", fault("a", connections_before=None))))
    assert day_of(tree.report(), "mem", "memory").text == "1/1"


def test_a_committed_run_of_the_faults_is_no_run_of_the_bench(tree: Any) -> None:
    tree.bench(REFERENCE, run(cell("raw", "sqlite", fault("a"))))
    report = tree.report()
    assert source_of(report, REFERENCE).state == "read"
    assert source_of(report, REFERENCE).name == "2026-11-20/faults"
    assert source_of(report, "results/*/*.json.gz").state == "missing"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "It is not JSON"),
        (b"[]", "It is no run of the faults"),
        (json.dumps(run(version=2)).encode(), "It is no run of the faults: version"),
        (json.dumps(run(made="yesterday")).encode(), "It is no run of the faults: made"),
        (json.dumps(run(cells=3)).encode(), "/cells is neither a list nor a table."),
        (json.dumps(run(cell("raw", "sqlite", faults=3))).encode(), "/cells/0/faults is neither"),
        (json.dumps(run(cell("raw", "sqlite"))).encode(), "/cells/0 has no faults: it ended"),
        (json.dumps(run(cell("oak", "sqlite"))).encode(), "/cells/0 was left out: the registry"),
        (json.dumps(run(cell("elm", "mysql"))).encode(), "/cells/0 was left out: the registry"),
    ],
)
def test_what_is_wrong_with_a_run_is_said(tree: Any, content: bytes, problem: str) -> None:
    tree.write(YOURS, content)
    report = tree.report()
    assert source_of(report).state in ("unreadable", "partial")
    assert (source_of(report).problem or "").startswith(problem)
    assert report.faults.results == []
    assert problem[:20] in render(report)


@pytest.mark.parametrize(
    "changes",
    [
        {"lost": -1},
        {"lost": 1},
        {"lost": "0"},
        {"lost": None},
        {"requests": 10**400},
        {"slowest_ms": 1e300},
        {"broken": ["It broke."]},
        {"status": "fine"},
        {"name": "<b>"},
        {"statuses": {"<b>": 1}},
        {"statuses": {str(number): 1 for number in range(31)}},
    ],
)
def test_a_result_that_cannot_be_is_left_out_and_the_others_are_shown(
    tree: Any, changes: dict[str, Any]
) -> None:
    text = json.dumps(run(cell("raw", "sqlite", fault("a") | changes, fault("good"))))
    tree.write(YOURS, text)
    report = tree.report()
    assert [one.fault for one in report.faults.results] == ["good"]
    assert source_of(report).state == "partial"
    assert (source_of(report).problem or "").startswith("/cells/0/faults/0 was left out: ")


def test_what_is_there_twice_or_too_often_is_left_out(tree: Any) -> None:
    many = [fault(f"fault-{number}") for number in range(51)]
    tree.json(YOURS, run(cell("raw", "sqlite", fault("a"), broken("a"))))
    report = tree.report()
    assert [one.status for one in report.faults.results] == ["kept"]
    assert "it is there twice" in (source_of(report).problem or "")
    tree.json(YOURS, run(cell("raw", "sqlite", *many)))
    report = tree.report()
    assert len(report.faults.results) == 50
    assert "more than 50 faults" in (source_of(report).problem or "")


def test_long_texts_are_cut_and_it_is_said(tree: Any) -> None:
    said = ["It broke. " * 100] * 1000
    tree.json(YOURS, run(cell("raw", "sqlite", broken("a", broken=said))))
    report = tree.report()
    (result,) = report.faults.results
    assert [len(one) for one in result.broken] == [400] * 5
    assert source_of(report).problem == "/cells/0/faults/0/broken has 1000 sentences: 5 are shown."


def test_a_packed_run_that_unpacks_to_too_much_is_not_read(
    tree: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "LIMIT", 2**20)
    tree.write(REFERENCE, gzip.compress(b" " * (2**20 + 1)))
    assert source_of(tree.report(), REFERENCE).problem == "It unpacks to more than 1 MiB."


def test_the_summary_names_what_broke(tree: Any) -> None:
    tree.json(YOURS, run(cell("raw", "sqlite", fault("a"), broken("server-killed"))))
    text = summary.markdown(tree.report())
    line = r"| raw | sqlite | 1 of 2 | 0 | server killed: Two orders are not there. | yours |"
    assert line in text
    assert "yours: short form" in text
    # A run without any result of a layer says nothing of it.
    assert "| raw | postgresql |" not in text
