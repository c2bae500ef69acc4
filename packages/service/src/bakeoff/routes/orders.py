"""Orders."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from bakeoff import answers, paging
from bakeoff.auth.caller import caller_of, require_access_to
from bakeoff.auth.scopes import USERS_ADMIN
from bakeoff.context import Shared
from bakeoff.problems import FieldProblem, InvalidRequest, declared
from bakeoff.routes.documentation import CREATED, links
from bakeoff.routing import Route
from bakeoff_schemas import api, timestamps
from bakeoff_schemas.errors import InsufficientStock, NotFound, UnknownReference
from bakeoff_schemas.records import Idempotency, Keyset, NewOrder, Order

router = APIRouter(prefix="/orders", tags=["orders"], route_class=Route)
writes = APIRouter(prefix="/orders", tags=["orders"], route_class=Route)

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Makes the request safe to repeat: the same key never sells twice.",
        examples=["5f0c2a1e-basket-17"],
    ),
]
_REPLAYED = {
    "description": "`true` when this order had been placed before, under the same key.",
    "schema": {"type": "string", "enum": ["true"]},
}


@writes.post(
    "",
    status_code=201,
    response_model=Order,
    summary="Place an order",
    responses={
        201: {
            **CREATED,
            "headers": {**CREATED["headers"], "Idempotency-Replayed": _REPLAYED},
            "links": links("order_id", "get_order", "cancel_order"),
        },
        **declared(409, 413, 422, 503),
    },
)
async def place_order(
    request: Request,
    shared: Shared,
    body: api.OrderBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """1 to 50 distinct books, at their prices of this moment."""
    require_access_to(request, body.customer_id)
    quantities = _quantities(body)
    idempotency = None
    if idempotency_key is not None:
        idempotency = Idempotency(
            token=_own_key(request, body.customer_id, idempotency_key),
            fingerprint=_fingerprint(body.customer_id, quantities),
        )
    new = NewOrder(
        id=uuid.uuid4(),
        customer_id=body.customer_id,
        quantities=quantities,
        placed_at=timestamps.now(),
        idempotency=idempotency,
    )
    try:
        placed = await shared.work.write(lambda store: store.orders.place(new))
    except InsufficientStock as error:
        index = list(quantities).index(error.book_id)
        raise FieldProblem(error, ["body", "lines", index, "quantity"]) from error
    except UnknownReference as error:
        if error.field != "book_id":
            raise
        index = list(quantities).index(error.value)  # type: ignore[arg-type]
        raise FieldProblem(error, ["body", "lines", index, "book_id"]) from error
    headers = answers.location(request, f"/orders/{placed.order.id}")
    if placed.replayed:
        headers["Idempotency-Replayed"] = "true"
    return answers.order(placed.order, status=201, headers=headers)


@router.get(
    "",
    response_model=api.OrderPage,
    summary="List orders",
    responses=declared(422, 503),
)
async def list_orders(
    request: Request, shared: Shared, query: Annotated[api.OrderListQuery, Query()]
) -> Response:
    """Oldest first; those of one customer, or all. Only an administrator sees those of others."""
    customer_id = _customer_of_list(request, query.customer_id)
    scope = f"orders {customer_id}"
    window = paging.window(query, codec=shared.cursors, scope=scope)
    page = await shared.work.read(
        lambda store: store.orders.list(customer_id=customer_id, window=window)
    )
    cursor = paging.next_cursor(page, _keyset, codec=shared.cursors, scope=scope)
    return answers.orders(api.OrderPage(items=page.items, next_cursor=cursor, total=page.total))


@router.get(
    "/{order_id}",
    response_model=Order,
    summary="Read an order",
    responses=declared(404, 422, 503),
)
async def get_order(request: Request, shared: Shared, order_id: uuid.UUID) -> Response:
    """One order with its lines, as they were sent."""
    order = await shared.work.read(lambda store: store.orders.get(order_id))
    _hide_from_others(request, order)
    return answers.order(order)


@writes.post(
    "/{order_id}/cancel",
    response_model=Order,
    summary="Cancel an order",
    responses=declared(404, 409, 422, 503),
)
async def cancel_order(request: Request, shared: Shared, order_id: uuid.UUID) -> Response:
    """Puts the copies back into stock, once."""
    now = timestamps.now()
    if caller_of(request) is not None:
        # An order never changes hands, so that nothing can happen in between.
        _hide_from_others(request, await shared.work.read(lambda store: store.orders.get(order_id)))
    order = await shared.work.write(lambda store: store.orders.cancel(order_id, at=now))
    return answers.order(order)


def _customer_of_list(request: Request, asked_for: uuid.UUID | None) -> uuid.UUID | None:
    """Whose orders to list: those asked for, or else the caller's own; None for all.

    :raises Forbidden: somebody else's.
    """
    caller = caller_of(request)
    if caller is None or USERS_ADMIN in caller.scopes:
        return asked_for
    if asked_for is not None:
        require_access_to(request, asked_for)
    return caller.user_id


def _hide_from_others(request: Request, order: Order) -> None:
    """Somebody else's order is none: that there is one is nobody else's business.

    :raises NotFound: it is not the caller's.
    """
    caller = caller_of(request)
    if caller is not None and not caller.is_or_administers(order.customer_id):
        raise NotFound("order", order.id)


def _quantities(body: api.OrderBody) -> dict[int, int]:
    quantities: dict[int, int] = {}
    for index, line in enumerate(body.lines):
        if line.book_id in quantities:
            raise InvalidRequest(["body", "lines", index, "book_id"], "must be named once only")
        quantities[line.book_id] = line.quantity
    return quantities


def _own_key(request: Request, customer_id: uuid.UUID, key: str) -> str:
    """The key as it is kept: where customers are known, each has keys of their own.

    Otherwise one customer could find out which keys another has used, or take them beforehand, so
    that the other's orders are refused.
    """
    if caller_of(request) is None:
        return key
    return hashlib.sha256(f"{customer_id} {key}".encode()).hexdigest()


def _fingerprint(customer_id: uuid.UUID, quantities: dict[int, int]) -> str:
    """Equal for requests of the same customer, books and quantities, in any order."""
    written = json.dumps([str(customer_id), sorted(quantities.items())])
    return hashlib.sha256(written.encode()).hexdigest()


def _keyset(order: Order) -> Keyset:
    return Keyset(value=order.placed_at, id=order.id)
