"""What every answer, and every error answer, must look like."""

from __future__ import annotations

import re
from typing import Any

import httpx

PREFIX = "urn:problem-type:bakeoff:"
STATUS = {
    "misdirected": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "feature-off": 404,
    "isbn-taken": 409,
    "username-taken": 409,
    "email-taken": 409,
    "author-has-books": 409,
    "book-has-orders": 409,
    "user-has-orders": 409,
    "insufficient-stock": 409,
    "order-already-cancelled": 409,
    "stock-limit": 409,
    "stale": 412,
    "invalid": 422,
    "unknown-reference": 422,
    "idempotency-key-reused": 422,
    "request-timeout": 408,
    "too-large": 413,
    "method-not-allowed": 405,
    "upgrade-required": 426,
    "too-many-requests": 429,
    "report-failed": 500,
    "unavailable": 503,
    "queue-full": 503,
}
# What would betray a stack trace, a statement or a driver.
_LEAK = re.compile(
    r'Traceback|File "|site-packages|\b(SELECT|INSERT|UPDATE)\b|asyncpg|aiomysql|sqlite|sqlalchemy'
)


def check_answer(response: httpx.Response) -> httpx.Response:
    """Hold any answer to what is true of all of them."""
    assert response.headers.get("x-request-id"), "an answer without X-Request-ID"
    assert float(response.headers["x-process-time"]) >= 0
    if response.status_code >= 400 and response.request.method != "HEAD":
        _check_problem(response)
    return response


def assert_problem(
    response: httpx.Response, slug: str, *, loc: list[str | int] | None = None
) -> dict[str, Any]:
    """This problem, with its status, and with the field at fault where one is named."""
    body = _check_problem(response)
    assert body["type"] == PREFIX + slug, body
    assert response.status_code == STATUS[slug]
    if loc is not None:
        locs = [error["loc"] for error in body.get("errors", [])]
        assert any(found[: len(loc)] == loc for found in locs), (loc, body)
    return body


def assert_refused(response: httpx.Response, *loc: str | int) -> dict[str, Any]:
    """Invalid, because of the field at `loc`."""
    return assert_problem(response, "invalid", loc=list(loc))


def assert_unknown(response: httpx.Response, *loc: str | int) -> dict[str, Any]:
    """What the field at `loc` names does not exist."""
    return assert_problem(response, "unknown-reference", loc=list(loc))


def _check_problem(response: httpx.Response) -> dict[str, Any]:
    assert response.headers.get("content-type") == "application/problem+json", response.text
    body: dict[str, Any] = response.json()
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", "instance"}, body
    assert body["type"].startswith(PREFIX), body
    slug = body["type"].removeprefix(PREFIX)
    assert slug in STATUS, f"{slug} is no problem of the contract: {body}"
    assert body["status"] == response.status_code == STATUS[slug], body
    assert isinstance(body["title"], str)
    assert body["title"]
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert isinstance(body["instance"], str)
    for error in body.get("errors", []):
        assert set(error) == {"loc", "msg", "type"}, error
        assert error["loc"][0] in ("body", "query", "path", "header"), error
        assert isinstance(error["msg"], str)
        assert isinstance(error["type"], str)
    if slug in ("invalid", "unknown-reference"):
        assert body.get("errors"), f"no field is named: {body}"
    if response.status_code == 401:
        assert response.headers["www-authenticate"].startswith("Bearer ")
    if response.status_code in (429, 503):
        assert int(response.headers["retry-after"]) >= 0
    assert not _LEAK.search(response.text), response.text
    return body
