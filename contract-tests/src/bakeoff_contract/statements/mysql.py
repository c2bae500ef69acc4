"""The packets that a client sends to MySQL and MariaDB."""

from __future__ import annotations

from bakeoff_contract.recording import Recording, Undecodable

_LARGEST = 0xFFFFFF
_COMPRESS, _SSL, _ZSTD, _ATTRIBUTES = 1 << 5, 1 << 11, 1 << 26, 1 << 27

_QUIT, _QUERY = 0x01, 0x03
_PREPARE, _EXECUTE, _LONG_DATA, _CLOSE = 0x16, 0x17, 0x18, 0x19
_UNANSWERED = (_QUIT, _LONG_DATA, _CLOSE)
# Commands without text that are work for the server.
_NAMED = {
    0x02: "COM_INIT_DB",
    0x0E: "COM_PING",
    0x11: "COM_CHANGE_USER",
    0x1F: "COM_RESET_CONNECTION",
}


class MysqlDecoder:
    """A command is a packet with the number 0, and a round trip; so is the first packet of a login.

    The rest of the authentication depends on the server, and is not counted.
    """

    def __init__(self) -> None:
        """Expect a login."""
        self._buffer = bytearray()
        self._payload = bytearray()
        self._greeted = False
        self._is_command = False
        self._preparing: str | None = None
        self._answer = bytearray()
        self._prepared: dict[int, str] = {}

    def request(self, data: bytes, recording: Recording) -> None:
        """Take a piece of what the client sends.

        :raises Undecodable: the client asks for encryption or compression.
        """
        self._buffer += data
        while len(self._buffer) >= 4:
            length, number = int.from_bytes(self._buffer[:3], "little"), self._buffer[3]
            if len(self._buffer) < 4 + length:
                return
            first = not self._payload
            self._payload += self._buffer[4 : 4 + length]
            del self._buffer[: 4 + length]
            if first:
                self._is_command = number == 0
            if length < _LARGEST:
                payload, self._payload = self._payload, bytearray()
                self._packet(payload, recording)

    def answer(self, data: bytes) -> None:
        """Read the number that the server gives to a prepared statement."""
        if self._preparing is not None:
            self._answer += data
            if len(self._answer) >= 9:
                if self._answer[4] == 0:
                    number = int.from_bytes(self._answer[5:9], "little")
                    self._prepared[number] = self._preparing
                self._preparing = None

    def _packet(self, payload: bytearray, recording: Recording) -> None:
        if self._is_command:
            self._command(payload[0], payload[1:], recording)
        elif not self._greeted:
            self._greeting(payload, recording)

    def _greeting(self, payload: bytearray, recording: Recording) -> None:
        self._greeted = True
        recording.round_trips += 1
        if int.from_bytes(payload[:4], "little") & (_COMPRESS | _SSL | _ZSTD | _ATTRIBUTES):
            raise Undecodable("the backend asks MySQL for encryption or compression")

    def _command(self, kind: int, body: bytearray, recording: Recording) -> None:
        recording.round_trips += kind not in _UNANSWERED
        if kind == _QUERY:
            recording.sent.append(_text(body))
        elif kind == _PREPARE:
            self._preparing, self._answer = _text(body), bytearray()
        elif kind == _EXECUTE:
            recording.sent.append(self._prepared[int.from_bytes(body[:4], "little")])
        elif kind in _NAMED:
            recording.sent.append(_NAMED[kind])


def _text(data: bytes | bytearray) -> str:
    """SQL as it was sent; a value in it may be any bytes."""
    return data.decode("utf-8", errors="replace")
