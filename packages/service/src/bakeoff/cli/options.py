"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Backend = Annotated[
    str | None,
    typer.Option(
        "--backend",
        "-b",
        metavar="NAME",
        help="Which data layer answers, whatever BAKEOFF_BACKEND says.",
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        "-d",
        metavar="URL",
        help="Where the database is, whatever BAKEOFF_DATABASE_URL says.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]
Migrate = Annotated[
    bool,
    typer.Option(
        "--migrate", help="Bring the schema up to date first; an empty SQLite file always is."
    ),
]
