"""Asks `bakeoff_bench.loading`, which runs where `raw` is, for a data set and its facts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bakeoff_bench.controller.processes import environment
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading.places import bench_url
from bakeoff_bench.masking import masked
from bakeoff_schemas.database_url import DatabaseUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A loaded data set: where it is, with the password, and how many books it has."""

    url: DatabaseUrl
    books: int


class Loader:
    """Makes, cleans and describes the data sets of one size on one server.

    Every method raises `BenchError` with what the loader says if it cannot.
    """

    def __init__(
        self, server: DatabaseUrl, *, python: Path, size: str, catalogue: Path | None
    ) -> None:
        self._server = server
        self._python = python
        self._size = "catalogue" if catalogue else size
        self._choice = ["--catalogue", str(catalogue)] if catalogue else ["--size", size]

    def prepare(self, *, tell: Callable[[str], None]) -> DataSet:
        """Load the data set unless it is there; `tell` is told how far it is."""
        answer = self._ask("prepare", *self._choice, tell=tell)
        return DataSet(url=bench_url(self._server, self._size), books=answer["books"])

    def clean(self) -> None:
        """Undo what the arms wrote; nobody may be connected who writes."""
        self._ask("clean", "--size", self._size)

    def facts(self) -> dict[str, Any]:
        """`product`, `version` and `settings` of the server."""
        return self._ask("facts")

    def _ask(self, *arguments: str, tell: Callable[[str], None] | None = None) -> dict[str, Any]:
        # The address goes by the environment: command lines are seen by everybody.
        given = environment(os.environ) | {"BAKEOFF_DATABASE_URL": self._server.render()}
        with subprocess.Popen(
            [self._python, "-m", "bakeoff_bench.loading", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=given,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                last = _follow(process.stderr, tell=tell)
                answer = process.stdout.read()
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            why = last.get("error") or last.get("text") or f"exit code {process.returncode}"
            place = self._server.place
            raise BenchError(
                masked(f"{arguments[0]} of the data on {place} failed: {why}", url=self._server)
            )
        answered: dict[str, Any] = json.loads(answer)
        return answered


def _follow(stream: IO[str], *, tell: Callable[[str], None] | None) -> dict[str, Any]:
    last: dict[str, Any] = {}
    for line in stream:
        try:
            last = json.loads(line)
        except ValueError:
            last = {"text": line.strip()}
        if tell is not None and "what" in last:
            tell(f"{last['what']} {last.get('done', 0):,} of {last.get('total', 0):,}")
    return last
