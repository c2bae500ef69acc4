"""Times all arms over HTTP, on one database after the other."""

from __future__ import annotations

import time

from bakeoff_bench.http.database import time_database
from bakeoff_bench.http.options import HttpOptions, HttpResult
from bakeoff_bench.progress import Report
from bakeoff_bench.results.model import ArmFacts, Measurement

__all__ = ["HttpOptions", "HttpResult", "run"]


def run(options: HttpOptions, *, report: Report) -> HttpResult:
    """Restart and time until the ratios are as precise as asked, or the time is up.

    :raises BenchError: it cannot be done, an arm answers otherwise than the others, or a request
        failed.
    """
    began = time.monotonic()
    measurements: list[Measurement] = []
    facts: dict[str, ArmFacts] = {}
    for number, database in enumerate(options.databases):

        def tell(what: str, database: str = database) -> None:
            done = (time.monotonic() - began) / options.time_limit
            report(f"{database} over HTTP: {what}", done=min(done, 1))

        now = time.monotonic()
        left = began + options.time_limit - now
        until = now + left / (len(options.databases) - number)
        timed = time_database(database, options, until=until, tell=tell)
        measurements += timed.measurements
        facts |= {arm.name: arm for arm in timed.arms}
    report("over HTTP: done", done=1)
    return HttpResult(measurements=measurements, arms=list(facts.values()))
