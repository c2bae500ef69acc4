"""On which event loop a module is tested."""

from __future__ import annotations

import pytest

# uvloop is that of the service; what depends on the loop's own business is tested on both.
BOTH_LOOPS = pytest.mark.parametrize(
    "anyio_backend", [True, False], ids=["uvloop", "asyncio"], indirect=True, scope="session"
)
