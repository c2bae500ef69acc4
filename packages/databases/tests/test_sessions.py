"""A unit of work gives its connection back, however the transaction ends."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, select, text

from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.layer import Layer
from bakeoff_databases.tables import AUTHORS
from bakeoff_schemas.errors import DuplicateKey

pytestmark = pytest.mark.anyio


@pytest.mark.on("postgresql")
async def test_a_failed_commit_gives_its_connection_back(layer: Layer) -> None:
    table = Prepared(text("CREATE TEMP TABLE one (id int UNIQUE INITIALLY DEFERRED)"))
    twice = Prepared(text("INSERT INTO one VALUES (1), (1)"))

    async def work() -> None:
        async with layer.writing() as store:
            session = store.authors._session  # type: ignore[attr-defined]
            await session.execute(table)
            await session.execute(twice)

    with pytest.raises(DuplicateKey):
        await work()
    await layer.ping()


async def test_a_prepared_statement_is_run_with_the_values_of_each_time(layer: Layer) -> None:
    named = Prepared(select(AUTHORS.c.id).where(AUTHORS.c.name == bindparam("name")))
    first, second = named.values(name="first"), named.values(name="second")
    async with layer.reading() as store:
        session = store.authors._session  # type: ignore[attr-defined]
        dialect = session._driver.dialect
        assert await session.fetch_all(named, {"name": "nobody"}) == []
    compiled = [statement.compile(dialect=dialect) for statement in (first, second)]
    assert [each.params for each in compiled] == [{"name": "first"}, {"name": "second"}]
    assert compiled[0].string is compiled[1].string
