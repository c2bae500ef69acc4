"""The columns of table one: which tests show which capability."""

from __future__ import annotations

from bakeoff_report.model import Capability

SUITES = {
    "contract": "contract-tests/src/bakeoff_contract/suite",
    "layers": "contract-tests/src/bakeoff_contract/layer_suite",
}
"""The suites over HTTP and of what HTTP cannot show, with their sources."""
CONTRACT, INTEROP = "contract", "interop"
"""Ids of the columns that are not made of some modules of the suites."""

CAPABILITIES = [
    Capability(
        id=CONTRACT,
        title="contract",
        question="Does the service answer as the contract says, over HTTP?",
        modules=["contract/*"],
    ),
    Capability(
        id="transactions",
        title="transactions",
        question="Is a unit of work seen as a whole or not at all, also by others meanwhile?",
        modules=["layers/test_transactions.py", "contract/test_isolation.py"],
    ),
    Capability(
        id="locks",
        title="locks and versions",
        question="Do orders and changes that race for a row leave what they would one by one?",
        modules=["contract/test_order_races.py", "contract/test_versions.py"],
    ),
    Capability(
        id="upsert",
        title="upsert",
        question="Does adding or replacing by a key work in one step, also twenty times at once?",
        modules=["contract/test_upsert.py"],
    ),
    Capability(
        id="streaming",
        title="streaming",
        question="Is everything exported in batches, while others write?",
        modules=["contract/test_export.py"],
    ),
    Capability(
        id="cancellation",
        title="cancellation",
        question="Does a task that is cancelled or too slow end at once and leave nothing?",
        modules=[
            "layers/test_cancellation.py",
            "layers/test_timeouts.py",
            "contract/test_disconnects.py",
        ],
    ),
    Capability(
        id="pool",
        title="pool",
        question="Does the pool keep its size, serve in turn, and lose no connection?",
        modules=["layers/test_pool.py", "contract/test_busy.py"],
    ),
    Capability(
        id="healing",
        title="healing",
        question="Does it work again by itself after connections or the server went away?",
        modules=[
            "layers/test_healing.py",
            "layers/test_ended_connections.py",
            "contract/test_ended_connections.py",
            "contract/test_outages.py",
        ],
    ),
    Capability(
        id=INTEROP,
        title="interop",
        question="Can the other layers read, change and delete what it wrote, and it theirs?",
        modules=["interop"],
    ),
]


def shows(module: str, capability: Capability) -> bool:
    """Whether a module of tests, as `contract/test_upsert.py`, belongs to the capability."""
    suite = module.partition("/")[0]
    return module in capability.modules or f"{suite}/*" in capability.modules
