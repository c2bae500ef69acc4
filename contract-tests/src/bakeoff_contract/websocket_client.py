"""A client of a WebSocket, and of `/ws/books`: blocking, over a socket of its own."""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection, events

from bakeoff_contract.event_stream import Event, Followed

PATH = "/ws/books"
_LONGEST = 40.0


class Refused(Exception):
    """The handshake was answered with a response."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """`headers` have names in lower case."""
        super().__init__(f"{status} {body!r}")
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def slug(self) -> str:
        """What kind of problem the body tells of."""
        kind: str = json.loads(self.body)["type"]
        return kind.rpartition(":")[2]


class LiveSocket(Followed):
    """A connection that is open; `close_code` is there once the server has closed it.

    It reads only when it is asked for a message, and answers pings only then.
    """

    def __init__(self, connection: socket.socket, url: str, headers: Mapping[str, str]) -> None:
        """Shake hands on a socket that is connected.

        :raises Refused: the server would not.
        """
        self._socket = connection
        self._wire = WSConnection(ConnectionType.CLIENT)
        self._waiting: deque[events.Event] = deque()
        self.close_code: int | None = None
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._send(events.Request(host=parts.netloc, target=target, extra_headers=extra))
        answer = self._event()
        if isinstance(answer, events.RejectConnection):
            raise self._refused(answer)
        assert isinstance(answer, events.AcceptConnection), answer

    def message(self) -> Any:
        """The next message, which is JSON.

        :raises StopIteration: the server has closed the connection.
        """
        text = ""
        while True:
            event = self._event()
            if isinstance(event, events.CloseConnection):
                self.close_code = event.code
                self._send(event.response())
                raise StopIteration
            if isinstance(event, events.Ping):
                self._send(event.response())
                continue
            assert isinstance(event, events.TextMessage), event
            text += event.data
            if event.message_finished:
                return json.loads(text)

    def next(self) -> Event:
        """The next change."""
        return Event(**self.message())

    def say(self, text: str) -> None:
        """Send a message."""
        self._send(events.Message(data=text))

    def leave(self) -> None:
        """Close the connection as a client should."""
        self._send(events.CloseConnection(code=1000))
        assert isinstance(self._event(), events.CloseConnection)

    def _send(self, event: events.Event) -> None:
        self._socket.sendall(self._wire.send(event))

    def _event(self) -> events.Event:
        while not self._waiting:
            data = self._socket.recv(65536)
            # Without an end that was told, it broke off.
            assert data, "the connection broke off"
            self._wire.receive_data(data)
            self._waiting.extend(self._wire.events())
        return self._waiting.popleft()

    def _refused(self, answer: events.RejectConnection) -> Refused:
        body, ended = b"", not answer.has_body
        while not ended:
            event = self._event()
            assert isinstance(event, events.RejectData), event
            body += event.data
            ended = event.body_finished
        headers = {name.decode().lower(): value.decode() for name, value in answer.headers}
        return Refused(answer.status_code, headers, body)


@contextmanager
def listening(
    base_url: str,
    *,
    after: object = None,
    headers: Mapping[str, str] | None = None,
    path: str = PATH,
    receive_buffer: int | None = None,
) -> Iterator[LiveSocket]:
    """Follow the changes; `after` goes into the query as it is.

    :raises Refused: the server would not begin.
    """
    parts = urlsplit(base_url)
    query = "" if after is None else f"?after={after}"
    with socket.socket() as connection:
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(_LONGEST)
        connection.connect((parts.hostname, parts.port))
        url = f"ws://{parts.netloc}{parts.path.rstrip('/')}{path}{query}"
        yield LiveSocket(connection, url, headers or {})
