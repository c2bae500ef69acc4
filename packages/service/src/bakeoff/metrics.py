"""Prometheus metrics of one application."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bakeoff_schemas.ports import DataLayer

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_Series = tuple[Counter, Histogram]


class Metrics:
    """Counts requests; each application has a registry of its own."""

    def __init__(self, layer: DataLayer) -> None:
        """The pool of `layer` is read with every scrape."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "bakeoff_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "bakeoff_request_seconds",
            "Time until the answer was complete.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_Connections(layer))
        self._series: dict[tuple[str, str, int], _Series] = {}

    @property
    def registry(self) -> CollectorRegistry:
        """Where a feature registers metrics of its own."""
        return self._registry

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request, under the template of its route."""
        # labels() takes a lock and builds a key of strings; what it returns is cheap to use.
        key = (method, route, status)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
        series[0].inc()
        series[1].observe(seconds)

    def render(self, names: Collection[str] = ()) -> tuple[bytes, str]:
        """The exposition and its media type; `names` selects metrics, none selects all."""
        chosen = self._registry.restricted_registry(names) if names else self._registry
        return generate_latest(chosen), CONTENT_TYPE_LATEST


class _Connections(Collector):
    def __init__(self, layer: DataLayer) -> None:
        self._layer = layer

    def describe(self) -> Iterator[Metric]:
        """The name, so that a scrape can select it."""
        yield _gauge()

    def collect(self) -> Iterator[Metric]:
        state = self._layer.connections()
        gauge = _gauge()
        gauge.add_metric(("open",), state.size)
        gauge.add_metric(("in_use",), state.in_use)
        gauge.add_metric(("in_transaction",), state.in_transaction)
        yield gauge


def _gauge() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "bakeoff_connections", "Connections to the database.", labels=("state",)
    )
