"""The service is asked to end while requests are under way, and started again."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bakeoff_contract.faults.fault import Fault, Target
from bakeoff_contract.faults.injected.repeating import repeated

_PAUSE = 1.0


def _terminated(target: Target) -> AbstractContextManager[None]:
    return repeated(lambda: _terminate(target), pause=_PAUSE)


def _terminate(target: Target) -> None:
    service = target.service
    if not service.runs:
        service.start()
        return
    status = service.terminate()
    assert status == 0, f"the service ended with {status}: {service.end_of_log()}"


SERVICE_TERMINATED = Fault(
    name="service-terminated",
    title="the service is asked to end (SIGTERM) while requests are under way",
    ends_service=True,
    inject=_terminated,
    seconds=1.0,
)
