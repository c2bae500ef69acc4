"""What a backend sent to its database during a few requests, and how bytes become a recording."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

_TRANSACTION = re.compile(
    r"\b(BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT)\b", re.IGNORECASE
)


@dataclass
class Recording:
    """Round trips, and the text that was sent (of a network protocol, with its framing)."""

    round_trips: int = 0
    sent: list[str] = field(default_factory=list)

    @property
    def transactions(self) -> list[str]:
        """Every word that begins or ends a transaction."""
        return [word for text in self.sent for word in _TRANSACTION.findall(text)]


class Undecodable(Exception):
    """What is sent cannot be read: it is encrypted or compressed."""


class Decoder(Protocol):
    """Follows one connection from its first byte, in whatever pieces the bytes come."""

    def request(self, data: bytes, recording: Recording) -> None:
        """Read what the backend sent, and record what is complete.

        :raises Undecodable: it cannot be read.
        """

    def answer(self, data: bytes) -> None:
        """Read what the database sent."""


class BytesDecoder:
    """Records bytes as they are; a round trip begins with the first bytes after an answer."""

    def __init__(self) -> None:
        """The first bytes begin a round trip."""
        self._answered = True

    def request(self, data: bytes, recording: Recording) -> None:
        """Record the bytes; a statement may come in several pieces."""
        recording.round_trips += self._answered
        recording.sent.append(data.decode("latin-1"))
        self._answered = False

    def answer(self, data: bytes) -> None:
        """Expect the next round trip."""
        self._answered = True
