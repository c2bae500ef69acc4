"""The disk is full: not another byte fits on the file system of the data.

The file system is a small tmpfs, and it is really full. The write-ahead or redo log of a server is
on another one: with that, too, on the full disk, PostgreSQL ends itself, which would be a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff_contract.faults import small_disk
from bakeoff_contract.faults.fault import Fault, Target
from bakeoff_contract.faults.injected.repeating import repeated

# Space that is given back meanwhile, as by a shortened log of SQLite, is taken as soon.
_PAUSE = 0.05


def _why_not(target: Target) -> str | None:
    return small_disk.why_not()


@contextmanager
def _on_a_small_disk(target: Target) -> Iterator[None]:
    server = target.server
    if server is None:
        with small_disk.small_disk(_folder(target)):
            yield
        return
    server.stop()
    with small_disk.small_disk(_folder(target)):
        server.start()
        try:
            yield
        finally:
            server.stop()
    server.start()


@contextmanager
def _full(target: Target) -> Iterator[None]:
    disk = small_disk.SmallDisk(_folder(target))
    try:
        with repeated(disk.fill, pause=_PAUSE):
            yield
    finally:
        disk.free()


def _folder(target: Target) -> Path:
    return target.database.url.file.parent if target.server is None else target.server.data


DISK_FULL = Fault(
    name="disk-full",
    title="the disk of the data is full",
    needs_server=True,
    why_not=_why_not,
    prepare=_on_a_small_disk,
    inject=_full,
    seconds=3.0,
)
