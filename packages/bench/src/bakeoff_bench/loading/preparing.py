"""Loads a data set into a database of the bench, unless it is there already."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bakeoff.loading.reading import CatalogueError, CatalogueFile
from bakeoff_bench import dataset
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading import bench_url, database_name, databases, filling, snapshot
from bakeoff_bench.loading.databases import Session, connected
from bakeoff_bench.loading.filling import Report
from bakeoff_bench.loading.snapshot import Snapshot
from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.migrate import MigrationError
from bakeoff_schemas.ports import DataLayer


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetChoice:
    """Which data set: so many synthetic books, or those of a file."""

    size: str
    books: int
    catalogue: Path | None = None

    def fingerprint(self) -> str:
        """A SHA-256 that changes with the data, the code that makes them, and the tables."""
        digest = hashlib.sha256(dataset.fingerprint().encode())
        digest.update(f"{self.books} {migrate.head()}".encode())
        for module in (filling, snapshot):
            assert module.__file__ is not None
            digest.update(Path(module.__file__).read_bytes())
        if self.catalogue is not None:
            try:
                with self.catalogue.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
            except OSError as error:
                raise BenchError(
                    f"{self.catalogue} cannot be read: {error.strerror} (--catalogue)"
                ) from error
        return digest.hexdigest()


def prepare(address: DatabaseUrl, choice: DataSetChoice, *, report: Report) -> dict[str, Any]:
    """Load the data set unless it is there; `address` is the server's, or a folder."""
    began = time.monotonic()
    url = bench_url(address, choice.size)
    fingerprint = choice.fingerprint()
    there = _reusable(url, fingerprint)
    is_new = there is None
    if there is None:
        _make(url)
        _fill(url, choice, report)
        there = _finish(url, fingerprint, choice)
    return {
        "url": str(url),
        "database": database_name(choice.size),
        "size": choice.size,
        "loaded": is_new,
        "seconds": round(time.monotonic() - began, 3),
        **asdict(there),
    }


def _reusable(url: DatabaseUrl, fingerprint: str) -> Snapshot | None:
    """The restored data set; anything else that is the bench's is dropped."""
    if not databases.exists(url):
        return None
    with connected(url) as session:
        if not snapshot.is_own(session):
            raise BenchError(
                f"{url.location} was not made by the bench, which keeps its data there: "
                "drop it, or name another server or folder"
            )
        loaded = snapshot.read(session)
        if loaded is not None and loaded.fingerprint == fingerprint:
            snapshot.restore(session, loaded)
            if snapshot.counted(session, fingerprint=fingerprint) == loaded:
                return loaded
    databases.drop(url)
    return None


def _make(url: DatabaseUrl) -> None:
    databases.create(url)
    with connected(url) as session:
        snapshot.reserve(session)
    try:
        migrate.upgrade(url.render())
    except (Unavailable, MigrationError) as error:
        raise BenchError(str(error)) from error


def _fill(url: DatabaseUrl, choice: DataSetChoice, report: Report) -> None:
    if choice.catalogue is not None:
        _load_catalogue(url, choice.catalogue, report)
    else:
        with connected(url) as session:
            _add_tags(session)
        asyncio.run(_load(url, partial(filling.fill_books, books=choice.books, report=report)))
    with connected(url) as session:
        books = _numbered(session, url)
        if choice.catalogue is not None:
            session.run("UPDATE books SET stock = %s", dataset.STOCK)
    asyncio.run(_load(url, partial(filling.fill_shop, books=books, report=report)))


def _load_catalogue(url: DatabaseUrl, path: Path, report: Report) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            fill = partial(
                filling.fill_catalogue,
                catalogue=CatalogueFile(file),
                report=lambda: report("catalogue", file.tell(), size),
            )
            asyncio.run(_load(url, fill))
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror} (--catalogue)") from error
    except CatalogueError as error:
        raise BenchError(f"{path}: {error} (--catalogue)") from error


async def _load(url: DatabaseUrl, fill: Callable[[DataLayer], Awaitable[None]]) -> None:
    async with filling.opened(url) as layer:
        await fill(layer)


def _add_tags(session: Session) -> None:
    """Add all tags: a small data set uses only some, and the port adds tags only with books."""
    session.run(
        f"INSERT INTO tags (name) VALUES {', '.join(['(%s)'] * len(dataset.TAGS))}", *dataset.TAGS
    )


def _numbered(session: Session, url: DatabaseUrl) -> int:
    """How many books there are."""
    ((books, first, last),) = session.rows("SELECT count(*), min(id), max(id) FROM books")
    if not books:
        raise BenchError("there is no book in the catalogue (--catalogue)")
    if (first, last) != (1, books):
        raise BenchError(
            f"{url.location} gave {books} books ids from {first} to {last}, and the bench needs "
            "them without gaps: let it count by one (auto_increment_increment on MySQL)"
        )
    return int(books)


def _finish(url: DatabaseUrl, fingerprint: str, choice: DataSetChoice) -> Snapshot:
    with connected(url) as session:
        loaded = snapshot.counted(session, fingerprint=fingerprint)
        if choice.catalogue is None and loaded.books != choice.books:
            raise BenchError(
                f"{url.location} holds {loaded.books} books after loading {choice.books}"
            )
        snapshot.tidy(session)
        snapshot.take(session, loaded)
    return loaded
