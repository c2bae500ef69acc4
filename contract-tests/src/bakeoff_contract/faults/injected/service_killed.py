"""The service is killed between a write and its commit, and started again, again and again."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import AbstractContextManager

from bakeoff_contract.faults.fault import Fault, Target
from bakeoff_contract.faults.injected.repeating import repeated
from bakeoff_contract.faults.injected.unfinished_writes import has_unfinished_writes

_PAUSE = 0.5
_TIMEOUT = 20.0
# How long it goes on for until it is looked at again: InnoDB shows its list of transactions as it
# was while somebody asks for it more often than every tenth of a second.
_STEPS = (0.11, 0.15)


def _killed(target: Target) -> AbstractContextManager[None]:
    return repeated(lambda: _kill_while_it_writes(target), pause=_PAUSE)


def _kill_while_it_writes(target: Target) -> None:
    """Let it stand still again and again, until there is a write that it has not committed."""
    service = target.service
    if not service.runs:
        service.start()
    deadline = time.monotonic() + _TIMEOUT
    while True:
        os.kill(service.pid, signal.SIGSTOP)
        if has_unfinished_writes(target.database):
            service.kill()
            return
        os.kill(service.pid, signal.SIGCONT)
        assert time.monotonic() < deadline, "the service was never between a write and its commit"
        time.sleep(random.uniform(*_STEPS))


SERVICE_KILLED = Fault(
    name="service-killed",
    title="the service is killed (SIGKILL) between a write and its commit",
    ends_service=True,
    inject=_killed,
    seconds=1.0,
)
