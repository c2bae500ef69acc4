"""Stands in for the interpreter of an environment: `python -m bakeoff_bench.http.server`.

It serves one book without any layer, or does not; its behaviour is in the JSON file beside it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BEHAVIOUR: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = BEHAVIOUR.get("status", 200)
        body = json.dumps({"id": 1, "title": BEHAVIOUR.get("title", "One")}).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


def main() -> None:
    order = json.loads(sys.stdin.readline())
    if BEHAVIOUR.get("fails"):
        sys.exit(f"no connection to {order['url']}")
    if BEHAVIOUR.get("hangs"):
        time.sleep(60)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(json.dumps({"port": server.server_port, "versions": {"fastapi": "1"}}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


main()
