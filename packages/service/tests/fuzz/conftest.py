from __future__ import annotations

import sys
from pathlib import Path

# The targets are imported by name, here as well as by the fuzzer.
sys.path.insert(0, str(Path(__file__).parent))
