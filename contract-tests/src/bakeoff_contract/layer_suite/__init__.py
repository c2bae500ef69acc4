"""What every backend with a database must do beneath HTTP, through the port alone."""

from __future__ import annotations

import pytest

# The service runs on uvloop. What depends on the event loop itself is tested on asyncio's too.
BOTH_LOOPS = pytest.mark.parametrize(
    "anyio_backend", [True, False], ids=["uvloop", "asyncio"], indirect=True, scope="session"
)
