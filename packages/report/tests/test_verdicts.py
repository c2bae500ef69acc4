from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bakeoff_report.collect import alive, registry
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Report

ROW = "contract-tests.src.bakeoff_contract.suite"
LIBRARIES = """
looked_at = 2026-11-30

[elm]
role = "layer"
keeper = "two people"
licence = "MIT"
typing = "py.typed"
migrations = "its own"
"""
FACTS = {
    "elm": {
        "last": "2.0",
        "released": "2026-11-01",
        "looked_up": "2026-11-30",
        "python": ">=3.9",
        "days": {"1.0": "2025-01-01"},
    }
}


def sentence(report: Report, topic: str, backend: str = "elm") -> str | None:
    found = [one for one in report.verdicts if (one.backend, one.topic) == (backend, topic)]
    assert len(found) < 2
    return found[0].sentence if found else None


def test_of_what_is_not_known_nothing_is_said(tree: Any) -> None:
    report = tree.report()
    topics = {one.topic for one in report.verdicts if one.backend == "elm"}
    assert topics == {"runs", "bites"}
    assert sentence(report, "runs") == "Not run here on SQLite. Does not support PostgreSQL."


def test_where_it_runs_is_said_with_the_number_of_tests(tree: Any) -> None:
    tree.junit("build/contract/elm-sqlite.xml", {f"{ROW}.test_upsert.test_one": ""})
    report = tree.report()
    expected = "Keeps the contract on SQLite (1 test). Does not support PostgreSQL."
    assert sentence(report, "runs") == expected
    assert sentence(report, "right") == "Of 1 executed tests of upsert, all passed."


def test_a_failure_is_said_by_the_name_of_its_capability(tree: Any) -> None:
    tree.junit(
        "build/contract/elm-sqlite.xml",
        {f"{ROW}.test_upsert.test_one": "<failure/>", f"{ROW}.test_export.test_two": ""},
    )
    report = tree.report()
    assert sentence(report, "right") == (
        "Of 2 executed tests of upsert and streaming, 1 passed. Not all is right in upsert."
    )
    assert (sentence(report, "runs") or "").startswith("Does not keep it on SQLite (2 tests).")


def test_the_workarounds_that_were_reported_most_often_are_named(tree: Any) -> None:
    entries = [
        f'[{name}]\nlayer = "elm"\nseen = "1"\nwhat = "It is {name}."\ninstead = "-"\n'
        f"upstream = {['https://example.org/' + str(n) for n in range(links)]}\ntrap = {traps}\n"
        'canary = "test_it"\n'
        for name, links, traps in (("a", 0, []), ("b", 1, []), ("c", 0, [1]), ("d", 0, []))
    ]
    tree.write("packages/elm/workarounds.toml", "\n".join(entries))
    tree.write(
        "docs/traps.toml",
        '[[trap]]\nnumber = 1\nlayers = ["elm"]\nreported = "-"\nseen = "-"\n'
        'status = "reproduced"\n'
        'links = ["https://example.org/8", "https://example.org/9"]\n',
    )
    assert sentence(tree.report(), "bites") == (
        "Needs help in 4 places. elm: It is c. elm: It is b. elm: It is a."
    )


def test_bands_are_counted_and_the_run_is_named(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    elm = runs.measurement("elm", cpu_ns=30_000_000, rate=0.5)
    tree.bench("results/2026-11-30/all.json.gz", runs.result(raw, elm))
    assert sentence(tree.report(), "costs") == (
        "CPU time of the process on SQLite, of 1 measured operations (2026-11-30/all): "
        "twice as much and more in 1."
    )
    # A run of yours goes first.
    elm = runs.measurement("elm", cpu_ns=13_000_000, rate=0.5)
    tree.bench("build/bench.json", runs.result(raw, elm))
    assert sentence(tree.report(), "costs") == (
        "CPU time of the process on SQLite, of 1 measured operations (yours): measurably more in 1."
    )


def test_what_is_newer_than_the_locked_release_is_stale(tree: Any, runs: Any) -> None:
    tree.write(f"packages/elm/{alive.LIBRARIES}", LIBRARIES)
    tree.json(alive.FACTS, FACTS)
    tree.write("requirements/main.txt", "elm==1.0 \\\n    --hash=sha256:0\n")
    tree.bench("build/bench.json", runs.result(runs.measurement("raw", cpu_ns=9, rate=1)))
    report = tree.report()
    (elm,) = report.alive
    assert (elm.locked, elm.last, str(elm.locked_released)) == ("1.0", "2.0", "2025-01-01")
    expected = "elm 1.0 was tested; 2.0 was out on 2026-11-30, when it was last looked up."
    assert elm.stale == expected
    (yours,) = [one for one in report.sources if one.path == "build/bench.json"]
    assert yours.stale == ["elm 1.0 was measured, 2.0 is out."]
    assert sentence(report, "alive") == (
        "elm 2.0 of 2026-11-01 was the last release on 2026-11-30. Licence: MIT. "
        "Kept by two people."
    )
    assert sentence(report, "migrations") == "Its users migrate with: its own."


def test_a_driver_belongs_to_every_backend_that_requires_it(tree: Any) -> None:
    drivers = '[oak]\nrole = "driver"\n[acorn]\nrole = "foundation"\nneeded_by = "oak"\n'
    tree.write(f"packages/raw/{alive.LIBRARIES}", drivers)
    tree.write(f"packages/elm/{alive.LIBRARIES}", '[elm]\nrole = "layer"\n')
    requires = '[project]\ndependencies = ["Oak[fast]>=1,<2", "bakeoff-schemas"]\n'
    tree.write("packages/raw/pyproject.toml", '[project]\ndependencies = ["pine"]\n')
    tree.write("packages/elm/pyproject.toml", requires)
    found = {one.name: one.backends for one in tree.report().alive}
    assert found == {"elm": ["elm"], "oak": ["elm"], "acorn": ["elm"]}


@pytest.mark.parametrize(("days", "stale"), [(30, False), (31, True)])
def test_what_was_looked_up_long_ago_is_stale(tree: Any, days: int, stale: bool) -> None:
    tree.write(f"packages/elm/{alive.LIBRARIES}", LIBRARIES)
    tree.json(alive.FACTS, FACTS)
    checkout = Checkout(tree.root)
    alive.alive(
        checkout, registry.backends(checkout), today=date(2026, 11, 30) + timedelta(days=days)
    )
    assert bool(checkout.sources[alive.FACTS].stale) is stale


def test_the_last_release_is_not_stale(tree: Any) -> None:
    tree.write(f"packages/elm/{alive.LIBRARIES}", LIBRARIES)
    tree.json(alive.FACTS, FACTS)
    tree.write("requirements/main.txt", "elm==2.0 \\\n")
    (elm,) = tree.report().alive
    assert elm.stale is None


def test_every_verdict_names_a_rule_that_is_shown(whole: Report) -> None:
    rules = [rule.id for rule in whole.rules]
    assert len(set(rules)) == len(rules)
    assert {verdict.rule for verdict in whole.verdicts} <= set(rules)


def test_every_library_of_this_repository_is_locked_and_known(whole: Report) -> None:
    assert whole.alive
    for one in whole.alive:
        assert one.locked, one.name
        assert one.last, one.name
        assert one.repository, one.name
        assert one.keeper, one.name
    named = {backend for one in whole.alive if one.role == "layer" for backend in one.backends}
    assert named == {one.name for one in whole.backends} - {"memory", "raw"}


def test_every_operation_of_the_bench_is_recorded_or_said_not_to_be(whole: Report) -> None:
    recorded = {cell.operation for cell in whole.costs.statements}
    ports = {sample.operation for sample in whole.code}
    for operation in whole.costs.operations:
        assert operation.statements is None or operation.statements in recorded, operation.id
        assert operation.port is None or operation.port in ports, operation.id
    mixes = {"browse", "checkout"}
    assert {one.id for one in whole.costs.operations if one.port is None} == mixes
