"""Stands in for the interpreter of an environment: `python -m bakeoff_bench.worker` or `.loading`.

It speaks the protocol, and claims made-up times of a known speed, so that a whole run can be judged
without a layer, a database, or a clock. Its behaviour is in the JSON file beside it.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BEHAVIOUR: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())


def work() -> None:
    arm = ""
    dice = random.Random()
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "open":
            arm = command["arm"]
            dice.seed(f"{arm} {Path(__file__).stat().st_size} {count_start()}")
        answer(command, arm, dice)
        if command["do"] == "close":
            return


def answer(command: dict[str, Any], arm: str, dice: random.Random) -> None:
    what = command["do"]
    misbehaviour = BEHAVIOUR.get("misbehaviour", {}).get(f"{arm} {what}")
    if misbehaviour == "die":
        sys.stderr.write(f"cannot reach {command.get('url', '')}\n")
        sys.exit(3)
    if misbehaviour == "hang":
        time.sleep(60)
    if misbehaviour == "babble":
        sys.stdout.write("hello\n")
        sys.stdout.flush()
        return
    if misbehaviour == "refuse":
        say(ok=False, error="the table is locked")
    elif what == "open":
        scenarios = BEHAVIOUR.get("scenarios", ["point-read", "page-first", "create"])
        say(ok=True, versions={"a-layer": "1.2.3"}, scenarios=scenarios)
    elif what == "check":
        say(ok=True, answers=BEHAVIOUR.get("answers", {}).get(arm, [{"id": 1, "price": "12.50"}]))
    elif what == "slice":
        sliced(command, arm, dice)
    elif what == "measure":
        say(ok=True, cpu_ns=time.process_time_ns(), rss=1, peak_rss=1)
    elif what == "serve":
        serve()
    else:
        say(ok=True)


def sliced(command: dict[str, Any], arm: str, dice: random.Random) -> None:
    noise = BEHAVIOUR.get("noise", 0.001)
    took = BEHAVIOUR.get("took", {}).get(arm, 100_000) * dice.gauss(1, noise)
    operations = max(command["tasks"], round(command["nanoseconds"] / took))
    say(
        ok=True,
        operations=operations,
        nanoseconds=round(operations * took),
        cpu_ns=round(operations * took / 2),
        latencies=[round(took)] * operations,
        per_task=[operations] * command["tasks"],
    )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"id": 1, "title": BEHAVIOUR.get("title", "One")}).encode()
        self.send_response(BEHAVIOUR.get("status", 200))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


def serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(ok=True, port=server.server_port, versions={"fastapi": "1"})


def load(arguments: list[str]) -> None:
    with Path(__file__).with_suffix(".log").open("a") as log:
        log.write(arguments[0] + "\n")
    if why := BEHAVIOUR.get("loading_fails"):
        complain(error=why)
        sys.exit(1)
    complain(what="books", done=500, total=1000)
    if arguments[0] == "facts":
        product, settings = BEHAVIOUR.get("product", "SQLite"), BEHAVIOUR.get("settings", {})
        say(product=product, version="3.50.0", settings=settings)
    else:
        say(books=1000)


def count_start() -> int:
    """How many workers have started; each start is another one, as it is with real ones."""
    starts = Path(__file__).with_suffix(".starts")
    with starts.open("a") as file:
        file.write(".")
    return starts.stat().st_size


def say(**answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def complain(**fact: Any) -> None:
    sys.stderr.write(json.dumps(fact) + "\n")


if __name__ == "__main__":
    if sys.argv[2] == "bakeoff_bench.worker":
        work()
    else:
        load(sys.argv[3:])
