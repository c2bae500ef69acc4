from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Bakeoff = Callable[..., Result]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("pool_max", "hunter2", "error: BAKEOFF_POOL_MAX: Input should be a valid integer"),
        ("pool_max", "0", "error: BAKEOFF_POOL_MAX: Input should be greater than or equal to 1"),
        ("pool_min", "11", "error: BAKEOFF_POOL_MIN must not exceed BAKEOFF_POOL_MAX"),
        ("tls", "hunter2", "error: BAKEOFF_TLS: Input should be 'disable', 'require'"),
        ("tls_ca", "hunter2", "error: BAKEOFF_TLS_CA needs BAKEOFF_TLS=verify-full"),
        ("database_url", "x://u:hunter2@h/n", "error: BAKEOFF_DATABASE_URL: a database URL must"),
        ("database_url", "mysql://u:hunter2@h:p/n", "error: BAKEOFF_DATABASE_URL: the port"),
        ("db_host", "hunter2:1", "error: BAKEOFF_DB_HOST: must be a name, an address or an"),
        ("db_password", "hunter2", "error: BAKEOFF_DB_PASSWORD is set, but BAKEOFF_DB_HOST, "),
        ("log_level", "hunter2", "error: BAKEOFF_LOG_LEVEL: Input should be 'debug'"),
        ("redis_url", "hunter2", "error: BAKEOFF_REDIS_URL: must look like redis://"),
        ("cache", "on", "error: BAKEOFF_CACHE=on needs BAKEOFF_REDIS_URL"),
        ("cache_prefix", "hunter2 x", "error: BAKEOFF_CACHE_PREFIX: "),
    ],
)
def test_a_wrong_setting_is_named_and_not_repeated(
    bakeoff: Bakeoff, name: str, value: str, told: str
) -> None:
    result = bakeoff("list", **{name: value})
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(told)
    assert "hunter2" not in result.stderr


def test_every_wrong_setting_is_named(bakeoff: Bakeoff) -> None:
    stderr = bakeoff("list", pool_max="x", pool_timeout="y").stderr
    assert "BAKEOFF_POOL_MAX: " in stderr
    assert "BAKEOFF_POOL_TIMEOUT: " in stderr


def test_a_secret_that_is_nowhere_is_named(bakeoff: Bakeoff) -> None:
    result = bakeoff("list", cursor_key_file="nowhere")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: BAKEOFF_CURSOR_KEY_FILE: nowhere cannot be read: No such file or directory\n"
    )


def test_a_database_in_parts_is_shown_without_its_password(bakeoff: Bakeoff) -> None:
    Path("password").write_text("hunter2\n", "utf-8")
    parts = {"db_host": "db", "db_name": "books", "db_user": "ged", "db_password_file": "password"}
    result = bakeoff("info", "--offline", "--json", backend="memory", **parts)
    assert '"BAKEOFF_DATABASE_URL": "postgresql://ged:***@db:5432/books"' in result.stdout
    assert '"BAKEOFF_DB_PASSWORD": "***"' in result.stdout
    assert "hunter2" not in result.output


def test_certificates_that_are_not_there_are_named(bakeoff: Bakeoff) -> None:
    result = bakeoff("info", "--offline", backend="memory", tls="verify-full", tls_ca="nowhere.pem")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: BAKEOFF_TLS_CA: nowhere.pem cannot be read: No such file or directory\n"
    )


def test_settings_come_from_the_file_env(bakeoff: Bakeoff) -> None:
    Path(".env").write_text("BAKEOFF_POOL_MAX=many\n", "utf-8")
    assert bakeoff("list").stderr.startswith("error: BAKEOFF_POOL_MAX: ")


def test_an_env_file_that_is_no_text_is_named(bakeoff: Bakeoff) -> None:
    Path(".env").write_bytes(b"BAKEOFF_POOL_MAX=\xff\n")
    result = bakeoff("list")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: .env cannot be read: ")


def test_options_go_before_the_environment(bakeoff: Bakeoff) -> None:
    settings = bakeoff(
        *("info", "--offline", "--json", "--backend", "memory", "--database", "sqlite:///a.db"),
        backend="nothing",
        database_url="sqlite:///b.db",
    ).stdout
    assert '"BAKEOFF_BACKEND": "memory"' in settings
    assert '"BAKEOFF_DATABASE_URL": "sqlite:///a.db"' in settings


def test_a_wrong_address_on_the_command_line_is_wrong_usage(bakeoff: Bakeoff) -> None:
    result = bakeoff("info", "--database", "oracle://u:hunter2@h/n")
    assert result.exit_code == 2
    assert "--database" in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize(
    "arguments", [("serve",), ("load", "--sample"), ("info",), ("info", "--offline")]
)
def test_a_backend_that_is_not_there_comes_with_the_way_to_get_it(
    bakeoff: Bakeoff, arguments: tuple[str, ...]
) -> None:
    result = bakeoff(*arguments, "--backend", "nosuch")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "memory" in result.stderr
    assert "pip install bakeoff-nosuch" in result.stderr
