"""Loads a catalogue into a store, one transaction a batch; books that exist stay as they are."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from bakeoff.loading.reading import Record, escaped
from bakeoff.loading.rows import Candidate, Reject, RowReader
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import timestamps
from bakeoff_schemas.errors import IsbnTaken, UnknownReference
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import AuthorData, BookIdentity

BATCH = 1000
_ATTEMPTS = 3

T = TypeVar("T")
_Key = str | tuple[str, str, int | None]


@dataclass(slots=True)
class Totals:
    """The numbers of rows; `read` counts those of finished batches."""

    read: int = 0
    loaded: int = 0
    present: int = 0
    rejected: int = 0


class Import:
    """One run over one catalogue; `totals` is true after every batch, even if a later one fails."""

    def __init__(self, work: UnitOfWork, *, rows: RowReader, dry_run: bool = False) -> None:
        """A dry run looks every book up and writes nothing."""
        self.totals = Totals()
        self._work = work
        self._rows = rows
        self.dry_run = dry_run
        # Books that a real run would find in the store by now, and a dry run does not.
        self._known: set[_Key] = set()

    async def run(
        self,
        records: Iterable[Record],
        *,
        after_batch: Callable[[Sequence[Reject]], None] = lambda rejects: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Load everything, or until `stop` is true between two batches; return whether all is done.

        :raises CatalogueError: the rest of the file cannot be read.
        :raises ContractError: the store refuses a batch; earlier batches stay.
        """
        for batch in _batches(records, BATCH):
            if stop():
                return False
            results = [self._rows.read(record) for record in batch]
            candidates = [result for result in results if isinstance(result, Candidate)]
            rejects = [result for result in results if isinstance(result, Reject)]
            loaded = await self._load(candidates)
            self.totals.read += len(batch)
            self.totals.loaded += loaded
            self.totals.present += len(candidates) - loaded
            self.totals.rejected += len(rejects)
            after_batch(rejects)
            # A layer without a database never waits; this lets the event loop handle signals.
            await asyncio.sleep(0)
        return True

    async def _load(self, candidates: Sequence[Candidate]) -> int:
        distinct: dict[_Key, Candidate] = {}
        for candidate in candidates:
            distinct.setdefault(_key(candidate), candidate)
        wanted = [candidate for key, candidate in distinct.items() if key not in self._known]
        if not wanted:
            return 0
        if self.dry_run:
            self._known.update(distinct)
            return len(await self._work.read(lambda store: _missing(store, wanted)))
        now = timestamps.now()
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._work.write(lambda store: _add(store, wanted, at=now))
            except (IsbnTaken, UnknownReference):
                # Another client added a book or deleted an author since they were looked up.
                continue
        return await self._work.write(lambda store: _add(store, wanted, at=now))


async def _add(store: Store, wanted: Sequence[Candidate], *, at: datetime) -> int:
    missing = await _missing(store, wanted)
    if not missing:
        return 0
    ids = await store.authors.find_names({candidate.author for candidate in missing})
    # In the order of the file, each name once.
    unknown = [name for name in dict.fromkeys(c.author for c in missing) if name not in ids]
    if unknown:
        authors = await store.authors.create_bulk(
            [AuthorData(name=name) for name in unknown], at=at
        )
        ids |= {author.name: author.id for author in authors}
    books = [replace(c.book, author_id=ids[c.author]) for c in missing]
    await store.books.create_bulk(books, at=at)
    return len(missing)


async def _missing(store: Store, wanted: Sequence[Candidate]) -> list[Candidate]:
    """The books that the store does not have, by ISBN, or else by title, author and year."""
    isbns = {c.book.isbn for c in wanted if c.book.isbn is not None}
    unnumbered = [c for c in wanted if c.book.isbn is None]
    taken = await store.books.find_isbns(isbns) if isbns else {}
    identities: set[BookIdentity] = set()
    ids: dict[str, int] = {}
    if unnumbered:
        identities = await store.books.find_identities({c.book.title for c in unnumbered})
    if identities:
        ids = await store.authors.find_names({c.author for c in unnumbered})

    def known(candidate: Candidate) -> bool:
        book = candidate.book
        if book.isbn is not None:
            return book.isbn in taken
        author_id = ids.get(candidate.author)
        return author_id is not None and (
            BookIdentity(title=book.title, author_id=author_id, release_year=book.release_year)
            in identities
        )

    return [candidate for candidate in wanted if not known(candidate)]


def _key(candidate: Candidate) -> _Key:
    book = candidate.book
    return book.isbn or (book.title, candidate.author, book.release_year)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


@contextmanager
def rejects_file(
    path: Path, *, columns: Sequence[str], delimiter: str
) -> Iterator[Callable[[Iterable[Reject]], None]]:
    """A CSV file of rejected rows in UTF-8, in place of that of an earlier run.

    It has the columns of the catalogue after a line number and a reason, so that it can be
    corrected and loaded as it is. The function that this yields writes rows to the disk at once, in
    case the process ends. Without rejects there is no file.

    :raises OSError: it cannot be written.
    """
    count = 0
    # Lone surrogates, which cannot be encoded, are written as escapes.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(["line", "reason", *columns])

        def add(rejects: Iterable[Reject]) -> None:
            nonlocal count
            for reject in rejects:
                writer.writerow([reject.line, reject.reason, *map(escaped, reject.fields)])
                count += 1
            file.flush()

        try:
            yield add
        finally:
            file.close()
            if not count:
                path.unlink()
