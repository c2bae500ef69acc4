from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from bakeoff_schemas import closed_transports


@dataclass
class Transport:
    closing: bool

    def is_closing(self) -> bool:
        return self.closing


@dataclass
class Writer:
    transport: Transport


def driver() -> Any:
    @dataclass
    class Connection:
        """As much of a driver as writing and closing need."""

        _writer: Writer | None
        error: Exception | None = None
        said: list[bytes] = field(default_factory=list)

        def _write_bytes(self, data: bytes) -> None:
            if self.error is not None:
                raise self.error
            self.said.append(data)

        async def ensure_closed(self) -> None:
            self._write_bytes(b"farewell")
            self.close()

        def close(self) -> None:
            self._writer = None

    closed_transports.raise_as_resets(Connection)
    closed_transports.raise_as_resets(Connection)
    return Connection


def test_a_write_to_a_closed_transport_is_a_reset() -> None:
    error = RuntimeError("the handler is closed")
    connection = driver()(Writer(Transport(closing=True)), error)
    with pytest.raises(ConnectionResetError) as caught:
        connection._write_bytes(b"SELECT 1")
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("closing", "error"), [(False, RuntimeError("misuse")), (True, ValueError("misuse"))]
)
def test_any_other_error_stays_what_it_is(closing: bool, error: Exception) -> None:
    connection = driver()(Writer(Transport(closing=closing)), error)
    with pytest.raises(type(error)) as caught:
        connection._write_bytes(b"SELECT 1")
    assert caught.value is error


@pytest.mark.parametrize(("closing", "said"), [(False, [b"farewell"]), (True, [])])
def test_only_an_open_connection_is_closed_with_a_farewell(
    closing: bool, said: list[bytes]
) -> None:
    connection = driver()(Writer(Transport(closing=closing)))
    asyncio.run(connection.ensure_closed())
    assert connection.said == said
    assert connection._writer is None
