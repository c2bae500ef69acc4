from __future__ import annotations

import getpass
import platform
import re

from bakeoff_bench import machine


def test_the_machine_is_told_without_its_name() -> None:
    facts = machine.facts(pinned=True)
    assert facts.pinned
    assert facts.cpus >= 1
    assert facts.memory_bytes > 2**20
    assert platform.python_version() in facts.python
    assert facts.processor
    reported = facts.model_dump_json()
    assert platform.node() not in reported.replace(facts.processor, "")
    assert not re.search(r"(^|\s)/", reported)
    assert f"{getpass.getuser()}@" not in reported
