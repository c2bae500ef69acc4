"""Brings a catalogue into a store, a batch a transaction; what is there already stays as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

from bakeoff.loading.reading import Record
from bakeoff.loading.rows import Candidate, Reject, RowReader
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import timestamps
from bakeoff_schemas.errors import IsbnTaken, UnknownReference
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import AuthorData, BookData, BookIdentity

BATCH = 1000
_ATTEMPTS = 3

T = TypeVar("T")
_Key = str | tuple[str, str, int | None]


@dataclass(slots=True)
class Totals:
    """What became of the rows; `read` counts those of finished batches."""

    read: int = 0
    loaded: int = 0
    present: int = 0
    rejected: int = 0


class Import:
    """One run over one catalogue; `totals` holds after every batch, also if a later one fails."""

    def __init__(self, work: UnitOfWork, *, rows: RowReader, dry_run: bool = False) -> None:
        """A dry run looks everything up and writes nothing."""
        self.totals = Totals()
        self._work = work
        self._rows = rows
        self.dry_run = dry_run
        # What a real run would find in the store; a dry run leaves nothing there.
        self._known: set[_Key] = set()

    async def run(
        self,
        records: Iterable[Record],
        *,
        after_batch: Callable[[Sequence[Reject]], None] = lambda rejects: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Load everything, or until `stop` says so between two batches; answer whether all is done.

        :raises CatalogueError: the file cannot be read on.
        :raises ContractError: the store does not take a batch; what came before it stays.
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
            # A layer without a database never waits, and signals come through the event loop.
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
                # Somebody added a book, or took an author away, since they were looked up.
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
    await store.books.create_bulk([_by(ids[c.author], c.book) for c in missing], at=at)
    return len(missing)


async def _missing(store: Store, wanted: Sequence[Candidate]) -> list[Candidate]:
    """Those that the store does not have: known by ISBN, or else by title, author and year."""
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


def _by(author_id: int, book: BookData) -> BookData:
    return replace(book, author_id=author_id)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
