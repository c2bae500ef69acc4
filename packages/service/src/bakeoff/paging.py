"""Turns query parameters into windows of the port, and pages into cursors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from bakeoff.problems import InvalidRequest
from bakeoff_schemas.api import BookListQuery, ListQuery, OrderListQuery
from bakeoff_schemas.cursors import CursorCodec, CursorError
from bakeoff_schemas.records import BookOrder, Keyset, Page, Window

T = TypeVar("T")

_WINDOW = set(ListQuery.model_fields)


def window(
    query: ListQuery | OrderListQuery | BookListQuery, *, codec: CursorCodec, scope: str
) -> Window:
    """Which part of the list named by `scope` the client wants.

    :raises InvalidRequest: the cursor is not one of this list.
    """
    after = None
    if query.cursor is not None:
        try:
            after = codec.decode(query.cursor, scope=scope)
        except CursorError as error:
            raise InvalidRequest(["query", "cursor"], str(error)) from None
    return Window(
        limit=query.limit,
        after=after,
        offset=query.offset or 0,
        include_total=query.include_total,
    )


def next_cursor(
    page: Page[T], keyset: Callable[[T], Keyset], *, codec: CursorCodec, scope: str
) -> str | None:
    """The cursor for what follows the page; None at the end."""
    if not page.more:
        return None
    return codec.encode(keyset(page.items[-1]), scope=scope)


def book_order(query: BookListQuery) -> BookOrder:
    """The order for the port."""
    return BookOrder(key=query.sort.removeprefix("-"), descending=query.sort.startswith("-"))  # type: ignore[arg-type]


def book_scope(query: BookListQuery) -> str:
    """What a cursor over books belongs to: the order and every filter.

    It consists of parameter names and their values, without those that have their default: servers
    of two releases understand each other's cursors unless a parameter changed its meaning.
    """
    given = query.model_dump(exclude_defaults=True, exclude=_WINDOW)
    if query.tag:
        given["tag"] = sorted(set(query.tag))
    return "books " + json.dumps(given, sort_keys=True, default=str)
