"""The plugin: what it selects, what it refuses, what it reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bakeoff_contract.canaries import canary, found
from bakeoff_contract.gaps import Gap
from bakeoff_contract.report import Report

SERVICE = "bakeoff_contract.suite.test_service"


def test_a_run_is_reported_with_what_the_service_says_of_itself(
    run_suite: Any, tmp_path: Path
) -> None:
    xml = tmp_path / "junit.xml"
    outcome = run_suite(
        SERVICE, "--backend", "memory", "-k", "liveness or readiness", "--junit-xml", str(xml)
    )
    assert outcome.status == 0, outcome.output
    report = outcome.report
    assert set(report) == {
        "backend",
        "database",
        "server_version",
        "layer",
        "layer_version",
        "python",
        "passed",
        "failed",
        "xfailed",
        "skipped",
        "left_out",
        "seconds",
        "status",
        "failures",
    }
    assert (report["backend"], report["database"]) == ("memory", "memory")
    assert (report["passed"], report["failed"], report["skipped"]) == (2, 0, 0)
    assert (report["status"], report["failures"]) == ("passed", [])
    assert "test_liveness_answers_ok" in xml.read_text("utf-8")


def test_a_backend_that_does_not_start_is_a_failure_with_the_reason(run_suite: Any) -> None:
    outcome = run_suite(SERVICE, "--backend", "nonesuch", "-k", "liveness")
    assert outcome.status == 1
    assert outcome.report["status"] == "failed"
    assert outcome.report["backend"] is None
    assert "nonesuch" in outcome.report["failures"][0]["message"]


@pytest.mark.parametrize("family", ["postgresql", "mysql"])
def test_the_password_of_a_server_is_in_no_result(
    run_suite: Any, tmp_path: Path, family: str
) -> None:
    password, xml = canary(), tmp_path / "junit.xml"
    server = f"{family}://ged:{password}@127.0.0.1:1/"
    outcome = run_suite(
        *(SERVICE, "--backend", "raw", "--database", server),
        *("-k", "liveness", "--tb=auto", "--junit-xml", str(xml)),
    )
    assert outcome.report["status"] == "failed"
    assert f"{family}://ged:***@127.0.0.1:1/" in outcome.output
    told = {
        "the output": outcome.output,
        "the report": json.dumps(outcome.report),
        "JUnit's report": xml.read_bytes(),
    }
    assert found({"the password": password}, told) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--backend", "memory", "--base-url", "http://127.0.0.1:1"],
        ["--base-url", "http://127.0.0.1:1", "--database", "sqlite"],
        ["--backend", "memory", "--peer-url", "http://127.0.0.1:1"],
        ["--backend", "memory", "--gap", "liveness"],
        ["--backend", "memory", "--gap", "liveness=sometimes:because"],
        ["--backend", "memory", "--gap", "no_such_test=never:because"],
    ],
)
def test_options_that_make_no_sense_are_a_usage_error(run_suite: Any, arguments: list[str]) -> None:
    outcome = run_suite(SERVICE, *arguments, "-k", "liveness")
    assert outcome.status == 4, outcome.output
    assert outcome.report["status"] == "failed"


def test_a_gap_that_has_closed_fails_the_run(run_suite: Any) -> None:
    gap = "test_liveness=notyet:upstream lacks it"
    outcome = run_suite(SERVICE, "--backend", "memory", "-k", "liveness", "--gap", gap)
    assert outcome.status == 1
    assert (outcome.report["failed"], outcome.report["xfailed"]) == (1, 0)


def test_a_gap_that_is_still_open_is_an_expected_failure(run_suite: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}", "utf-8")
    outcome = run_suite(
        SERVICE,
        *("--backend", "memory", "-k", "golden", "--openapi", str(other)),
        *("--gap", "golden=never:another document"),
    )
    assert outcome.status == 0, outcome.output
    assert (outcome.report["passed"], outcome.report["xfailed"]) == (0, 1)
    assert outcome.report["status"] == "failed", "nothing has passed"


def test_what_a_cell_cannot_show_is_not_selected_and_said_so(run_suite: Any) -> None:
    outcome = run_suite("bakeoff_contract.suite.test_outages", "--backend", "memory")
    assert "tests not selected, they need a database on a network" in outcome.output
    assert outcome.report["skipped"] == 0


def test_what_is_above_the_port_is_left_out_if_told_and_said_so(run_suite: Any) -> None:
    outbox = "bakeoff_contract.suite.test_outbox"
    chosen = [outbox, f"{outbox}_transactions", "--backend", "memory"]
    chosen += ["-k", "confirmed_under or not_placed"]
    whole = run_suite(*chosen)
    assert (whole.report["passed"], whole.report["left_out"]) == (2, {})
    # A gap of what is left out is declared none the less.
    port_only = run_suite(*chosen, "--port-only", "--gap", "confirmed_under=never:because")
    assert port_only.status == 0, port_only.output
    assert port_only.report["passed"] == 1
    assert [*port_only.report["left_out"]] == ["test_outbox"]
    assert "tests left out (--port-only)" in port_only.output


CACHE = "bakeoff_contract.suite.test_cache"


def test_what_needs_redis_is_not_selected_where_there_is_none(
    run_suite: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BAKEOFF_TEST_REDIS_URL", raising=False)
    monkeypatch.delenv("BAKEOFF_REQUIRE", raising=False)
    outcome = run_suite(CACHE, "--backend", "memory", "--collect-only")
    assert "they need a backend in this process and Redis" in outcome.output
    assert "test_a_head" not in outcome.output


def test_what_needs_redis_fails_where_it_is_required_and_there_is_none(
    run_suite: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BAKEOFF_TEST_REDIS_URL", raising=False)
    monkeypatch.setenv("BAKEOFF_REQUIRE", "sqlite,redis")
    outcome = run_suite(CACHE, "--backend", "memory", "-k", "head_of_a_book")
    assert outcome.status == 1
    assert "BAKEOFF_TEST_REDIS_URL names no server" in outcome.report["failures"][0]["message"]


LAYERS = "bakeoff_contract.layer_suite"


@pytest.mark.parametrize(
    "arguments",
    [
        [LAYERS],
        [LAYERS, "--backend", "memory"],
        [LAYERS, "--base-url", "http://127.0.0.1:1"],
        [SERVICE, "--backend", "memory", "--driver", "asyncmy"],
    ],
)
def test_the_layer_suite_has_options_of_its_own(run_suite: Any, arguments: list[str]) -> None:
    outcome = run_suite(*arguments, "-k", "liveness or says_what_it_is")
    assert outcome.status == pytest.ExitCode.USAGE_ERROR, outcome.output


def test_the_layer_suite_is_no_part_of_the_contract(run_suite: Any) -> None:
    for package, there, absent in (
        ("bakeoff_contract", "test_books.py::", "test_healing.py::"),
        (LAYERS, "test_opening.py::", "test_books.py::"),
    ):
        listed = run_suite(package, "--backend", "raw", "--collect-only").output
        assert there in listed
        assert absent not in listed
        assert "tests not selected, they need a database on a network" in listed


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_a_run_of_the_layer_suite_is_reported_whoever_ran_it(
    run_suite: Any, workers: list[str]
) -> None:
    chosen = "says_what_it_is or is_refused"
    outcome = run_suite(LAYERS, "--backend", "raw", "-k", chosen, *workers)
    assert outcome.status == 0, outcome.output
    report = outcome.report
    assert (report["backend"], report["database"]) == ("raw", "sqlite")
    assert (report["passed"], report["failed"], report["skipped"]) == (7, 0, 0)
    assert "contract: raw" in outcome.output


def test_a_gap_may_give_any_reason() -> None:
    gap = Gap.parse("test_x[a=b]=notyet:see a=b: c")
    assert gap == Gap(test="test_x[a=b]", kind="notyet", reason="see a=b: c")


def test_a_test_that_passes_and_then_leaks_is_one_failure(tmp_path: Path) -> None:
    report = Report()
    for when, outcome in (("setup", "passed"), ("call", "passed"), ("teardown", "failed")):
        report.pytest_runtest_logreport(
            pytest.TestReport(
                "t",
                ("t", 1, "t"),
                {},
                outcome,  # type: ignore[arg-type]
                "left behind" if outcome == "failed" else None,
                when,  # type: ignore[arg-type]
            )
        )
    report.write(tmp_path / "report.json", exit_status=1)
    written = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert (written["passed"], written["failed"]) == (0, 1)
    assert written["failures"] == [{"test": "t", "message": "left behind"}]
