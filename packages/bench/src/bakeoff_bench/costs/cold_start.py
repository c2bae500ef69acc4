"""`python -m bakeoff_bench.costs.cold_start BACKEND [DRIVER]`: import a layer and read one book.

It runs in the environment of the backend; BAKEOFF_DATABASE_URL names the data set. It prints
`import_ns`, the time of the import, and `answered_ns`, the instant of the first answer on the
monotonic clock, which is the same for every process of a machine.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import entry_points


def main() -> None:
    """Start as a service does, with one connection."""
    backend, driver, *_ = [*sys.argv[1:], None]
    (layer,) = entry_points(group="bakeoff.backends", name=str(backend))
    began = time.perf_counter_ns()
    make = layer.load()
    import_ns = time.perf_counter_ns() - began

    # Not earlier: a part of what they import would be missing from the time of the layer.
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

    url = DatabaseUrl.parse(os.environ["BAKEOFF_DATABASE_URL"])
    answered_ns = uvloop.run(answered(make(LayerConfig(url=url, driver=driver))))
    json.dump({"import_ns": import_ns, "answered_ns": answered_ns}, sys.stdout)


if __name__ == "__main__":
    main()
