from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from bakeoff_bench.cli.tables import export_table
from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.growth import EXPORT_LIMIT, MEBIBYTE, exceeded, export_memory
from bakeoff_bench.loading import bench_url
from bakeoff_bench.loading.preparing import DataSetChoice, prepare
from bakeoff_bench.results.model import ExportMemory
from bakeoff_schemas.database_url import DatabaseUrl

FITS = ExportMemory(
    database="sqlite",
    arm="raw",
    books=1_000_000,
    bytes_above_idle=EXPORT_LIMIT,
    limit_bytes=EXPORT_LIMIT,
)
OVERFLOWS = FITS.model_copy(update={"arm": "gino", "bytes_above_idle": EXPORT_LIMIT + 6 * MEBIBYTE})


def test_an_export_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    address = DatabaseUrl.parse(f"sqlite:///{tmp_path}")
    prepare(address, DataSetChoice(size="test", books=20), report=lambda what, done, total: None)
    options = Options(
        workers={"raw": Path(sys.executable)},
        databases={"sqlite": str(address)},
        folder=tmp_path,
        scenarios=("export",),
        arms=("raw",),
        time_limit=60,
        pool=1,
    )
    data = DataSet(url=bench_url(address, "test"), books=20)
    with Pinning() as pinning:
        found = export_memory("raw", database="sqlite", data=data, options=options, pinning=pinning)
    assert (found.arm, found.books, found.limit_bytes) == ("raw", 20, EXPORT_LIMIT)
    # So few books take nothing; a peak that were the controller's, or an idle of 0, would be more.
    assert 0 <= found.bytes_above_idle < 20 * MEBIBYTE


def test_an_export_may_take_its_limit_and_no_more() -> None:
    assert exceeded([], [FITS]) == []
    assert exceeded([], [FITS, OVERFLOWS]) == [
        "gino on sqlite: the export of 1000000 books takes 70 MiB; 64 MiB is the limit"
    ]


def test_the_table_shows_which_exports_take_too_much() -> None:
    console = Console(width=120, color_system="standard", force_terminal=True)
    with console.capture() as captured:
        console.print(export_table([FITS, OVERFLOWS]))
    fits, overflows = [line for line in captured.get().splitlines() if "1,000,000" in line]
    assert "64.0" in fits
    assert "\x1b[31m" not in fits
    assert "70.0" in overflows
    assert "\x1b[31m" in overflows
