"""Removes what the bench has made."""

from __future__ import annotations

from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading import databases, mark, places
from bakeoff_bench.loading.session import connected
from bakeoff_schemas.database_url import DatabaseUrl


def drop(address: DatabaseUrl, *, sizes: tuple[str, ...]) -> list[str]:
    """Drop the data sets of these sizes that are there, and tell the databases' names.

    :raises BenchError: the server cannot be reached, or a database is somebody else's.
    """
    urls = {places.database(size): places.bench_url(address, size) for size in sizes}
    there = {name: url for name, url in urls.items() if databases.exists(url)}
    for url in there.values():
        with connected(url) as session:
            if not (databases.is_empty(session) or session.has_table(mark.TABLE)):
                raise BenchError(f"{url.place} was not made by the bench: drop it by hand")
        databases.drop(url)
    return list(there)
