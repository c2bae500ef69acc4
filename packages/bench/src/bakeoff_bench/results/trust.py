"""The noise floor of a result: the twin of the reference runs the same code."""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_bench.arms.catalogue import REFERENCE, TWIN
from bakeoff_bench.results import statistics
from bakeoff_bench.results.model import Measurement, Ratio, Result, Twin, place_of

TOLERANCE = 0.02
"""A twin whose 95 % interval reaches farther from 1 than this makes the result untrustworthy."""


def twins(measurements: Sequence[Measurement]) -> list[Twin]:
    """The noise floor of every place where both the reference and its twin were measured."""
    by_place = {(place_of(found), found.arm): found for found in measurements}
    floors = []
    for found in measurements:
        reference = by_place.get((place_of(found), REFERENCE))
        if found.arm != TWIN or reference is None:
            continue
        ratio = statistics.ratio(found.restarts, reference.restarts)
        floors.append(
            Twin(
                table=found.table,
                database=found.database,
                books=found.books,
                scenario=found.scenario,
                tasks=found.tasks,
                ratio=ratio,
                error=error_of(ratio),
                cpu=statistics.cpu_ratio(found.restarts, reference.restarts),
                server_cpu=statistics.server_cpu_ratio(found.restarts, reference.restarts),
            )
        )
    return floors


def error_of(ratio: Ratio) -> float:
    """The error of a twin: the larger of |ratio - 1| and half its interval."""
    return max(abs(ratio.value - 1), (ratio.high - ratio.low) / 2)


def is_close(ratio: Ratio) -> bool:
    """Whether a twin's whole interval is within the tolerance."""
    return ratio.low >= 1 - TOLERANCE and ratio.high <= 1 + TOLERANCE


def distrust(twins: Sequence[Twin]) -> list[str]:
    """A sentence for each reason why the result cannot be trusted; none if it can."""
    if not twins:
        return [f"No {TWIN} was measured, so the noise is unknown."]
    return [
        f"{place_of(twin)}: {TWIN}, the same code as {REFERENCE}, came to {twin.ratio.value:.3f} "
        f"of it ({twin.ratio.low:.3f} to {twin.ratio.high:.3f})."
        for twin in twins
        if not is_close(twin.ratio)
    ]


def trusted_part(result: Result) -> Result:
    """The result without the places whose twin was too far off; it says what is left out.

    Places are measured independently of each other, and nothing but the twin decides.
    """
    distant = {place_of(twin) for twin in result.twins if not is_close(twin.ratio)}
    kept = [twin for twin in result.twins if place_of(twin) not in distant]
    return result.model_copy(
        update={
            "measurements": [one for one in result.measurements if place_of(one) not in distant],
            "twins": kept,
            "trustworthy": bool(kept),
            "untrustworthy_because": distrust(kept),
            "left_out": [*result.left_out, *(distrust(result.twins) if distant else [])],
        }
    )


def distinguishable(one: Ratio, other: Ratio, *, floor: float) -> bool:
    """Whether one is faster: intervals apart, and farther apart than the twin's error."""
    slower, faster = sorted((one, other), key=lambda ratio: ratio.value)
    return faster.low > slower.high and faster.value / slower.value - 1 > floor
