"""The messages that a client sends to PostgreSQL (protocol 3.0)."""

from __future__ import annotations

from bakeoff_contract.recording import Recording, Undecodable

_VERSION_3 = 3 << 16
_WANTS_ENCRYPTION = (80877103, 80877104)
# After these the client waits. Everything else travels with one of them, but for a password: how
# one has to prove who one is, is the server's affair, and not counted.
_AWAITED = (b"Q", b"S", b"H", b"F", b"c", b"f")


class PostgresqlDecoder:
    """A statement is noted when it runs, under the text that it was prepared with.

    One that runs again before the next Sync only has other parameters: that is `executemany`, and
    one statement. What is sent up to an answer that the client asks for is one round trip.
    """

    def __init__(self) -> None:
        """Nothing has been sent yet."""
        self._buffer = bytearray()
        self._greeted = False
        self._prepared: dict[bytes, str] = {}
        self._bound: dict[bytes, bytes] = {}
        self._running: bytes | None = None

    def asked(self, data: bytes, recording: Recording) -> None:
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

    def answered(self, data: bytes) -> None:
        """What is said is enough; no answer is needed to understand it."""

    def _take(self) -> tuple[bytes, bytes] | None:
        """The next message that is complete; a greeting has no kind."""
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
        # None: the rest of an answer that was broken off by a limit.
        if name is not None and name != self._running:
            recording.sent.append(self._prepared[name])
            self._running = name


def _text(data: bytes | bytearray) -> str:
    """SQL as it was sent; a value in it may be any bytes."""
    return data.decode("utf-8", errors="replace")
