"""What can go wrong, named by meaning; backends raise these and nothing else."""

from __future__ import annotations


class ContractError(Exception):
    """The root of everything a backend may raise on purpose."""


class NotFound(ContractError):
    """There is no such row; `key` is left out where nobody may read it."""

    def __init__(self, kind: str, key: object = None) -> None:
        super().__init__(
            f"There is no such {kind}." if key is None else f"There is no {kind} {key}."
        )


class Stale(ContractError):
    """The caller's version of the row is not the current one (RFC 9110, section 13.1.1)."""


class Conflict(ContractError):
    """The request is sound, but the data as it stands does not allow it."""


class IsbnTaken(Conflict):
    """Another book carries this ISBN."""


class UsernameTaken(Conflict):
    """Another user has this name, perhaps in another case."""


class EmailTaken(Conflict):
    """Another user has this address."""


class AuthorHasBooks(Conflict):
    """An author cannot go while a book names them."""


class BookHasOrders(Conflict):
    """A book cannot go while an order names it."""


class UserHasOrders(Conflict):
    """A user cannot go while an order names them."""


class InsufficientStock(Conflict):
    """There are fewer copies than were asked for."""

    def __init__(self, book_id: int) -> None:
        super().__init__(f"There are not enough copies of book {book_id}.")
        self.book_id = book_id


class OrderAlreadyCancelled(Conflict):
    """A cancelled order cannot be cancelled again."""


class StockLimit(Conflict):
    """Putting the copies back would exceed the largest stock a book can have."""


class UnknownReference(ContractError):
    """A row that the request names does not exist.

    `field` is the name of the reference (`author_id`, `customer_id`, `book_id`); `value` is what it
    held, or None where the database did not say which of several was at fault.
    """

    def __init__(self, field: str, value: object = None) -> None:
        super().__init__(f"There is no such {field.removesuffix('_id')}.")
        self.field = field
        self.value = value


class IdempotencyKeyReused(ContractError):
    """The idempotency key was used before, for another request."""


class BrokenReference(ContractError):
    """A foreign key does not hold; the method that wrote knows what that means.

    `constraint` is its name in the schema, or None: SQLite does not name it.
    """

    def __init__(self, constraint: str | None = None) -> None:
        super().__init__(f"the foreign key {constraint or ''} does not hold")
        self.constraint = constraint


class DuplicateKey(ContractError):
    """A unique key that the contract has no error for; backends never let it out."""

    def __init__(self, constraint: str | None = None) -> None:
        super().__init__(f"the unique key {constraint or ''} holds such a value already")
        self.constraint = constraint


class Unavailable(ContractError):
    """The database cannot be reached, or stayed busy for too long."""


class ConnectionLost(Unavailable):
    """The connection was dead, before or while it was used.

    No other error is a reason to run work again; whether that is safe depends on whether the work
    had begun.
    """


class Contended(Unavailable):
    """The database gave up on this transaction in favour of another; the same work may succeed now.

    Deadlocks, serialization failures and lock waits that timed out. The unit of work is run again a
    bounded number of times before the caller hears of it.
    """
