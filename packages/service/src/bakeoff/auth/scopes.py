"""What a token allows its holder to do."""

from __future__ import annotations

from collections.abc import Iterable

CATALOGUE_WRITE = "catalogue:write"
ORDERS_WRITE = "orders:write"
USERS_ADMIN = "users:admin"

DESCRIPTIONS = {
    CATALOGUE_WRITE: "Add, change and remove authors and books.",
    ORDERS_WRITE: "Place and cancel one's own orders.",
    USERS_ADMIN: "See and remove customers, and act on the orders of all of them.",
}


def held(*, is_admin: bool) -> list[str]:
    """The scopes that a customer, or an administrator, may have."""
    return list(DESCRIPTIONS) if is_admin else [ORDERS_WRITE]


def narrowed(scopes: Iterable[str], requested: str) -> list[str]:
    """Those of the scopes that were asked for, by a list with spaces; empty asks for all."""
    wanted = requested.split()
    return [scope for scope in scopes if not wanted or scope in wanted]
