"""A server's name, its address, why there is none, and the records of those that we started."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

Source = Literal["environment", "listening", "docker", "started"]

DATABASES = ("postgresql", "mysql", "mariadb")
# Redis is a server like them for this tool, and no database for any other.
REDIS = "redis"
NAMES = (*DATABASES, REDIS)
ADMINISTRATORS = {"postgresql": "postgres", "mysql": "root", "mariadb": "root", "redis": "default"}
OWN_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379}


class Unavailable(Exception):
    """A server cannot be had; the message says why and what a person can do about it."""


@dataclass(frozen=True)
class Server:
    """A server that answered, and how it came to be there."""

    name: str
    url: str
    version: str
    source: Source

    @property
    def shown(self) -> str:
        """The address without its password, for tables and messages."""
        return redacted(self.url)

    def as_json(self) -> dict[str, str]:
        """Give the fields that `urls --json` prints under the server's name."""
        fields = asdict(self)
        del fields["name"]
        return fields


@dataclass(frozen=True)
class Address:
    """The parts of a server's URL that are needed to greet it."""

    host: str
    port: int
    user: str
    database: str

    @classmethod
    def of(cls, url: str, *, name: str) -> Address:
        """Take a URL apart, refusing one that is not of this family."""
        parts = urlsplit(url)
        if parts.scheme != name:
            raise Unavailable(f"its scheme is {parts.scheme!r}, not {name!r}")
        try:
            port = parts.port
        except ValueError as error:
            raise Unavailable(f"its port is not a number from 0 to 65535: {error}") from None
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=port or OWN_PORTS[name],
            user=unquote(parts.username or ADMINISTRATORS[name]),
            database=unquote(parts.path.strip("/")),
        )


def local_url(name: str, *, port: int) -> str:
    """Make the address of a server on this machine that asks for no password."""
    # A client of Redis that names a user must name a password too.
    user = "" if name == REDIS else f"{ADMINISTRATORS[name]}@"
    return f"{name}://{user}127.0.0.1:{port}/"


def redacted(url: str) -> str:
    """Put `***` in the place of the URL's password."""
    parts = urlsplit(url)
    user, found, _ = parts.netloc.rpartition("@")
    if not found or ":" not in user:
        return url
    hidden = f"{user.split(':', 1)[0]}:***@{parts.netloc.rpartition('@')[2]}"
    return SplitResult(parts.scheme, hidden, parts.path, parts.query, parts.fragment).geturl()


def cache_folder() -> Path:
    """Where software, data and state are kept; removing the folder after `down` forgets all."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(base).expanduser() / "bakeoff" / "servers"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@dataclass(frozen=True)
class Record:
    """One server that is there because of us; `pid` and `data` only where we started a process."""

    source: Source
    url: str
    port: int
    ours: bool = True
    pid: int = 0
    data: str = ""


def recall(cache: Path, *, name: str) -> Record | None:
    """Read the record of this server; a damaged file is as good as none."""
    try:
        fields = json.loads(_file(cache, name).read_text(encoding="utf-8"))
        return Record(**fields)
    except (FileNotFoundError, ValueError, TypeError):
        return None


def remember(cache: Path, *, name: str, record: Record) -> None:
    """Write the record whole or not at all, for our eyes only: the URL may hold a password."""
    path = _file(cache, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
    draft.replace(path)


def forget(cache: Path, *, name: str) -> None:
    """Drop the record of a server that is no longer there."""
    _file(cache, name).unlink(missing_ok=True)


def _file(cache: Path, name: str) -> Path:
    return cache / name / "state.json"
