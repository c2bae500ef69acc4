"""Health, identity and metrics of the service."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bakeoff import answers
from bakeoff.context import Shared
from bakeoff.problems import declared
from bakeoff.routing import Route
from bakeoff_schemas import api, records

router = APIRouter(tags=["service"], route_class=Route)

MetricNames = Annotated[
    list[str],
    Query(
        alias="name[]",
        default_factory=list,
        description="Only the metrics of these names; may be repeated.",
    ),
]


@router.get(
    "/health/live",
    response_model=api.Health,
    summary="Is the process alive?",
    responses=declared(422),
)
async def check_liveness() -> Response:
    """Yes, if this answers; the database is not contacted."""
    return answers.health(api.Health())


@router.get(
    "/health/ready",
    response_model=api.Health,
    summary="Can it serve?",
    responses=declared(422, 503),
)
async def check_readiness(shared: Shared) -> Response:
    """Yes, if the database answers."""
    await shared.work.layer.ping()
    return answers.health(api.Health())


@router.get(
    "/info",
    response_model=records.LayerInfo,
    summary="Which data layer is this?",
    responses=declared(422, 503),
)
async def get_info(shared: Shared) -> Response:
    """The backend, the versions of its layer and driver, and the database."""
    return answers.info(await shared.work.layer.describe())


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **declared(422),
    },
    response_class=Response,
)
async def get_metrics(shared: Shared, names: MetricNames) -> Response:
    """Requests by route template, and the state of the connection pool."""
    body, media_type = shared.metrics.render(names)
    return Response(body, media_type=media_type)
