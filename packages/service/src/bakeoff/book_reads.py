"""How `GET /books/{id}` and `GET /books` are answered; with a cache, in another way."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response

from bakeoff import answers, paging
from bakeoff.preconditions import is_unchanged
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.api import BookListQuery, BookPage
from bakeoff_schemas.cursors import CursorCodec
from bakeoff_schemas.records import Keyset


class BookReads:
    """Answers from the store, each time."""

    def __init__(self, work: UnitOfWork, cursors: CursorCodec) -> None:
        """`cursors` writes and reads the cursors of pages."""
        self._work = work
        self._cursors = cursors

    async def one(self, book_id: int, headers: Headers) -> Response:
        """One book, or 304 where `headers` say that the client has this version.

        :raises NotFound: there is none with this id.
        :raises InvalidRequest: `If-None-Match` is not a list of entity tags.
        """
        book = await self._work.read(lambda store: store.books.get(book_id))
        if is_unchanged(headers, book.version):
            return answers.not_modified(book.version)
        return answers.book(book)

    async def page(self, query: BookListQuery) -> Response:
        """One page of the catalogue.

        :raises InvalidRequest: the cursor is not one of this list.
        """
        return answers.books(await self._page(query))

    async def _page(self, query: BookListQuery) -> BookPage:
        scope = paging.book_scope(query)
        order = paging.book_order(query)
        window = paging.window(query, codec=self._cursors, scope=scope)
        where = query.filter()
        page = await self._work.read(
            lambda store: store.books.list(where=where, order=order, window=window)
        )
        cursor = paging.next_cursor(
            page,
            lambda book: Keyset(value=getattr(book, order.key), id=book.id),
            codec=self._cursors,
            scope=scope,
        )
        return BookPage(items=page.items, next_cursor=cursor, total=page.total)
