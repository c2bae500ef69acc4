from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from typer.testing import Result

from bakeoff.backends import make_layer
from bakeoff.outbox import messages
from bakeoff_contract.receiver import receiving
from bakeoff_contract.throwaway import throwaway
from bakeoff_schemas import timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.ports import Store

Bakeoff = Callable[..., Result]
Start = Callable[..., AbstractContextManager[subprocess.Popen[str]]]


@pytest.fixture
def database() -> Iterator[DatabaseUrl]:
    with throwaway("sqlite") as made:
        yield made.url


def add_orders(backend: str, url: DatabaseUrl, count: int, *, dead: bool) -> list[str]:
    """Messages about so many orders, as dead letters or unpublished; returns their ids."""
    new = [messages.order_placed(uuid.uuid4()) for _ in range(count)]

    async def add(store: Store) -> None:
        await store.outbox.add(new)
        if dead:
            now = timestamps.now()
            await store.outbox.claim(topics=[messages.ORDER_PLACED], limit=count, at=now, until=now)
            for message in new:
                await store.outbox.bury(message.id, at=timestamps.now(), error="the answer was 500")

    async def scenario() -> None:
        layer = make_layer(backend, LayerConfig(url=url))
        await layer.open()
        try:
            async with layer.writing() as store:
                await add(store)
        finally:
            await layer.close()

    asyncio.run(scenario())
    return [str(message.id) for message in new]


def test_dead_letters_are_listed_for_people_and_for_scripts(
    bakeoff: Bakeoff, backend: str, database: DatabaseUrl
) -> None:
    where = ("--backend", backend, "--database", database.render())
    assert "no dead letter" in bakeoff("outbox", "list", *where).stdout
    ids = add_orders(backend, database, 120, dead=True)
    shown = bakeoff("outbox", "list", *where)
    assert shown.exit_code == 0
    for one in ids:
        assert one in shown.stdout
    assert "the answer was 500" in shown.stdout
    listed = json.loads(bakeoff("outbox", "list", "--json", *where).stdout)
    assert [one["id"] for one in listed] == ids
    assert listed[0]["topic"] == "order.placed"
    assert listed[0]["attempts"] == 1


def test_a_dead_letter_is_replayed_once(
    bakeoff: Bakeoff, backend: str, database: DatabaseUrl
) -> None:
    where = ("--backend", backend, "--database", database.render())
    one, other = add_orders(backend, database, 2, dead=True)
    assert bakeoff("outbox", "replay", one, *where).stdout == "replayed: 1\n"
    again = bakeoff("outbox", "replay", one, *where)
    assert again.exit_code == 1
    assert f"There is no dead letter {one}." in again.stderr
    left = json.loads(bakeoff("outbox", "list", "--json", *where).stdout)
    assert [dead["id"] for dead in left] == [other]


def test_all_dead_letters_are_replayed(
    bakeoff: Bakeoff, backend: str, database: DatabaseUrl
) -> None:
    where = ("--backend", backend, "--database", database.render())
    add_orders(backend, database, 3, dead=True)
    done = bakeoff("outbox", "replay", "--all", "--json", *where)
    assert json.loads(done.stdout) == {"replayed": 3}
    assert "no dead letter" in bakeoff("outbox", "list", *where).stdout


def test_what_no_process_published_can_be_published(
    bakeoff: Bakeoff, backend: str, database: DatabaseUrl
) -> None:
    where = ("--backend", backend, "--database", database.render())
    add_orders(backend, database, 3, dead=False)
    assert bakeoff("outbox", "publish", *where).stdout == "published: 3\n"
    assert bakeoff("outbox", "publish", *where).stdout == "published: 0\n"


@pytest.mark.parametrize(
    "wrong",
    [
        ("outbox",),
        ("outbox", "dance"),
        ("outbox", "replay"),
        ("outbox", "replay", "one"),
        ("outbox", "replay", "--all", "8c5f2b1e-6f0a-4a52-9c1d-0f4b8d1f7a35"),
        ("outbox", "list", "--all"),
        ("outbox", "work", "8c5f2b1e-6f0a-4a52-9c1d-0f4b8d1f7a35"),
    ],
)
def test_a_wrong_command_line_is_wrong_usage(bakeoff: Bakeoff, wrong: tuple[str, ...]) -> None:
    assert bakeoff(*wrong, backend="memory").exit_code == 2


def test_messages_of_a_process_are_none_of_another(bakeoff: Bakeoff) -> None:
    result = bakeoff("outbox", "list", "--backend", "memory")
    assert result.exit_code == 1
    assert "keeps its messages in the process that serves" in result.stderr


def test_a_worker_process_confirms_orders_until_it_is_told_to_stop(
    start: Start, backend: str, database: DatabaseUrl
) -> None:
    ids = add_orders(backend, database, 3, dead=False)
    where = ("--backend", backend, "--database", database.render())
    with receiving() as receiver:
        settings = {"confirmation_url": receiver.url, "outbox_poll": "0.1"}
        with start("outbox", "work", *where, **settings) as process:
            receiver.wait(lambda all_: len(all_.attempts) == len(ids))
            ids += add_orders(backend, database, 1, dead=False)
            receiver.wait(lambda all_: len(all_.attempts) == len(ids))
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "stopped, after the messages at hand" in err
    assert "Traceback" not in err
    assert sorted(attempt.key for attempt in receiver.attempts) == sorted(ids)


def test_a_worker_needs_a_schema(start: Start, backend: str) -> None:
    where = ("--backend", backend, "--database", "sqlite:///new.db")
    with start("outbox", "work", *where) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "bakeoff migrate" in err
