"""How reads of books are answered with a cache."""

from __future__ import annotations

import hashlib
import hmac

from starlette.datastructures import Headers
from starlette.responses import Response

from bakeoff import answers, paging
from bakeoff.book_reads import BookReads
from bakeoff.cache.cache import Cache
from bakeoff.cache.touched import book_fences, page_fences
from bakeoff.openapi import VERSION
from bakeoff.preconditions import is_unchanged
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.api import BookListQuery
from bakeoff_schemas.cursors import CursorCodec


class CachedBookReads(BookReads):
    """Answers from the cache where it can: encoded, with the version for the entity tag.

    The names of entries begin with the version of the API: another release may encode in another
    way, while both share the fences.
    """

    def __init__(
        self, work: UnitOfWork, cursors: CursorCodec, cache: Cache, *, cursor_key: str
    ) -> None:
        """`cursor_key` signs the cursors, which stand in cached pages."""
        super().__init__(work, cursors)
        self._cache = cache
        self._cursor_key = cursor_key.encode()

    async def one(self, book_id: int, headers: Headers) -> Response:
        """One book, or 304 where `headers` say that the client has this version."""

        async def load() -> bytes:
            book = await self._work.read(lambda store: store.books.get(book_id))
            return b"%d\n" % book.version + answers.book_json(book)

        name = f"{VERSION}:book:{book_id}"
        kept = await self._cache.through("book", name, book_fences(book_id), load)
        written, _, body = kept.partition(b"\n")
        version = int(written)
        if is_unchanged(headers, version):
            return answers.not_modified(version)
        return answers.book_of_json(body, version)

    async def page(self, query: BookListQuery) -> Response:
        """One page: a first one from the cache, any other from the store."""
        if query.cursor is not None or query.offset is not None or query.include_total:
            return await super().page(query)

        async def load() -> bytes:
            page: bytes = answers.books.encode(await self._page(query))
            return page

        kept = await self._cache.through("page", self._name(query), page_fences(), load)
        return answers.books_of_json(kept)

    def _name(self, query: BookListQuery) -> str:
        """Differs where the books, their order, their number or the signature of cursors does."""
        asked = f"{query.limit} {paging.book_scope(query)}".encode()
        digest = hmac.new(self._cursor_key, asked, hashlib.sha256).hexdigest()
        return f"{VERSION}:page:{digest[:32]}"
