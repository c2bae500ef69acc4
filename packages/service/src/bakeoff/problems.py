"""The only table from errors to HTTP: every error answer is a problem (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import (
    RequestValidationError,
    ValidationException,
    WebSocketRequestValidationError,
)
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from bakeoff_schemas import errors
from bakeoff_schemas.api import FieldError, Problem

log = logging.getLogger("bakeoff.failures")

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:bakeoff:"
RETRY_AFTER = "1"

# Slug, status, title; the most specific class wins.
_TABLE: dict[type[errors.ContractError], tuple[str, int, str]] = {
    errors.NotFound: ("not-found", 404, "Not found"),
    errors.IsbnTaken: ("isbn-taken", 409, "ISBN taken"),
    errors.UsernameTaken: ("username-taken", 409, "Username taken"),
    errors.EmailTaken: ("email-taken", 409, "E-mail address taken"),
    errors.AuthorHasBooks: ("author-has-books", 409, "Author has books"),
    errors.BookHasOrders: ("book-has-orders", 409, "Book has orders"),
    errors.UserHasOrders: ("user-has-orders", 409, "User has orders"),
    errors.InsufficientStock: ("insufficient-stock", 409, "Insufficient stock"),
    errors.OrderAlreadyCancelled: ("order-already-cancelled", 409, "Order already cancelled"),
    errors.StockLimit: ("stock-limit", 409, "Too many copies"),
    errors.Stale: ("stale", 412, "Stale version"),
    errors.UnknownReference: ("unknown-reference", 422, "Unknown reference"),
    errors.IdempotencyKeyReused: ("idempotency-key-reused", 422, "Idempotency key reused"),
    errors.Unavailable: ("unavailable", 503, "Temporarily unavailable"),
}
_FIELDS: dict[type[errors.ContractError], Sequence[str | int]] = {
    errors.IsbnTaken: ["body", "isbn"],
    errors.UsernameTaken: ["body", "username"],
    errors.EmailTaken: ["body", "email"],
    errors.IdempotencyKeyReused: ["header", "idempotency-key"],
    errors.Stale: ["header", "if-match"],
}
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_HTTP_SLUGS = {
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "too-large",
}
_HTTP_TITLES = {
    404: "Not found",
    405: "Method not allowed",
    408: "Request too slow",
    413: "Body too large",
}


class FieldProblem(Exception):
    """A contract error, and the field at fault."""

    def __init__(self, error: errors.ContractError, loc: Sequence[str | int]) -> None:
        """`loc` is the place of the field in the request."""
        super().__init__(str(error))
        self.error = error
        self.loc = list(loc)


class InvalidRequest(Exception):
    """The request is invalid in a way that its model cannot express."""

    def __init__(self, loc: Sequence[str | int], message: str) -> None:
        """`loc` is the place of the field in the request."""
        super().__init__(message)
        self.loc = list(loc)


class FeatureOff(Exception):
    """The route belongs to a feature that is off here."""

    def __init__(self, setting: str) -> None:
        """`setting` is the variable that switches it on, such as `BAKEOFF_AUTH`."""
        super().__init__(f"This is off here; {setting} switches it on.")


class Overloaded(Exception):
    """There is no room for this request now; the message says of what, and is for the client."""


def answer(
    scope: Scope,
    *,
    slug: str,
    status: int,
    title: str,
    detail: str,
    fields: list[FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem as a response."""
    problem = Problem(
        type=TYPE_PREFIX + slug,
        title=title,
        status=status,
        detail=detail,
        instance=_printable(scope["path"]),
        errors=fields,
    )
    content = problem.model_dump_json(exclude_none=True)
    return Response(content, status, headers, MEDIA_TYPE)


def of_error(
    scope: Scope, error: errors.ContractError, loc: Sequence[str | int] | None = None
) -> Response:
    """The problem for a contract error; `loc` overrides the usual place."""
    loc = loc or _usual_loc(error)
    slug, status, title = next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)
    detail = str(error) or f"{title}."
    fields = [FieldError(loc=list(loc), msg=detail, type=slug)] if loc else None
    headers = {"Retry-After": RETRY_AFTER} if status == 503 else None
    return answer(
        scope, slug=slug, status=status, title=title, detail=detail, fields=fields, headers=headers
    )


def _usual_loc(error: errors.ContractError) -> Sequence[str | int] | None:
    if isinstance(error, errors.UnknownReference):
        return ["body", error.field]
    return _FIELDS.get(type(error))


def invalid(scope: Scope, fields: list[FieldError]) -> Response:
    """The problem for a request with invalid fields."""
    first = fields[0]
    where = ".".join(str(part) for part in first.loc)
    return answer(
        scope,
        slug="invalid",
        status=422,
        title="Invalid request",
        detail=f"{where}: {first.msg}",
        fields=fields,
    )


def internal(scope: Scope) -> Response:
    """The problem for a fault of the service; only the log says what it was."""
    return answer(
        scope,
        slug="internal",
        status=500,
        title="Internal error",
        detail="The server failed; its log has the reason under this X-Request-ID.",
    )


def timed_out(scope: Scope, seconds: float) -> Response:
    """The problem for a request that ran out of time."""
    return of_error(scope, errors.Unavailable(f"The request took longer than {seconds:g} s."))


def misdirected(scope: Scope) -> Response:
    """The problem for a request that was meant for another host."""
    return answer(
        scope,
        slug="misdirected",
        status=400,
        title="Misdirected request",
        detail="This service does not answer for the host of the request (BAKEOFF_ALLOWED_HOSTS).",
    )


def too_many_requests(scope: Scope, detail: str, headers: dict[str, str]) -> Response:
    """The problem for a client that asks too often; `Retry-After` is among the headers."""
    return answer(
        scope,
        slug="too-many-requests",
        status=429,
        title="Too many requests",
        detail=detail,
        headers=headers,
    )


def install(app: FastAPI) -> None:
    """Answer every kind of error with a problem."""
    app.add_exception_handler(errors.ContractError, _on_contract_error)
    app.add_exception_handler(FieldProblem, _on_field_problem)
    app.add_exception_handler(InvalidRequest, _on_invalid_request)
    app.add_exception_handler(FeatureOff, _on_feature_off)
    app.add_exception_handler(Overloaded, _on_overloaded)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(WebSocketRequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of these error answers."""
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status in statuses
    }


_NOT_SENT_AS_JSON = FieldError(
    loc=["body"], msg="must be JSON, sent with Content-Type: application/json", type="media_type"
)
_RETRY_AFTER_HEADER = {"description": "Seconds.", "schema": {"type": "integer"}}
_CHALLENGE_HEADER = {"description": "RFC 6750, section 3.", "schema": {"type": "string"}}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": _CHALLENGE_HEADER},
    403: {"WWW-Authenticate": _CHALLENGE_HEADER},
    429: {"Retry-After": _RETRY_AFTER_HEADER},
    503: {"Retry-After": _RETRY_AFTER_HEADER},
}
_DESCRIPTIONS = {
    400: "The request is malformed, or was meant for another host.",
    401: "There is no token, or it is not good; or there is no such log-in.",
    403: "The token does not allow it.",
    404: "There is no such thing.",
    408: "The headers or the body did not arrive in time.",
    409: "The data as it stands does not allow it; `type` says why.",
    412: "A precondition does not hold for the current version.",
    413: "The body is too large: one object may have 1 MiB, a list what the service is set to.",
    422: "The request is invalid; `errors` names the fields.",
    429: "Too many requests; `RateLimit` says which limit is used up, `Retry-After` for how long.",
    431: "The URL and the headers are too large.",
    500: "It could not be made; `detail` says why.",
    503: "The database cannot be reached or stayed busy; try again after `Retry-After`.",
}


async def _on_contract_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.ContractError)
    if isinstance(error, errors.Unavailable):
        # Only for the log: the reason may name addresses and settings.
        log.warning("unavailable: %s", error)
        error = errors.Unavailable("The database cannot be reached or stays busy.")
    return of_error(request.scope, error)


async def _on_field_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, FieldProblem)
    return of_error(request.scope, error.error, error.loc)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidRequest)
    return invalid(request.scope, [FieldError(loc=error.loc, msg=str(error), type="value_error")])


async def _on_feature_off(request: Request, error: Exception) -> Response:
    assert isinstance(error, FeatureOff)
    return answer(
        request.scope, slug="feature-off", status=404, title="Feature off", detail=str(error)
    )


async def _on_overloaded(request: Request, error: Exception) -> Response:
    assert isinstance(error, Overloaded)
    return of_error(request.scope, errors.Unavailable(str(error)))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ValidationException)
    if isinstance(getattr(error, "body", None), bytes):
        # FastAPI passes a body on as bytes when its media type is not JSON.
        return invalid(request.scope, [_NOT_SENT_AS_JSON])
    # Without `input` and `ctx`: they repeat what was sent, passwords included.
    return invalid(request.scope, [_field_error(item) for item in error.errors()])


def _field_error(item: dict[str, Any]) -> FieldError:
    if item["type"] == "json_invalid":
        # FastAPI's location is an offset in the text, not a place in the value.
        return FieldError(loc=["body"], msg=f"not JSON: {item['ctx']['error']}", type=item["type"])
    return FieldError(
        loc=[part if isinstance(part, int) else _printable(str(part)) for part in item["loc"]],
        msg=item["msg"].removeprefix("Value error, "),
        type=item["type"],
    )


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        # What is no form at all; only forms are read so that this is answered.
        field = FieldError(loc=["body"], msg=str(error.detail), type="form")
        return invalid(request.scope, [field])
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    return answer(
        request.scope,
        slug=_HTTP_SLUGS.get(error.status_code, "invalid"),
        status=error.status_code,
        title=_HTTP_TITLES.get(error.status_code, "Invalid request"),
        detail=str(error.detail),
        headers=headers,
    )


def _allowed(request: Request) -> list[str]:
    """Every method of the path; the exception names those of one route only."""
    allowed: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.matches(request.scope)[0] is not Match.NONE:
            allowed |= route.methods or set()
    if "GET" in allowed:
        allowed.add("HEAD")
    return sorted(allowed, key=_METHODS.index)


def _printable(text: str) -> str:
    """Escape lone surrogates, which cannot be encoded; an unknown field may have some."""
    return text.encode("utf-8", "backslashreplace").decode()
