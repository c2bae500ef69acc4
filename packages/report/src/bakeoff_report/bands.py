"""Decides how a cost compares with that of `raw`; nothing within the noise is ever ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bakeoff_bench.results import trust
from bakeoff_bench.results.model import Ratio
from bakeoff_report.model import Band

TWICE: Final = 2.0
TOO_NOISY: Final = 0.10
"""A twin that is off by more tells nothing, not even of CPU time."""
_ONE: Final = Ratio(value=1, low=1, high=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A band, or why there is none."""

    band: Band | None
    noise: float | None
    why: str | None = None


def of_cost(cost: Ratio, twin: Ratio | None) -> Decision:
    """The band of a CPU time; `twin` is that of `raw` measured against itself."""
    if twin is None:
        return Decision(band=None, noise=None, why="The noise is unknown: no twin was measured.")
    noise = trust.error_of(twin)
    if noise > TOO_NOISY:
        return Decision(
            band=None, noise=noise, why=f"The run cannot tell: its noise is {noise:.0%}."
        )
    return Decision(band=band(cost, noise=noise), noise=noise)


def of_time(cost: Ratio, twin: Ratio | None) -> Decision:
    """The band of a time on the clock, which the run must be quiet enough to tell.

    That is the bench's own rule of trust, here asked of one place.
    """
    if twin is not None and not trust.is_close(twin):
        return Decision(
            band=None,
            noise=trust.error_of(twin),
            why=f"The run cannot tell: raw measured twice came to {twin.value:.3f} of itself "
            f"({twin.low:.3f} to {twin.high:.3f}).",
        )
    return of_cost(cost, twin)


def band(cost: Ratio, *, noise: float) -> Band:
    """The band of a cost, of which less is better: 1 is what `raw` takes."""
    if not trust.distinguishable(cost, _ONE, floor=noise):
        return "same"
    if cost.value < 1:
        return "faster"
    # The whole interval: an estimate of 2.1 that may be 1.9 is not yet twice.
    return "twice" if cost.low >= TWICE else "slower"


def inverse(ratio: Ratio) -> Ratio:
    """A ratio of rates as one of times: half as many operations a second take twice as long."""
    return Ratio(value=1 / ratio.value, low=1 / ratio.high, high=1 / ratio.low)
