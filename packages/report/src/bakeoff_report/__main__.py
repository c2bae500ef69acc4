"""`python -m bakeoff_report` is `bakeoff-report`."""

from __future__ import annotations

from bakeoff_report.cli import main

main()
