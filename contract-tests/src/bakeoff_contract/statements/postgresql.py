"""The messages that a client sends to PostgreSQL (protocol 3.0)."""

from __future__ import annotations

from bakeoff_contract.recording import Recording, Undecodable

_VERSION_3 = 3 << 16
_WANTS_ENCRYPTION = (80877103, 80877104)
# The client waits after these messages, and sends the others together with one of them. A password
# is not counted: the rest of the authentication depends on the server.
_AWAITED = (b"Q", b"S", b"H", b"F", b"c", b"f")


class PostgresqlDecoder:
    """A statement is recorded when it runs, with the text that it was prepared with.

    A statement that runs again before the next Sync is an `executemany`, and counts once. Messages
    up to one that the client waits after are one round trip.
    """

    def __init__(self) -> None:
        """Expect a startup message."""
        self._buffer = bytearray()
        self._greeted = False
        self._prepared: dict[bytes, str] = {}
        self._bound: dict[bytes, bytes] = {}
        self._running: bytes | None = None

    def request(self, data: bytes, recording: Recording) -> None:
        """Take a piece of what the client sends.

        :raises Undecodable: the client asks for encryption.
        """
        self._buffer += data
        while (message := self._take()) is not None:
            kind, body = message
            if self._greeted:
                self._message(kind, body, recording)
            else:
                self._greeting(body, recording)

    def answer(self, data: bytes) -> None:
        """Answers are not needed to decode PostgreSQL."""

    def _take(self) -> tuple[bytes, bytes] | None:
        """The next complete message; a startup message has no kind."""
        head = 1 if self._greeted else 0
        if len(self._buffer) < head + 4:
            return None
        end = head + int.from_bytes(self._buffer[head : head + 4])
        if len(self._buffer) < end:
            return None
        kind, body = bytes(self._buffer[:head]), bytes(self._buffer[head + 4 : end])
        del self._buffer[:end]
        return kind, body

    def _greeting(self, body: bytes, recording: Recording) -> None:
        code = int.from_bytes(body[:4])
        if code in _WANTS_ENCRYPTION:
            raise Undecodable("the backend asks PostgreSQL for encryption, and was not told to")
        self._greeted = code == _VERSION_3
        recording.round_trips += self._greeted

    def _message(self, kind: bytes, body: bytes, recording: Recording) -> None:
        recording.round_trips += kind in _AWAITED
        if kind == b"Q":
            recording.sent.append(_text(body[:-1]))
        elif kind == b"P":
            name, sql, _ = body.split(b"\0", 2)
            self._prepared[name] = _text(sql)
        elif kind == b"B":
            portal, name, _ = body.split(b"\0", 2)
            self._bound[portal] = name
        elif kind == b"E":
            self._run(body.split(b"\0", 1)[0], recording)
        elif kind in (b"S", b"F"):
            self._running = None

    def _run(self, portal: bytes, recording: Recording) -> None:
        name = self._bound.pop(portal, None)
        # None: this continues an answer that was cut by a limit on rows.
        if name is not None and name != self._running:
            recording.sent.append(self._prepared[name])
            self._running = name


def _text(data: bytes | bytearray) -> str:
    """SQL as it was sent; a value in it may be any bytes."""
    return data.decode("utf-8", errors="replace")
