"""What a history consists of: the operations of all clients on the books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Create:
    """The book as it is when its history begins: `POST /books`, or a book that is there."""

    stock: int
    version: int = 1


@dataclass(frozen=True, slots=True)
class Read:
    """`GET /books/{id}`."""


@dataclass(frozen=True, slots=True)
class Change:
    """`PATCH /books/{id}`; `if_match` is the version in `If-Match`, `stock` a new stock."""

    if_match: int | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """`POST /orders`; `order` is the `Idempotency-Key`, or the id of the order if there is none.

    A second one with the same `order` is a replay. An order of several books is an operation on
    each of them, with the same times.
    """

    order: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """`POST /orders/{id}/cancel`; `order` is what the `Order` is called."""

    order: str


Action = Create | Read | Change | Order | Cancel


@dataclass(frozen=True, slots=True)
class Done:
    """A 2xx; the version and stock that its body shows, None where it shows none."""

    version: int | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal that names its reason; nothing was changed.

    `insufficient-stock` belongs to the book that the problem names, not to others of the order.
    """

    reason: Literal["stale", "insufficient-stock", "order-already-cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one client asked of one book, and was answered.

    `called` is a time before the request was sent, `returned` one after its answer was read; both
    are seconds of one monotonic clock. An operation without an outcome (503, 504, a timeout, a lost
    connection) has neither `returned` nor `answer`: it happened once at any time after the call, or
    never. What was answered with another refusal, such as 404, is not part of a history.
    """

    client: int
    book: int
    action: Action
    called: float
    returned: float | None = None
    answer: Done | Refused | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        :raises ValueError: an answer without a time, a time without an answer, or the wrong order.
        """
        if (self.returned is None) is not (self.answer is None):
            raise ValueError(f"an answer and its time belong together: {self}")
        if self.returned is not None and self.returned < self.called:
            raise ValueError(f"it was answered before it was asked: {self}")
