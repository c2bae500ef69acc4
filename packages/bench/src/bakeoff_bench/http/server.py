"""`python -m bakeoff_bench.http.server`: serves one application until its standard input ends.

It runs in the environment of its backend, and answers on standard output where it serves; whatever
a layer prints goes to standard error.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import uvloop
from pydantic import SecretStr

from bakeoff import logs
from bakeoff.cli.server import Server
from bakeoff.settings import Settings
from bakeoff_bench.http.serve import Serve, Serving

_DISTRIBUTIONS = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "pydantic")


def main() -> None:
    """Read the order, and serve."""
    order = Serve.decode(sys.stdin.readline())
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    uvloop.run(_serve(order, answers))


async def _serve(order: Serve, answers: int) -> None:
    settings = _settings(order)
    logs.configure(settings)
    making = import_module(order.module).application
    async with making(order, settings) as app:
        server = Server(app, settings)
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = Serving(port=listening.getsockname()[1], versions=_versions())
            line = serving.encode().encode()
            await server.serve_on([listening], ready=lambda: _answer(answers, line))


def _settings(order: Serve) -> Settings:
    """What a user would set; no request is logged, for the controls have nothing to do it."""
    return Settings(
        _env_file=None,
        backend=order.backend,
        database_url=SecretStr(order.url),
        pool_min=order.pool,
        pool_max=order.pool,
        log_level="warning",
    )


def _answer(answers: int, line: bytes) -> None:
    with os.fdopen(answers, "wb") as channel:
        channel.write(line)


def _end_with_input(server: Server) -> None:
    """Also when the controller dies, and nobody is there to end this."""
    sys.stdin.read()
    server.should_exit = True


def _versions() -> dict[str, str]:
    versions = {}
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


if __name__ == "__main__":
    main()
