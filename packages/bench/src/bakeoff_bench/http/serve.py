"""What a server process is told, and what it answers once it serves; both sides read this."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """The application to serve: a module with `application(order, settings)`, over so many books.

    It goes over a pipe, for `url` may hold a password, and command lines are there for all to see.
    """

    module: str
    backend: str
    url: str = field(repr=False)
    books: int
    pool: int

    def encode(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def decode(cls, line: str) -> Serve:
        """The order that was encoded."""
        return cls(**json.loads(line))


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Where the server is, and the version of each distribution that has a part in an answer."""

    port: int
    versions: dict[str, str]

    def encode(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def decode(cls, line: str) -> Serving:
        """The answer that was encoded."""
        return cls(**json.loads(line))
