"""The client of the partner, as Prometheus sees it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bakeoff.metadata.circuit import STATES
from bakeoff.metadata.client import MetadataClient


class MetadataMetrics(Collector):
    """Read with every scrape."""

    def __init__(self, client: MetadataClient) -> None:
        self._client = client

    def describe(self) -> Iterator[Metric]:
        """The names, so that a scrape can select them."""
        yield _questions()
        yield _circuit()

    def collect(self) -> Iterator[Metric]:
        """The values of this moment."""
        questions = _questions()
        for outcome, count in self._client.outcomes.items():
            questions.add_metric((outcome,), count)
        yield questions
        circuit = _circuit()
        for state in STATES:
            circuit.add_metric((state,), state == self._client.circuit.state)
        yield circuit


def _questions() -> CounterMetricFamily:
    return CounterMetricFamily(
        "bakeoff_metadata_questions",
        "Questions to the metadata partner, by how they ended.",
        labels=("outcome",),
    )


def _circuit() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "bakeoff_metadata_circuit",
        "1 for the state of the circuit to the metadata partner.",
        labels=("state",),
    )
