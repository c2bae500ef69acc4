"""A process that imports a layer and reads one book: `python -m bakeoff_bench.costs.cold_start`.

Run by the Python of a backend's environment. Reads one JSON object on standard input, so that no
address shows in the list of processes: `backend`, `driver` (null for the usual one) and `url`.
Answers another: `import_ns`, what the import took, and `answered_ns`, the instant at which the book
was there, on the monotonic clock, which is the same for every process of a machine.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import entry_points


def main() -> None:
    """Start as a service does, with one connection."""
    start = json.loads(sys.stdin.read())
    (layer,) = entry_points(group="bakeoff.backends", name=start["backend"])
    began = time.perf_counter_ns()
    make = layer.load()
    import_ns = time.perf_counter_ns() - began

    # Not before, for a part of what they import would be missing from the time of the layer.
    import uvloop

    from bakeoff_schemas.config import LayerConfig
    from bakeoff_schemas.database_url import DatabaseUrl
    from bakeoff_schemas.ports import DataLayer

    async def answered(layer: DataLayer) -> int:
        await layer.open()
        async with layer.reading() as store:
            await store.books.get(1)
        at = time.monotonic_ns()
        await layer.close()
        return at

    config = LayerConfig(url=DatabaseUrl.parse(start["url"]), driver=start["driver"])
    answered_ns = uvloop.run(answered(make(config)))
    json.dump({"import_ns": import_ns, "answered_ns": answered_ns}, sys.stdout)


if __name__ == "__main__":
    main()
