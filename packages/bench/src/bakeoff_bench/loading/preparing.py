"""Sees to it that a database holds its data set, and nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bakeoff.loading.reading import CatalogueError, CatalogueFile
from bakeoff_bench import dataset
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading import cleaning, databases, filling, mark, places, upkeep
from bakeoff_bench.loading.filling import Report
from bakeoff_bench.loading.mark import Mark
from bakeoff_bench.loading.session import Session, connected
from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.migrate import MigrationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which data set: so many synthetic books, or those of a file."""

    size: str
    books: int
    catalogue: Path | None = None

    def fingerprint(self) -> str:
        """Another one for other data, another way to make them, or other tables (SHA-256)."""
        digest = hashlib.sha256(dataset.fingerprint().encode())
        digest.update(f"{self.books} {migrate.head()}".encode())
        for module in (filling, mark):
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


def prepare(address: DatabaseUrl, wanted: Wanted, *, report: Report) -> dict[str, Any]:
    """Load the data set unless it is there; `address` is the server's, or a folder.

    :raises BenchError: it cannot be loaded, or the database belongs to somebody else.
    """
    began = time.monotonic()
    url = places.bench_url(address, wanted.size)
    fingerprint = wanted.fingerprint()
    there = _reusable(url, fingerprint)
    if there is None:
        _make(url)
        _fill(url, wanted, report)
        there = _finish(url, fingerprint, wanted)
        loaded = True
    else:
        loaded = False
    return {
        "url": str(url),
        "database": places.database(wanted.size),
        "size": wanted.size,
        "loaded": loaded,
        "seconds": round(time.monotonic() - began, 3),
        **asdict(there),
    }


def _reusable(url: DatabaseUrl, fingerprint: str) -> Mark | None:
    """The mark of what is there, put back as it was; anything else that is the bench's goes."""
    if not databases.exists(url):
        return None
    with connected(url) as session:
        if session.has_table(mark.TABLE):
            there = mark.read(session)
            if there is not None and there.fingerprint == fingerprint:
                cleaning.clean(session, there)
                if mark.counted(session, fingerprint=fingerprint) == there:
                    return there
        elif not databases.is_empty(session):
            raise BenchError(
                f"{url.place} was not made by the bench, which keeps its data there: "
                "drop it, or name another server or folder"
            )
    databases.drop(url)
    return None


def _make(url: DatabaseUrl) -> None:
    databases.create(url)
    with connected(url) as session:
        mark.reserve(session)
    try:
        migrate.upgrade(url.render())
    except (Unavailable, MigrationError) as error:
        raise BenchError(str(error)) from error


def _fill(url: DatabaseUrl, wanted: Wanted, report: Report) -> None:
    if wanted.catalogue is not None:
        _load_catalogue(url, wanted.catalogue, report)
    else:
        with connected(url) as session:
            _add_tags(session)
        asyncio.run(_load_books(url, wanted.books, report))
    with connected(url) as session:
        books = _numbered(session, url)
        if wanted.catalogue is not None:
            session.run("UPDATE books SET stock = %s", dataset.STOCK)
    asyncio.run(_load_shop(url, books, report))


async def _load_books(url: DatabaseUrl, books: int, report: Report) -> None:
    async with filling.opened(url) as layer:
        await filling.fill_authors(layer, books=books, report=report)
        await filling.fill_books(layer, books=books, report=report)


async def _load_shop(url: DatabaseUrl, books: int, report: Report) -> None:
    async with filling.opened(url) as layer:
        await filling.fill_shop(layer, books=books, report=report)


def _load_catalogue(url: DatabaseUrl, path: Path, report: Report) -> None:
    async def load(catalogue: CatalogueFile, read: Callable[[], None]) -> None:
        async with filling.opened(url) as layer:
            await filling.fill_catalogue(layer, catalogue=catalogue, report=read)

    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            catalogue = CatalogueFile(file)
            asyncio.run(load(catalogue, lambda: report("catalogue", file.tell(), size)))
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror} (--catalogue)") from error
    except CatalogueError as error:
        raise BenchError(f"{path}: {error} (--catalogue)") from error


def _add_tags(session: Session) -> None:
    """All of them, for a small data set uses few, and the port adds tags with books alone."""
    session.run(
        f"INSERT INTO tags (name) VALUES {', '.join(['(%s)'] * len(dataset.TAGS))}", *dataset.TAGS
    )


def _numbered(session: Session, url: DatabaseUrl) -> int:
    """How many books there are.

    :raises BenchError: none, or their ids are not 1 and so on.
    """
    ((books, first, last),) = session.rows("SELECT count(*), min(id), max(id) FROM books")
    if not books:
        raise BenchError("there is no book in the catalogue (--catalogue)")
    if (first, last) != (1, books):
        raise BenchError(
            f"{url.place} gave {books} books ids from {first} to {last}, and the bench needs them "
            "without gaps: let it count by one (auto_increment_increment on MySQL)"
        )
    return int(books)


def _finish(url: DatabaseUrl, fingerprint: str, wanted: Wanted) -> Mark:
    with connected(url) as session:
        there = mark.counted(session, fingerprint=fingerprint)
        if wanted.catalogue is None and there.books != wanted.books:
            raise BenchError(f"{url.place} holds {there.books} books after loading {wanted.books}")
        upkeep.tidy(session)
        mark.finish(session, there)
    return there
