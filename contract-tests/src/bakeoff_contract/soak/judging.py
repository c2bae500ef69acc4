"""What a soak has shown: whether memory grew, and whether all else stayed flat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from bakeoff_contract.soak.mix import EXPECTED
from bakeoff_contract.soak.sampling import Sample

LIMIT = 2.0
"""Percent by which memory may grow after the first tenth of a long run."""
LONG = 100_000
"""Requests from which a run is long."""
SHORT_LIMIT = 20.0
"""The same for a short run, in which the process still gets to know its work."""


def growth(samples: Sequence[Sample]) -> float:
    """By how many percent memory grew: from the most in the first tenth to the last tenth."""
    first, _ = _parted(samples)
    last = samples[-max(1, len(samples) // 10) :]
    before = max(sample.rss_kib for sample in first)
    return 100 * (median(sample.rss_kib for sample in last) / before - 1)


def broken(
    samples: Sequence[Sample], statuses: Mapping[int, int], unanswered: int, *, pool: int
) -> list[str]:
    """What does not hold, a sentence each; `pool` is how many connections there may be.

    :raises ValueError: there are fewer than two samples.
    """
    if len(samples) < 2:
        raise ValueError("nothing can be said of fewer than two samples")
    limit = LIMIT if samples[-1].requests >= LONG else SHORT_LIMIT
    sentences = []
    if (grown := growth(samples)) >= limit:
        sentences.append(f"memory grew by {grown:.1f} %, and {limit:g} % is too much")
    if (most := max(sample.connections for sample in samples)) > pool:
        sentences.append(f"there were {most} connections, and the pool may have {pool}")
    first, rest = _parted(samples)
    for what, held in (("descriptors besides connections", _besides), ("tasks", _tasks)):
        before, after = max(map(held, first)), max(map(held, rest))
        if after > before:
            sentences.append(f"{what} grew from {before} to {after}")
    for status, count in sorted(statuses.items()):
        if status not in EXPECTED:
            sentences.append(f"{count} requests were answered with {status}")
    if unanswered:
        sentences.append(f"{unanswered} requests were not answered at all")
    return sentences


def _parted(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """Those of the first tenth of the requests, at least one, and the others, at least one."""
    tenth = samples[-1].requests / 10
    count = max(1, sum(sample.requests <= tenth for sample in samples))
    return samples[:count], samples[count:]


def _besides(sample: Sample) -> int:
    """Each connection is a descriptor; a pool may open its last ones late."""
    return sample.descriptors - sample.connections


def _tasks(sample: Sample) -> int:
    return sample.tasks
