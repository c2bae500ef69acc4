from __future__ import annotations

import random
from statistics import stdev
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff_bench.results import statistics, trust
from bakeoff_bench.results.model import Ran, Ratio

Slices = list[list[Ran]]

rans = st.builds(
    Ran,
    operations=st.integers(1, 10_000),
    nanoseconds=st.integers(10_000_000, 100_000_000),
    cpu_ns=st.just(0),
)
restarts = st.lists(st.lists(rans, min_size=1, max_size=4), min_size=1, max_size=8)


def noisy(rate: float, *, restarts: int, noise: float, dice: random.Random) -> Slices:
    """Restarts that differ from each other, of slices that hardly do."""
    made = []
    for _ in range(restarts):
        placed = rate * dice.lognormvariate(0, noise)
        made.append(
            [Ran(operations=1000, nanoseconds=round(1e12 / placed), cpu_ns=0) for _ in range(3)]
        )
    return made


@settings(max_examples=12)
@given(restarts)
def test_an_arm_is_as_fast_as_itself(slices: Slices) -> None:
    ratio = statistics.ratio(slices, slices)
    assert ratio.value == pytest.approx(1)
    assert ratio.low <= ratio.value <= ratio.high


@settings(max_examples=12)
@given(restarts, st.integers(2, 9))
def test_the_ratio_scales_with_the_operations_and_so_does_its_interval(
    slices: Slices, factor: int
) -> None:
    reference = [[ran.model_copy(update={"operations": 100}) for ran in one] for one in slices]
    more = [
        [ran.model_copy(update={"operations": ran.operations * factor}) for ran in one]
        for one in slices
    ]
    once, scaled = statistics.ratio(slices, reference), statistics.ratio(more, reference)
    assert scaled.value == pytest.approx(once.value * factor)
    assert scaled.low == pytest.approx(once.low * factor)
    assert scaled.high == pytest.approx(once.high * factor)


def a_second(*operations: int) -> list[Ran]:
    """Slices of a second each."""
    return [Ran(operations=count, nanoseconds=10**9, cpu_ns=0) for count in operations]


def test_the_slices_of_a_round_are_summed_before_they_are_divided() -> None:
    # The mean of the ratios would be 1.25 whichever is divided by the other.
    assert statistics.ratio([a_second(100, 400)], [a_second(200, 200)]).value == pytest.approx(1.25)
    assert statistics.ratio([a_second(200, 200)], [a_second(100, 400)]).value == pytest.approx(0.8)


def test_a_round_in_which_the_machine_stalled_does_not_move_the_ratio() -> None:
    calm = [a_second(*[500] * 16), a_second(*[500] * 16)]
    stalled = [a_second(*[500] * 14, 50, 500), a_second(250, 500, *[500] * 14)]
    reference = [a_second(*[1000] * 16), a_second(*[1000] * 14, 100, 1000)]
    assert statistics.ratio(stalled, reference) == statistics.ratio(calm, reference)
    assert statistics.ratio(stalled, reference).value == pytest.approx(0.5)


def test_the_rounds_between_the_quarters_all_count() -> None:
    arm = a_second(*(count for count in (100, 200, 400, 800) for _ in range(2)))
    ratio = statistics.ratio([arm], [a_second(*[100] * 8)])
    assert ratio.value == pytest.approx((2 * 4) ** 0.5)


def test_heavy_tails_leave_the_interval_narrower_than_a_plain_mean_would() -> None:
    dice = random.Random(4)
    arm, reference = (
        [
            [
                Ran(
                    operations=1000,
                    nanoseconds=round(1e9 * dice.choice([*[1] * 19, 3]) * dice.uniform(0.98, 1.02)),
                    cpu_ns=0,
                )
                for _ in range(24)
            ]
            for _ in range(8)
        ]
        for _ in range(2)
    )
    ratio = statistics.ratio(arm, reference)
    means = [
        statistics.rate([one]) / statistics.rate([other])
        for one, other in zip(arm, reference, strict=True)
    ]
    plain = 1.96 * stdev(means) / 8**0.5
    assert statistics.half_width(ratio) < plain / 4
    assert ratio.low < 1 < ratio.high


def test_nineteen_of_twenty_intervals_hold_the_truth_even_of_few_restarts() -> None:
    dice = random.Random(1)
    for count in (3, 8):
        held = 0
        for _ in range(40):
            arm = noisy(500, restarts=count, noise=0.03, dice=dice)
            reference = noisy(1000, restarts=count, noise=0.03, dice=dice)
            ratio = statistics.ratio(arm, reference)
            held += ratio.low <= 0.5 <= ratio.high
        assert held >= 35, count


def test_fewer_restarts_make_the_interval_wider() -> None:
    dice = random.Random(2)
    widths = {
        count: sum(
            statistics.half_width(
                statistics.ratio(
                    noisy(500, restarts=count, noise=0.03, dice=dice),
                    noisy(500, restarts=count, noise=0.03, dice=dice),
                )
            )
            for _ in range(10)
        )
        for count in (2, 4, 8, 16)
    }
    assert widths[2] > widths[4] > widths[8] > widths[16]


@settings(max_examples=12)
@given(st.lists(rans, min_size=1, max_size=4))
def test_one_restart_never_looks_certain(slices: list[Ran]) -> None:
    ratio = statistics.ratio([slices], [slices])
    assert ratio.low < 0.9
    assert ratio.high > 1.1


def test_slices_that_differ_more_than_restarts_usually_do_widen_the_interval_of_one() -> None:
    def slices(*operations: int) -> Slices:
        return [[Ran(operations=n, nanoseconds=10**9, cpu_ns=0) for n in operations]]

    ratio = statistics.ratio(slices(10, 10, 1000, 1000), slices(100, 100, 100, 100))
    assert ratio.low < ratio.value / 2


def test_restarts_that_an_arm_was_not_in_count_for_nobody() -> None:
    def slices(*operations: int) -> Slices:
        return [[Ran(operations=n, nanoseconds=10**9, cpu_ns=0)] if n else [] for n in operations]

    with_gap = statistics.ratio(slices(50, 0, 60), slices(100, 900, 100))
    assert with_gap == statistics.ratio(slices(50, 60), slices(100, 100))


def test_the_same_slices_give_the_same_interval_again() -> None:
    dice = random.Random(3)
    arm, reference = (noisy(900, restarts=6, noise=0.05, dice=dice) for _ in range(2))
    assert statistics.ratio(arm, reference) == statistics.ratio(arm, reference)
    assert statistics.ratio(arm, reference) != statistics.ratio(arm, reference, seed=2)


def test_an_arm_and_a_reference_that_never_met_have_no_ratio() -> None:
    slices = [[Ran(operations=1, nanoseconds=1, cpu_ns=0)]]
    with pytest.raises(ValueError, match="no restart in common"):
        statistics.ratio([[]], slices)
    with pytest.raises(ValueError, match="no slices"):
        statistics.rate([[]])


def test_the_rate_is_in_operations_a_second() -> None:
    ran = Ran(operations=100, nanoseconds=50_000_000, cpu_ns=0)
    assert statistics.rate([[ran, ran], [ran]]) == pytest.approx(2000)


def test_a_task_that_gets_a_tenth_of_the_turns_makes_a_fairness_of_a_tenth() -> None:
    assert statistics.fairness([100, 80, 10]) == pytest.approx(0.1)
    assert statistics.fairness([7]) == 1


def test_the_error_of_a_twin_is_its_distance_or_its_uncertainty() -> None:
    assert trust.error_of(Ratio(value=0.97, low=0.965, high=0.975)) == pytest.approx(0.03)
    assert trust.error_of(Ratio(value=1.0, low=0.96, high=1.04)) == pytest.approx(0.04)


def test_a_twin_that_is_off_makes_the_result_untrustworthy(sampled: Any) -> None:
    honest = sampled({"raw": 1.0, "raw-twin": 1.0, "sqlalchemy": 0.5})
    assert trust.distrust(honest.twins) == []
    biased = sampled({"raw": 1.0, "raw-twin": 0.95, "sqlalchemy": 0.5}, scenarios=["search"])
    reasons = trust.distrust(biased.twins)
    assert len(reasons) == len(biased.twins)
    assert "search" in reasons[0]
    assert "0.95" in reasons[0]


@pytest.mark.parametrize(
    ("low", "high", "close"),
    [(0.99, 1.01, True), (0.98, 1.02, True), (0.99, 1.03, False), (0.97, 1.01, False)],
)
def test_a_twin_whose_interval_reaches_beyond_the_tolerance_is_not_trustworthy(
    sampled: Any, low: float, high: float, close: bool
) -> None:
    (twin,) = sampled(scenarios=["search"]).twins
    wide = twin.model_copy(update={"ratio": Ratio(value=1.0, low=low, high=high)})
    assert (trust.distrust([wide]) == []) is close


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [
        (1, 12.7062), (2, 4.3027), (3, 3.1824), (5, 2.5706), (11, 2.2010), (30, 2.0423),
        (40, 2.0211), (60, 2.0003), (120, 1.9799), (10**9, 1.9600),
    ],
)  # fmt: skip
def test_intervals_widen_by_the_exact_values_of_students_t(freedom: int, quantile: float) -> None:
    assert statistics.student(freedom) == pytest.approx(quantile, abs=0.001)


def test_a_result_without_a_twin_is_not_trustworthy(sampled: Any) -> None:
    alone = sampled({"raw": 1.0, "sqlalchemy": 0.5})
    assert trust.twins(alone.measurements) == []
    assert len(trust.distrust([])) == 1


def test_a_twin_relates_to_raw_whatever_its_own_reference_is(sampled: Any) -> None:
    result = sampled({"raw": 0.5, "raw-twin": 0.5}, raw_rate=1000.0)
    [*_, twin] = trust.twins(
        [found.model_copy(update={"reference": "bare"}) for found in result.measurements]
    )
    assert twin.ratio.value == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (Ratio(value=0.5, low=0.49, high=0.51), Ratio(value=0.6, low=0.59, high=0.61), True),
        (Ratio(value=0.6, low=0.59, high=0.61), Ratio(value=0.5, low=0.49, high=0.51), True),
        (Ratio(value=0.5, low=0.4, high=0.6), Ratio(value=0.6, low=0.59, high=0.61), False),
        (Ratio(value=0.5, low=0.499, high=0.501), Ratio(value=0.51, low=0.509, high=0.511), False),
    ],
    ids=["farther than the noise", "in either order", "intervals overlap", "within the noise"],
)
def test_nothing_closer_than_the_twin_is_ranked(one: Ratio, other: Ratio, apart: bool) -> None:
    assert trust.distinguishable(one, other, floor=0.03) is apart


def of_cpu(*taken: int, server: int | None = None) -> list[list[Ran]]:
    """One restart of slices of 100 operations, with so many nanoseconds of CPU each."""
    return [
        [
            Ran(operations=100, nanoseconds=10**9, cpu_ns=cpu_ns, server_cpu_ns=server)
            for cpu_ns in taken
        ]
    ]


def test_cpu_time_is_compared_by_operation_whatever_the_clock_said() -> None:
    slow = [[ran.model_copy(update={"nanoseconds": 10**10}) for ran in of_cpu(3000, 3000)[0]]]
    found = statistics.cpu_ratio(slow, of_cpu(2000, 2000))
    assert found is not None
    assert found.value == pytest.approx(1.5)


def test_slices_that_others_made_expensive_do_not_change_the_cpu_ratio() -> None:
    calm, disturbed = [300] * 20, [300] * 8 + [900] * 12
    found = statistics.cpu_ratio(of_cpu(*disturbed), of_cpu(*[100] * 20))
    assert found is not None
    assert found.value == pytest.approx(3)
    assert found == statistics.cpu_ratio(of_cpu(*calm), of_cpu(*[100] * 20))


def test_no_cpu_ratio_is_made_where_a_slice_has_no_cpu_time() -> None:
    assert statistics.cpu_ratio(of_cpu(1, 1, 0, 0), of_cpu(1, 1, 1, 1)) is None
    assert statistics.server_cpu_ratio(of_cpu(1, 1), of_cpu(1, 1)) is None
    both = of_cpu(1, 1, server=500)
    found = statistics.server_cpu_ratio(both, both)
    assert found is not None
    assert found.value == 1
    half_read = [[both[0][0], of_cpu(1)[0][0]]]
    assert statistics.server_cpu_ratio(half_read, both) is None
