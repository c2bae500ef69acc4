"""Reports."""

from __future__ import annotations

from typing import Annotated

from anyio import from_thread
from fastapi import APIRouter, Query
from starlette.responses import Response

from bakeoff import answers
from bakeoff.context import Shared
from bakeoff.problems import declared
from bakeoff.routing import Route
from bakeoff_schemas import api
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import TagPrices

router = APIRouter(prefix="/reports", tags=["reports"], route_class=Route)


@router.get(
    "/sales-by-author",
    response_model=api.SalesReport,
    summary="Sales by author",
    responses=declared(422, 503),
)
async def get_sales_by_author(
    shared: Shared, query: Annotated[api.SalesQuery, Query()]
) -> Response:
    """Orders that were placed and not cancelled, by revenue descending, then author id."""
    items = await shared.work.read(
        lambda store: store.reports.sales_by_author(
            since=query.since, until=query.until, limit=query.limit
        )
    )
    return answers.sales(api.SalesReport(items=items))


@router.get(
    "/prices-by-tag",
    response_model=api.PriceReport,
    summary="Prices by tag",
    responses=declared(422, 503),
)
async def get_prices_by_tag(shared: Shared) -> Response:
    """Every tag that a book carries, by code point."""
    return answers.prices(api.PriceReport(items=await shared.work.read(_prices)))


@router.get(
    "/prices-by-tag/sync",
    response_model=api.PriceReport,
    summary="Prices by tag, by a plain def",
    responses=declared(422, 503),
)
def get_prices_synchronously(shared: Shared) -> Response:
    """The same report by an endpoint that FastAPI runs in a thread.

    The layer is asynchronous, so the thread asks the event loop for the rows and waits.
    """
    items = from_thread.run(shared.work.read, _prices)
    return answers.prices(api.PriceReport(items=items))


async def _prices(store: Store) -> list[TagPrices]:
    return await store.reports.prices_by_tag()
