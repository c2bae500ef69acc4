"""A database that cannot be had is told by its place and its setting, and never by its password."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bakeoff.backends import make_layer as make
from bakeoff_contract.layer_suite.database import TIMEOUT, LayerDatabase
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

pytestmark = pytest.mark.anyio

SECRET = "correct horse/battery@staple"


@pytest.mark.needs("network")
@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 9, "password": SECRET},
        {"host": "no-such-host.invalid", "password": SECRET},
        {"name": "bakeoff_no_such_database"},
        {"user": "bakeoff_nobody", "password": SECRET},
    ],
    ids=["port", "host", "database", "user"],
)
async def test_what_is_not_there_is_told_with_its_place_and_without_the_password(
    database: LayerDatabase, wrong: dict[str, Any]
) -> None:
    url = replace(database.throwaway.url, **wrong)
    layer = database.layer(url=url)
    with pytest.raises(Unavailable, match="BAKEOFF_DATABASE_URL") as caught:
        await layer.open()
    assert url.location in str(caught.value)
    _assert_kept_secret(caught.value)
    assert layer.connections().size == 0
    await layer.close()


@pytest.mark.needs("network")
async def test_a_server_that_says_nothing_is_not_waited_for_without_end(
    database: LayerDatabase,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = replace(database.throwaway.url, port=silent.getsockname()[1], password=SECRET)
        layer = database.layer(url=url, connect_timeout=0.2)
        with pytest.raises(Unavailable, match="BAKEOFF_CONNECT_TIMEOUT") as caught:
            async with asyncio.timeout(TIMEOUT):
                await layer.open()
    _assert_kept_secret(caught.value)
    assert layer.connections().size == 0
    await layer.close()


# aiomysql forgets to close a socket after a handshake that failed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.needs("network")
async def test_who_answers_and_is_no_database_is_unavailable(database: LayerDatabase) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = replace(database.throwaway.url, port=server.sockets[0].getsockname()[1])
        layer = database.layer(url=url)
        with pytest.raises(Unavailable) as caught:
            await layer.open()
        assert url.location in str(caught.value)
        await layer.close()
    del caught
    gc.collect()


@pytest.mark.needs("file")
@pytest.mark.parametrize("name", ["no such.db", "no such folder/bookstore.db"])
async def test_a_file_that_is_not_there_is_not_made(
    database: LayerDatabase, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    layer = database.layer(url=database.throwaway.url.with_name(str(file)))
    with pytest.raises(Unavailable, match="BAKEOFF_DATABASE_URL") as caught:
        await layer.open()
    assert str(file) in str(caught.value)
    assert not file.exists()
    assert layer.connections().size == 0


@pytest.mark.needs("file")
async def test_a_file_that_is_no_database_is_unavailable(
    database: LayerDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "a # strange ? name %20.db"
    text = "This is no database. " * 100
    file.write_text(text)
    layer = database.layer(url=database.throwaway.url.with_name(str(file)))
    with pytest.raises(Unavailable) as caught:
        await layer.open()
    assert str(file) in str(caught.value)
    assert file.read_text() == text
    assert layer.connections().size == 0


# aiomysql forgets to close a socket after a handshake that failed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.needs("network")
@pytest.mark.parametrize("verified", [False, True], ids=["require", "verify-full"])
async def test_encryption_that_was_asked_for_is_not_done_without(
    database: LayerDatabase, factory: Factory, verified: bool
) -> None:
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    layer = database.layer(by_wire=True, tls=context)
    if database.server.offers_tls() and not verified:
        with database.wire.recording() as recording:
            assert await _shown_on_the_wire(layer, factory, recording.sent) is False
    else:
        # Nobody has signed for a server of tests.
        with pytest.raises(Unavailable):
            await layer.open()
        assert layer.connections().size == 0
    await layer.close()
    gc.collect()


@pytest.mark.needs("network")
async def test_without_encryption_a_name_is_seen_on_the_wire(
    database: LayerDatabase, factory: Factory
) -> None:
    """For otherwise the test of encryption would prove nothing."""
    layer = database.layer(by_wire=True)
    with database.wire.recording() as recording:
        assert await _shown_on_the_wire(layer, factory, recording.sent) is True
    await layer.close()


@pytest.mark.parametrize(
    ("url", "driver"),
    [("sqlite:///x.db", "asyncmy"), ("postgresql://h/x", "asyncmy"), ("mysql://h/x", "asyncpg")],
)
def test_a_driver_that_does_not_suit_the_database_is_refused(
    database: LayerDatabase, url: str, driver: str
) -> None:
    config = LayerConfig(url=DatabaseUrl.parse(url), driver=driver)
    with pytest.raises(ValueError, match="BAKEOFF_DRIVER"):
        make(database.backend, config)


def test_a_layer_without_a_database_is_refused(database: LayerDatabase) -> None:
    with pytest.raises(ValueError, match="BAKEOFF_DATABASE_URL"):
        make(database.backend, LayerConfig())


async def _shown_on_the_wire(layer: DataLayer, factory: Factory, sent: list[str]) -> bool:
    name = factory.name()
    await layer.open()
    await factory.author(layer, name)
    return any(name in text for text in sent)


def _assert_kept_secret(error: BaseException) -> None:
    said = "".join(traceback.format_exception(error)) + repr(error)
    assert SECRET not in said
    assert quote(SECRET, safe="") not in said
