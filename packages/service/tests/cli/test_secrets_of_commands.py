"""Secrets are planted in what a command is given, and looked for in all that it tells."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff_contract.canaries import canary, found
from bakeoff_schemas.database_url import DatabaseUrl

Bakeoff = Callable[..., Result]

COMMANDS = [
    ("info",),
    ("info", "--json"),
    ("info", "--offline"),
    ("info", "--offline", "--json"),
    ("list",),
    ("list", "--json"),
    ("migrate",),
    ("migrate", "--check"),
    ("migrate", "--sql"),
    ("serve", "--port", "0"),
    ("load", "--sample"),
    ("outbox", "list"),
    ("user", "grant", "ged"),
    ("user", "create", "ged", "--email", "ged@example.com", "--password-stdin"),
    ("openapi",),
]


class Planted:
    """Every secret that a setting may hold, and what a command with them tells."""

    def __init__(self, bakeoff: Bakeoff) -> None:
        self._bakeoff = bakeoff
        self.secrets: dict[str, str] = {}
        self._told: dict[str, str] = {}

    def plant(self, name: str) -> str:
        return self.secrets.setdefault(name, canary())

    def run(self, *arguments: str, typed: str | None = None, **settings: str) -> Result:
        chosen = {
            "auth": "all",
            "auth_keys": f"2026-12:{self.plant('a key')}{self.plant('a key')}",
            "cursor_key": self.plant("the key of cursors"),
            "redis_url": f"redis://ged:{self.plant('the password of Redis')}@127.0.0.1:1/0",
            "metadata_url": f"http://127.0.0.1:1/{{isbn}}?key={self.plant('a key of metadata')}",
            "confirmation_url": f"http://ged:{self.plant('a key of confirmations')}@127.0.0.1:1/",
            "outbox": "on",
            "connect_retries": "0",
            "log_level": "debug",
            **settings,
        }
        typed = typed or f"{self.plant('a password of a user')}\n"
        result = self._bakeoff(*arguments, typed=typed, **chosen)
        told = {"stdout": result.stdout, "stderr": result.stderr}
        if result.exc_info is not None:
            # What whoever looks for a fault may be shown, with all that led to it.
            told["the traceback"] = "".join(traceback.format_exception(*result.exc_info))
        self._told |= {f"{place} of {' '.join(arguments)}": text for place, text in told.items()}
        return result

    def found(self) -> list[str]:
        return found(self.secrets, self._told)


@pytest.fixture
def planted(bakeoff: Bakeoff) -> Planted:
    return Planted(bakeoff)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("family", ["postgresql", "mysql"])
def test_no_command_tells_a_secret(
    planted: Planted, backend: str, closed_port: int, command: tuple[str, ...], family: str
) -> None:
    password = planted.plant("the password of the database")
    url = f"{family}://ged:{password}@127.0.0.1:{closed_port}/books"
    result = planted.run(*command, backend=backend, database_url=url)
    asks_nobody = command[0] in ("list", "openapi") or {"--offline", "--sql"} & {*command}
    assert (result.exit_code == 0) == bool(asks_nobody), result.output
    assert planted.found() == []


@pytest.mark.parametrize("tls", ["disable", "require", "verify-full"])
def test_a_log_in_that_is_refused_and_encryption_that_fails_tell_none(
    planted: Planted, every_backend: str, bare_database: str, tls: str
) -> None:
    url = DatabaseUrl.parse(bare_database)
    if url.family == "sqlite":
        url = DatabaseUrl.parse("sqlite:///nowhere/to/be/found.db")
    else:
        password = planted.plant("the password of the database")
        url = replace(url, user="bakeoff_nobody", password=password)
    for command in (("info",), ("serve", "--port", "0")):
        result = planted.run(
            *command, backend=every_backend, database_url=url.render(), tls=tls, connect_timeout="2"
        )
        assert result.exit_code == 1, result.output
    assert planted.found() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "postgresql://ged:{}@host:many/name"),
        ("database_url", "postgresql://ged:{}@host/name?option={}"),
        ("database_url", "postgresql://ged:{}"),
        ("database_url", "postgresql://ged:a/{}@host/name"),
        ("database_url", "postgresql://ged:a#{}@host/name"),
        ("database_url", "postgresql://ged:a?{}@host/name"),
        ("database_url", "oracle://ged:{}@host/name"),
        ("database_url", "{}"),
        ("db_password", "{}"),
        ("redis_url", "http://:{}@host"),
        ("redis_url", "redis://:{} @host"),
        ("redis_url", "redis://ged:{}@host:many/0"),
        ("redis_url", "redis://ged:{}@[host/0"),
        ("redis_url", "redis://ged:{}@host/name"),
        ("redis_url", "redis://host/0?{}={}"),
        ("auth_keys", "{}"),
        ("auth_keys", "2026-12:{}"),
        ("auth_keys", "2026-12:{}{},{}"),
        ("metadata_url", "http://ged:{}@host/{{isbn}}"),
        ("metadata_url", "http://host/?key={}"),
        ("metadata_url", "{}"),
        ("confirmation_url", "ftp://ged:{}@host/"),
        ("confirmation_url", "http://ged:{}@[host/"),
        ("cursor_key_file", "{}"),
        ("pool_max", "{}"),
        ("metadata_url_", "{}"),
    ],
)
def test_a_setting_that_is_refused_is_not_repeated(planted: Planted, name: str, value: str) -> None:
    secret = planted.plant("what was set")
    result = planted.run(
        "info", "--offline", backend="memory", **{name: value.replace("{}", secret)}
    )
    if name == "cursor_key_file":
        # The name of a file is no secret, and says what to mend.
        del planted.secrets["what was set"]
    assert result.exit_code in (1, 2)
    assert f"BAKEOFF_{name.upper()}" in result.stderr
    assert planted.found() == []


@pytest.mark.parametrize(
    "switched_on", [{"cache": "on"}, {"rate_limit": "1 per day"}, {"outbox": "on"}]
)
@pytest.mark.parametrize(
    "written",
    [
        "redis://ged:{}@127.0.0.1:1/0",
        "redis://127.0.0.1:1/0?password={}",
    ],
)
def test_a_redis_that_cannot_be_used_is_not_told_with_its_password(
    caplog: pytest.LogCaptureFixture, written: str, switched_on: dict[str, str]
) -> None:
    password = canary()
    caplog.set_level(logging.DEBUG)
    told = ""

    async def start() -> None:
        chosen = {"backend": "memory", "redis_url": written.replace("{}", password)}
        app = create_app(Settings(_env_file=None, **chosen, **switched_on))  # type: ignore[arg-type]
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
                assert (await client.get("/books")).status_code == 200

    try:
        asyncio.run(start())
    except Exception as error:
        told = "".join(traceback.format_exception(error))
    logged = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert (
        found({"a password": password}, {"an error": told, "the log": logged + caplog.text}) == []
    )


def test_a_secret_from_a_file_is_not_told_either(planted: Planted) -> None:
    Path("keys").write_text(planted.plant("a short key"), "utf-8")
    Path("url").write_text(f"mysql://ged:{planted.plant('a password')}@h:x/y", "utf-8")
    for more in ({"auth_keys_file": "keys", "auth_keys": ""}, {"database_url_file": "url"}):
        assert planted.run("info", "--offline", backend="memory", **more).exit_code == 1
    assert planted.found() == []
