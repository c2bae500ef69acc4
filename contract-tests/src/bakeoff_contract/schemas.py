"""What tests that draw requests from the document have in common."""

from __future__ import annotations

import re
from typing import Any

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bakeoff_contract.api import Api, Json

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What an id may be: 1 and more, or a UUID.
_ID = re.compile(r"[1-9][0-9]{0,17}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def served_by(api: Api) -> Any:
    """The document that the service serves, for Schemathesis."""
    config = schemathesis.Config.from_dict(
        {
            # Schemathesis does not count 412 among the refusals.
            "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
            # The links of the document, and none that Schemathesis thinks of.
            "phases": {"stateful": {"inference": {"algorithms": []}}},
        }
    )
    return schemathesis.openapi.from_dict(api.seen("/openapi.json"), config=config)


def address(api: Api) -> str:
    """Where a request that was drawn is sent to."""
    return str(api.base_url).rstrip("/")


def known_ids(api: Api, user: Json) -> dict[str, Any]:
    """Ids that name something; those that are drawn name nothing. The customer has an order."""
    book = api.book(stock=1000)
    order = api.order(user, (book, 1))
    return {
        "author_id": book["author_id"],
        "book_id": book["id"],
        "user_id": user["id"],
        "customer_id": user["id"],
        "order_id": order["id"],
    }


def put_in(value: Any, known: dict[str, Any]) -> None:
    """Replace ids that are sound, wherever they are, by some that exist."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in known and _ID.fullmatch(str(item)):
                value[key] = known[key]
            else:
                put_in(item, known)
    elif isinstance(value, list):
        for item in value:
            put_in(item, known)
