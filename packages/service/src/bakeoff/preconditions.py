"""Entity tags: `If-Match` and `If-None-Match` (RFC 9110, section 13.1) over book versions."""

from __future__ import annotations

import re

from starlette.datastructures import Headers

from bakeoff.problems import InvalidRequest

_LARGEST_VERSION = 2**63 - 1
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\uffff]*"'
_TAG_LIST = re.compile(rf"[ \t]*(?:{_TAG})(?:[ \t]*,[ \t]*(?:{_TAG}))*[ \t]*")
_VERSION = re.compile(r'(W/)?"([1-9][0-9]{0,18})"', re.ASCII)


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def expected_versions(headers: Headers) -> frozenset[int] | None:
    """The versions an `If-Match` allows; None when it is absent or `*`.

    Weak tags never match (strong comparison), so that `W/"1"` alone allows no version at all.

    :raises InvalidRequest: not a list of entity tags.
    """
    if_match = headers.get("if-match")
    if if_match is None or if_match.strip() == "*":
        return None
    return _versions(if_match, "if-match", weak=False)


def is_unchanged(headers: Headers, version: int) -> bool:
    """Whether the client has this version already, by weak comparison.

    :raises InvalidRequest: not a list of entity tags.
    """
    if_none_match = headers.get("if-none-match")
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return version in _versions(if_none_match, "if-none-match", weak=True)


def _versions(header: str, name: str, *, weak: bool) -> frozenset[int]:
    if not _TAG_LIST.fullmatch(header):
        raise InvalidRequest(["header", name], 'must be entity tags such as "3", or *')
    found = (int(digits) for mark, digits in _VERSION.findall(header) if weak or not mark)
    return frozenset(version for version in found if version <= _LARGEST_VERSION)
