"""Conditional requests (RFC 9110, section 13.1) over book versions as entity tags."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.datastructures import Headers

from bakeoff.problems import FieldProblem, InvalidRequest
from bakeoff_schemas.errors import Contended, Stale
from bakeoff_schemas.ports import Store

T = TypeVar("T")
Versions = frozenset[int]

_LARGEST_VERSION = 2**63 - 1
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\uffff]*"'
# Empty members are skipped (section 5.6.1), but one member there must be.
_SEPARATOR = r"[ \t]*(?:,[ \t]*)+"
_TAG_LIST = re.compile(rf"[ \t,]*{_TAG}(?:{_SEPARATOR}{_TAG})*[ \t,]*")
_VERSION = re.compile(r'(W/)?"([1-9][0-9]{0,18})"', re.ASCII)


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Preconditions:
    """What the client demands of the current version of a book.

    `match` are the versions that it must be one of, None for any. `none_match` are those that it
    must not be, None for no demand; `absent` says that there must be no book at all.
    """

    present: bool = False
    match: Versions | None = None
    none_match: Versions | None = None
    absent: bool = False

    @classmethod
    def of(cls, headers: Headers) -> Preconditions:
        """The preconditions of a write.

        `If-Match` compares strongly, so that `W/"1"` alone allows no version; `If-None-Match`
        compares weakly.

        :raises InvalidRequest: not a list of entity tags.
        """
        match = _header(headers, "if-match", weak=False)
        none_match = _header(headers, "if-none-match", weak=True)
        return cls(
            present=match is not None,
            match=match if isinstance(match, frozenset) else None,
            none_match=none_match if isinstance(none_match, frozenset) else None,
            absent=none_match == "*",
        )

    @property
    def excludes(self) -> bool:
        """Whether there is an `If-None-Match`."""
        return self.absent or self.none_match is not None

    def check_excluded(self, version: int) -> None:
        """Compare a version with `If-None-Match`.

        :raises FieldProblem: the precondition fails (412).
        """
        if self.absent or version in (self.none_match or ()):
            error = Stale(f"Version {version} is excluded by the precondition.")
            raise FieldProblem(error, ["header", "if-none-match"])

    async def write(
        self, store: Store, book_id: int, change: Callable[[Versions | None], Awaitable[T]]
    ) -> T:
        """Change a book with the versions that the port may expect.

        The port knows no excluded versions. With `If-None-Match`, the version is read first and
        then expected.

        :raises Contended: it changed in between; the unit of work runs again.
        """
        if not self.excludes:
            return await change(self.match)
        version = (await store.books.get(book_id)).version
        self.check_excluded(version)
        if self.match is not None and version not in self.match:
            return await change(self.match)
        try:
            return await change(frozenset({version}))
        except Stale:
            raise Contended("the book changed between two statements") from None


def is_unchanged(headers: Headers, version: int) -> bool:
    """Whether the client has this version already, by `If-None-Match` of a read.

    :raises InvalidRequest: not a list of entity tags.
    """
    versions = _header(headers, "if-none-match", weak=True)
    return versions is not None and (versions == "*" or version in versions)


def _header(headers: Headers, name: str, *, weak: bool) -> Versions | str | None:
    """The versions in all lines of this name, which are one list (section 5.3); or `*`, or None."""
    lines = headers.getlist(name)
    if not lines:
        return None
    value = ",".join(lines)
    if value.strip(" \t,") == "*":
        return "*"
    if not _TAG_LIST.fullmatch(value):
        raise InvalidRequest(["header", name], 'must be entity tags such as "3", or *')
    found = (int(digits) for mark, digits in _VERSION.findall(value) if weak or not mark)
    return frozenset(version for version in found if version <= _LARGEST_VERSION)
