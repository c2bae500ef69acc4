from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_bench.results.model import Ratio
from bakeoff_report import bands


def ratio(value: float, *, width: float = 0.02) -> Ratio:
    return Ratio(value=value, low=value * (1 - width), high=value * (1 + width))


QUIET = ratio(1, width=0.005)


@pytest.mark.parametrize(
    ("cost", "band"),
    [
        (ratio(1.01), "same"),
        (ratio(1.3), "slower"),
        (ratio(3), "twice"),
        (ratio(0.7), "faster"),
        (ratio(2.02, width=0.05), "slower"),
    ],
)
def test_a_band_is_decided_by_the_whole_interval(cost: Ratio, band: str) -> None:
    assert bands.decide(cost, QUIET).band == band


def test_what_is_closer_than_the_noise_is_the_same() -> None:
    # Its interval leaves out 1, but raw differs from itself by as much.
    assert bands.band(ratio(1.04, width=0.01), noise=0.05) == "same"
    assert bands.band(ratio(1.04, width=0.01), noise=0.01) == "slower"


def test_without_a_twin_nothing_is_decided() -> None:
    decision = bands.decide(ratio(3), None)
    assert decision.band is None
    assert decision.why == "The noise is unknown: no twin was measured."


def test_a_noisy_run_calls_nothing_the_same_but_tells_what_is_far_beyond_its_noise() -> None:
    noisy = ratio(1, width=0.2)
    near = bands.decide(ratio(1.1), noisy)
    assert near.band is None
    assert near.why == "The run cannot tell: the difference is within its noise of 20%."
    assert bands.decide(ratio(0.6), noisy).band is None
    assert bands.decide(ratio(1.5), noisy).band == "slower"
    assert bands.decide(ratio(2.2), noisy).band == "slower"
    assert bands.decide(ratio(3), noisy).band == "twice"


positive = st.floats(0.01, 100)


@given(positive, st.floats(0.001, 0.5), st.floats(0, 0.5))
def test_no_band_but_the_same_within_the_noise(value: float, width: float, noise: float) -> None:
    cost = ratio(value, width=width)
    if cost.low <= 1 <= cost.high or max(value, 1 / value) - 1 <= noise:
        assert bands.band(cost, noise=noise) == "same"
    else:
        assert (bands.band(cost, noise=noise) == "faster") == (value < 1)


@given(positive, st.floats(0.001, 0.5))
def test_the_inverse_of_a_rate_is_a_time_with_its_ends_exchanged(
    value: float, width: float
) -> None:
    time = bands.inverse(ratio(value, width=width))
    assert time.low <= time.value <= time.high
    assert bands.inverse(time).value == pytest.approx(value)
