"""The bare drivers, doing what is worked around; a test that passes ends its workaround."""

from __future__ import annotations

from typing import Any

import aiomysql
import pymysql
import pytest

from bakeoff_contract.layer_suite.downgrade import said_in_the_clear
from bakeoff_contract.layer_suite.resets import runtime_errors_after_a_reset

pytestmark = [pytest.mark.anyio, pytest.mark.on("mysql")]


@pytest.mark.xfail(reason="workaround(pymysql-lists)", strict=True, raises=TypeError)
async def test_a_list_is_written_as_a_list(database: Any) -> None:
    connection = await _connect(database)
    try:
        cursor = await connection.cursor()
        assert cursor.mogrify("SELECT 1 IN %s", ([1, 2],)) == "SELECT 1 IN (1,2)"
    finally:
        connection.close()


@pytest.mark.xfail(reason="workaround(aiomysql-plain-log-in)", strict=True, raises=AssertionError)
async def test_nobody_is_told_who_logs_in_where_tls_was_asked_for_and_is_not_offered(
    database: Any,
) -> None:
    url = database.url
    assert url.user.encode() not in await said_in_the_clear(aiomysql.Connection, url)


@pytest.mark.xfail(reason="workaround(aiomysql-reset)", strict=True, raises=AssertionError)
async def test_a_connection_that_was_reset_ends_in_no_runtime_error(database: Any) -> None:
    assert not await runtime_errors_after_a_reset(aiomysql.Connection, database.url)


async def test_a_session_can_be_killed(database: Any, request: pytest.FixtureRequest) -> None:
    if database.name.startswith("mysql"):
        # MariaDB still knows the command.
        request.applymarker(
            pytest.mark.xfail(
                reason="workaround(aiomysql-kill)", strict=True, raises=pymysql.err.Error
            )
        )
    connection, other = await _connect(database), await _connect(database)
    try:
        await connection.kill(other.thread_id())
    finally:
        connection.close()
        other.close()


async def _connect(database: Any) -> Any:
    url = database.url
    return await aiomysql.connect(
        host=url.host, port=url.port, user=url.user, password=url.password, db=url.name
    )
