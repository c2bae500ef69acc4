"""Customers."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bakeoff import answers, paging
from bakeoff.auth.caller import require_access_to
from bakeoff.context import Shared
from bakeoff.problems import declared
from bakeoff.routes.documentation import CREATED, links
from bakeoff.routing import Route
from bakeoff_schemas import api, timestamps
from bakeoff_schemas.records import Keyset, NewUser, User

# One customer, all of them, and a new one: not everybody may do each (`bakeoff.auth.guard`).
router = APIRouter(prefix="/users", tags=["users"], route_class=Route)
everybody = APIRouter(prefix="/users", tags=["users"], route_class=Route)
sign_up = APIRouter(prefix="/users", tags=["users"], route_class=Route)


@sign_up.post(
    "",
    status_code=201,
    response_model=User,
    summary="Add a customer",
    responses={
        201: {
            **CREATED,
            "links": {
                **links("user_id", "get_user", "delete_user"),
                **links("customer_id", "list_orders"),
            },
        },
        **declared(409, 413, 422, 503),
    },
)
async def create_user(request: Request, shared: Shared, body: api.UserBody) -> Response:
    """The password is stored as an Argon2 hash and never answered."""
    new = NewUser(
        id=uuid.uuid4(),
        username=body.username,
        username_key=body.username.casefold(),
        email=body.email,
        # Before the transaction: nobody should wait for a lock meanwhile.
        password_hash=await shared.passwords.hash(body.password),
        created_at=timestamps.now(),
    )
    user = await shared.work.write(lambda store: store.users.create(new))
    headers = answers.location(request, f"/users/{user.id}")
    return answers.user(user, status=201, headers=headers)


@everybody.get(
    "",
    response_model=api.UserPage,
    summary="List customers",
    responses=declared(422, 503),
)
async def list_users(shared: Shared, query: Annotated[api.ListQuery, Query()]) -> Response:
    """Oldest first."""
    window = paging.window(query, codec=shared.cursors, scope="users")
    page = await shared.work.read(lambda store: store.users.list(window=window))
    cursor = paging.next_cursor(page, _keyset, codec=shared.cursors, scope="users")
    return answers.users(api.UserPage(items=page.items, next_cursor=cursor, total=page.total))


@router.get(
    "/{user_id}",
    response_model=User,
    summary="Read a customer",
    responses=declared(404, 422, 503),
)
async def get_user(request: Request, shared: Shared, user_id: uuid.UUID) -> Response:
    """One customer."""
    require_access_to(request, user_id)
    user = await shared.work.read(lambda store: store.users.get(user_id))
    return answers.user(user)


@router.delete(
    "/{user_id}",
    status_code=204,
    summary="Remove a customer",
    responses=declared(404, 409, 422, 503),
)
async def delete_user(request: Request, shared: Shared, user_id: uuid.UUID) -> Response:
    """Only while no order names them."""
    require_access_to(request, user_id)
    await shared.work.write(lambda store: store.users.delete(user_id))
    return answers.no_content()


def _keyset(user: User) -> Keyset:
    return Keyset(value=user.created_at, id=user.id)
