"""No reset is sent between two borrowers, because nothing of the first is left in the session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from bakeoff_raw.sql.statement import statement
from bakeoff_schemas.errors import ContractError
from bakeoff_schemas.records import (
    AuthorData,
    BookFilter,
    BookOrder,
    Idempotency,
    Keyset,
    KeysetValue,
    Window,
)

pytestmark = pytest.mark.anyio

SESSION = {
    "postgresql": """
        SELECT 'setting', name, setting FROM pg_settings
        UNION ALL SELECT 'session', 'pid', pg_backend_pid()::text
        UNION ALL SELECT 'advisory lock', objid::text, mode FROM pg_locks
            WHERE locktype = 'advisory' AND pid = pg_backend_pid()
        UNION ALL SELECT 'channel', pg_listening_channels(), ''
        UNION ALL SELECT 'cursor', name, statement FROM pg_cursors WHERE name <> ''
        UNION ALL SELECT 'temporary', relname, '' FROM pg_class WHERE relpersistence = 't'
        UNION ALL SELECT 'role', current_user::text, session_user::text
        ORDER BY 1, 2, 3
    """,
    "mysql": "SHOW SESSION VARIABLES",
    "sqlite": """
        SELECT 'foreign_keys', foreign_keys FROM pragma_foreign_keys
        UNION ALL SELECT 'busy_timeout', timeout FROM pragma_busy_timeout
        UNION ALL SELECT 'query_only', query_only FROM pragma_query_only
        UNION ALL SELECT 'locking_mode', locking_mode FROM pragma_locking_mode
        UNION ALL SELECT 'isolation', read_uncommitted FROM pragma_read_uncommitted
        UNION ALL SELECT 'database', name FROM pragma_database_list
        UNION ALL SELECT 'temporary', name FROM sqlite_temp_master
    """,
}
# What the last statement was, rather than how the next one will be run.
OF_THE_MOMENT = {
    "error_count",
    "gtid_binlog_state",
    "gtid_current_pos",
    "gtid_binlog_pos",
    "gtid_executed",
    "identity",
    "in_transaction",
    "insert_id",
    "last_gtid",
    "last_insert_id",
    "pseudo_thread_id",
    "rand_seed1",
    "rand_seed2",
    "statement_id",
    "timestamp",
    "warning_count",
}


async def test_everything_that_a_store_can_do_leaves_the_session_as_it_was(
    make_layer: Any, database: Any, factory: Any
) -> None:
    layer = await make_layer(pool_max=1)
    before = await _session(layer, database)
    await _do_everything(layer, factory)
    # As sets, for a difference is small and should be shown as such.
    assert set(await _session(layer, database)) ^ set(before) == set()
    assert layer.connections().size == 1


async def test_a_session_is_set_up_as_the_contract_says(make_layer: Any, database: Any) -> None:
    layer = await make_layer(statement_timeout=7.0)
    session = await _session(layer, database)
    if database.url.family == "postgresql":
        assert ("setting", "TimeZone", "UTC") in session
        assert ("setting", "default_transaction_isolation", "read committed") in session
        assert ("setting", "statement_timeout", "7000") in session
    elif database.url.family == "mysql":
        settings = dict(session)
        assert settings["autocommit"] == "ON"
        assert settings["time_zone"] == "+00:00"
        assert settings["character_set_client"] == "utf8mb4"
        assert "STRICT_ALL_TABLES" in settings["sql_mode"]
        assert settings["innodb_lock_wait_timeout"] == "7"
        isolation = settings.get("transaction_isolation") or settings.get("tx_isolation")
        assert isolation == "READ-COMMITTED"
        if "max_execution_time" in settings:
            assert settings["max_execution_time"] == "7000"
        else:
            assert float(settings["max_statement_time"]) == 7
    else:
        assert ("foreign_keys", 1) in session
        assert ("busy_timeout", 5000) in session


@pytest.mark.on("sqlite")
async def test_sqlite_keeps_a_write_ahead_log(layer: Any) -> None:
    connection = await layer._pool.acquire(to_write=False)
    try:
        assert await connection.fetch_all(statement("PRAGMA journal_mode")) == [("wal",)]
    finally:
        await layer._pool.release(connection, to_write=False)


async def _session(layer: Any, database: Any) -> list[tuple[Any, ...]]:
    text = SESSION[database.url.family]
    connection = await layer._pool.acquire(to_write=False)
    try:
        rows = await connection.fetch_all(statement(text))
    finally:
        await layer._pool.release(connection, to_write=False)
    return [tuple(row) for row in rows if row[0] not in OF_THE_MOMENT]


async def _do_everything(layer: Any, factory: Any) -> None:
    now = factory.now
    author_id = await factory.author(layer)
    customer = await factory.customer(layer)
    book = factory.book(author_id, isbn="9780547773766", tags=["a", "b"], stock=9)
    async with layer.writing() as store:
        await store.authors.change(author_id, {"name": "x"})
        await store.authors.create_bulk([AuthorData(name="y")], at=now)
        books = [
            await store.books.create(factory.book(author_id, tags=["b", "c"], stock=9), at=now)
        ]
        books += await store.books.create_bulk(
            [factory.book(author_id, tags=["d"], stock=9)], at=now
        )
        books.append((await store.books.upsert(book, at=now)).book)
        await store.books.upsert(book, at=now)
        ids = [one.id for one in books]
        await store.books.replace(ids[0], factory.book(author_id, stock=9), at=now, expected=[1])
        await store.books.change(ids[1], {"price": Decimal(2)}, at=now, expected=None)
        placed = await store.orders.place(
            factory.order(
                customer,
                quantities=dict.fromkeys(ids, 2),
                idempotency=Idempotency(token="t", fingerprint="f"),
            )
        )
        replayed = await store.orders.place(
            factory.order(
                customer,
                quantities={ids[0]: 1},
                idempotency=Idempotency(token="t", fingerprint="f"),
            )
        )
        assert replayed.replayed
    async with layer.reading() as store:
        await store.authors.list(window=Window(include_total=True))
        await store.authors.find_names(["x"])
        await store.authors.find_ids(ids)
        await store.books.get(ids[0])
        everything = BookFilter(tags=("a",), text="t", year_from=1, in_print=True)
        ends: list[tuple[BookOrder, KeysetValue]] = [
            (BookOrder(), 1),
            (BookOrder(key="title"), "t"),
            (BookOrder(key="release_year"), None),
            (BookOrder(key="price", descending=True), Decimal(1)),
        ]
        for order, value in ends:
            window = Window(after=Keyset(value=value, id=1), include_total=True)
            await store.books.list(where=everything, order=order, window=window)
        await store.books.export(after=0, limit=9)
        await store.books.find_isbns(["x"])
        await store.books.find_identities(["x"])
        await store.users.get(customer.id)
        await store.users.find_login(customer.username_key)
        await store.users.get_login(customer.id)
        await store.users.list(window=Window(offset=1))
        await store.orders.get(placed.order.id)
        await store.orders.list(customer_id=customer.id, window=Window())
        await store.reports.sales_by_author(since=now, until=now, limit=9)
        await store.reports.prices_by_tag()
    async with layer.writing() as store:
        await store.orders.cancel(placed.order.id, at=now)
        await store.users.set_admin(customer.id, True)
        await store.users.set_password_hash(customer.id, "another")
        token = factory.token(customer)
        await store.tokens.add(token)
        for _ in range(2):
            await store.tokens.use(token.digest, at=now)
        await store.tokens.revoke(token.family)
        await store.tokens.delete_expired(before=now)
        message = factory.message(factory.name(), due_at=now)
        await store.outbox.add([message])
        await store.outbox.publish(limit=10)
        await store.outbox.since(0, limit=10)
        for _ in range(2):
            await store.outbox.claim(topics=[message.topic], limit=10, at=now, until=now)
            await store.outbox.retry(message.id, due_at=now, error="in vain")
            await store.outbox.bury(message.id, at=now, error="given up")
            await store.outbox.list_failed(window=Window(include_total=True))
            await store.outbox.replay(message.id, at=now)
        await store.outbox.finish(message.id, at=now)
        await store.outbox.purge(before=now)
    refusals: list[Callable[[Any], Awaitable[object]]] = [
        lambda store: store.books.delete(ids[0], expected=None),
        lambda store: store.users.delete(customer.id),
        lambda store: store.authors.delete(author_id),
        lambda store: store.books.create(book, at=now),
        lambda store: store.users.create(customer),
        lambda store: store.tokens.use("none", at=now),
        lambda store: store.outbox.replay(message.id, at=now),
        lambda store: store.orders.cancel(placed.order.id, at=now),
        lambda store: store.orders.place(factory.order(customer, quantities={2**60: 1})),
    ]
    for refused in refusals:
        with pytest.raises(ContractError):
            async with layer.writing() as store:
                await refused(store)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.01), layer.writing():
            await asyncio.sleep(1)
    await layer.describe()
    await layer.ping()
