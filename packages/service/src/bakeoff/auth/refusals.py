"""Refusals of authentication as problems, with the challenges of RFC 6750."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import Response

from bakeoff import problems


class Unauthenticated(Exception):
    """It is not known who asks: there is no token, or it is not good, or no such log-in."""

    def __init__(self, detail: str, *, error: str | None = "invalid_token") -> None:
        """`error` is a code of RFC 6750 or RFC 6749; None where nothing was shown at all.

        `detail` goes into a header: it has no quotes, and nothing that the client sent.
        """
        super().__init__(detail)
        self.error = error


class Forbidden(Exception):
    """It is known who asks, and they may not."""

    def __init__(self, scope: str) -> None:
        """`scope` would allow it."""
        super().__init__(f"This needs the scope {scope}.")
        self.scope = scope


class TooManyAttempts(Exception):
    """One address has tried to log in too often."""

    def __init__(self, seconds: int) -> None:
        """`seconds` is how long to wait."""
        super().__init__(f"Too many attempts to log in; try again in {seconds} s.")
        self.seconds = seconds


def install(app: FastAPI) -> None:
    """Answer them with problems."""
    app.add_exception_handler(Unauthenticated, _on_unauthenticated)
    app.add_exception_handler(Forbidden, _on_forbidden)
    app.add_exception_handler(TooManyAttempts, _on_too_many_attempts)


async def _on_unauthenticated(request: Request, error: Exception) -> Response:
    assert isinstance(error, Unauthenticated)
    return problems.answer(
        request.scope,
        slug="unauthenticated",
        status=401,
        title="Unauthenticated",
        detail=str(error),
        headers=_challenge(error=error.error, error_description=error.error and str(error)),
    )


async def _on_forbidden(request: Request, error: Exception) -> Response:
    assert isinstance(error, Forbidden)
    return problems.answer(
        request.scope,
        slug="forbidden",
        status=403,
        title="Forbidden",
        detail=str(error),
        headers=_challenge(
            error="insufficient_scope", error_description=str(error), scope=error.scope
        ),
    )


async def _on_too_many_attempts(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyAttempts)
    return problems.too_many_requests(
        request.scope, str(error), {"Retry-After": str(error.seconds)}
    )


def _challenge(**parameters: str | None) -> dict[str, str]:
    given = {"realm": "bakeoff", **parameters}
    listed = ", ".join(f'{name}="{value}"' for name, value in given.items() if value)
    return {"WWW-Authenticate": f"Bearer {listed}"}
