"""What those ask who run the service: is it well, what is it, how is it doing."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from bakeoff import answers, context
from bakeoff.problems import declared
from bakeoff.routing import Route
from bakeoff_schemas import api, records

router = APIRouter(tags=["service"], route_class=Route)


@router.get("/health/live", response_model=api.Health, summary="Is the process alive?")
async def live(request: Request) -> Response:
    """Yes, if this answers; the database is not asked."""
    return answers.health(api.Health())


@router.get(
    "/health/ready",
    response_model=api.Health,
    summary="Can it serve?",
    responses=declared(503),
)
async def ready(request: Request) -> Response:
    """Yes, if the database answers."""
    await context.of(request).work.layer.ping()
    return answers.health(api.Health())


@router.get(
    "/info",
    response_model=records.LayerInfo,
    summary="Which data layer is this?",
    responses=declared(503),
)
async def info(request: Request) -> Response:
    """The backend, the versions of its layer and driver, and the database as it names itself."""
    return answers.info(await context.of(request).work.layer.describe())


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Requests by route template, and the state of the connection pool.

    `?name[]=bakeoff_connections` asks for the metrics of that name alone, and may be repeated.
    """
    body, media_type = request.app.state.metrics.render(request.query_params.getlist("name[]"))
    return Response(body, media_type=media_type)
