"""`python -m bakeoff_bench.worker`: reads commands from standard input until it ends."""

from __future__ import annotations

import sys

from bakeoff_bench.worker.process import main

sys.exit(main())
