"""What a route depends on to know its caller: FastAPI's security scheme, and the scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request, WebSocket
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from starlette.requests import HTTPConnection

from bakeoff.auth.caller import Caller
from bakeoff.auth.refusals import Unauthenticated
from bakeoff.auth.scopes import DESCRIPTIONS

if TYPE_CHECKING:
    from bakeoff.auth.service import Auth

TOKEN_PATH = "/auth/token"
REFRESH_PATH = "/auth/refresh"


class Bearer(OAuth2PasswordBearer):
    """The access token of a request, checked.

    It takes the request alone, so that a plain read stays one (`bakeoff.routing`).
    """

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        """Who sent the request, by its header `Authorization`.

        :raises Unauthenticated: there is no token, or it is not good.
        """
        return _identify(request)


bearer = Bearer(
    tokenUrl=TOKEN_PATH,
    refreshUrl=REFRESH_PATH,
    scheme_name="OAuth2",
    scopes=DESCRIPTIONS,
    description="`BAKEOFF_AUTH` of the service says which operations need a token.",
)


async def bearer_of_websocket(websocket: WebSocket) -> None:
    """Begin a WebSocket only with an access token in the header `Authorization`.

    :raises Unauthenticated: there is no token, or it is not good.
    """
    _identify(websocket)


async def authorized(scopes: SecurityScopes, caller: Annotated[Caller, Depends(bearer)]) -> None:
    """Go on only with every scope that the route asks for.

    :raises Forbidden: the token lacks one.
    """
    for scope in scopes.scopes:
        caller.require(scope)


def _identify(connection: HTTPConnection) -> Caller:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("This needs an access token.", error=None)
    auth: Auth = connection.app.state.auth
    caller = auth.access.verify(token.strip())
    connection.state.caller = caller
    return caller
