"""The other service that gets confirmations: a real server, which answers as a test wants."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One attempt at one confirmation."""

    key: str
    body: dict[str, Any]


@dataclass(slots=True)
class Receiver:
    """What has arrived, in its order. `answer` gives the status for an attempt."""

    url: str
    answer: Callable[[Received], int]
    attempts: list[Received] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def orders(self) -> Counter[str]:
        """The orders that were confirmed, and under how many keys each."""
        with self._changed:
            keys = {attempt.key: attempt.body["order_id"] for attempt in self.attempts}
        return Counter(keys.values())

    def wait(self, complete: Callable[[Receiver], bool], *, within: float = _TIMEOUT) -> None:
        """Wait until what has arrived is complete.

        :raises AssertionError: it does not arrive.
        """
        with self._changed:
            done = self._changed.wait_for(lambda: complete(self), timeout=within)
        assert done, f"only {len(self.attempts)} attempts arrived"

    def take(self, received: Received) -> int:
        """Note an attempt, and answer it."""
        status = self.answer(received)
        with self._changed:
            self.attempts.append(received)
            self._changed.notify_all()
        return status


@contextmanager
def receiving(answer: Callable[[Received], int] = lambda received: 204) -> Iterator[Receiver]:
    """Serve on a free port in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status = receiver.take(Received(key=self.headers["idempotency-key"], body=body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: the tests look at what arrived."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/confirmations", answer)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
