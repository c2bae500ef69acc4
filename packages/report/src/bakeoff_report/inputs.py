"""Reads the files of a checkout, which may be absent, broken or hostile.

Whatever is wrong with a file is said in its `SourceFile`, and the rest of the report is made
without it. Nothing that is read is ever executed or imported.
"""

from __future__ import annotations

import gzip
import json
import tomllib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from xml.etree import ElementTree

from pydantic import BaseModel, ValidationError

from bakeoff_bench.results import files
from bakeoff_bench.results.model import Result
from bakeoff_report.model import SourceFile, State

LIMIT = 256 * 2**20
"""The most bytes that are read from a file, unpacked; the largest reference run has 20 MiB."""
TEXT_LIMIT = 2000
"""The most characters that are taken from a message in a file."""
_FAULTS_SHOWN = 3

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class Broken(Exception):
    """A file cannot be used; the message is a sentence for the page."""


@dataclass(slots=True)
class Checkout:
    """The files under `root`; what was looked for is noted in `sources`, by path.

    `elsewhere` has files that the user named outside of it, by the path that the report shows.
    """

    root: Path
    elsewhere: dict[str, Path] = field(default_factory=dict)
    sources: dict[str, SourceFile] = field(default_factory=dict)

    def locate(self, path: str) -> Path:
        """Where a file of the report is on this machine."""
        return self.elsewhere.get(path, self.root / path)

    def toml(self, path: str, what: str) -> Any:
        """The content of a TOML file, with what TOML alone has (times) as text; None without it."""
        return self._read(path, what, None, _toml)

    def json(self, path: str, what: str, command: str | None) -> Any:
        """The content of a JSON file, packed or not; None if there is none that can be read."""
        return self._read(path, what, command, _packed_json if path.endswith(".gz") else _json)

    def junit(self, path: str, what: str, command: str | None) -> ElementTree.Element | None:
        """The root of a JUnit file; None if there is none that can be read."""
        return self._read(path, what, command, _xml)

    def text(self, path: str, what: str) -> str | None:
        """The text of a source file; None if there is none that can be read."""
        return self._read(path, what, None, lambda content: content.decode("utf-8"))

    def bench(self, path: str, what: str, command: str | None) -> Result | None:
        """A result of the bench; None if there is none that can be read."""

        def parse(content: bytes) -> Result:
            try:
                return files.read(self.locate(path))
            except files.UnreadableResult as error:
                # Its messages have the whole path, which is nobody's business.
                raise Broken(str(error).replace(str(self.locate(path)), path)) from None

        return self._read(path, what, command, parse)

    def paths(self, pattern: str) -> list[str]:
        """The files that match, in order, relative to the root and with slashes."""
        return sorted(
            path.relative_to(self.root).as_posix()
            for path in self.root.glob(pattern)
            if path.is_file()
        )

    def missing(self, pattern: str, what: str, command: str | None) -> None:
        """Note that there is no file of a kind."""
        self.sources[pattern] = SourceFile(
            path=pattern, what=what, state="missing", problem="It is not there.", command=command
        )

    def describe(self, path: str, **facts: Any) -> None:
        """Add what became known of a file that was read."""
        self.sources[path] = self.sources[path].model_copy(update=facts)

    def complain(self, path: str, problem: str) -> None:
        """Note that a part of a file could not be used; the first complaints are kept."""
        source = self.sources[path]
        if source.problem is None:
            self.describe(path, state="partial", problem=shortened(problem))

    def models(
        self, path: str, entries: Any, model: type[M], *, at: str
    ) -> Iterator[tuple[str, M]]:
        """The valid entries of a list or a table in a file, each with its pointer.

        An entry of a table gets its key as `name`. What is not valid is noted, and left out.
        """
        if isinstance(entries, dict):
            named = [
                (key, {"name": key, **entry} if isinstance(entry, dict) else entry)
                for key, entry in entries.items()
            ]
        elif isinstance(entries, list):
            named = list(enumerate(entries))
        else:
            self.complain(path, f"{at or '/'} is neither a list nor a table.")
            return
        for key, entry in named:
            place = at + pointer(key)
            try:
                yield place, model.model_validate(entry)
            except ValidationError as error:
                self.complain(path, f"{place} was left out: {faults(error)}.")

    def _read(
        self, path: str, what: str, command: str | None, parse: Callable[[bytes], T]
    ) -> T | None:
        state: State = "read"
        problem, made, found = None, None, None
        try:
            content = _bounded(self.locate(path))
            made = datetime.fromtimestamp(self.locate(path).stat().st_mtime, tz=UTC)
            found = parse(content)
        except FileNotFoundError:
            state, problem = "missing", "It is not there."
        except Broken as error:
            state, problem = "unreadable", shortened(str(error))
        except OSError as error:
            state, problem = "unreadable", f"It cannot be read: {error.strerror}."
        except UnicodeDecodeError:
            state, problem = "unreadable", "It is not UTF-8."
        self.sources[path] = SourceFile(
            path=path, what=what, state=state, problem=problem, command=command, made=made
        )
        return found


def faults(error: ValidationError) -> str:
    """The first faults, each with its place, without the values."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    texts = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found[:_FAULTS_SHOWN]]
    more = len(found) - len(texts)
    return "; ".join(texts) + (f" and {more} more" if more else "")


def shortened(text: str, limit: int = TEXT_LIMIT) -> str:
    """The beginning of a text from a file, without control characters."""
    kept = "".join(one for one in text[: limit + 1] if one.isprintable() or one in "\n\t")
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


def pointer(*steps: str | int) -> str:
    """A JSON Pointer of these steps."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def resolve(document: Any, pointer: str) -> Any:
    """What a JSON Pointer names in a document.

    :raises KeyError, IndexError, ValueError, TypeError: nothing.
    """
    for step in islice(pointer.split("/"), 1, None):
        name = step.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, Sequence) else document[name]
    return document


def _bounded(path: Path) -> bytes:
    """The bytes of a file; packed ones are unpacked only to see that they are not too many.

    :raises Broken: it is too large, or no whole gzip file.
    """
    with path.open("rb") as file:
        content = file.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise Broken(f"It is larger than {LIMIT // 2**20} MiB.")
    if path.suffix == ".gz":
        unpacked = 0
        try:
            with gzip.open(path) as packed:
                while block := packed.read(2**20):
                    unpacked += len(block)
                    if unpacked > LIMIT:
                        raise Broken(f"It unpacks to more than {LIMIT // 2**20} MiB.")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Broken(f"It is no whole gzip file: {error}.") from None
    return content


def _toml(content: bytes) -> Any:
    try:
        # Through JSON, so that only its types are left.
        return json.loads(json.dumps(tomllib.loads(content.decode("utf-8")), default=str))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Broken(f"It is not TOML: {error}.") from None


def _packed_json(content: bytes) -> Any:
    # How much it unpacks to, and that it is whole, was seen before.
    return _json(gzip.decompress(content))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise Broken(f"It is not JSON: {error}.") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _xml(content: bytes) -> ElementTree.Element:
    # pytest writes no document type; one could define entities that grow beyond all memory.
    if "<!DOCTYPE" in content.decode("utf-8"):
        raise Broken("It has a document type, which no result of pytest has.")
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise Broken(f"It is not XML: {error}.") from None
