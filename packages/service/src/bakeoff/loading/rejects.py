"""The file of rejected rows: why, and the row as it was, ready to be put right and loaded."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bakeoff.loading.rows import Reject
from bakeoff.loading.undecodable import shown


def path_for(catalogue: Path) -> Path:
    """`books.rejects.csv` for `books.csv`."""
    return catalogue.with_name(catalogue.stem + ".rejects.csv")


class RejectsFile:
    """Written as rejects come, in UTF-8; not there when there are none."""

    def __init__(self, path: Path, *, columns: Sequence[str], delimiter: str) -> None:
        """Replace the file of an earlier run; the rows get the columns of the file they come from.

        :raises OSError: it cannot be written.
        """
        self.path = path
        self.count = 0
        # What no file can hold, lone surrogates, is written as an escape.
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        self._writer = csv.writer(self._file, delimiter=delimiter, lineterminator="\n")
        self._writer.writerow(["line", "reason", *columns])

    def __enter__(self) -> Self:
        """Nothing more to do: the file is open."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file, and remove it if it says nothing."""
        self._file.close()
        if not self.count:
            self.path.unlink()

    def add(self, rejects: Iterable[Reject]) -> None:
        """Write the rows down, so that they are there even if the process ends now.

        :raises OSError: they cannot be written.
        """
        for reject in rejects:
            self._writer.writerow([reject.line, reject.reason, *map(shown, reject.fields)])
            self.count += 1
        self._file.flush()
