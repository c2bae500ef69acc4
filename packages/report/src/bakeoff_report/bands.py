"""Decides how a cost compares with that of `raw`; nothing within the noise is ever ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bakeoff_bench.results import trust
from bakeoff_bench.results.model import Ratio
from bakeoff_report.model import Band

TWICE: Final = 2.0
TOO_NOISY: Final = 0.10
"""Where a twin is off by more, nothing is called the same, or less."""
_ONE: Final = Ratio(value=1, low=1, high=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A band, or why there is none."""

    band: Band | None
    noise: float | None
    why: str | None = None


def decide(cost: Ratio, twin: Ratio | None) -> Decision:
    """The band of a cost; `twin` is that of `raw` measured against itself.

    A run may be too noisy to call two layers the same, or one better than `raw`, and still tell
    one that takes eight times as much.
    """
    if twin is None:
        return Decision(band=None, noise=None, why="The noise is unknown: no twin was measured.")
    noise = trust.error_of(twin)
    decided = band(cost, noise=noise)
    if decided in ("same", "faster") and noise > TOO_NOISY:
        why = f"The run cannot tell: the difference is within its noise of {noise:.0%}."
        return Decision(band=None, noise=noise, why=why)
    return Decision(band=decided, noise=noise)


def band(cost: Ratio, *, noise: float) -> Band:
    """The band of a cost, of which less is better: 1 is what `raw` takes."""
    if not trust.distinguishable(cost, _ONE, floor=noise):
        return "same"
    if cost.value < 1:
        return "faster"
    # The whole interval: an estimate of 2.1 that may be 1.9 is not yet twice.
    return "twice" if cost.low >= TWICE * (1 + noise) else "slower"


def inverse(ratio: Ratio) -> Ratio:
    """A ratio of rates as one of times: half as many operations a second take twice as long."""
    return Ratio(value=1 / ratio.value, low=1 / ratio.high, high=1 / ratio.low)
