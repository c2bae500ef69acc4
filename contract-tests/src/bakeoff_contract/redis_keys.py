"""Keys of a test's own in the Redis that all tests share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

_PREFIX = "bakeoff-test-"


@contextmanager
def throwaway_keys(url: str) -> Iterator[str]:
    """A prefix that nobody else uses; keys that begin with it are removed at the end."""
    prefix = f"{_PREFIX}{secrets.token_hex(6)}:"
    try:
        yield prefix
    finally:
        with Redis.from_url(url) as client:
            for key in client.scan_iter(match=f"{prefix}*", count=1000):
                client.delete(key)
