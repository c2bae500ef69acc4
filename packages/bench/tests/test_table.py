from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from rich.console import Console, RenderableType
from rich.table import Table

from bakeoff_bench.cli import report, tables
from bakeoff_bench.results.compact_letters import compact_letters
from bakeoff_bench.results.model import Ratio, Result
from bakeoff_bench.results.rows import sheets

Sampled = Callable[..., Result]

ALL = {
    "raw": 1.0,
    "raw-twin": 1.0,
    "sqlalchemy": 0.5,
    "tortoise": 0.75,
    "sqlalchemy-tutorial": 0.25,
    "driver": 1.1,
}


def text(parts: Iterable[RenderableType]) -> str:
    console = Console(width=250, no_color=True)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return captured.get()


def rows(table: Table) -> list[dict[str, str]]:
    columns = {str(column.header): [str(cell) for cell in column.cells] for column in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def around(value: float, *, half: float = 0.01) -> Ratio:
    return Ratio(value=value, low=value - half, high=value + half)


def test_ratios_that_are_apart_have_no_letter() -> None:
    assert compact_letters({"raw": around(1), "slow": around(0.5)}, noise=0.01) == {
        "raw": "",
        "slow": "",
    }


def test_ratios_whose_intervals_overlap_share_a_letter() -> None:
    near = {"raw": around(1), "one": around(0.5), "other": around(0.51)}
    assert compact_letters(near, noise=0) == {"raw": "", "one": "a", "other": "a"}


def test_ratios_closer_than_the_noise_share_a_letter_however_narrow_their_intervals() -> None:
    exact = {"raw": around(1, half=0), "layer": around(0.96, half=0)}
    assert compact_letters(exact, noise=0.1) == {"raw": "a", "layer": "a"}
    assert compact_letters(exact, noise=0.01) == {"raw": "", "layer": ""}


def test_one_between_two_that_are_apart_shares_a_letter_with_each() -> None:
    chain = {"high": around(0.52), "middle": around(0.505), "low": around(0.49)}
    assert compact_letters(chain, noise=0) == {"high": "a", "middle": "ab", "low": "b"}


def test_a_ratio_is_shown_with_half_its_interval() -> None:
    assert tables.ratio(Ratio(value=0.756, low=0.746, high=0.786)) == "0.76 ±0.02"
    assert tables.ratio(Ratio(value=0.031, low=0.030, high=0.034)) == "0.031 ±0.002"


def test_a_rate_is_shown_as_operations_a_second() -> None:
    assert [tables.rate(rate) for rate in (12345.6, 12.34, 0.5)] == ["12,346/s", "12.3/s", "0.50/s"]


def test_each_database_has_a_table_of_its_own(sampled: Sampled) -> None:
    titles = [
        str(table.title) for table in tables.ratio_tables(sampled(databases=["sqlite", "mysql"]))
    ]
    assert titles == [
        "sqlite, 1,000 books, as the adapters ship it",
        "mysql, 1,000 books, as the adapters ship it",
    ]


def test_a_row_is_a_scenario_at_a_number_of_tasks_and_raw_shows_its_rate(sampled: Sampled) -> None:
    (table,) = tables.ratio_tables(sampled(scenarios=["search"], tasks=[1, 8]))
    first, second = rows(table)
    assert list(first) == [
        *("scenario", "tasks", "raw", "raw-twin", "sqlalchemy", "tortoise", "noise"),
    ]
    assert [(row["scenario"], row["tasks"]) for row in (first, second)] == [
        ("search", "1"),
        ("search", "8"),
    ]
    assert first["raw"].endswith("/s")
    assert first["sqlalchemy"].startswith("0.50 ±")


def test_adapters_tutorials_and_reference_arms_are_in_groups(sampled: Sampled) -> None:
    made = list(tables.ratio_tables(sampled(ALL, scenarios=["point-read"], tasks=[1])))
    assert [[str(column.header) for column in table.columns[2:-1]] for table in made] == [
        ["raw", "raw-twin", "sqlalchemy", "tortoise"],
        ["raw", "sqlalchemy-tutorial"],
        ["raw", "driver"],
    ]


def test_http_is_a_table_of_its_own_after_the_others(sampled: Sampled) -> None:
    inside, over = sampled(ALL), sampled(table="http")
    both = inside.model_copy(update={"measurements": [*over.measurements, *inside.measurements]})
    titles = [str(table.title) for table in tables.ratio_tables(both)]
    assert titles[-1] == "HTTP, sqlite, 1,000 books"
    assert len(titles) == 4


def test_what_an_arm_does_not_do_is_left_empty(sampled: Sampled) -> None:
    whole = sampled(tasks=[1])
    last = whole.measurements[-1]
    partly = whole.model_copy(update={"measurements": whole.measurements[:-1]})
    (table,) = tables.ratio_tables(partly)
    assert [row[last.arm] == tables.NOTHING for row in rows(table)] == [False, True]


def test_cells_that_cannot_be_told_apart_share_a_letter(sampled: Sampled) -> None:
    near = {"raw": 1.0, "raw-twin": 1.0, "sqlalchemy": 0.5, "tortoise": 0.5, "gino": 0.2}
    (table,) = tables.ratio_tables(sampled(near, scenarios=["search"], tasks=[1]))
    (figures,) = rows(table)
    assert figures["sqlalchemy"].endswith(" a")
    assert figures["tortoise"].endswith(" a")
    assert not figures["gino"].endswith("a")
    assert figures["raw"].endswith("/s")


def test_the_twin_is_noise_and_has_no_letter(sampled: Sampled) -> None:
    ((row, *_), *_) = sheets(sampled()).values()
    assert "raw-twin" in row.arms
    assert "raw-twin" not in row.letters(list(row.arms))


def test_a_row_shows_the_error_of_its_twin_as_its_noise(sampled: Sampled) -> None:
    result = sampled({"raw": 1.0, "raw-twin": 1.1, "gino": 0.5}, scenarios=["search"], tasks=[1])
    (table,) = tables.ratio_tables(result)
    (twin,) = result.twins
    assert list(table.columns[-1].cells) == [f"{twin.error * 100:.1f} %"]
    without = result.model_copy(update={"twins": []})
    (table,) = tables.ratio_tables(without)
    assert list(table.columns[-1].cells) == [tables.NOTHING]


def test_an_adapter_is_shown_relative_to_its_tutorial(sampled: Sampled) -> None:
    (table,) = tables.tutorial_tables(sampled(ALL, scenarios=["point-read"], tasks=[1]))
    (row,) = rows(table)
    assert list(row) == ["scenario", "tasks", "sqlalchemy", "noise"]
    assert float(row["sqlalchemy"].partition(" ")[0]) == pytest.approx(2, abs=0.02)


def test_without_tutorials_there_is_no_table_of_them(sampled: Sampled) -> None:
    assert list(tables.tutorial_tables(sampled())) == []


def test_the_verdict_comes_first_with_the_figures_of_the_twins(sampled: Sampled) -> None:
    first, *_ = text(report.parts(sampled())).split("raw-twin", 1)
    assert " TRUSTWORTHY" in first
    assert "NOT TRUSTWORTHY" not in first
    assert "Noise, by 2 twins" in first


def test_a_twin_that_is_off_is_named_in_the_verdict(sampled: Sampled) -> None:
    result = sampled({"raw": 1.0, "raw-twin": 1.1, "gino": 0.5}, scenarios=["search"], tasks=[8])
    shown = text([report.verdict(result)])
    assert "NOT TRUSTWORTHY" in shown
    assert "search, 8 tasks" in shown


def test_the_verdict_says_how_the_measurements_ended(sampled: Sampled) -> None:
    result = sampled(scenarios=["search"], tasks=[1])
    late = result.measurements[0].model_copy(update={"stopped": "time"})
    shown = text(
        [
            report.verdict(
                result.model_copy(update={"measurements": [late, *result.measurements[1:]]})
            )
        ]
    )
    assert "4 measurements: 3 as precise as asked, 1 ended when the time was up." in shown


@pytest.mark.parametrize(("table", "fairness"), [("in-process", "0.90"), ("http", tables.NOTHING)])
def test_latency_is_in_milliseconds_with_the_fairness(
    sampled: Sampled, table: str, fairness: str
) -> None:
    (shown,) = tables.latency_tables(sampled(table=table))
    figures, *_ = rows(shown)
    assert (figures["p50"], figures["max"]) == ("0.200", "5.000")
    assert figures["fairness"] == fairness


def test_an_interval_wider_than_its_value_is_not_known() -> None:
    assert tables.ratio(Ratio(value=1.1, low=0.1, high=300)) == "1.10 ±?"
    assert tables.noise(3.0) == "over 100 %"


def test_of_many_reasons_the_first_are_shown_and_the_rest_counted(sampled: Sampled) -> None:
    reasons = [f"reason {number}." for number in range(1, 9)]
    result = sampled().model_copy(update={"trustworthy": False, "untrustworthy_because": reasons})
    shown = text([report.verdict(result)])
    assert "reason 5." in shown
    assert "reason 6." not in shown
    assert "and 3 more" in shown


def test_a_narrow_terminal_folds_cells_and_loses_nothing(sampled: Sampled) -> None:
    layers = {**ALL, "gino": 0.3, "databases": 0.4}
    (table, *_) = tables.ratio_tables(sampled(layers, scenarios=["page-filtered"]))
    console = Console(width=80, no_color=True)
    with console.capture() as captured:
        console.print(table)
    shown = captured.get()
    assert "…" not in shown
    for figure in ("page-filtered", "0.75", "0.30", "0.40"):
        assert figure in shown
