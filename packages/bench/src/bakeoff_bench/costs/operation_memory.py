"""What one operation allocates: `python -m bakeoff_bench.costs.operation_memory`.

Run by the Python of an arm's environment. Reads one JSON object on standard input: `arm`, `url`,
`books`, `seed` and `scenarios`. Answers, for each scenario that the arm does, the bytes that Python
held at the peak of an operation beyond what it held before it: the median of a few, one at a time.

Python does not count allocations. What it has at the peak is known to tracemalloc, apart from what
native code allocates by itself. That slows everything down, so nothing is timed here.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Sequence
from statistics import median
from typing import Any

import uvloop

from bakeoff_bench.arms import making
from bakeoff_bench.arms.arm import Operation
from bakeoff_bench.arms.catalogue import BY_NAME
from bakeoff_bench.draws import draw, fresh_isbns

WARM_UP = 5
TIMES = 15


def main() -> None:
    """Measure what standard input asks for."""
    given = json.loads(sys.stdin.read())
    json.dump(uvloop.run(_measured(**given)), sys.stdout)


async def _measured(
    *, arm: str, url: str, books: int, seed: int, scenarios: Sequence[str]
) -> dict[str, float]:
    spec = BY_NAME[arm]
    made = making.make(spec, making.layer_config(url, pool=1, driver=spec.driver))
    isbns = fresh_isbns(arm)
    await made.open()
    try:
        held = {}
        for name in scenarios:
            inputs = draw(name, seed=seed, count=WARM_UP + TIMES, books=books, isbns=isbns)
            if (operation := made.operation(name)) is not None:
                held[name] = await _held(operation, inputs)
        return held
    finally:
        await made.close()


async def _held(operation: Operation, inputs: Sequence[Any]) -> float:
    for given in inputs[:WARM_UP]:
        await operation(given)
    gc.collect()
    tracemalloc.start()
    try:
        return median([await _peak(operation, given) for given in inputs[WARM_UP:]])
    finally:
        tracemalloc.stop()


async def _peak(operation: Operation, given: Any) -> int:
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    await operation(given)
    _, peak = tracemalloc.get_traced_memory()
    return peak - before


if __name__ == "__main__":
    main()
