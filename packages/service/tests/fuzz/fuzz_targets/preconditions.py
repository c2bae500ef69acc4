"""The headers `If-Match` and `If-None-Match` (RFC 9110, section 13.1).

All lines of a header are one list of entity tags, or `*`; anything else is an invalid request. The
versions found are those of a reader that goes character by character. `If-Match` takes only strong
tags, and a version is answered as unchanged exactly if `If-None-Match` names it.

Input: the lines of one header.
"""

from __future__ import annotations

from starlette.datastructures import Headers

from bakeoff.preconditions import Preconditions, is_unchanged
from bakeoff.problems import FieldProblem, InvalidRequest

_ANY = "*"
_LARGEST = 2**63 - 1


def check(data: bytes) -> None:
    """Read one header, under both of its names."""
    lines = data.split(b"\n")
    text = ",".join(line.decode("latin-1") for line in lines)
    strong, weak = _by_definition(text, weak=False), _by_definition(text, weak=True)
    match = _read(lines, "if-match")
    if strong is None:
        assert match is None
    else:
        assert match is not None
        assert match.present
        assert match.match == (None if strong == _ANY else strong)
    none_match = _read(lines, "if-none-match")
    if weak is None:
        assert none_match is None
        return
    assert none_match is not None
    assert none_match.absent == (weak == _ANY)
    assert none_match.none_match == (None if weak == _ANY else weak)
    headers = _headers(lines, "if-none-match")
    for version in [1, 7, _LARGEST, *(weak if isinstance(weak, frozenset) else ())]:
        named = weak == _ANY or version in weak
        assert is_unchanged(headers, version) == named
        assert _excludes(none_match, version) == named


def _read(lines: list[bytes], name: str) -> Preconditions | None:
    try:
        found = Preconditions.of(_headers(lines, name))
    except InvalidRequest as error:
        assert error.loc == ["header", name]
        return None
    assert found == Preconditions.of(_headers(lines, name))
    return found


def _headers(lines: list[bytes], name: str) -> Headers:
    return Headers(raw=[(name.encode(), line) for line in lines])


def _excludes(conditions: Preconditions, version: int) -> bool:
    try:
        conditions.check_excluded(version)
    except FieldProblem:
        return True
    return False


def _by_definition(text: str, *, weak: bool) -> frozenset[int] | str | None:
    """The versions of a list, `*`, or None for what is no list."""
    if text.strip(" \t,") == _ANY:
        return _ANY
    tags = [member.strip(" \t") for member in _members(text)]
    tags = [tag for tag in tags if tag]
    if not tags:
        return None
    found = set()
    for tag in tags:
        opaque = tag.removeprefix("W/")
        inner = opaque[1:-1]
        if len(opaque) < 2 or opaque[0] != '"' or opaque[-1] != '"' or not _is_opaque(inner):
            return None
        digits = bool(inner) and all(character in "0123456789" for character in inner)
        if digits and inner[0] != "0" and (weak or opaque == tag) and int(inner[:20]) <= _LARGEST:
            found.add(int(inner))
    return frozenset(found)


def _is_opaque(text: str) -> bool:
    return all(one == "\x21" or "\x23" <= one <= "\x7e" or one >= "\x80" for one in text)


def _members(text: str) -> list[str]:
    """The parts between the commas that are not within quotes."""
    members, quoted = [""], False
    for character in text:
        if character == "," and not quoted:
            members.append("")
        else:
            quoted ^= character == '"'
            members[-1] += character
    return members
