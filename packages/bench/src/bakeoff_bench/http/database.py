"""Times all arms over one database: fresh servers again and again, until it is enough."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping

from bakeoff_bench.controller.loader import DataSet, Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.servers import local_server_processes
from bakeoff_bench.http.answers import check_answers
from bakeoff_bench.http.cells import FIRST_PAGE, LATER_PAGE, arms_on, cells, point_reads
from bakeoff_bench.http.options import HttpOptions, HttpResult
from bakeoff_bench.http.records import Record
from bakeoff_bench.http.rounds import time_cell
from bakeoff_bench.http.servers import HttpServer, serving
from bakeoff_bench.results.model import ArmFacts, Stopped
from bakeoff_schemas.database_url import DatabaseUrl

_CHECKED = 20
Tell = Callable[[str], None]


def time_database(database: str, options: HttpOptions, *, until: float, tell: Tell) -> HttpResult:
    """At least one set of servers, and no more once the monotonic clock would be past `until`.

    :raises BenchError: it cannot be done, an arm answers otherwise than the others, or a request
        failed.
    """
    server = DatabaseUrl.parse(options.databases[database])
    loader = Loader(server, python=options.workers["raw"], size=options.size, catalogue=None)
    data = loader.prepare(tell=tell)
    arms = arms_on(database, options)
    records = [Record(cell) for cell in cells(arms, options, books=data.books)]
    dice = random.Random(options.seed)
    facts: list[ArmFacts] = []
    restarts, longest = 0, 0.0
    stopped: Stopped | None = None
    while stopped is None:
        began = time.monotonic()
        tell(f"restart {restarts + 1}, starting {len(arms)} servers")
        with (
            Pinning() as pinning,
            serving(arms, options, url=data.url, books=data.books) as servers,
        ):
            if not facts:
                facts = [_facts(served) for served in servers.values()]
                _check(servers, options, data, database=database)
            # The database shares a CPU with the load generator: the arm under test has its own.
            pinning.hold_servers(local_server_processes(data.url))
            for served in servers.values():
                pinning.hold_worker(served.pid)
            for record in records:
                tell(f"restart {restarts + 1}, {record.cell.scenario}")
                record.add(time_cell(record.cell, servers, dice))
        loader.clean()
        restarts += 1
        now = time.monotonic()
        longest = max(longest, now - began)
        if all(record.precise(options.precision) for record in records):
            stopped = "precision"
        elif restarts == options.restarts:
            stopped = "restarts"
        elif now + longest > until:
            stopped = "time"
    measurements = [
        measurement
        for record in records
        for measurement in record.measurements(database=database, books=data.books, stopped=stopped)
    ]
    return HttpResult(measurements=measurements, arms=facts)


def _check(
    servers: Mapping[str, HttpServer], options: HttpOptions, data: DataSet, *, database: str
) -> None:
    reads = point_reads(options.seed, count=_CHECKED, books=data.books)
    paths = [*reads, FIRST_PAGE, LATER_PAGE]
    origins = {arm: server.origin for arm, server in servers.items()}
    check_answers(origins, paths, database=database)


def _facts(server: HttpServer) -> ArmFacts:
    arm = server.arm
    return ArmFacts(
        name=arm.name,
        kind=arm.kind,
        backend=arm.backend,
        description=arm.description,
        versions=server.serving.versions,
    )
