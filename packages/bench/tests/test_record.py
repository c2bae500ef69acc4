from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff_bench.controller.record import LONGEST, Latencies


@settings(max_examples=30)
@given(st.lists(st.integers(1, LONGEST), min_size=1, max_size=50))
def test_percentiles_are_right_to_three_digits_and_the_maximum_is_exact(taken: list[int]) -> None:
    latencies = Latencies()
    latencies.add(Counter(taken[: len(taken) // 2]))
    latencies.add(Counter(taken[len(taken) // 2 :]))
    summary = latencies.summary()
    ordered = sorted(taken)
    half = ordered[-(-len(ordered) // 2) - 1]
    assert summary.p50 == pytest.approx(half, rel=0.001, abs=1)
    assert summary.p50 <= summary.p95 <= summary.p99 <= summary.max == ordered[-1]


def test_a_value_counts_as_often_as_it_was_seen() -> None:
    one_by_one, counted = Latencies(), Latencies()
    for taken in (100, 100, 100, 900):
        one_by_one.add({taken: 1})
    counted.add({100: 3, 900: 1})
    assert counted.summary() == one_by_one.summary()


def test_what_takes_longer_than_an_hour_is_not_lost() -> None:
    latencies = Latencies()
    latencies.add({5: 1, 2 * LONGEST: 1})
    assert latencies.summary().max == 2 * LONGEST
    assert latencies.summary().p99 >= LONGEST * 0.999
