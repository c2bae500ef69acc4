"""Servers are started once, made again when damaged, and stopped only when they are ours."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff_servers import down, lifecycle, survey, up
from bakeoff_servers.debian_mysql import Software
from bakeoff_servers.lifecycle import launch
from bakeoff_servers.model import Unavailable, recall, remember
from bakeoff_servers.processes import free_port, is_ours, start, stop
from bakeoff_servers.recipes import PREFERRED_PORTS, Recipe, recipe

SOFTWARE = {
    "postgresql": list(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    "mariadb": list(Path("/usr/sbin").glob("mariadbd")),
    "redis": list(Path("/usr/bin").glob("redis-server")),
}


@pytest.fixture
def machine(
    stand_in: Recipe, monkeypatch: pytest.MonkeyPatch, nothing_listens: None
) -> Iterator[Recipe]:
    """A machine on which the stand-in is what MySQL's recipe makes; it is stopped afterwards."""
    monkeypatch.setattr(lifecycle, "recipe", lambda name, cache: stand_in)
    monkeypatch.setitem(PREFERRED_PORTS, "mysql", (free_port(),))
    yield stand_in
    down(["mysql"])


def starts(recipe: Recipe) -> int:
    return len((recipe.data.parent / "starts").read_text().splitlines())


def test_up_starts_a_server_that_is_then_found_and_down_stops_it(machine: Recipe) -> None:
    started = up(["mysql"]).servers["mysql"]
    assert (started.source, started.version) == ("started", "9.7.4")
    assert survey(["mysql"]).servers["mysql"] == started
    assert down(["mysql"]) == ["mysql"]
    assert survey(["mysql"]).servers == {}
    assert down(["mysql"]) == []


def test_up_twice_starts_nothing_twice(machine: Recipe) -> None:
    assert up(["mysql"]).servers == up(["mysql"]).servers
    assert starts(machine) == 1


def test_two_at_once_start_one_server(machine: Recipe) -> None:
    together = [threading.Thread(target=up, args=(["mysql"],)) for _ in range(3)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert starts(machine) == 1


def test_a_server_that_was_killed_comes_up_again_at_its_port(machine: Recipe, cache: Path) -> None:
    before = up(["mysql"]).servers["mysql"]
    record = recall(cache, name="mysql")
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    os.waitpid(record.pid, 0)
    assert up(["mysql"]).servers["mysql"] == before
    assert starts(machine) == 2


def test_a_data_folder_that_was_left_half_made_is_made_again(machine: Recipe) -> None:
    power_cut = machine.data.parent / "power-cut"
    power_cut.parent.mkdir(parents=True)
    power_cut.touch()
    assert "the power went off" in up(["mysql"]).reasons["mysql"]
    assert machine.data.is_dir()
    power_cut.unlink()
    assert up(["mysql"]).reasons == {}


def test_data_that_the_server_cannot_use_any_more_is_made_again(machine: Recipe) -> None:
    up(["mysql"])
    down(["mysql"])
    (machine.data / "whole").unlink()
    assert up(["mysql"]).reasons == {}


def test_data_of_another_version_of_the_server_is_made_again(machine: Recipe, cache: Path) -> None:
    up(["mysql"])
    down(["mysql"])
    (machine.data / "of-version-1").touch()
    record = launch("mysql", recipe=replace(machine, software="stand-in 2"), cache=cache)
    remember(cache, name="mysql", record=record)
    assert not (machine.data / "of-version-1").exists()


def test_a_server_that_does_not_come_up_is_explained_by_its_log(
    machine: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = (
        sys.executable,
        "-c",
        "exit('no memory left')",
        f"--datadir={machine.data}",
    )
    broken = replace(machine, serve=fails)
    monkeypatch.setattr(lifecycle, "recipe", lambda name, cache: broken)
    reason = up(["mysql"]).reasons["mysql"]
    assert "no memory left" in reason
    assert "there is no docker" in reason


def test_a_taken_port_is_not_used(machine: Recipe, cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        assert free_port(port) != port


def test_a_damaged_record_is_as_good_as_none(cache: Path) -> None:
    (cache / "mysql").mkdir()
    (cache / "mysql" / "state.json").write_text('{"source": "started"')
    assert recall(cache, name="mysql") is None


def test_a_process_of_another_data_folder_is_never_stopped(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", "--datadir=/else"]
    )
    try:
        assert not stop("mysql", pid=other.pid, data=tmp_path)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_server_lives_in_a_session_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)", f"--datadir={tmp_path}"]
    pid = start(command, log=tmp_path / "log")
    assert is_ours(pid, data=tmp_path)
    assert os.getsid(pid) == pid != os.getsid(0)
    assert stop("mysql", pid=pid, data=tmp_path)
    assert not is_ours(pid, data=tmp_path)


@pytest.mark.parametrize(
    ("loader", "triplet"),
    [
        ("ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
        ("ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
        ("ld-linux-riscv64-lp64d.so.1", "riscv64-linux-gnu"),
        ("ld64.so.2", "powerpc64le-linux-gnu"),
    ],
)
def test_the_loader_is_found_on_every_processor(tmp_path: Path, loader: str, triplet: str) -> None:
    libraries = tmp_path / "usr" / "lib" / triplet
    libraries.mkdir(parents=True)
    (libraries / "libc.so.6").touch()
    (libraries / loader).touch()
    assert Software(tmp_path).command() == [
        str(libraries / loader),
        "--library-path",
        str(libraries),
        str(tmp_path / "usr" / "sbin" / "mysqld"),
    ]


@pytest.mark.parametrize("name", ["postgresql", "mariadb", "redis"])
def test_the_distributions_server_starts_from_nothing_or_it_is_said_what_to_install(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setitem(PREFERRED_PORTS, name, ())
    if not SOFTWARE[name]:
        with pytest.raises(Unavailable, match="install"):
            recipe(name, cache=cache)
        return
    found = recipe(name, cache=cache)
    try:
        record = launch(name, recipe=found, cache=cache)
        server = survey([name]).servers[name]
        assert (server.url, server.source) == (record.url, "started")
        assert server.version in found.software
        assert down([name]) == [name]
    finally:
        down([name])
        shutil.rmtree(found.data.parent)
