"""The application for other servers than `bakeoff serve`: `gunicorn -k asgi bakeoff.asgi:app`.

The settings come from the environment and a file `.env`. Nothing is migrated and nothing is checked
first, as `bakeoff serve` does: run `bakeoff migrate` before. docs/deploy.md has the command lines.
"""

from __future__ import annotations

import sys
from typing import Any

from uvicorn.config import STARTUP_FAILURE
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bakeoff import logs
from bakeoff.app import create_app
from bakeoff.cli import configuration, console
from bakeoff.cli.expected import EXPECTED


def _application() -> Any:
    settings = configuration.load()
    logs.configure(settings)
    bookstore: Any = create_app(settings, configuration.make_layer(settings))
    # uvicorn alone would do this by itself, for the proxies that its own options name.
    return ProxyHeadersMiddleware(bookstore, trusted_hosts=settings.forwarded_allow_ips)


try:
    app = _application()
except EXPECTED as error:
    console.complain(str(error))
    # To the managers of uvicorn and gunicorn this code says that the next worker would fail too.
    sys.exit(STARTUP_FAILURE)
