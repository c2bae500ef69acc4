"""What is counted of the cache."""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter

Kind = Literal["book", "page"]
Result = Literal["hit", "miss", "unavailable"]
Operation = Literal["look", "save", "forget"]


class CacheMetrics:
    """Counters; the hit ratio is `hit / (hit + miss + unavailable)`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """All series are there from the beginning, with 0."""
        reads = Counter(
            "bakeoff_cache_reads",
            "Reads through the cache; unavailable: without Redis, which did not answer.",
            ("kind", "result"),
            registry=registry,
        )
        failures = Counter(
            "bakeoff_cache_failures",
            "Requests to Redis that failed.",
            ("operation",),
            registry=registry,
        )
        self.reads = {
            (kind, result): reads.labels(kind, result)
            for kind in ("book", "page")
            for result in ("hit", "miss", "unavailable")
        }
        self.failures = {
            operation: failures.labels(operation) for operation in ("look", "save", "forget")
        }
