"""Live updates and background work, as Prometheus sees them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bakeoff.outbox.feed import Feed
from bakeoff.outbox.working import Worker


class FeedMetrics(Collector):
    """Read with every scrape."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def describe(self) -> Iterator[Metric]:
        """The names, so that a scrape can select them."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """The values of this moment."""
        yield GaugeMetricFamily(
            "bakeoff_live_clients", "Clients that follow the changes.", self._feed.clients
        )
        yield CounterMetricFamily(
            "bakeoff_live_changes", "Changes told, once for each client.", self._feed.told
        )
        yield CounterMetricFamily(
            "bakeoff_live_dropped",
            "Clients that were disconnected for being too slow.",
            self._feed.dropped,
        )


class WorkerMetrics(Collector):
    """Read with every scrape."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def describe(self) -> Iterator[Metric]:
        """The names, so that a scrape can select them."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """The values of this moment."""
        attempts = CounterMetricFamily(
            "bakeoff_worker_messages",
            "Attempts at a message, by how they ended; buried are dead letters.",
            labels=("outcome",),
        )
        for outcome, count in self._worker.outcomes.items():
            attempts.add_metric((outcome,), count)
        yield attempts
