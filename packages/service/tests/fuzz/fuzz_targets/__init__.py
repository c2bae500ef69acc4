"""What is fuzzed: a function each that takes any bytes, and fails if a property does not hold.

They need nothing but the service, so that the kept inputs run without a fuzzer too.
"""

from __future__ import annotations

from collections.abc import Callable

from fuzz_targets import (
    bearer_tokens,
    cursors,
    database_urls,
    event_ids,
    idempotency_keys,
    isbns,
    merge_patches,
    preconditions,
    strict_json,
)

TARGETS: dict[str, Callable[[bytes], None]] = {
    "bearer-tokens": bearer_tokens.check,
    "cursors": cursors.check,
    "database-urls": database_urls.check,
    "event-ids": event_ids.check,
    "idempotency-keys": idempotency_keys.check,
    "isbns": isbns.check,
    "merge-patches": merge_patches.check,
    "preconditions": preconditions.check,
    "strict-json": strict_json.check,
}
