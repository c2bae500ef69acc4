"""Who sent a request, as far as a route needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from bakeoff.auth.refusals import Forbidden
from bakeoff.auth.scopes import USERS_ADMIN
from bakeoff.problems import FeatureOff


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The customer whom an access token is for, and what it allows."""

    user_id: UUID
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Go on only with this scope.

        :raises Forbidden: the token does not have it.
        """
        if scope not in self.scopes:
            raise Forbidden(scope)

    def is_or_administers(self, user_id: UUID) -> bool:
        """Whether this is the customer, or one who may act for all of them."""
        return user_id == self.user_id or USERS_ADMIN in self.scopes


def caller_of(request: Request) -> Caller | None:
    """Who sent the request; None where the service does not ask for a token."""
    caller: Caller | None = getattr(request.state, "caller", None)
    return caller


def known_caller(request: Request) -> Caller:
    """Who sent the request, where it has no meaning without.

    :raises FeatureOff: the service has no authentication.
    """
    caller = caller_of(request)
    if caller is None:
        raise FeatureOff("BAKEOFF_AUTH")
    return caller


def require_access_to(request: Request, user_id: UUID) -> None:
    """Go on only for this customer, or an administrator; or where no token is asked for.

    :raises Forbidden: it is somebody else.
    """
    caller = caller_of(request)
    if caller is not None and user_id != caller.user_id:
        caller.require(USERS_ADMIN)
