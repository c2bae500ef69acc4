"""Runs `bakeoff_bench.loading` in the environment of `raw`, for a data set and server facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff_bench.loading import bench_url
from bakeoff_bench.processes import run_module
from bakeoff_schemas.database_url import DatabaseUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """The address of a loaded data set, with its password, and how many books it has."""

    url: DatabaseUrl
    books: int


class Loader:
    """Prepares, cleans and describes the data sets of one size on one server.

    Every method raises `BenchError` with the loader's own message if it fails.
    """

    def __init__(
        self, server: DatabaseUrl, *, python: Path, size: str, catalogue: Path | None = None
    ) -> None:
        self._server = server
        self._python = python
        self._size = "catalogue" if catalogue else size
        self._choice = ["--catalogue", str(catalogue)] if catalogue else ["--size", size]

    def prepare(self, *, tell: Callable[[str], None]) -> DataSet:
        """Load the data set unless it is there; `tell` receives the progress."""

        def progress(message: dict[str, Any]) -> None:
            if "what" in message:
                tell(f"{message['what']} {message['done']:,} of {message['total']:,}")

        answer = self._run("prepare", *self._choice, progress=progress)
        return DataSet(url=bench_url(self._server, self._size), books=answer["books"])

    def clean(self) -> None:
        """Undo what the arms wrote; nobody may be writing."""
        self._run("clean", "--size", self._size)

    def facts(self) -> dict[str, Any]:
        """`product`, `version` and `settings` of the server."""
        return self._run("facts")

    def _run(
        self, *arguments: str, progress: Callable[[dict[str, Any]], None] = lambda message: None
    ) -> dict[str, Any]:
        return run_module(
            "bakeoff_bench.loading",
            *arguments,
            python=self._python,
            url=self._server,
            progress=progress,
        )
