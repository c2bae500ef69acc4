from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bakeoff.settings import Settings

# What a variable of the environment can hold.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def test_the_parts_of_an_address_make_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"HOST": "db.example", "PORT": "6432", "USER": "shop", "PASSWORD": "p@/%", "NAME": "b"}
    for name, value in parts.items():
        monkeypatch.setenv(f"BAKEOFF_DB_{name}", value)
    url = settings().database()
    assert (url.family, url.host, url.port) == ("postgresql", "db.example", 6432)
    assert (url.user, url.password, url.name) == ("shop", "p@/%", "b")
    assert settings().database_url.get_secret_value() == (
        "postgresql://shop:p%40%2F%25@db.example:6432/b"
    )


@given(user=texts, password=texts, name=texts.filter(lambda name: "/" not in name))
def test_whatever_a_part_holds_arrives_as_it_is(user: str, password: str, name: str) -> None:
    url = settings(db_host="::1", db_user=user, db_password=password, db_name=name).database()
    assert (url.host, url.port, url.user, url.password, url.name) == (
        *("::1", 5432),
        *(user, password, name),
    )


@pytest.mark.parametrize(
    ("scheme", "port", "family"),
    [("postgresql", 5432, "postgresql"), ("mysql", 3306, "mysql"), ("mariadb", 3306, "mysql")],
)
def test_the_port_is_the_usual_one_of_the_kind(scheme: str, port: int, family: str) -> None:
    url = settings(db_scheme=scheme, db_host="db", db_name="b").database()
    assert (url.scheme, url.port, url.family) == (scheme, port, family)


def test_a_path_is_a_unix_socket() -> None:
    url = settings(db_host="/run/postgresql", db_name="b").database()
    assert (url.unix_socket, url.host, url.name) == ("/run/postgresql", "", "b")
    url = settings(db_scheme="mysql", db_host="/run/my sqld.sock", db_name="b").database()
    assert url.unix_socket == "/run/my sqld.sock"


def test_a_url_wins_over_the_parts() -> None:
    made = settings(database_url="sqlite:///a.db", db_host="db", db_name="b", db_password="p")
    assert str(made.database()) == "sqlite:///a.db"
    # Not even what is missing among the parts matters then.
    assert str(settings(database_url="sqlite:///a.db", db_user="u").database()) == "sqlite:///a.db"


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"db_host": "db"}, "BAKEOFF_DB_HOST is set, but BAKEOFF_DB_NAME is not"),
        ({"db_scheme": "mysql"}, "BAKEOFF_DB_SCHEME is set, but BAKEOFF_DB_HOST, BAKEOFF_DB_NAME"),
        ({"db_password": "hunter2"}, "but BAKEOFF_DB_HOST, BAKEOFF_DB_USER, BAKEOFF_DB_NAME are"),
        ({"db_host": "d", "db_name": "b", "db_password": "hunter2"}, "but BAKEOFF_DB_USER is not"),
    ],
)
def test_a_part_without_the_others_is_refused_with_what_is_missing(
    parts: dict[str, str], told: str
) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        settings(**parts)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["db:5432", "user@db", "db/name", "a b", "db?x=1", "[::1]", "a%b"])
def test_a_host_is_a_host_and_nothing_else(host: str) -> None:
    with pytest.raises(ValidationError, match="the port is BAKEOFF_DB_PORT"):
        settings(db_host=host, db_name="b")


@pytest.mark.parametrize(
    "wrong", [{"db_port": "0"}, {"db_port": "65536"}, {"db_name": "a/b"}, {"db_scheme": "sqlite"}]
)
def test_a_part_that_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings(**{"db_host": "db", "db_name": "b", **wrong})


def test_what_kubernetes_sets_for_a_service_called_bakeoff_db_is_no_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BAKEOFF_DB_PORT", "tcp://10.96.0.11:5432")
    monkeypatch.setenv("BAKEOFF_DB_SERVICE_HOST", "10.96.0.11")
    assert str(settings().database()) == "sqlite:///bookstore.db"
    assert settings(db_host="db", db_name="b").database().port == 5432


def test_a_password_that_is_a_part_is_not_shown() -> None:
    made = settings(db_host="db", db_name="b", db_user="u", db_password="hunter2")
    assert "hunter2" not in repr(made)
    assert "hunter2" not in str(made.database())
    assert "hunter2" not in repr(made.layer_config())


def test_the_parts_go_with_the_settings_of_encryption() -> None:
    made = settings(db_host="db", db_name="b", tls="verify-full", connect_timeout=2)
    assert made.database().tls_mode == "verify-full"
    assert made.layer_config().connect_timeout == 2
