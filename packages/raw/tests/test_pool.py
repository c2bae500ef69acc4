"""Who waits, for how long, and who comes next."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest

from bakeoff_raw.layer import Layer
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import AuthorData

pytestmark = pytest.mark.anyio


async def test_everybody_gets_the_same_share_of_a_small_pool(make_layer: Any, given: Any) -> None:
    layer = await make_layer(pool_max=2)
    (book_id,) = await given.shelf(layer, books=1)
    end = time.perf_counter() + 0.5

    async def read() -> int:
        done = 0
        while time.perf_counter() < end:
            async with layer.reading() as store:
                await store.books.get(book_id)
            done += 1
        return done

    done = await asyncio.gather(*(read() for _ in range(16)))
    assert min(done) >= 0.75 * max(done)


@pytest.mark.parametrize("kind", ["reading", "writing"])
async def test_those_who_wait_are_served_in_the_order_in_which_they_came(
    make_layer: Any, kind: str
) -> None:
    layer = await make_layer(pool_max=1)
    order: list[int] = []

    async def take(number: int) -> None:
        async with getattr(layer, kind)():
            order.append(number)

    async with getattr(layer, kind)():
        waiting = []
        for number in range(10):
            waiting.append(asyncio.ensure_future(take(number)))
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == list(range(10))


async def test_who_waits_too_long_hears_of_it(make_layer: Any) -> None:
    layer = await make_layer(pool_max=1, pool_timeout=0.1)
    async with layer.reading():
        with pytest.raises(Unavailable, match="BAKEOFF_POOL_TIMEOUT"):
            async with layer.reading():
                pass
    await layer.ping()


async def test_a_pool_opens_no_more_than_it_needs_and_may(make_layer: Any) -> None:
    layer = await make_layer(pool_min=2, pool_max=3)
    assert layer.connections().size == 2
    everybody = asyncio.Barrier(3)

    async def use() -> None:
        async with layer.reading():
            await everybody.wait()
            assert layer.connections().in_use == 3
            await everybody.wait()

    for _ in range(2):
        await asyncio.gather(*(use() for _ in range(3)))
        assert (layer.connections().size, layer.connections().in_use) == (3, 0)


async def test_a_transaction_is_counted_while_it_lasts(layer: Any) -> None:
    async with layer.writing():
        state = layer.connections()
        assert (state.in_use, state.in_transaction) == (1, 1)
    async with layer.reading():
        state = layer.connections()
        assert (state.in_use, state.in_transaction) == (1, 0)


async def test_a_connection_that_is_still_out_when_the_layer_closes_is_closed_on_its_return(
    layer: Any,
) -> None:
    async with layer.reading() as store:
        await layer.close()
        assert layer.connections().size == 1
        await store.authors.find_ids([1])
    assert layer.connections().size == 0


async def test_a_layer_can_be_closed_before_it_is_opened_and_twice_and_opened_again(
    place: Any,
) -> None:
    layer = Layer(place.config())
    await layer.close()
    for _ in range(2):
        await layer.open()
        await layer.ping()
        assert layer.connections().size == 1
        await layer.close()
        await layer.close()
        assert layer.connections().size == 0


@pytest.mark.on("sqlite")
async def test_writers_of_sqlite_wait_in_line_and_not_at_the_file(
    make_layer: Any, given: Any
) -> None:
    """At the file they would try again and again, and whoever is lucky would come next."""
    layer = await make_layer(pool_max=10, busy_timeout=0)
    await asyncio.gather(*(given.author(layer) for _ in range(50)))


async def test_echo_tells_statements_and_no_values(
    make_layer: Any, given: Any, caplog: pytest.LogCaptureFixture
) -> None:
    layer = await make_layer(echo=True)
    with caplog.at_level(logging.INFO, logger="bakeoff.sql"):
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name="a secret"), at=given.now)
            await store.books.create_bulk([given.book(author.id, title="a secret")], at=given.now)
    told = "\n".join(caplog.messages)
    assert "BEGIN" in told
    assert "COMMIT" in told
    assert "INSERT INTO authors" in told
    assert "INSERT INTO books" in told
    assert "a secret" not in told


async def test_a_layer_says_what_it_is(layer: Any, place: Any) -> None:
    info = await layer.describe()
    assert info.backend == "raw"
    assert info.database == place.name.removesuffix("-asyncmy")
    assert info.driver == info.layer
    assert (info.driver == "asyncmy") == place.name.endswith("-asyncmy")
    assert all(part.isdigit() for part in info.server_version.split("."))
