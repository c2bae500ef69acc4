"""Which operations grow more than they may, for whoever wants a run to fail by it."""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff_bench.results.model import ExportMemory, Growth

MEBIBYTE = 2**20


def grows(one: Growth) -> bool:
    """Whether it certainly grows too much: the whole interval is above the limit."""
    return one.slowdown.low > one.limit


def overflows(one: ExportMemory) -> bool:
    """Whether an export held more than it may."""
    return one.bytes_above_idle > one.limit_bytes


def exceeded(growth: Sequence[Growth], export_memory: Sequence[ExportMemory]) -> list[str]:
    """A sentence for each limit that was exceeded; none if all is well."""
    return [
        *(
            f"{one.arm} on {one.database}: {one.scenario} takes {one.slowdown.value:.2f} times as "
            f"long with {one.larger} books as with {one.smaller}; {one.limit:.2f} is the limit"
            for one in growth
            if grows(one)
        ),
        *(
            f"{one.arm} on {one.database}: the export of {one.books} books takes "
            f"{one.bytes_above_idle / MEBIBYTE:.0f} MiB; {one.limit_bytes / MEBIBYTE:.0f} MiB is "
            "the limit"
            for one in export_memory
            if overflows(one)
        ),
    ]
