"""Pages by keyset or offset: bisect to the start of the page, then walk until it is full."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import islice

from bakeoff_memory.engine.rows import Entry, K, R, Rows
from bakeoff_schemas.records import Page, Window


def page(
    rows: Rows[K, R],
    *,
    index: str,
    window: Window,
    after: Entry | None = None,
    within: Entry = (),
    keep: Callable[[R], bool] | None = None,
    descending: bool = False,
) -> Page[R]:
    """The rows of the window, in the order of the index.

    `within` is the prefix that entries must have. `after` is the rest of the last entry of the page
    before, which may have been removed since. `keep` filters rows; None keeps all.
    """
    entries = rows.index(index)
    everything = places = _places(entries, within=within)
    if after is not None and descending:
        last = bisect_left(entries, within + after, places.start, places.stop)
        places = range(places.start, last)
    elif after is not None:
        first = bisect_right(entries, within + after, places.start, places.stop)
        places = range(first, places.stop)
    if descending:
        places = places[::-1]
    total: int | None = None
    start, stop = window.offset, window.offset + window.limit + 1
    if keep is None:
        found = [rows[entries[place][-1]] for place in places[start:stop]]
        if window.include_total:
            total = len(everything)
    else:
        wanted = filter(keep, (rows[entries[place][-1]] for place in places))
        found = list(islice(wanted, start, stop))
        if window.include_total:
            total = sum(keep(rows[entries[place][-1]]) for place in everything)
    return Page(items=found[: window.limit], more=len(found) > window.limit, total=total)


def any_within(rows: Rows[K, R], *, index: str, within: Entry) -> bool:
    """Whether an entry of the index has this prefix."""
    return len(_places(rows.index(index), within=within)) > 0


def keys_within(rows: Rows[K, R], *, index: str, within: Entry) -> list[K]:
    """The keys of the entries of the index that have this prefix."""
    entries = rows.index(index)
    return [entries[place][-1] for place in _places(entries, within=within)]


def _places(entries: Sequence[Entry], *, within: Entry) -> range:
    """The places of the entries with this prefix, which are adjacent."""
    if not within:
        return range(len(entries))

    def beginning(entry: Entry) -> Entry:
        return entry[: len(within)]

    first = bisect_left(entries, within, key=beginning)
    return range(first, bisect_right(entries, within, lo=first, key=beginning))
