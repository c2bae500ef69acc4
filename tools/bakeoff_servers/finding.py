"""Which servers are there, and from where; none is started by looking."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bakeoff_servers.greeting import NoGreeting, greet
from bakeoff_servers.model import (
    DATABASES,
    NAMES,
    Address,
    Record,
    Server,
    Source,
    Unavailable,
    cache_folder,
    local_url,
    recall,
    redacted,
)
from bakeoff_servers.processes import is_ours

USUAL_PORTS = {
    "postgresql": (5432,),
    "mysql": (3306, 3307),
    "mariadb": (3306, 3307),
    "redis": (6379,),
}


@dataclass
class Found:
    """The servers that are there, and for each of the others why not."""

    servers: dict[str, Server] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def variable(name: str) -> str:
    """Name the environment variable for the address of a server of one's own."""
    return f"BAKEOFF_TEST_{name.upper()}_URL"


def survey(names: Iterable[str] = NAMES) -> Found:
    """Look for each server where `up` would, without starting any."""
    found = Found()
    for name in names:
        try:
            found.servers[name] = find(name, cache=cache_folder())
        except Unavailable as error:
            found.reasons[name] = str(error)
    return found


def available() -> dict[str, Server]:
    """Answer the database servers that can be used right now, by name."""
    return survey(DATABASES).servers


def addresses(names: Iterable[str] = NAMES) -> dict[str, str]:
    """Answer the variables by which tests find those of these servers that are there."""
    return {variable(name): server.url for name, server in survey(names).servers.items()}


def absence(name: str) -> str:
    """Say what is wrong with the address that a person chose, or else how to get a server."""
    if os.environ.get(variable(name)) and (reason := survey([name]).reasons.get(name)):
        return reason
    return f"no {name} server: python tools/servers.py up {name}, or set {variable(name)}"


def find(name: str, *, cache: Path) -> Server:
    """Take the server that the environment names, else one that is there, else say why not."""
    chosen = os.environ.get(variable(name))
    if chosen:
        return from_environment(name, url=chosen)
    reasons = []
    for url, source in _candidates(name, record=recall(cache, name=name)):
        try:
            return _check(name, url=url, source=source)
        except Unavailable as error:
            reasons.append(f"{redacted(url).partition('@')[2].strip('/')}: {error}")
    raise Unavailable("; ".join(reasons))


def from_environment(name: str, *, url: str) -> Server:
    """Take the server at an address that a person chose: where it is wrong, no other is."""
    try:
        address = Address.of(url, name=name)
        greeting = greet(address, name=name)
    except (Unavailable, NoGreeting) as error:
        raise Unavailable(f"{variable(name)}={redacted(url)} cannot be used: {error}") from None
    if greeting.name != name:
        raise Unavailable(
            f"{variable(name)}={redacted(url)} is {greeting.name} {greeting.version}, not {name}; "
            f"use {variable(greeting.name)} for it"
        )
    return Server(name=name, url=url, version=greeting.version, source="environment")


def _candidates(name: str, *, record: Record | None) -> list[tuple[str, Source]]:
    """Addresses to try: our own first, so that it is not taken for somebody else's."""
    found: list[tuple[str, Source]] = []
    own = 0
    if record is not None and (not record.pid or is_ours(record.pid, data=Path(record.data))):
        found.append((record.url, record.source))
        own = record.port
    others = [local_url(name, port=port) for port in USUAL_PORTS[name] if port != own]
    usual: list[tuple[str, Source]] = [(url, "listening") for url in others]
    return [*found, *usual]


def _check(name: str, *, url: str, source: Source) -> Server:
    try:
        greeting = greet(Address.of(url, name=name), name=name)
    except NoGreeting as error:
        raise Unavailable(str(error)) from None
    if greeting.name != name:
        raise Unavailable(f"it is {greeting.name} {greeting.version}")
    if source != "docker" and not greeting.admitted:
        raise Unavailable(f"it is {name} but asks for a password: put it into {variable(name)}")
    return Server(name=name, url=url, version=greeting.version, source=source)
