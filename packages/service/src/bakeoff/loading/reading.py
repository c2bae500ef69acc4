"""Reads a CSV file record by record; a bad row spoils no other row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import chain
from typing import BinaryIO, cast

DELIMITERS = ",;\t|"
LONGEST_LINE = 2**20

_ERROR_HANDLER = "bakeoff.undecodable"
_FIRST_SURROGATE = 0xDC00
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPES = {_FIRST_SURROGATE + byte: f"\\x{byte:02x}" for byte in range(256)}


class CatalogueError(Exception):
    """The file as a whole cannot be loaded; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, with the line where it begins; `problem` says why it is not a row, if so.

    The only field of a record that is not CSV is its text.
    """

    line: int
    fields: list[str]
    problem: str | None = None


class CatalogueFile:
    """A CSV file whose first record names the columns; iterating gives the other records, once."""

    def __init__(
        self, file: BinaryIO, *, encoding: str = "utf-8", delimiter: str | None = None
    ) -> None:
        """Read the header, which also suggests the `delimiter` if there is none.

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
        # A reader that is not strict takes a stray quote, and the rows after it, for data.
        self._reader = csv.reader(chain([first], lines), delimiter=self.delimiter, strict=True)
        header = self._record(line=self._lines)
        if header is None or header.problem:
            reason = header.problem if header else "it is empty"
            raise CatalogueError(f"the header cannot be read: {reason}")
        self.columns = [escaped(name).strip() for name in header.fields]

    def __iter__(self) -> Iterator[Record]:
        """The records after the header; blank lines are skipped.

        :raises CatalogueError: the bytes cannot be decoded any further.
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
            problem = f"has a line of more than {LONGEST_LINE} characters" if self._cut else None
        except csv.Error as error:
            problem = f"is not CSV: {error}"
        if problem:
            text = "".join(self._read).rstrip("\r\n")
            return Record(line=line, fields=[text], problem=problem)
        return Record(line=line, fields=fields) if fields else None

    def _checked(self, record: Record) -> Record:
        if record.problem is not None:
            return record
        if any(map(_SURROGATE.search, record.fields)):
            problem = f"holds bytes that are not {self.encoding} (--encoding)"
        elif len(record.fields) != len(self.columns):
            problem = f"has {len(record.fields)} fields where the header has {len(self.columns)}"
        else:
            return record
        return replace(record, problem=problem)

    def _physical_lines(self) -> Iterator[str]:
        """The lines of the file; one that would not fit into memory is cut."""
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


def open_sample() -> BinaryIO:
    """A small catalogue of works in the public domain; prices and stocks are made up."""
    return cast(BinaryIO, files("bakeoff.loading").joinpath("sample.csv").open("rb"))


def escaped(value: str) -> str:
    r"""The text, with bytes that could not be decoded written as `\xff`."""
    return value.translate(_ESCAPES) if _SURROGATE.search(value) else value


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    try:
        if codecs.lookup(encoding).name == "utf-8":
            # Skips the byte order mark that spreadsheets write.
            encoding = "utf-8-sig"
        return io.TextIOWrapper(file, encoding, errors=_ERROR_HANDLER, newline="")
    except (LookupError, ValueError) as error:
        raise CatalogueError(f"there is no text encoding {encoding!r} (--encoding)") from error


def _delimiter_of(header: str) -> str:
    """The delimiter that gives the header most fields; a comma if none does."""

    def fields(delimiter: str) -> int:
        return max(map(len, csv.reader([header], delimiter=delimiter)), default=0)

    return max(DELIMITERS, key=fields)


def _to_surrogates(error: UnicodeError) -> tuple[str, int]:
    """Like Python's surrogateescape, which refuses bytes below 128, as in UTF-16."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    undecodable = error.object[error.start : error.end]
    return "".join(chr(_FIRST_SURROGATE + byte) for byte in undecodable), error.end


codecs.register_error(_ERROR_HANDLER, _to_surrogates)
