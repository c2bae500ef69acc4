"""The port: what a data layer must do for the service, in its own terms.

A `DataLayer` is made without connecting, opened once, and then gives out a `Store` for each unit of
work. Every method takes and gives records (`bakeoff_schemas.records`) and raises only contract
errors (`bakeoff_schemas.errors`); besides those listed, any may raise `Unavailable` or `Contended`.
Values have been validated and folded before they get here; ids fit a signed 64-bit integer.
"""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import (
    Author,
    AuthorChanges,
    AuthorData,
    AuthorSales,
    Book,
    BookChanges,
    BookData,
    BookFilter,
    BookIdentity,
    BookOrder,
    Connections,
    LayerInfo,
    Login,
    Message,
    NewMessage,
    NewOrder,
    NewUser,
    Order,
    Page,
    Placed,
    RefreshToken,
    TagPrices,
    Upserted,
    User,
    Window,
)


class Authors(Protocol):
    """The people who wrote the books; listed by id."""

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        """Add one author; names need not be unique."""

    async def get(self, author_id: int) -> Author:
        """One author.

        :raises NotFound: there is none with this id.
        """

    async def list(self, *, window: Window) -> Page[Author]:
        """A part of all authors, by id."""

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        """Change what is given and keep the rest; no changes at all are fine.

        :raises NotFound: there is none with this id.
        """

    async def delete(self, author_id: int) -> None:
        """Remove one author.

        :raises NotFound: there is none with this id.
        :raises AuthorHasBooks: a book names them.
        """

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        """Add many authors by the layer's bulk path; answered in the order given."""

    async def find_names(self, names: Collection[str]) -> dict[str, int]:
        """The ids of the authors with exactly these names, the lowest where several share one."""

    async def find_ids(self, ids: Collection[int]) -> set[int]:
        """Those of the ids that exist."""


class Books(Protocol):
    """What the store sells; `author` and `tags` are always read with the book."""

    async def create(self, data: BookData, *, at: datetime) -> Book:
        """Add one book, with version 1.

        :raises IsbnTaken: another book has the ISBN.
        :raises UnknownReference: `author_id` names nobody.
        """

    async def get(self, book_id: int) -> Book:
        """One book.

        :raises NotFound: there is none with this id.
        """

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        """A part of the books that match, in a total order that every database shares."""

    async def replace(
        self, book_id: int, data: BookData, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        """Put everything in the book's place and add one to its version.

        `expected` holds the versions that the caller would overwrite; None means any.

        :raises NotFound: there is none with this id.
        :raises Stale: its version is not among the expected.
        :raises IsbnTaken: another book has the ISBN.
        :raises UnknownReference: `author_id` names nobody.
        """

    async def change(
        self, book_id: int, changes: BookChanges, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        """Change what is given, keep the rest, and add one to the version, even for equal values.

        :raises NotFound: there is none with this id.
        :raises Stale: its version is not among the expected.
        :raises IsbnTaken: another book has the ISBN.
        :raises UnknownReference: `author_id` names nobody.
        """

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        """Remove one book with its tags.

        :raises NotFound: there is none with this id.
        :raises Stale: its version is not among the expected.
        :raises BookHasOrders: an order names it.
        """

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        """Add many books by the layer's bulk path, all or none; answered in the order given.

        ISBNs are distinct within `items`. The errors need not say which item is at fault: the
        service finds that out afterwards, so that the usual case pays nothing for it.

        :raises IsbnTaken: another book has one of the ISBNs.
        :raises UnknownReference: an `author_id` names nobody.
        """

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        """Add the book, or replace the one with its ISBN, in one atomic statement.

        Any number at once on one ISBN leave one row; a replaced book keeps `id` and `created_at`.

        :raises UnknownReference: `author_id` names nobody.
        """

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        """The next books by id; an empty list means the end."""

    async def find_isbns(self, isbns: Collection[str]) -> dict[str, int]:
        """The ids of the books with these ISBNs."""

    async def find_identities(self, titles: Collection[str]) -> set[BookIdentity]:
        """The books without an ISBN that have one of exactly these titles."""


class Users(Protocol):
    """The customers; listed by `created_at`, then `id`."""

    async def create(self, user: NewUser) -> User:
        """Add one customer.

        :raises UsernameTaken: somebody has this name, in whatever case.
        :raises EmailTaken: somebody has this address; if both are taken, the name is reported.
        """

    async def get(self, user_id: UUID) -> User:
        """One customer.

        :raises NotFound: there is none with this id.
        """

    async def list(self, *, window: Window) -> Page[User]:
        """A part of all customers, oldest first."""

    async def delete(self, user_id: UUID) -> None:
        """Remove one customer.

        :raises NotFound: there is none with this id.
        :raises UserHasOrders: an order names them.
        """

    async def find_login(self, username_key: str) -> Login | None:
        """What a log-in is checked against, by the case-folded name; None if nobody has it."""

    async def get_login(self, user_id: UUID) -> Login:
        """The same by id.

        :raises NotFound: there is none with this id.
        """

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        """Keep another hash in place of the one before.

        :raises NotFound: there is none with this id.
        """

    async def set_admin(self, user_id: UUID, is_admin: bool) -> None:
        """Make the customer an administrator, or no longer one; it may be so already.

        :raises NotFound: there is none with this id.
        """


class Tokens(Protocol):
    """Refresh tokens, known by their digest alone; those of one log-in are a family.

    They go with their customer. Times are the caller's, so that a layer needs no clock.
    """

    async def add(self, token: RefreshToken) -> None:
        """Keep a token that was not used yet; its digest is new.

        :raises UnknownReference: there is no such customer (`user_id`).
        """

    async def use(self, digest: str, *, at: datetime) -> tuple[RefreshToken, bool]:
        """Mark the token as used; True for the first use, and False if it was used before.

        Of any number at once, one gets True. A token that was used stays there to be recognised.

        :raises NotFound: there is none, or it has expired (`expires_at <= at`).
        """

    async def revoke(self, family: UUID) -> None:
        """Remove all tokens of the family; there may be none."""

    async def delete_expired(self, *, before: datetime) -> int:
        """Remove the tokens with `expires_at < before`, used or not; returns how many."""


class Orders(Protocol):
    """What was bought; listed by `placed_at`, then `id`."""

    async def place(self, order: NewOrder) -> Placed:
        """Sell: take the price of this moment, lower the stock, keep the order.

        Books are locked in the order of their ids, so that orders which name the same books in
        opposite order cannot wait for each other. Lowering the stock is a change to the book: it
        adds one to its version and sets `updated_at` to `placed_at`.

        The idempotency token is claimed before anything else. If an earlier order has claimed it,
        that order is answered as it is now and nothing is sold.

        :raises UnknownReference: the customer (`customer_id`) or a book (`book_id`, with the id)
            does not exist; the customer is looked at first, then books by ascending id.
        :raises InsufficientStock: fewer copies than asked for; the lowest such book id is named.
        :raises IdempotencyKeyReused: the token was used for a request with another fingerprint.
        """

    async def get(self, order_id: UUID) -> Order:
        """One order with its lines.

        :raises NotFound: there is none with this id.
        """

    async def list(self, *, customer_id: UUID | None, window: Window) -> Page[Order]:
        """A part of the orders, of one customer if given, oldest first."""

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        """Cancel the order and put its copies back in stock, once.

        Like a sale it adds one to the version of each book; books are locked by ascending id.

        :raises NotFound: there is none with this id.
        :raises OrderAlreadyCancelled: it was cancelled before.
        :raises StockLimit: a book would have more than 2**31 - 1 copies.
        """


class Reports(Protocol):
    """Totals, exact to the cent on every database."""

    async def sales_by_author(
        self, *, since: datetime | None, until: datetime | None, limit: int
    ) -> builtins.list[AuthorSales]:
        """Placed orders with `since <= placed_at < until`; by revenue descending, then author."""

    async def prices_by_tag(self) -> builtins.list[TagPrices]:
        """Every tag that a book carries, by code point."""


class Outbox(Protocol):
    """Messages, added in the transaction of the change that they tell of.

    Published messages have positions, 1, 2, 3, …, in the order of publication rather than creation:
    a message that is committed late gets a late position, and a reader who remembers a position
    misses none. Times are the caller's, so that a layer needs no clock.
    """

    async def add(self, messages: Sequence[NewMessage]) -> None:
        """Keep the messages, unpublished, by one statement for all; their ids are new.

        No messages at all are fine.
        """

    async def publish(self, *, limit: int) -> list[Message]:
        """Give the oldest unpublished messages the next positions, without gaps.

        The oldest by `created_at`, then `id`; they are answered by position. Nothing is waited for:
        those that another transaction is working on at this moment come later.

        :raises Contended: another publisher was faster.
        """

    async def since(self, position: int, *, limit: int) -> list[Message]:
        """The first of the messages that were published after the position, by position."""

    async def last_position(self) -> int:
        """The greatest position that was given; 0 if none was."""

    async def claim(
        self, *, topics: Collection[str], limit: int, at: datetime, until: datetime
    ) -> list[Message]:
        """Take messages of these topics with `due_at <= at`, those that are due longest first.

        `due_at` becomes `until`, when others may take them again, and `attempts` grows by 1. Of any
        number of workers at once, one gets a message; the others go on to the next without waiting.
        """

    async def finish(self, message_id: UUID, *, at: datetime) -> bool:
        """Mark a message as handled; False if that was done before, and it may be gone since.

        Of any number at once, one gets True. A dead letter is none any more.
        """

    async def retry(self, message_id: UUID, *, due_at: datetime, error: str) -> None:
        """Say why an attempt failed, and when the next may begin.

        Does nothing if the message was handled or given up meanwhile.
        """

    async def bury(self, message_id: UUID, *, at: datetime, error: str) -> None:
        """Give a message up: it becomes a dead letter.

        Does nothing if the message was handled or given up meanwhile.
        """

    async def list_failed(self, *, window: Window) -> Page[Message]:
        """A part of the dead letters, by `failed_at`, then `id`."""

    async def replay(self, message_id: UUID, *, at: datetime) -> None:
        """Make a dead letter due at this time, as if it had never been tried.

        :raises NotFound: it is not a dead letter.
        """

    async def purge(self, *, before: datetime) -> int:
        """Remove messages with `created_at < before` that nobody has to handle; returns how many.

        Those that wait for a worker stay, dead letters stay, and so does the message with the last
        position, for positions must not begin again.
        """


class Store(Protocol):
    """One unit of work: everything done through it is seen together, or not at all."""

    @property
    def authors(self) -> Authors:
        """The authors."""

    @property
    def books(self) -> Books:
        """The books."""

    @property
    def users(self) -> Users:
        """The customers."""

    @property
    def tokens(self) -> Tokens:
        """The refresh tokens."""

    @property
    def orders(self) -> Orders:
        """The orders."""

    @property
    def reports(self) -> Reports:
        """The reports."""

    @property
    def outbox(self) -> Outbox:
        """The outbox."""


class DataLayer(Protocol):
    """One way to reach the data. Making one must not connect; `open` does.

    `uses_database` is False for a layer that keeps its data itself and ignores the address.
    """

    uses_database: ClassVar[bool]

    def __init__(self, config: LayerConfig) -> None:
        """Keep the settings.

        :raises ValueError: the settings do not suit this backend; the message names the setting.
        """

    async def open(self) -> None:
        """Connect, and keep `pool_min` connections ready.

        :raises Unavailable: the database cannot be reached, refuses the log-in, or does not exist.
        """

    async def close(self) -> None:
        """Give back every connection; safe to call on a layer that is not open."""

    async def ping(self) -> None:
        """Make sure that the database answers.

        :raises Unavailable: it does not.
        """

    async def describe(self) -> LayerInfo:
        """What the layer is, and what it is connected to, asked of the server itself."""

    def reading(self) -> AbstractAsyncContextManager[Store]:
        """A store to read from, without a transaction: no BEGIN and no COMMIT are sent.

        Waiting for a connection is first come, first served.

        :raises Unavailable: none became free in time, or none can be opened. Never tried twice.
        :raises ConnectionLost: the connection was dead, which may show only at its first use.
        """

    def writing(self) -> AbstractAsyncContextManager[Store]:
        """A store inside one transaction: committed at the end, rolled back on any exception.

        A cancelled task rolls back and returns its connection before the cancellation goes on.

        The transaction has begun before the block is entered, so that a connection which died while
        it was idle shows before any work is done.

        :raises Contended: the commit lost against another transaction.
        :raises ConnectionLost: on entering, the connection was dead, and nothing has been done.
        :raises Unavailable: the commit failed or its outcome is unknown.
        """

    def connections(self) -> Connections:
        """The state of the pool at this moment."""
