"""Reports of the catalogue, as Prometheus sees them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bakeoff.jobs.reports import CatalogueReports


class ReportMetrics(Collector):
    """Read with every scrape."""

    def __init__(self, reports: CatalogueReports) -> None:
        self._reports = reports

    def describe(self) -> Iterator[Metric]:
        """The name, so that a scrape can select it."""
        yield _gauge()

    def collect(self) -> Iterator[Metric]:
        """The values of this moment."""
        gauge = _gauge()
        for status, count in self._reports.states().items():
            gauge.add_metric((status,), count)
        yield gauge


def _gauge() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "bakeoff_catalogue_reports",
        "Reports of the catalogue that the process knows of.",
        labels=("status",),
    )
