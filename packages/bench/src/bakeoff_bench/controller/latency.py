"""Latencies of all slices of an arm in one place, in a histogram of three digits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hdrh.histogram import HdrHistogram

from bakeoff_bench.results.model import Latency

LONGEST = 3_600_000_000_000
"""Nanoseconds; whatever takes longer counts as an hour."""


class Latencies:
    """Collects nanoseconds, without keeping each of them."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, LONGEST, 3, word_size=4)
        self._longest = 0

    def add(self, nanoseconds: Iterable[int]) -> None:
        """Add what the operations of a slice took."""
        for taken in nanoseconds:
            self._histogram.record_value(min(taken, LONGEST))
            self._longest = max(self._longest, taken)

    def add_counted(self, nanoseconds: Mapping[int, int]) -> None:
        """Add values of which it is known how often each was measured."""
        for taken, times in nanoseconds.items():
            self._histogram.record_value(min(taken, LONGEST), times)
            self._longest = max(self._longest, taken)

    def summary(self) -> Latency:
        """What the operations took; the maximum is exact."""
        percentiles = self._histogram.get_percentile_to_value_dict([50, 95, 99])
        return Latency(
            p50=min(percentiles[50], self._longest),
            p95=min(percentiles[95], self._longest),
            p99=min(percentiles[99], self._longest),
            max=self._longest,
        )
