"""What is true of all faults."""

from __future__ import annotations

from bakeoff_contract.faults.every import EVERY
from bakeoff_contract.faults.fault import SERVERS


def test_every_fault_says_what_it_is_called_and_what_it_needs() -> None:
    for name, fault in EVERY.items():
        assert name == fault.name
        assert fault.title
        assert fault.products
        assert fault.seconds <= fault.full_seconds
        # A file is reached over no network.
        assert fault.products <= SERVERS or not fault.needs_proxy


def test_each_fault_of_the_list_is_there() -> None:
    assert [*EVERY] == [
        "connections-ended",
        "server-restarted",
        "server-stopped",
        "network-reset",
        "network-cut",
        "network-slow",
        "network-black-hole",
        "pool-exhausted",
        "disk-full",
        "sqlite-locked",
        "server-read-only",
        "rights-revoked",
        "service-killed",
        "service-terminated",
        "clock-back",
    ]
