from __future__ import annotations

import asyncio
import ssl

import pytest

from bakeoff_schemas import encrypted_log_ins

OFFERS_TLS, OFFERS_NONE = 1 << 11, 1 << 10


def driver() -> type:
    class Connection:
        """As much of a driver as the log-in needs."""

        def __init__(self, context: ssl.SSLContext | None, capabilities: int) -> None:
            self._ssl_context = context
            self.server_capabilities = capabilities
            self.log_ins = 0

        async def _request_authentication(self) -> None:
            self.log_ins += 1

    return Connection


@pytest.mark.parametrize(
    ("context", "capabilities"),
    [(None, OFFERS_NONE), (None, OFFERS_TLS), (ssl.create_default_context(), OFFERS_TLS)],
)
def test_a_log_in_goes_on_where_tls_is_offered_or_was_not_asked_for(
    context: ssl.SSLContext | None, capabilities: int
) -> None:
    kind = driver()
    encrypted_log_ins.insist(kind)
    connection = kind(context, capabilities)
    asyncio.run(connection._request_authentication())
    assert connection.log_ins == 1


def test_a_log_in_ends_before_it_begins_where_tls_was_asked_for_and_is_not_offered() -> None:
    kind = driver()
    encrypted_log_ins.insist(kind)
    connection = kind(ssl.create_default_context(), OFFERS_NONE)
    with pytest.raises(ConnectionError, match="SSL was asked for"):
        asyncio.run(connection._request_authentication())
    assert connection.log_ins == 0


def test_to_insist_again_changes_nothing() -> None:
    kind = driver()
    encrypted_log_ins.insist(kind)
    once = kind._request_authentication
    encrypted_log_ins.insist(kind)
    assert kind._request_authentication is once


def test_a_driver_that_has_no_such_step_any_more_is_noticed() -> None:
    with pytest.raises(AttributeError, match="_request_authentication"):
        encrypted_log_ins.insist(object)
