"""Times all arms over HTTP: fresh servers for every restart, until the ratios are precise."""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from bakeoff_bench.controller.answers import require_same
from bakeoff_bench.controller.loader import DataSet, Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.record import Record, Timed
from bakeoff_bench.controller.rounds import mirrored
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.catalogue import BARE, HttpArm
from bakeoff_bench.http.plan import (
    FIRST_PAGE,
    LATER_PAGE,
    HttpCell,
    HttpOptions,
    arms_on,
    cells,
    point_reads,
)
from bakeoff_bench.processes import Worker
from bakeoff_bench.progress import Report
from bakeoff_bench.protocol import Measure, Measured, Serve, Serving
from bakeoff_bench.results.model import ArmFacts, Measurement, Ran, Stopped
from bakeoff_bench.server_processes import local_server_processes
from bakeoff_schemas.database_url import DatabaseUrl

TO_START = 60.0
_TO_MEASURE = 10.0
_TO_ANSWER = 30
_CHECKED = 20
_NO_LINK = "next_cursor"
"""The controls have no cursors: theirs is null where the service links to the next page."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResult:
    """What was measured, and the arms; ratios relate to the reference of each measurement."""

    measurements: list[Measurement]
    arms: list[ArmFacts]


class Server(Protocol):
    """What a round needs of a server process."""

    @property
    def origin(self) -> str: ...

    def cpu_ns(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServer:
    """One arm behind uvicorn in a worker."""

    arm: HttpArm
    worker: Worker
    serving: Serving

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.serving.port}"

    def cpu_ns(self) -> int:
        return self.worker.ask(Measure(), Measured, seconds=_TO_MEASURE).cpu_ns


def run(options: HttpOptions, *, report: Report) -> HttpResult:
    """Restart and time until the ratios are as precise as demanded, or the time is up."""
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


def time_database(database: str, options: HttpOptions, *, until: float, tell: Tell) -> HttpResult:
    """Time at least one set of servers, and start none that would end after `until`."""
    server = DatabaseUrl.parse(options.databases[database])
    loader = Loader(server, python=options.workers["raw"], size=options.size)
    data = loader.prepare(tell=tell)
    arms = arms_on(database, options)
    timed = [(cell, Record(cell)) for cell in cells(arms, options, books=data.books)]
    dice = random.Random(options.seed)
    facts: list[ArmFacts] = []
    restarts, longest = 0, 0.0
    stopped: Stopped | None = None
    while stopped is None:
        began = time.monotonic()
        tell(f"restart {restarts + 1}, starting {len(arms)} servers")
        with Pinning() as pinning, serving(arms, options, data=data) as servers:
            if not facts:
                facts = [_facts(one) for one in servers.values()]
                _check(servers, options, data, database=database)
            # The database shares a CPU with the load generator; the timed arm has its own.
            pinning.hold_servers(local_server_processes(data.url))
            for one in servers.values():
                pinning.hold_worker(one.worker.pid)
            for cell, record in timed:
                tell(f"restart {restarts + 1}, {cell.scenario}")
                record.add(time_cell(cell, servers, dice))
        loader.clean()
        restarts += 1
        now = time.monotonic()
        longest = max(longest, now - began)
        if all(record.precise(options.precision) for _, record in timed):
            stopped = "precision"
        elif restarts == options.restarts:
            stopped = "restarts"
        elif now + longest > until:
            stopped = "time"
    measurements = [
        measurement
        for _, record in timed
        for measurement in record.measurements(database=database, books=data.books, stopped=stopped)
    ]
    return HttpResult(measurements=measurements, arms=facts)


@contextmanager
def serving(
    arms: Iterable[HttpArm], options: HttpOptions, *, data: DataSet
) -> Iterator[dict[str, HttpServer]]:
    """A server for every arm by its name, started at the same time and ended at the end."""
    with ExitStack() as stack:
        workers: list[tuple[HttpArm, Worker]] = []
        for arm in arms:
            python = options.workers[arm.backend]
            worker = stack.enter_context(Worker(arm.name, python=python, url=data.url))
            command = Serve(
                application=arm.application,
                backend=arm.backend,
                url=data.url.render(),
                books=data.books,
                pool=options.pool,
            )
            worker.send(command)
            workers.append((arm, worker))
        yield {
            arm.name: HttpServer(
                arm=arm,
                worker=worker,
                serving=worker.receive(Serving, doing="serve", seconds=TO_START),
            )
            for arm, worker in workers
        }


def time_cell(
    cell: HttpCell, servers: Mapping[str, Server], dice: random.Random
) -> dict[str, list[Timed]]:
    """Two runs an arm and round, after one that does not count; one server at a time is loaded."""
    done: dict[str, list[Timed]] = {arm: [] for arm in cell.arms}
    for arm in cell.arms:
        _load(cell, servers[arm], arm=arm)
    for _ in range(cell.rounds):
        for half in mirrored(cell.arms, dice):
            for arm in half:
                done[arm].append(_load(cell, servers[arm], arm=arm))
    return done


def check_answers(origins: Mapping[str, str], paths: Iterable[str], *, database: str) -> None:
    """Request every path of every server, and compare the bodies with those of the control.

    :raises AnswersDiffer: an arm answers otherwise; both answers are shown where they first differ.
    """
    for path in paths:
        expected = _body(origins[BARE], path, arm=BARE)
        for arm, origin in origins.items():
            found = _body(origin, path, arm=arm)
            what = f"GET {path} over {database}"
            require_same(expected, found, arm=arm, what=what, reference=BARE)


def _load(cell: HttpCell, server: Server, *, arm: str) -> Timed:
    before = server.cpu_ns()
    try:
        load = cell.drive(server.origin, connections=cell.tasks)
    except BenchError as error:
        raise BenchError(f"{cell.scenario} over HTTP on {arm}: {error}") from error
    ran = Ran(
        operations=load.requests, nanoseconds=load.nanoseconds, cpu_ns=server.cpu_ns() - before
    )
    return Timed(ran=ran, latencies=load.latencies)


def _body(origin: str, path: str, *, arm: str) -> Any:
    try:
        with urllib.request.urlopen(f"{origin}{path}", timeout=_TO_ANSWER) as answer:
            body = json.load(answer)
    except urllib.error.HTTPError as error:
        raise BenchError(f"{arm} answers GET {path} with status {error.code}") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"{arm} does not answer GET {path}: {error}") from None
    if isinstance(body, dict):
        body.pop(_NO_LINK, None)
    return body


def _check(
    servers: Mapping[str, HttpServer], options: HttpOptions, data: DataSet, *, database: str
) -> None:
    reads = point_reads(options.seed, count=_CHECKED, books=data.books)
    origins = {arm: server.origin for arm, server in servers.items()}
    check_answers(origins, [*reads, FIRST_PAGE, LATER_PAGE], database=database)


def _facts(server: HttpServer) -> ArmFacts:
    return ArmFacts(
        name=server.arm.name,
        kind=server.arm.kind,
        backend=server.arm.backend,
        description=server.arm.description,
        versions=server.serving.versions,
    )
