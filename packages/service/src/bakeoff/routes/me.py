"""The customer who is logged in; without authentication there is none."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from bakeoff import answers
from bakeoff.auth.caller import known_caller
from bakeoff.auth.refusals import Unauthenticated
from bakeoff.context import Shared
from bakeoff.problems import declared
from bakeoff.routing import Route
from bakeoff_schemas.errors import NotFound
from bakeoff_schemas.records import User

router = APIRouter(prefix="/users/me", tags=["users"], route_class=Route)

_GONE = "The customer of this token does not exist any more."


@router.get(
    "",
    response_model=User,
    summary="Read one's own account",
    responses=declared(404, 422, 503),
)
async def get_me(request: Request, shared: Shared) -> Response:
    """The customer whom the access token is for."""
    user_id = known_caller(request).user_id
    try:
        user = await shared.work.read(lambda store: store.users.get(user_id))
    except NotFound:
        raise Unauthenticated(_GONE) from None
    return answers.user(user)


@router.delete(
    "",
    status_code=204,
    summary="Remove one's own account",
    responses=declared(404, 409, 422, 503),
)
async def delete_me(request: Request, shared: Shared) -> Response:
    """Only while no order names them; it ends every log-in of theirs."""
    user_id = known_caller(request).user_id
    try:
        await shared.work.write(lambda store: store.users.delete(user_id))
    except NotFound:
        raise Unauthenticated(_GONE) from None
    return answers.no_content()
