"""Which server is found, under which name, and what the command prints about it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from recorded_greetings import (
    MARIADB_GREETING,
    MYSQL_DENIED,
    MYSQL_GREETING,
    MYSQL_OK,
    POSTGRESQL_WANTS_PASSWORD,
    POSTGRESQL_WELCOME,
    REDIS_LOADING,
    REDIS_WANTS_PASSWORD,
    REDIS_WELCOME,
)

import servers
from bakeoff_servers import finding, model
from bakeoff_servers.greeting import Greeting, NoGreeting, greet, parse_mysql_greeting
from bakeoff_servers.model import Address, Record, Unavailable, local_url, redacted, remember
from bakeoff_servers.processes import free_port

Replay = Callable[..., int]


def greeted(name: str, *, port: int) -> Greeting:
    return greet(Address.of(local_url(name, port=port), name=name), name=name, timeout=2)


def test_a_mariadb_says_so_in_its_greeting_despite_the_version_put_before_its_own() -> None:
    assert parse_mysql_greeting(MARIADB_GREETING[4:]) == (
        "mariadb",
        "10.11.19",
        b"mysql_native_password",
    )


def test_a_mysql_says_its_version_and_its_plugin() -> None:
    assert parse_mysql_greeting(MYSQL_GREETING[4:]) == ("mysql", "9.7.4", b"caching_sha2_password")


@pytest.mark.parametrize(
    "payload", [b"", b"\x0a9.7.4", b"HTTP/1.1 400 Bad Request\r\n", b"\xff\x69\x04Host is blocked"]
)
def test_what_is_no_greeting_is_not_taken_for_one(payload: bytes) -> None:
    with pytest.raises(NoGreeting):
        parse_mysql_greeting(payload)


def test_a_server_that_lets_us_in_differs_from_one_that_does_not(replay: Replay) -> None:
    open_port = replay(MYSQL_GREETING, MYSQL_OK)
    closed_port = replay(MYSQL_GREETING, MYSQL_DENIED)
    assert greeted("mysql", port=open_port) == Greeting("mysql", "9.7.4", admitted=True)
    assert greeted("mysql", port=closed_port) == Greeting("mysql", "9.7.4", admitted=False)


def test_a_server_may_ask_for_another_plugin_before_it_lets_us_in(replay: Replay) -> None:
    switch = b"\x16\x00\x00\x02\xfemysql_native_password"
    assert greeted("mysql", port=replay(MYSQL_GREETING, switch, MYSQL_OK)).admitted


def test_postgresql_tells_its_version_to_whom_it_lets_in_only(replay: Replay) -> None:
    trusting = replay(POSTGRESQL_WELCOME, speaks_first=False)
    asking = replay(POSTGRESQL_WANTS_PASSWORD, speaks_first=False)
    assert greeted("postgresql", port=trusting) == Greeting("postgresql", "15.20", admitted=True)
    assert greeted("postgresql", port=asking) == Greeting("postgresql", "", admitted=False)


def test_redis_tells_its_version_to_whom_it_lets_in_only(replay: Replay) -> None:
    trusting = replay(REDIS_WELCOME, speaks_first=False)
    asking = replay(REDIS_WANTS_PASSWORD, speaks_first=False)
    assert greeted("redis", port=trusting) == Greeting("redis", "7.0.15", admitted=True)
    assert greeted("redis", port=asking) == Greeting("redis", "", admitted=False)


def test_a_redis_that_is_still_loading_is_not_there_yet(replay: Replay) -> None:
    with pytest.raises(NoGreeting, match="loading"):
        greeted("redis", port=replay(REDIS_LOADING, speaks_first=False))


@pytest.mark.usefixtures("nothing_listens")
def test_redis_is_a_server_and_no_database(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    port = replay(REDIS_WELCOME, speaks_first=False)
    monkeypatch.setitem(finding.USUAL_PORTS, "redis", (port,))
    assert finding.available() == {}
    assert finding.addresses() == {"BAKEOFF_TEST_REDIS_URL": f"redis://127.0.0.1:{port}/"}


def test_a_port_that_is_open_but_is_no_database_is_not_a_server(replay: Replay) -> None:
    web = replay(b"HTTP/1.1 400 Bad Request\r\n\r\n", speaks_first=False)
    with pytest.raises(NoGreeting):
        greeted("postgresql", port=web)
    with pytest.raises(NoGreeting):
        greeted("redis", port=web)
    with pytest.raises(NoGreeting):
        greeted("postgresql", port=free_port())


def test_every_server_found_on_this_machine_greets_under_its_own_name() -> None:
    for name, server in finding.survey().servers.items():
        greeting = greet(Address.of(server.url, name=name), name=name)
        assert (greeting.name, greeting.version) == (name, server.version)


@pytest.mark.usefixtures("nothing_listens")
def test_mariadb_on_the_port_of_mysql_is_never_taken_for_mysql(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = replay(MARIADB_GREETING, MYSQL_OK)
    monkeypatch.setitem(finding.USUAL_PORTS, "mysql", (port,))
    monkeypatch.setitem(finding.USUAL_PORTS, "mariadb", (port,))
    found = finding.survey()
    assert found.servers["mariadb"].source == "listening"
    assert "mysql" not in found.servers
    assert "it is mariadb 10.11.19" in found.reasons["mysql"]


def test_an_address_from_the_environment_goes_before_one_that_listens(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(finding.USUAL_PORTS, "mysql", (replay(MYSQL_GREETING, MYSQL_OK),))
    url = f"mysql://tester:secret@127.0.0.1:{replay(MYSQL_GREETING, MYSQL_DENIED)}/"
    monkeypatch.setenv("BAKEOFF_TEST_MYSQL_URL", url)
    found = finding.available()["mysql"]
    assert (found.url, found.source) == (url, "environment")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://root:secret@127.0.0.1:{closed}/", "refused"),
        ("mysql://root:secret@127.0.0.1:{mariadb}/", "BAKEOFF_TEST_MARIADB_URL"),
        ("mariadb://root:secret@127.0.0.1:{mariadb}/", "its scheme is 'mariadb'"),
        ("mysql://root:secret@127.0.0.1:99999/", "its port"),
    ],
)
def test_an_address_from_the_environment_that_is_wrong_is_not_replaced_by_another(
    url: str, complaint: str, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(finding.USUAL_PORTS, "mysql", (replay(MYSQL_GREETING, MYSQL_OK),))
    mariadb = replay(MARIADB_GREETING, MYSQL_OK)
    address = url.format(closed=free_port(), mariadb=mariadb)
    monkeypatch.setenv("BAKEOFF_TEST_MYSQL_URL", address)
    found = servers.up(["mysql"])
    assert found.servers == {}
    assert complaint in found.reasons["mysql"]
    assert "BAKEOFF_TEST_MYSQL_URL" in found.reasons["mysql"]
    assert "secret" not in found.reasons["mysql"]
    assert finding.absence("mysql") == found.reasons["mysql"]


def test_without_an_address_the_message_says_how_to_get_a_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BAKEOFF_TEST_MYSQL_URL", raising=False)
    message = finding.absence("mysql")
    assert "tools/servers.py up mysql" in message
    assert "BAKEOFF_TEST_MYSQL_URL" in message


@pytest.mark.usefixtures("nothing_listens")
def test_a_listening_server_that_asks_for_a_password_is_not_used(
    replay: Replay, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = replay(POSTGRESQL_WANTS_PASSWORD, speaks_first=False)
    monkeypatch.setitem(finding.USUAL_PORTS, "postgresql", (port,))
    with pytest.raises(Unavailable, match="BAKEOFF_TEST_POSTGRESQL_URL"):
        finding.find("postgresql", cache=cache)


@pytest.mark.usefixtures("nothing_listens")
def test_a_record_of_a_process_that_has_ended_is_not_believed(replay: Replay, cache: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    port = replay(MYSQL_GREETING, MYSQL_OK)
    url = local_url("mysql", port=port)
    record = Record(source="started", url=url, port=port, pid=ended.pid, data=str(cache))
    remember(cache, name="mysql", record=record)
    assert finding.available() == {}


@pytest.mark.usefixtures("nothing_listens")
def test_a_container_that_was_started_is_found_again_with_its_password(
    replay: Replay, cache: Path
) -> None:
    port = replay(MYSQL_GREETING, MYSQL_DENIED)
    url = f"mysql://root:secret@127.0.0.1:{port}/"
    remember(cache, name="mysql", record=Record(source="docker", url=url, port=port))
    found = finding.available()["mysql"]
    assert (found.url, found.source, found.version) == (url, "docker", "9.7.4")


@pytest.mark.usefixtures("nothing_listens")
def test_tables_hide_the_password_and_urls_do_not(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"mysql://root:pa$s'word@127.0.0.1:{replay(MYSQL_GREETING, MYSQL_DENIED)}/"
    monkeypatch.setenv("BAKEOFF_TEST_MYSQL_URL", url)
    for command in ("status", "up"):
        assert servers.main([command, "mysql"]) == 0
        assert "pa$s" not in (printed := capsys.readouterr().out)
        assert "mysql://root:***@" in printed
    assert servers.main(["urls"]) == 0
    assert shlex.split(capsys.readouterr().out) == ["export", f"BAKEOFF_TEST_MYSQL_URL={url}"]
    assert servers.main(["urls", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "mysql": {"url": url, "version": "9.7.4", "source": "environment"}
    }


def test_redaction_leaves_an_address_without_a_password_alone() -> None:
    assert redacted("mysql://root@127.0.0.1/") == "mysql://root@127.0.0.1/"
    assert redacted("mysql://u:p:q@r@h:1/d?tls=no") == "mysql://u:***@h:1/d?tls=no"


@pytest.mark.usefixtures("nothing_listens")
def test_a_missing_server_fails_status_and_what_requires_it_but_not_a_plain_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_TEST_MYSQL_URL", f"mysql://root@127.0.0.1:{free_port()}/")
    assert servers.main(["status", "mysql"]) == 1
    assert servers.main(["up", "mysql", "--require"]) == 1
    assert servers.main(["up", "mysql"]) == 0
    assert capsys.readouterr().err.count("mysql is not there: BAKEOFF_TEST_MYSQL_URL=") == 3


def test_an_unknown_name_is_answered_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert servers.main(["up", "oracle"]) == 2
    printed = capsys.readouterr().err
    assert "oracle" in printed
    assert all(name in printed for name in model.NAMES)
