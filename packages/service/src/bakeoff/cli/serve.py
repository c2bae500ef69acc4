"""`bakeoff serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from bakeoff.cli import options


def serve(
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to serve on; 0 takes a free one.")
    ] = 8000,
    migrate: options.Migrate = False,
    with_sample: Annotated[
        bool,
        typer.Option("--sample", help="Put a small catalogue into the store if it is empty."),
    ] = False,
    backend: options.Backend = None,
    database: options.Database = None,
) -> None:
    """Serve the bookstore over HTTP until told to stop (Ctrl-C, SIGTERM).

    An empty SQLite file, or one that is not there yet, gets its tables by itself; any other
    database must be up to date, or be brought up to date with --migrate.
    """
    # FastAPI and uvicorn take most of a second to import, for which no other command waits.
    from bakeoff.cli import serving

    serving.run(
        host,
        port=port,
        migrate=migrate,
        with_sample=with_sample,
        backend=backend,
        database=database,
    )
