from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import Result

from bakeoff.settings import Settings
from bakeoff_schemas import migrate

Bakeoff = Callable[..., Result]


def test_every_setting_is_shown_and_no_secret(bakeoff: Bakeoff) -> None:
    result = bakeoff(
        *("info", "--offline", "--json", "--backend", "memory"),
        database_url="mysql://ged:hunter2@host/name",
        cursor_key="hunter2",
    )
    settings = json.loads(result.stdout)["settings"]
    assert list(settings) == [f"BAKEOFF_{name.upper()}" for name in Settings.model_fields]
    assert settings["BAKEOFF_DATABASE_URL"] == "mysql://ged:***@host:3306/name"
    assert settings["BAKEOFF_CURSOR_KEY"] == "***"
    assert "hunter2" not in result.output


def test_the_memory_backend_needs_no_database(bakeoff: Bakeoff) -> None:
    result = bakeoff("info", "--json", "--backend", "memory")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["connected"]["database"] == "memory"
    assert list(Path().iterdir()) == []


def test_the_database_names_itself(bakeoff: Bakeoff, bare_cell: Any) -> None:
    backend, url = bare_cell.backend, bare_cell.url

    def asked() -> dict[str, str | None]:
        result = bakeoff("info", "--json", "--backend", backend, "--database", url)
        assert result.exit_code == 0
        facts: dict[str, str | None] = json.loads(result.stdout)["connected"]
        return facts

    facts = asked()
    family = "mysql" if facts["database"] == "mariadb" else facts["database"]
    assert family == urlsplit(url).scheme.replace("mariadb", "mysql")
    assert facts["backend"] == backend
    assert all(facts[name] for name in ("layer", "layer_version", "driver", "server_version"))
    assert (facts["schema"], facts["schema_newest"]) == (None, migrate.head())
    migrate.upgrade(url)
    assert asked()["schema"] == migrate.head()


def test_people_get_the_same_as_text(bakeoff: Bakeoff) -> None:
    result = bakeoff("info", "--backend", "memory")
    assert result.exit_code == 0
    for expected in ("memory", "plain Python", "BAKEOFF_POOL_MAX", "sqlite:///bookstore.db"):
        assert expected in result.stdout


def test_a_sqlite_file_that_is_not_there_is_not_made_by_asking(
    bakeoff: Bakeoff, backend: str
) -> None:
    result = bakeoff("info", "--backend", backend)
    assert result.exit_code == 1
    assert "bakeoff migrate" in result.stderr
    assert "--offline" in result.stderr
    assert not Path("bookstore.db").exists()


def test_offline_nothing_is_asked(bakeoff: Bakeoff, backend: str, closed_port: int) -> None:
    url = f"postgresql://u:p@127.0.0.1:{closed_port}/x"
    result = bakeoff("info", "--offline", "--json", "--backend", backend, "--database", url)
    assert result.exit_code == 0
    facts = json.loads(result.stdout)
    assert facts["backend"]["name"] == backend
    assert "connected" not in facts


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_database_out_of_reach_is_named_with_what_to_do(
    bakeoff: Bakeoff, every_backend: str, closed_port: int, scheme: str
) -> None:
    result = bakeoff(
        *("info", "--backend", every_backend),
        *("--database", f"{scheme}://ged:hunter2@127.0.0.1:{closed_port}/books"),
        connect_retries="1",
        connect_interval="0.2",
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"no connection to {scheme}://ged:***@127.0.0.1:{closed_port}/books" in result.stderr
    assert "Tried 2 times, 0.2 s apart, for 0." in result.stderr
    for name in ("DATABASE_URL", "CONNECT_RETRIES", "CONNECT_INTERVAL", "CONNECT_TIMEOUT"):
        assert f"BAKEOFF_{name}" in result.stderr
    assert "hunter2" not in result.stderr
    assert "Traceback" not in result.stderr
