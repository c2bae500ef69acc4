"""Sets the reports of the catalogue up, where there are processes for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bakeoff.metrics import Metrics
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from bakeoff.jobs.reports import CatalogueReports


def catalogue_reports(
    settings: Settings, work: UnitOfWork, metrics: Metrics
) -> CatalogueReports | None:
    """The reports with their metrics, or None where no process may make any."""
    if not settings.job_processes:
        return None
    # A service without jobs does not even import XlsxWriter.
    from bakeoff.jobs.metrics import ReportMetrics
    from bakeoff.jobs.reports import CatalogueReports

    reports = CatalogueReports(settings, work, batch=settings.export_batch)
    metrics.registry.register(ReportMetrics(reports))
    return reports
