"""Reports of the catalogue: requested now, fetched later."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from bakeoff import answers, problems
from bakeoff.context import Context, Shared
from bakeoff.jobs.model import Progress, QueueFull, ReportJob
from bakeoff.problems import RETRY_AFTER, FeatureOff, declared
from bakeoff.routes.documentation import links
from bakeoff.routing import Route

if TYPE_CHECKING:
    from bakeoff.jobs.reports import CatalogueReports, Report

router = APIRouter(prefix="/reports", tags=["reports"], route_class=Route)
writes = APIRouter(prefix="/reports", tags=["reports"], route_class=Route)

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LOCATION = {"description": "Where it will be.", "schema": {"type": "string"}}
_RETRY = {"description": "Seconds to wait before asking.", "schema": {"type": "integer"}}

_encode = answers.Encoder(ReportJob)


class WorkbookResponse(FileResponse):
    """The file from its beginning to its end.

    A FileResponse would answer a wrong `Range` with an error that is no problem of RFC 9457.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(
            report.file,
            media_type=WORKBOOK,
            filename="catalogue.xlsx",
            headers={"Accept-Ranges": "none"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        headers = [header for header in scope["headers"] if header[0] != b"range"]
        # Without extensions: a server that sends files itself would not notice a HEAD.
        scope = {**scope, "headers": headers, "extensions": {}}
        await super().__call__(scope, receive, send)


@writes.post(
    "/catalogue",
    status_code=202,
    response_model=ReportJob,
    summary="Request a report of the catalogue",
    responses={
        202: {
            "description": "Taken on.",
            "headers": {"Location": _LOCATION},
            "links": links("report_id", "get_catalogue"),
        },
        **declared(404, 422, 503),
    },
)
async def request_catalogue(request: Request, shared: Shared) -> Response:
    """A workbook of all books, which another process makes; `Location` says where it will be.

    503 `queue-full` while too many are being made, 404 `feature-off` where no process may make any.
    """
    try:
        report = _reports(shared).request()
    except QueueFull:
        return problems.answer(
            request.scope,
            slug="queue-full",
            status=503,
            title="Too many reports",
            detail="As many reports as may wait do so already.",
            headers={"Retry-After": RETRY_AFTER},
        )
    headers = answers.location(request, f"/reports/catalogue/{report.id}")
    return _progress(report, "queued", headers=headers)


@router.get(
    "/catalogue/{report_id}",
    status_code=200,
    summary="Fetch a report of the catalogue",
    response_class=WorkbookResponse,
    responses={
        200: {
            "description": "The workbook (XLSX).",
            "content": {WORKBOOK: {"schema": {"type": "string"}}},
        },
        202: {
            "description": "Not ready yet.",
            "model": ReportJob,
            "headers": {"Retry-After": _RETRY},
        },
        **declared(404, 422, 500, 503),
    },
)
async def get_catalogue(request: Request, shared: Shared, report_id: uuid.UUID) -> Response:
    """202 with its state until it is ready, then 200 with the workbook.

    500 `report-failed` if it could not be made. A report is kept for a while, by the process that
    made it.
    """
    report = _reports(shared).get(report_id)
    if report.status == "done":
        return WorkbookResponse(report)
    if report.status == "failed":
        return problems.answer(
            request.scope,
            slug="report-failed",
            status=500,
            title="Report failed",
            detail=report.reason,
        )
    return _progress(report, report.status, headers={"Retry-After": RETRY_AFTER})


def _reports(shared: Context) -> CatalogueReports:
    """The reports.

    :raises FeatureOff: no process may make any.
    """
    if shared.reports is None:
        raise FeatureOff("BAKEOFF_JOB_PROCESSES")
    return shared.reports


def _progress(report: Report, status: Progress, *, headers: dict[str, str]) -> Response:
    job = ReportJob(id=report.id, status=status, requested_at=report.requested_at)
    return _encode(job, status=202, headers=headers)
