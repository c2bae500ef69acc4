from __future__ import annotations

from typing import Any

import pytest

from bakeoff_report.model import CapabilityCell, DoesRow, Report

CONTRACT = "contract-tests.src.bakeoff_contract.suite"
LAYERS = "contract-tests.src.bakeoff_contract.layer_suite"
LEDGER = """
[elm-forgets]
layer = "elm"
seen = "1.0"
what = "It forgets."
instead = "The adapter remembers."
upstream = []
trap = [7]
canary = "test_elm_remembers"
"""


def row_of(report: Report, name: str) -> DoesRow:
    (found,) = [row for row in report.does.rows if row.id == name]
    return found


def cell_of(row: DoesRow, capability: str) -> CapabilityCell:
    (found,) = [cell for cell in row.cells if cell.capability == capability]
    return found


def test_a_cell_that_nobody_has_run_names_its_command(tree: Any) -> None:
    row = row_of(tree.report(), "raw-postgresql")
    assert row.mark == "not-run"
    assert row.command == 'python3.11 run.py "contract(raw-postgresql)"'
    missing = cell_of(row, "transactions").missing
    assert any("run.py layers -- --backend raw" in sentence for sentence in missing)


def test_executed_tests_are_counted_by_capability(tree: Any) -> None:
    tree.junit(
        "build/contract/raw-sqlite.xml",
        {
            f"{CONTRACT}.test_upsert.test_one": "",
            f"{CONTRACT}.test_upsert.test_two[a]": "",
            f"{CONTRACT}.test_upsert.test_two[b]": "",
            f"{CONTRACT}.test_books.test_three": "",
        },
    )
    tree.junit("build/layers/raw-sqlite.xml", {f"{LAYERS}.test_pool.test_four": ""})
    report = tree.report()
    row = row_of(report, "raw-sqlite")
    assert (row.mark, row.summary) == ("executed", "executed with 5 tests")
    upsert = cell_of(row, "upsert")
    assert (upsert.mark, upsert.passed, upsert.executed) == ("executed", 3, 3)
    assert [report.does.tests[number].id for number in upsert.tests] == [
        "contract/test_upsert.py::test_one",
        "contract/test_upsert.py::test_two",
    ]
    assert cell_of(row, "contract").executed == 4
    assert cell_of(row, "pool").executed == 1
    assert cell_of(row, "healing").mark == "not-run"


def test_what_has_no_test_on_a_database_does_not_apply_there(tree: Any) -> None:
    tree.junit("build/contract/raw-sqlite.xml", {f"{CONTRACT}.test_books.test_one": ""})
    assert cell_of(row_of(tree.report(), "raw-sqlite"), "healing").applies
    tree.junit("build/layers/raw-sqlite.xml", {f"{LAYERS}.test_pool.test_two": ""})
    row = row_of(tree.report(), "raw-sqlite")
    healing = cell_of(row, "healing")
    assert (healing.mark, healing.applies, healing.missing) == ("not-run", False, [])
    assert cell_of(row, "pool").applies


def test_a_failure_fails_its_cell_and_its_row(tree: Any) -> None:
    tree.junit(
        "build/contract/raw-sqlite.xml",
        {
            f"{CONTRACT}.test_upsert.test_one": '<failure message="assert 1 == 2">…</failure>',
            f"{CONTRACT}.test_books.test_two": "",
        },
    )
    row = row_of(tree.report(), "raw-sqlite")
    # The test shows two capabilities, and is one test.
    assert (row.mark, row.summary) == ("failed", "1 test failed.")
    assert cell_of(row, "upsert").failures[0].message == "assert 1 == 2"
    assert cell_of(row, "streaming").mark == "not-run"


def test_an_expected_failure_is_a_gap_and_a_skipped_test_did_not_run(tree: Any) -> None:
    tree.junit(
        "build/contract/raw-sqlite.xml",
        {
            f"{CONTRACT}.test_upsert.test_one": '<skipped type="pytest.xfail" message="no"/>',
            f"{CONTRACT}.test_upsert.test_two": "",
            f"{CONTRACT}.test_export.test_three": '<skipped type="pytest.skip" message="why"/>',
        },
    )
    row = row_of(tree.report(), "raw-sqlite")
    assert (row.mark, cell_of(row, "upsert").mark) == ("gap", "gap")
    assert (cell_of(row, "upsert").passed, cell_of(row, "upsert").executed) == (1, 2)
    assert (cell_of(row, "streaming").mark, cell_of(row, "streaming").executed) == ("not-run", 0)


def test_a_case_that_is_reported_twice_has_its_worst_outcome(tree: Any) -> None:
    name = f'classname="{CONTRACT}.test_upsert" name="test_one"'
    tree.write(
        "build/contract/raw-sqlite.xml",
        f"<testsuites><testsuite><testcase {name}/><testcase {name}><failure/></testcase>"
        f"<testcase {name}/></testsuite></testsuites>",
    )
    cell = cell_of(row_of(tree.report(), "raw-sqlite"), "upsert")
    assert (cell.mark, cell.executed) == ("failed", 1)


def test_a_workaround_shows_in_the_cell_whose_trap_it_answers(tree: Any) -> None:
    tree.write("packages/elm/workarounds.toml", LEDGER)
    tree.write(
        "contract-tests/src/bakeoff_contract/suite/test_upsert.py",
        "import pytest\n\n\n@pytest.mark.trap(7)\ndef test_one() -> None: ...\n",
    )
    tree.junit(
        "build/contract/elm-sqlite.xml",
        {f"{CONTRACT}.test_upsert.test_one": "", f"{CONTRACT}.test_export.test_two": ""},
    )
    report = tree.report()
    row = row_of(report, "elm-sqlite")
    assert (row.mark, row.workarounds) == ("worked-around", ["elm/elm-forgets"])
    assert row.summary == "executed with 2 tests and 1 workaround"
    assert cell_of(row, "upsert").mark == "worked-around"
    assert cell_of(row, "streaming").mark == "executed"
    (test,) = [one for one in report.does.tests if one.id.endswith("test_one")]
    assert test.line == 5


def test_a_database_that_a_layer_does_not_have_is_not_supported(tree: Any) -> None:
    row = row_of(tree.report(), "elm-postgresql")
    assert (row.mark, row.command) == ("unsupported", None)


def test_a_python_that_was_run_has_a_row_of_its_own(tree: Any) -> None:
    names = {row.id for row in tree.report().does.rows}
    assert {"elm-sqlite", "elm-sqlite-3.13"} <= names
    assert "raw-sqlite-3.13" not in names


def test_why_a_cell_did_not_run_is_taken_from_the_matrix(tree: Any) -> None:
    line = {"backend": "raw", "database": "postgresql", "python": "3.11"}
    line |= {"status": "not run", "why": "no postgresql server"}
    tree.json("build/matrix.json", {"cells": [line], "gaps": [], "notes": []})
    assert row_of(tree.report(), "raw-postgresql").summary == "not run: no postgresql server"


def test_pairs_are_counted_for_both_backends(tree: Any) -> None:
    about = {"database": "sqlite", "tests": 30, "status": "passed", "why": None}
    pairs = [
        {**about, "writer": "raw", "reader": "elm"},
        {**about, "writer": "elm", "reader": "raw", "status": "failed", "why": "<b>no</b>"},
    ]
    tree.json("build/interop.json", {"pairs": pairs, "fleets": []})
    report = tree.report()
    for name in ("raw-sqlite", "elm-sqlite"):
        cell = cell_of(row_of(report, name), "interop")
        assert (cell.mark, cell.passed, cell.executed) == ("failed", 1, 2)
        assert row_of(report, name).summary == "1 pair failed."
    (leaving,) = [
        one.sentence for one in report.verdicts if (one.backend, one.topic) == ("elm", "leaving")
    ]
    assert leaving.startswith("In 1 of 2 pairs with another layer, on SQLite,")


@pytest.mark.parametrize("name", ["raw-sqlite", "elm-sqlite"])
def test_every_capability_has_a_cell_in_every_row(tree: Any, name: str) -> None:
    report = tree.report()
    columns = [one.id for one in report.does.capabilities]
    assert [cell.capability for cell in row_of(report, name).cells] == columns


def test_without_the_names_of_tests_their_number_is_shown(tree: Any) -> None:
    counts = {"passed": 440, "failed": 1, "xfailed": 0, "skipped": 2, "seconds": 9.5}
    failure = {"test": "test_upsert.py::test_one", "message": "assert 1 == 2"}
    versions = {"layer": "Elm", "layer_version": "1.0", "server_version": "3.40"}
    report = {**counts, **versions, "status": "failed", "failures": [failure]}
    tree.json("build/contract/elm-sqlite.json", report)
    row = row_of(tree.report(), "elm-sqlite")
    contract = cell_of(row, "contract")
    assert (contract.mark, contract.passed, contract.executed) == ("failed", 440, 441)
    assert contract.failures[0].message == "assert 1 == 2"
    assert (row.layer_version, row.server_version, row.seconds) == ("1.0", "3.40", 9.5)
    names = 'The names of the tests are not there: python3.11 run.py "contract(elm-sqlite)"'
    assert contract.missing == [names]
    assert cell_of(row, "upsert").mark == "not-run"
