"""One request of the load, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["read", "page", "create", "change", "order", "cancel"]
# There was no answer: the client waited in vain, the connection was closed, or was not accepted.
NoAnswer = Literal["timed out", "closed", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was asked for; what does not belong to the kind is None.

    `title` is unique among all changes, so that a book shows which of them it has seen. `key` is
    the Idempotency-Key of the order, or that of the order to cancel.
    """

    kind: Kind
    book: int | None = None
    isbn: str | None = None
    title: str | None = None
    if_match: int | None = None
    key: str | None = None
    quantity: int | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a 2xx shows of a book or an order; what it does not show is None."""

    book: int | None = None
    title: str | None = None
    version: int | None = None
    stock: int | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of one client; times are seconds of one monotonic clock.

    `problem` is the slug of a problem. `malformed` says how the answer breaks the rules for all
    answers, such as a 503 without `Retry-After`.
    """

    client: int
    sent: Sent
    called: float
    ended: float
    status: int | None = None
    no_answer: NoAnswer | None = None
    problem: str | None = None
    malformed: str | None = None
    shown: Shown | None = None

    @property
    def is_acknowledged(self) -> bool:
        """Whether it was answered with success: what it asked for is done."""
        return self.status is not None and self.status < 300

    @property
    def is_refused(self) -> bool:
        """Whether it is certain that nothing was done."""
        refused = self.status is not None and 400 <= self.status < 500
        return refused or self.no_answer == "refused"

    @property
    def is_indefinite(self) -> bool:
        """Whether it may have been done, or not."""
        return not (self.is_acknowledged or self.is_refused)

    @property
    def outcome(self) -> str:
        """The status, or why there is none."""
        return str(self.no_answer if self.status is None else self.status)

    @property
    def milliseconds(self) -> float:
        """How long the client waited."""
        return (self.ended - self.called) * 1000
