"""Tokens: for a password, for a refresh token, and their revocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.security import OAuth2PasswordRequestForm
from starlette.responses import Response

from bakeoff import answers
from bakeoff.auth.bearer import REFRESH_PATH, TOKEN_PATH
from bakeoff.auth.forms import RefreshForm, RevokeForm
from bakeoff.problems import FeatureOff, declared
from bakeoff.routing import Route
from bakeoff_schemas import api

if TYPE_CHECKING:
    from bakeoff.auth.grants import Grants


async def require_on(request: Request) -> None:
    """Go on only where there is authentication.

    :raises FeatureOff: there is none.
    """
    if request.app.state.auth is None:
        raise FeatureOff("BAKEOFF_AUTH")


router = APIRouter(tags=["auth"], route_class=Route, dependencies=[Depends(require_on)])

_NOT_STORED = {"Cache-Control": "no-store"}
# The longest password, each of its characters as twelve of the form, and some room.
LARGEST_FORM = 32 * 2**10


@router.post(
    TOKEN_PATH,
    response_model=api.TokenPair,
    summary="Log in",
    responses=declared(401, 404, 413, 422, 503),
    max_body_size=LARGEST_FORM,
)
async def issue_token(
    request: Request, form: Annotated[OAuth2PasswordRequestForm, Depends()]
) -> Response:
    """Tokens for a password (RFC 6749, section 4.3); `scope` may ask for less than one has."""
    tokens = await _grants(request).log_in(
        form.username,
        form.password,
        scope=" ".join(form.scopes),
        address=request.client.host if request.client else "",
    )
    return answers.tokens(tokens, headers=_NOT_STORED)


@router.post(
    REFRESH_PATH,
    response_model=api.TokenPair,
    summary="Refresh a log-in",
    responses=declared(401, 404, 413, 422, 503),
    max_body_size=LARGEST_FORM,
)
async def refresh_token(request: Request, form: Annotated[RefreshForm, Form()]) -> Response:
    """New tokens for a refresh token, once: one that comes twice ends its log-in."""
    tokens = await _grants(request).refresh(form.refresh_token, scope=form.scope)
    return answers.tokens(tokens, headers=_NOT_STORED)


@router.post(
    "/auth/revoke",
    status_code=200,
    summary="Log out",
    response_class=Response,
    responses={
        200: {"description": "The refresh token does not work, whether or not it did before."},
        **declared(404, 413, 422, 503),
    },
    max_body_size=LARGEST_FORM,
)
async def revoke_token(request: Request, form: Annotated[RevokeForm, Form()]) -> Response:
    """Ends the log-in of a refresh token (RFC 7009); an access token works until it expires."""
    await _grants(request).revoke(form.token)
    return Response(status_code=200)


def _grants(request: Request) -> Grants:
    grants: Grants = request.app.state.auth.grants
    return grants
