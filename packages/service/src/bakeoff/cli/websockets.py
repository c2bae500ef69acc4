"""uvicorn's WebSockets, for clients that only listen; imported where they are on."""

from __future__ import annotations

import logging
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto import events

# Seconds for what is on its way to a client, after its connection was ended.
_PATIENCE = 1.0

# uvicorn would log each connection with its query, which may hold what does not belong in a log.
_log = logging.getLogger("uvicorn.error.websockets")
_log.setLevel(logging.WARNING)


class WebSocketProtocol(WSProtocol):
    """Does not wait for a client that does not read: not at the end, and not for an answer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take what uvicorn passes."""
        super().__init__(*args, **options)
        self.logger = _log

    def shutdown(self) -> None:
        """Tell the client that the service ends, and end the connection."""
        super().shutdown()
        self._abort_soon()

    def keepalive_timeout(self) -> None:
        """End the connection to a client that does not answer pings."""
        super().keepalive_timeout()
        self._abort_soon()

    def handle_ping(self, event: events.Ping) -> None:
        """Answer, unless the client does not read: the answers would heap up."""
        if self.writable.is_set():
            super().handle_ping(event)

    async def send(self, message: Any) -> None:
        """Send what the application says.

        :raises ClientDisconnected: the connection is being ended; uvicorn calls that an error of
            the application.
        """
        if self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        await super().send(message)

    def _abort_soon(self) -> None:
        """Cut off a client that does not read: to close would wait for it, however long."""
        self.loop.call_later(_PATIENCE, self.transport.abort)
