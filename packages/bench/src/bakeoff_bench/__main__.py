"""`python -m bakeoff_bench` is the `bakeoff-bench` command."""

from __future__ import annotations

from bakeoff_bench.cli.main import main

if __name__ == "__main__":
    main()
