"""Bring up a server from its recipe, making its data anew where it is missing or damaged."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from bakeoff_servers.greeting import NoGreeting, greet
from bakeoff_servers.model import Address, Unavailable, local_url
from bakeoff_servers.processes import free_port, is_ours, start, stop
from bakeoff_servers.recipes import PREFERRED_PORTS, Recipe
from bakeoff_servers.shell import run, say
from bakeoff_servers.state import Record, recall, remember

START_SECONDS = 120.0
INITIALISE_SECONDS = 300.0


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
