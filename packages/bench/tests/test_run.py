from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff_bench.controller.answers import AnswersDiffer, first_difference
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.controller.run import run
from bakeoff_bench.errors import BenchError
from bakeoff_bench.processes import ArmFailed
from bakeoff_bench.results import statistics
from bakeoff_bench.results.model import RULES, Result

StandIn = Callable[..., Path]
TOOK = {"raw": 100_000, "raw-twin": 100_000, "sqlalchemy": 200_000}


def options(python: Path, **changes: object) -> Options:
    usual = Options(
        workers={"raw": python, "sqlalchemy": python},
        databases={"sqlite": "sqlite:///build"},
        folder=Path("build"),
        scenarios=("point-read",),
        arms=("raw", "raw-twin", "sqlalchemy"),
        tasks=(1,),
        restarts=2,
        slice_ms=10,
        rounds=1,
        time_limit=300,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def log_of(python: Path) -> list[str]:
    return python.with_suffix(".log").read_text().split()


def starts_of(python: Path) -> int:
    return python.with_suffix(".starts").stat().st_size


def test_a_run_finds_how_fast_an_arm_is_and_how_sure_that_is(stand_in: StandIn) -> None:
    result = run(options(stand_in(took=TOOK)))
    found = {one.arm: one for one in result.measurements}
    assert found["sqlalchemy"].ratio.value == pytest.approx(0.5, rel=0.02)
    assert found["raw"].rate == pytest.approx(10_000, rel=0.02)
    assert found["raw"].ratio.value == found["raw"].ratio.low == found["raw"].ratio.high == 1
    assert [twin.ratio.value for twin in result.twins] == [pytest.approx(1, rel=0.02)]
    assert result.trustworthy
    assert result.rules == RULES
    assert [arm.name for arm in result.arms] == ["raw", "raw-twin", "sqlalchemy"]
    assert result.arms[0].versions == {"a-layer": "1.2.3"}


def test_everything_computed_can_be_computed_again_from_the_file(stand_in: StandIn) -> None:
    python = stand_in(took=TOOK, noise=0.05)
    result = Result.model_validate_json(run(options(python, restarts=3)).model_dump_json())
    restarts = {one.arm: one.restarts for one in result.measurements}
    for one in result.measurements:
        assert one.rate == statistics.rate(one.restarts)
        if one.arm != "raw":
            assert one.ratio == statistics.ratio(one.restarts, restarts["raw"])


def test_every_restart_is_of_fresh_processes_on_clean_data(stand_in: StandIn) -> None:
    python = stand_in(took=TOOK)
    result = run(options(python, restarts=3))
    assert {len(one.restarts) for one in result.measurements} == {3}
    assert starts_of(python) == 3 * (1 + 3)
    assert log_of(python) == ["prepare", "clean", "facts", *["clean"] * 4]


def test_what_is_precise_is_left_out_of_further_restarts(stand_in: StandIn) -> None:
    result = run(options(stand_in(took=TOOK), restarts=8, precision=0.03))
    assert {len(one.restarts) for one in result.measurements} == {6}
    assert {one.stopped for one in result.measurements} == {"precision"}


def test_a_result_says_that_the_restarts_were_up(stand_in: StandIn) -> None:
    result = run(options(stand_in(took=TOOK, noise=0.3), restarts=2, precision=0.001))
    assert {one.stopped for one in result.measurements} == {"restarts"}


def test_a_result_says_that_the_time_was_up_and_everything_was_timed_once(
    stand_in: StandIn,
) -> None:
    python = stand_in(took=TOOK, noise=0.3)
    scenarios = ("point-read", "page-first")
    result = run(options(python, restarts=None, time_limit=0, scenarios=scenarios))
    assert {one.stopped for one in result.measurements} == {"time"}
    assert {(one.scenario, one.arm, len(one.restarts)) for one in result.measurements} == {
        (scenario, arm, 1) for scenario in scenarios for arm in TOOK
    }


def test_a_server_of_few_connections_gets_the_arms_in_parties(stand_in: StandIn) -> None:
    python = stand_in(took=TOOK, settings={"max_connections": "38"})
    workers = {"raw": python, "sqlalchemy": python, "gino": python}
    arms = ("raw", "raw-twin", "sqlalchemy", "gino")
    result = run(options(python, arms=arms, workers=workers))
    slices = {one.arm: [len(restart) for restart in one.restarts] for one in result.measurements}
    assert slices["raw"] == slices["raw-twin"] == [2, 2, 2, 2]
    assert slices["sqlalchemy"] == [2, 0, 2, 0]
    assert slices["gino"] == [0, 2, 0, 2]
    assert {one.arm: one.ratio.value for one in result.measurements}["gino"] == pytest.approx(
        1, rel=0.02
    )


def test_a_different_answer_stops_the_bench_and_shows_both(stand_in: StandIn) -> None:
    answers = {"sqlalchemy": [{"id": 1, "price": "12.5"}]}
    with pytest.raises(AnswersDiffer) as differ:
        run(options(stand_in(took=TOOK, answers=answers)))
    text = str(differ.value)
    assert "sqlalchemy answers point-read on sqlite otherwise than raw" in text
    assert "answers[0].price" in text
    assert '"12.50"' in text
    assert '"12.5"' in text


def test_an_arm_that_fails_stops_the_bench_and_leaves_clean_up_to_the_next(
    stand_in: StandIn,
) -> None:
    python = stand_in(took=TOOK, misbehaviour={"sqlalchemy slice": "refuse"})
    with pytest.raises(ArmFailed, match=r"sqlalchemy .* could not slice point-read at 1 tasks"):
        run(options(python))


def test_an_arm_that_lacks_a_scenario_of_the_catalogue_is_told(stand_in: StandIn) -> None:
    with pytest.raises(BenchError, match="does not do point-read"):
        run(options(stand_in(scenarios=["search"])))


def test_what_the_loader_says_is_told_without_the_password(stand_in: StandIn) -> None:
    python = stand_in(loading_fails="cannot log in to mysql://ann:secret@h/")
    with pytest.raises(BenchError, match=r"prepare .* cannot log in") as failed:
        run(options(python, databases={"mysql": "mysql://ann:secret@127.0.0.1:1/"}))
    assert "secret" not in str(failed.value)


def test_a_server_under_a_wrong_name_is_told(stand_in: StandIn) -> None:
    python = stand_in(product="MariaDB")
    with pytest.raises(BenchError, match="called mysql, but it is MariaDB"):
        run(options(python, databases={"mysql": "mysql://ann@127.0.0.1:1/"}))


def test_a_password_does_not_get_into_the_result(stand_in: StandIn) -> None:
    python = stand_in(took=TOOK, product="MySQL", settings={"max_connections": "200"})
    url = "mysql://ann:sesame@127.0.0.1:1/"
    result = run(options(python, databases={"mysql": url}, restarts=1))
    assert "sesame" not in result.model_dump_json()


def test_progress_goes_from_nothing_to_everything(stand_in: StandIn) -> None:
    reported: list[tuple[str, float]] = []

    def report(what: str, *, done: float) -> None:
        reported.append((what, done))

    run(options(stand_in(took=TOOK)), report=report)
    shares = [done for _, done in reported]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert any("restart 2, point-read at 1 tasks" in what for what, _ in reported)


@pytest.mark.parametrize(
    ("expected", "found", "where"),
    [
        ([1, {"a": [1, 2]}], [1, {"a": [1, 3]}], "[1].a[1]"),
        ([1, 2], [1], "[1]"),
        ([1], [1, 2], "[1]"),
        ({"a": 1}, {"a": 1, "b": None}, ".b"),
        ({"a": 1, "b": None}, {"a": 1}, ".b"),
        ([True], [1], "[0]"),
        ([1], [1.0], "[0]"),
        ([], {}, ""),
    ],
)
def test_the_first_difference_is_found(expected: object, found: object, where: str) -> None:
    difference = first_difference(expected, found)
    assert difference is not None
    assert difference.where == where


def test_equal_answers_do_not_differ_whatever_the_order_of_their_keys() -> None:
    assert first_difference({"a": [1, None], "b": "x"}, {"b": "x", "a": [1, None]}) is None
