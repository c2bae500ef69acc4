"""By which way a server finds the rows, where it would choose another one if it were left to."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bakeoff_contract.generic_plans import rows_of_generic_joins
from bakeoff_raw.layer import Layer
from bakeoff_raw.outbox import DUE, UNPUBLISHED
from bakeoff_raw.sql.books import EXPORT
from bakeoff_raw.sql.catalogue import books_sql
from bakeoff_raw.sql.statement import Statement, statement
from bakeoff_raw.tables import CODECS
from bakeoff_schemas.records import BookFilter, BookOrder, BookSort, Window

pytestmark = pytest.mark.anyio

# As statistics are that were made before the other books had tags.
_ALL_ARE_OF_ONE_BOOK = (
    """UPDATE mysql.innodb_index_stats SET stat_value = 1 WHERE database_name = DATABASE()
    AND table_name = 'book_tags' AND index_name = 'PRIMARY' AND stat_name = 'n_diff_pfx01'""",
    "FLUSH TABLE book_tags",
)


# Notes of EXPLAIN are warnings to the drivers.
@pytest.mark.on("mysql")
@pytest.mark.filterwarnings("ignore::pymysql.err.Warning")
async def test_tags_are_found_by_their_book_however_many_the_server_takes_them_for(
    layer: Layer, factory: Any
) -> None:
    author_id = await factory.author(layer)
    several = [f"tag {number}" for number in range(20)]
    books = [factory.book(author_id, tags=several) for _ in range(50)]
    async with layer.writing() as store:
        await store.books.create_bulk(books, at=factory.now)
    async with layer.reading() as store:
        for text in ("ANALYZE TABLE book_tags", *_ALL_ARE_OF_ONE_BOOK):
            await store._connection.fetch_all(statement(text))
    explain = f"EXPLAIN FORMAT=TRADITIONAL {EXPORT.mysql}"
    async with layer.reading() as store:
        plan = await store._connection.fetch_all(replace(EXPORT, mysql=explain), after=0, limit=100)
    tables = [str(row[2]) for row in plan if row[1] == "DEPENDENT SUBQUERY"]
    assert tables == ["book_tags", "tags"]


@pytest.mark.on("postgresql")
@pytest.mark.parametrize("key", ["id", "title", "release_year"])
async def test_tags_are_read_for_a_page_and_not_for_each_book(layer: Layer, key: BookSort) -> None:
    text, parameters = books_sql(
        BookFilter(text="a"),
        BookOrder(key=key),
        Window(),
        family="postgresql",
        codec=CODECS["postgresql"],
    )
    for page, values in ((statement(text), parameters), (EXPORT, {"after": 0, "limit": 100})):
        async with layer.reading() as store:
            explained = replace(page, postgresql=f"EXPLAIN {page.postgresql}")
            plan = await store._connection.fetch_all(explained, **values)
        told = "\n".join(str(row[0]) for row in plan)
        assert "on book_tags" in told
        # What is done once is an InitPlan; a SubPlan is done for every row.
        assert "SubPlan" not in told


@pytest.mark.on("postgresql")
async def test_a_page_is_planned_once(make_layer: Any) -> None:
    async def ask(store: Any, query: str) -> Any:
        return await store._connection.fetch_all(statement(query))

    assert await rows_of_generic_joins(await make_layer(pool_min=1, pool_max=1), ask)


# Without statistics PostgreSQL takes a part of the table for what is wanted.
_ANALYSE = {"postgresql": "ANALYZE outbox", "mysql": "ANALYZE TABLE outbox"}


# Notes of EXPLAIN are warnings to the drivers.
@pytest.mark.filterwarnings("ignore::pymysql.err.Warning")
@pytest.mark.parametrize(
    ("wanted", "indexes"),
    [
        # The unique key as well finds those without a position, whom it does not sort.
        (UNPUBLISHED, {"ix_outbox_unpublished", "uq_outbox_position", "sqlite_autoindex_outbox_2"}),
        (DUE, {"ix_outbox_due_at"}),
    ],
    ids=["unpublished", "due"],
)
async def test_messages_that_are_done_with_are_not_read(
    layer: Layer, factory: Any, wanted: Statement, indexes: set[str]
) -> None:
    async with layer.writing() as store:
        await store.outbox.add([factory.message() for _ in range(5000)])
        await store.outbox.publish(limit=10_000)
        await store.outbox.add([factory.message(due_at=factory.now) for _ in range(20)])
    codec = CODECS[layer._family]
    explained = replace(
        wanted,
        postgresql=f"EXPLAIN {wanted.postgresql}",
        mysql=f"EXPLAIN FORMAT=JSON {wanted.mysql}",
        sqlite=tuple(f"EXPLAIN QUERY PLAN {text}" for text in wanted.sqlite),
    )
    async with layer.reading() as store:
        if layer._family in _ANALYSE:
            await store._connection.fetch_all(statement(_ANALYSE[layer._family]))
        plan = await store._connection.fetch_all(
            explained, limit=10, topics=codec.many(["test"]), at=codec.instant(factory.now)
        )
    told = "\n".join(str(row[-1]) for row in plan)
    used = re.findall(r"(?:using|USING INDEX|\"key\":) \"?(\w+)", told)
    assert len(used) == 1
    assert set(used) <= indexes
