"""What was started and where, remembered outside the checkout, one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bakeoff_servers.model import Source, Unavailable
from bakeoff_servers.shell import say

LOCK_SECONDS = 1800.0


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


@contextmanager
def locked(cache: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Keep two runs from starting, stopping or downloading at once; the second waits."""
    with (cache / "lock").open("a") as lock:
        deadline = time.monotonic() + seconds
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"another run has held {cache / 'lock'} for {seconds:g} s"
                    ) from None
            if not told:
                say("waiting for another run of this tool to end …")
                told = True
            time.sleep(0.1)
        yield


def _file(cache: Path, name: str) -> Path:
    return cache / name / "state.json"
