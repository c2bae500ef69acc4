"""Refuses the requests of a client that sends too many, and tells every client where it stands."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bakeoff import problems
from bakeoff.limits.clients import clients_of
from bakeoff.limits.probes import is_probe
from bakeoff.limits.rate import Limiter, Policy, Standing

# What begins an answer: to a request, and to a handshake that is refused or accepted.
_BEGINNINGS = frozenset(
    {"http.response.start", "websocket.http.response.start", "websocket.accept"}
)


class RateLimitMiddleware:
    """Holds requests to the limits; its headers are those of the draft for RateLimit fields.

    See draft-ietf-httpapi-ratelimit-headers-10.
    """

    def __init__(self, app: ASGIApp, *, limiter: Limiter) -> None:
        self._app = app
        self._limiter = limiter
        self._policies = {
            with_token: _policies(p for p in limiter.policies if with_token or p.kind != "token")
            for with_token in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan" or is_probe(scope):
            await self._app(scope, receive, send)
            return
        # The handshake of a WebSocket is a request; what is told over it afterwards is none.
        clients = clients_of(scope)
        verdict = await self._limiter.take(clients)
        if verdict is None:
            await self._app(scope, receive, send)
            return
        fields = {
            "RateLimit-Policy": self._policies["token" in clients],
            "RateLimit": _limits(verdict.standings),
        }
        if verdict.refused is not None:
            refusal = _refusal(scope, verdict.refused, fields)
            await refusal(scope, receive, send)
            return
        added = [(name.lower().encode(), value.encode()) for name, value in fields.items()]

        async def send_with_limits(message: Message) -> None:
            if message["type"] in _BEGINNINGS:
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self._app(scope, receive, send_with_limits)


def _policies(policies: Iterable[Policy]) -> str:
    return ", ".join(
        f'"{policy.name}";q={policy.rate.amount};w={policy.rate.get_expiry()}'
        for policy in policies
    )


def _limits(standings: Iterable[Standing]) -> str:
    return ", ".join(f'"{s.policy.name}";r={s.remaining};t={s.seconds}' for s in standings)


def _refusal(scope: Scope, refused: Standing, fields: dict[str, str]) -> ASGIApp:
    # Zero would invite the client to come back at once.
    seconds = max(1, refused.seconds)
    kind, rate = refused.policy.kind, refused.policy.rate
    detail = (
        f"One {kind} may send {rate.amount} requests in {rate.get_expiry()} s; "
        f"try again in {seconds} s."
    )
    return problems.too_many_requests(scope, detail, {**fields, "Retry-After": str(seconds)})
