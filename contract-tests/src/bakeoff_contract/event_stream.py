"""A client of `GET /books/changes`: server-sent events as a browser reads them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bakeoff_contract.api import Api, Json

PATH = "/books/changes"
# Seconds without a single byte; a comment comes every 15 s.
_SILENCE = 40.0
_MOST_COMMENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event with its position."""

    position: int
    topic: str
    data: Json

    @property
    def said(self) -> tuple[str, int, int | None]:
        """What it tells: the topic, the book, and the version if it is known."""
        return self.topic, self.data["id"], self.data.get("version")


class Followed(ABC):
    """Events in the order in which they arrive."""

    @abstractmethod
    def next(self) -> Event:
        """The next event; waits for it.

        :raises StopIteration: no other follows.
        """

    def until(self, last: Callable[[Event], bool]) -> list[Event]:
        """The events up to the first that is the last one.

        :raises StopIteration: the end came before it.
        """
        found = [self.next()]
        while not last(found[-1]):
            found.append(self.next())
        return found

    def until_told_of(self, book: Json) -> list[Event]:
        """The events up to the first about this book."""
        return self.until(lambda event: event.data.get("id") == book["id"])

    def rest(self) -> list[Event]:
        """The events up to the end."""
        found = []
        while True:
            try:
                found.append(self.next())
            except StopIteration:
                return found


class EventStream(Followed):
    """The events of an answer; `position` is where to resume."""

    def __init__(self, lines: Iterator[str]) -> None:
        """`lines` come without their ends."""
        self._lines = lines
        self.position: int | None = None
        self.retry: int | None = None

    def next(self) -> Event:
        """The next event; waits for it.

        :raises StopIteration: the stream ended.
        :raises AssertionError: there are only comments.
        """
        comments = 0
        while True:
            fields = self._block()
            comments += not fields
            assert comments <= _MOST_COMMENTS, "nothing is told"
            if "id" in fields:
                self.position = int(fields["id"])
            if "retry" in fields:
                self.retry = int(fields["retry"])
            # A browser ignores what has no data, except its id.
            if "data" in fields:
                assert self.position is not None
                return Event(
                    position=self.position, topic=fields["event"], data=json.loads(fields["data"])
                )

    def _block(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        while line := next(self._lines):
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
        return fields


@contextmanager
def following(api: Api, *, after: int | None = None, **options: Any) -> Iterator[EventStream]:
    """Follow the changes; with `after`, those that followed this position."""
    headers = {} if after is None else {"last-event-id": str(after)}
    with api.stream("GET", PATH, headers=headers, timeout=_SILENCE, **options) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = EventStream(response.iter_lines())
        yield stream


def last_word(api: Api, followed: Followed) -> list[Event]:
    """What is told up to a book that is made now, without that book."""
    *events, _ = followed.until_told_of(api.book())
    return events


def settle(api: Api) -> None:
    """Wait until everything that was committed by now is published."""
    with following(api) as stream:
        last_word(api, stream)


@contextmanager
def from_now(api: Api) -> Iterator[EventStream]:
    """Follow what happens from now on, without what is published late."""
    settle(api)
    with following(api) as stream:
        yield stream
