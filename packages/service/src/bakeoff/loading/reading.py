"""Reads a CSV file record by record, and survives whatever stands in it."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from bakeoff.loading import undecodable

DELIMITERS = ",;\t|"
LONGEST_LINE = 2**20


class CatalogueError(Exception):
    """The file as a whole cannot be loaded; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, at the line where it begins; `problem` says why it is not a row, if it is none.

    Of a record that cannot be taken apart, the one field is its text.
    """

    line: int
    fields: list[str]
    problem: str | None = None


class CatalogueFile:
    """A CSV file whose first record names the columns; iterating gives the other records, once."""

    def __init__(
        self, file: BinaryIO, *, encoding: str = "utf-8", delimiter: str | None = None
    ) -> None:
        """Read the header; without a `delimiter` it is the one that the header suggests.

        :raises CatalogueError: there is no header, or it cannot be read.
        """
        self.encoding = encoding
        self._text = _text(file, encoding)
        self._lines = 0
        self._read: list[str] = []
        self._cut = False
        lines = self._physical_lines()
        first = next((line for line in lines if line.strip()), None)
        if first is None:
            raise CatalogueError("the file is empty: its first line must name the columns")
        self.delimiter = delimiter or _delimiter_of(first)
        # Strict: a lenient reader takes a stray quote for data, and the rows that follow with it.
        self._reader = csv.reader(chain([first], lines), delimiter=self.delimiter, strict=True)
        header = self._record(line=self._lines)
        if header is None or header.problem:
            reason = header.problem if header else "it is empty"
            raise CatalogueError(f"the header cannot be read: {reason}")
        self.columns = [undecodable.shown(name).strip() for name in header.fields]

    def __iter__(self) -> Iterator[Record]:
        """The records after the header; blank lines are none.

        :raises CatalogueError: the encoding cannot go on.
        """
        while True:
            line = self._lines + 1
            self._read.clear()
            self._cut = False
            try:
                record = self._record(line=line)
            except StopIteration:
                return
            if record is not None:
                yield self._checked(record)

    def _record(self, *, line: int) -> Record | None:
        try:
            fields = next(self._reader)
        except csv.Error as error:
            return Record(line=line, fields=[self._raw()], problem=f"is not CSV: {error}")
        if self._cut:
            problem = f"has a line of more than {LONGEST_LINE} characters"
            return Record(line=line, fields=[self._raw()], problem=problem)
        return Record(line=line, fields=fields) if fields else None

    def _checked(self, record: Record) -> Record:
        problem = record.problem
        fields, columns = len(record.fields), len(self.columns)
        if problem is None and not all(map(undecodable.is_text, record.fields)):
            problem = f"holds bytes that are not {self.encoding} (--encoding)"
        elif problem is None and fields != columns:
            problem = f"has {fields} fields where the header has {columns}"
        else:
            return record
        return Record(line=record.line, fields=record.fields, problem=problem)

    def _raw(self) -> str:
        return "".join(self._read).rstrip("\r\n")

    def _physical_lines(self) -> Iterator[str]:
        """The lines as they are, but cut where they would not fit into memory."""
        while line := self._readline():
            self._lines += 1
            rest = line
            while len(rest) == LONGEST_LINE and not rest.endswith(("\r", "\n")):
                self._cut = True
                rest = self._readline()
            self._read.append(line)
            yield line

    def _readline(self) -> str:
        try:
            return self._text.readline(LONGEST_LINE)
        except UnicodeError as error:
            raise CatalogueError(
                f"the file cannot be read as {self.encoding}: {error} (--encoding)"
            ) from error


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    try:
        if codecs.lookup(encoding).name == "utf-8":
            # The same, but for the byte order mark that spreadsheets put in front.
            encoding = "utf-8-sig"
        return io.TextIOWrapper(file, encoding, errors=undecodable.HANDLER, newline="")
    except (LookupError, ValueError) as error:
        raise CatalogueError(f"there is no text encoding {encoding!r} (--encoding)") from error


def _delimiter_of(header: str) -> str:
    """The one that takes the header apart most; a comma if none does."""

    def fields(delimiter: str) -> int:
        return max(map(len, csv.reader([header], delimiter=delimiter)), default=0)

    return max(DELIMITERS, key=fields)
