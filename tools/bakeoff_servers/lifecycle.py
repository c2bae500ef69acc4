"""Bring servers up in the cheapest way that works, and take down what was brought up."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from bakeoff_servers.compose import compose_down, compose_up, require_engine
from bakeoff_servers.finding import Found, find, variable
from bakeoff_servers.launch import launch
from bakeoff_servers.model import NAMES, Server, Unavailable
from bakeoff_servers.processes import stop
from bakeoff_servers.recipes import recipe
from bakeoff_servers.state import Record, cache_folder, forget, locked, recall, remember


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
        if os.environ.get(variable(name)):  # an address that was given is not replaced by another
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
