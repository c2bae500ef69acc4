"""Encryption: a layer tells a server nothing before that has proven who it is."""

from __future__ import annotations

import gc
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from bakeoff.backends import make_layer
from bakeoff.settings import Settings
from bakeoff_contract.certificates import Authority, Certificate, self_signed
from bakeoff_contract.layer_suite.database import TIMEOUT, LayerDatabase
from bakeoff_contract.layer_suite.downgrade import NoTlsOffered
from bakeoff_contract.tls_server import NAME, PASSWORD, USER, TlsServer, tls_server
from bakeoff_schemas import migrate
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.needs("network"),
    pytest.mark.needs("private server"),
    # aiomysql forgets to close a socket after a handshake that failed.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

HOST = "127.0.0.1"
# By what is wrong with a certificate, how OpenSSL says so; some servers send the authority along.
WRONG = {
    "another host": "mismatch",
    "expired": "certificate has expired",
    "self-signed": "self-signed certificate ",
    "unknown authority": "unable to get local issuer certificate|self-signed certificate in",
}


@dataclass(frozen=True)
class Shop:
    """A server, the certificate that is right, those that are wrong, and whom a layer trusts."""

    server: TlsServer
    right: Certificate
    wrong: dict[str, Certificate]
    trusted: Path

    def url(self, mode: str = "verify-full", *, port: int = 0) -> str:
        """As it is written into BAKEOFF_DATABASE_URL."""
        ca = f"&sslrootcert={quote(str(self.trusted))}" if mode == "verify-full" else ""
        url = self.server.url.render()
        if port:
            url = url.replace(f":{self.server.url.port}/", f":{port}/")
        return f"{url}?sslmode={mode}{ca}"


@pytest.fixture(scope="session")
def shop(database: LayerDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One server for all tests of this run; each shows the certificate that it is about."""
    authority, another = Authority("An authority"), Authority("Another authority")
    wrong = {
        "another host": authority.sign("db.example"),
        "expired": authority.sign(HOST, days=(-2, -1)),
        "self-signed": self_signed(HOST),
        "unknown authority": another.sign(HOST),
    }
    trusted = authority.write(tmp_path_factory.mktemp("tls") / "ca.pem")
    with tls_server(database.server.product(), [authority, another]) as server:
        yield Shop(server, authority.sign(HOST), wrong, trusted)


@pytest.fixture(scope="module", params=WRONG)
def wrong(shop: Shop, request: pytest.FixtureRequest) -> str:
    """What is wrong with the certificate that the server shows, one after the other."""
    name: str = request.param
    shop.server.present(shop.wrong[name])
    return name


def made(database: LayerDatabase, url: str) -> DataLayer:
    """A layer with the settings that an operator would write."""
    settings = Settings(
        _env_file=None,
        backend=database.backend,
        driver=database.driver,
        database_url=url,
        pool_max=2,
        connect_timeout=TIMEOUT,
    )
    return make_layer(database.backend, settings.layer_config())


async def refusal(layer: DataLayer) -> str:
    """Why the layer does not open; it leaves nothing behind, and tells no secret."""
    with pytest.raises(Unavailable) as caught:
        await layer.open()
    assert layer.connections().size == 0
    await layer.close()
    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert PASSWORD not in said
    assert quote(PASSWORD, safe="") not in said
    reason = str(caught.value)
    del caught
    gc.collect()
    return reason


async def assert_encrypted(shop: Shop, layer: DataLayer) -> None:
    """It connects, and the server says of each of its sessions that it is encrypted."""
    await layer.open()
    try:
        await layer.ping()
        sessions = shop.server.sessions()
        assert sessions
        assert all(sessions)
    finally:
        await layer.close()


async def test_a_server_with_the_right_certificate_is_served_from_by_encrypted_sessions_alone(
    shop: Shop, database: LayerDatabase
) -> None:
    shop.server.present(shop.right)
    await assert_encrypted(shop, made(database, shop.url()))


async def test_a_certificate_that_is_wrong_is_refused_with_the_setting_and_without_a_secret(
    shop: Shop, database: LayerDatabase, wrong: str
) -> None:
    said = await refusal(made(database, shop.url()))
    assert "BAKEOFF_TLS_CA" in said
    assert re.search(WRONG[wrong], said)
    assert shop.server.url.location in said
    assert shop.server.sessions() == []


@pytest.mark.usefixtures("wrong")
def test_migrations_refuse_a_certificate_that_is_wrong_as_well(shop: Shop) -> None:
    with pytest.raises(Unavailable, match="BAKEOFF_TLS_CA") as caught:
        migrate.upgrade(shop.url())
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


async def test_without_a_word_about_whom_to_trust_it_is_whom_the_system_trusts(
    shop: Shop, database: LayerDatabase
) -> None:
    shop.server.present(shop.right)
    url = shop.url().partition("&sslrootcert=")[0]
    assert "BAKEOFF_TLS_CA" in await refusal(made(database, url))


async def test_require_encrypts_and_asks_for_nothing_else(
    shop: Shop, database: LayerDatabase
) -> None:
    shop.server.present(shop.wrong["self-signed"])
    await assert_encrypted(shop, made(database, shop.url("require")))


async def test_disable_does_not_encrypt_so_that_the_server_would_have_said_so(
    shop: Shop, database: LayerDatabase
) -> None:
    """For otherwise what the server says of its sessions would prove nothing."""
    shop.server.present(shop.right)
    layer = made(database, shop.url("disable"))
    await layer.open()
    try:
        await layer.ping()
        sessions = shop.server.sessions()
        assert sessions
        assert not any(sessions)
    finally:
        await layer.close()


@pytest.mark.parametrize("mode", ["require", "verify-full"])
async def test_where_somebody_takes_away_the_offer_of_encryption_nothing_is_told_in_the_clear(
    shop: Shop, database: LayerDatabase, mode: str
) -> None:
    """A driver may insist all the same, or the layer does not open: it tells nobody who it is."""
    shop.server.present(shop.right)
    async with NoTlsOffered(shop.server.url) as network:
        layer = made(database, shop.url(mode, port=network.port))
        try:
            await layer.open()
        except Unavailable as error:
            assert "BAKEOFF_TLS" in str(error)  # noqa: PT017 - opening is allowed too
            assert layer.connections().size == 0
        else:
            assert all(shop.server.sessions())
        finally:
            await layer.close()
        assert network.connections
        for secret in (USER, NAME, PASSWORD):
            assert secret.encode() not in network.sent
    gc.collect()


async def test_a_certificate_that_becomes_wrong_is_unavailable_and_one_that_is_renewed_is_taken(
    shop: Shop, database: LayerDatabase
) -> None:
    shop.server.present(shop.right)
    layer = made(database, shop.url())
    await layer.open()
    try:
        shop.server.present(shop.wrong["another host"])
        shop.server.end_sessions()
        for _ in range(3):
            with pytest.raises(Unavailable):
                await layer.ping()
            assert layer.connections().in_use == 0
        shop.server.present(shop.right)
        await layer.ping()
        assert all(shop.server.sessions())
    finally:
        await layer.close()
    gc.collect()


def test_migrations_trust_whom_the_service_trusts(shop: Shop) -> None:
    """They have drivers of their own."""
    shop.server.present(shop.right)
    migrate.upgrade(shop.url())
