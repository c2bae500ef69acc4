"""Brings servers up in the cheapest way that works, and takes down what was brought up."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff_servers.compose import compose_down, compose_up, require_engine
from bakeoff_servers.finding import Found, find, variable
from bakeoff_servers.greeting import NoGreeting, greet
from bakeoff_servers.model import (
    NAMES,
    Address,
    Record,
    Server,
    Unavailable,
    cache_folder,
    forget,
    local_url,
    recall,
    remember,
)
from bakeoff_servers.processes import free_port, is_ours, run, say, start, stop
from bakeoff_servers.recipes import PREFERRED_PORTS, Recipe, recipe

LOCK_SECONDS = 1800.0
START_SECONDS = 120.0
INITIALISE_SECONDS = 300.0


def up(names: Iterable[str] = NAMES) -> Found:
    """Find or start each server; those that cannot be had are named with the reason."""
    cache = cache_folder()
    found = Found()
    with locked(cache):
        for name in names:
            try:
                found.servers[name] = _bring_up(name, cache=cache)
            except Unavailable as error:
                found.reasons[name] = str(error)
    return found


def down(names: Iterable[str] = NAMES) -> list[str]:
    """Stop the servers that this tool started, and only those; answer their names."""
    cache = cache_folder()
    stopped = []
    with locked(cache):
        for name in names:
            record = recall(cache, name=name)
            if record is None:
                continue
            if record.source == "docker":
                if record.ours:
                    compose_down(name)
                    stopped.append(name)
            elif stop(name, pid=record.pid, data=Path(record.data)):
                stopped.append(name)
            forget(cache, name=name)
    return stopped


def _bring_up(name: str, *, cache: Path) -> Server:
    try:
        return find(name, cache=cache)
    except Unavailable as error:
        if os.environ.get(variable(name)):  # another server must not replace the chosen one
            raise
        reasons = [str(error)]
    for way in (_in_a_container, _without_docker):
        try:
            remember(cache, name=name, record=way(name, cache=cache))
        except Unavailable as error:
            reasons.append(str(error))
        else:
            return find(name, cache=cache)
    raise Unavailable("; ".join(reasons))


def _in_a_container(name: str, *, cache: Path) -> Record:
    del cache  # a container keeps its own data
    require_engine()
    return compose_up(name)


def _without_docker(name: str, *, cache: Path) -> Record:
    return launch(name, recipe=recipe(name, cache=cache), cache=cache)


def launch(name: str, *, recipe: Recipe, cache: Path) -> Record:
    """Start the server and wait until it lets us in; data it cannot use is made again, once."""
    home = cache / name
    home.mkdir(parents=True, exist_ok=True)
    earlier = recall(cache, name=name)
    if earlier is not None and earlier.pid:  # it is there but did not answer
        stop(name, pid=earlier.pid, data=Path(earlier.data))
    made = _prepare(name, recipe=recipe, home=home)
    try:
        return _serve(name, recipe=recipe, cache=cache)
    except Unavailable:
        if made:
            raise
    say(f"{name}: its data is damaged; making it again …")
    _ready(home).unlink(missing_ok=True)
    _prepare(name, recipe=recipe, home=home)
    return _serve(name, recipe=recipe, cache=cache)


def _prepare(name: str, *, recipe: Recipe, home: Path) -> bool:
    """Make the data folder unless a finished one of this very software is there; say if it did."""
    ready = _ready(home)
    if recipe.data.is_dir() and ready.is_file() and ready.read_text() == recipe.software:
        return False
    say(f"{name}: making a data folder …")
    ready.unlink(missing_ok=True)
    shutil.rmtree(recipe.data, ignore_errors=True)
    recipe.data.parent.mkdir(parents=True, exist_ok=True)
    if recipe.user is not None:
        shutil.chown(recipe.data.parent, recipe.user, recipe.user)
    (home / "first.sql").write_text(recipe.first_sql, encoding="utf-8")
    run(recipe.initialise, timeout=INITIALISE_SECONDS, user=recipe.user, cwd=Path("/"))
    ready.write_text(recipe.software)
    return True


def _serve(name: str, *, recipe: Recipe, cache: Path) -> Record:
    earlier = recall(cache, name=name)
    wanted = PREFERRED_PORTS[name] if earlier is None else (earlier.port, *PREFERRED_PORTS[name])
    port = free_port(*wanted)
    url = local_url(name, port=port)
    log = cache / name / "server.log"
    log.unlink(missing_ok=True)
    say(f"{name}: starting {recipe.software} on port {port} …")
    pid = start(recipe.serving(port), log=log, user=recipe.user)
    record = Record(source="started", url=url, port=port, pid=pid, data=str(recipe.data))
    remember(cache, name=name, record=record)
    try:
        _await(name, record=record, log=log)
    except Unavailable:
        stop(name, pid=pid, data=recipe.data)
        raise
    return record


def _await(name: str, *, record: Record, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if not is_ours(record.pid, data=Path(record.data)):
            break
        try:
            greeting = greet(Address.of(record.url, name=name), name=name)
        except NoGreeting:
            time.sleep(0.1)
            continue
        if greeting.name == name and greeting.admitted:
            return
        raise Unavailable(f"what was started answers as {greeting.name} or asks for a password")
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise Unavailable(f"the server did not come up; the end of {log}:\n{tail}")


def _ready(home: Path) -> Path:
    return home / "ready"


@contextmanager
def locked(cache: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Keep two runs from starting, stopping or downloading at once; the second waits."""
    with (cache / "lock").open("a") as lock:
        deadline = time.monotonic() + seconds
        announced = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"another run has held {cache / 'lock'} for {seconds:g} s"
                    ) from None
            if not announced:
                say("waiting for another run of this tool to end …")
                announced = True
            time.sleep(0.1)
        yield
