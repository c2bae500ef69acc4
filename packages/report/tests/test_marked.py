from __future__ import annotations

from pathlib import Path
from typing import Any

from bakeoff_report.collect.code import Sources
from bakeoff_report.collect.marked import LONGEST, marked
from bakeoff_report.inputs import Checkout

ROOT = Path(__file__).parents[3]
MODULE = '''\
import os

# workaround(constant): above what it explains.
LIMIT = 3


class Pool:
    # workaround(attribute): of a class.
    size = 1

    async def close(self) -> None:
        """Close it."""
        if self.size:
            # workaround(inside): within a function.
            os.abort()


# workaround(call): made when the module is imported.
os.register_at_fork(before=Pool)

# workaround(nowhere): above nothing.
'''


def test_a_mark_shows_the_smallest_definition_around_it(tree: Any) -> None:
    tree.write("packages/elm/src/elm/pool.py", MODULE)
    sources = Sources(Checkout(tree.root))
    names = {
        line: (found.name, found.first, found.last) if found else None
        for line in (3, 8, 14, 18, 21)
        for found in [marked(sources, f"packages/elm/src/elm/pool.py:{line}")]
    }
    assert names == {
        3: ("LIMIT", 3, 4),
        8: ("size", 8, 9),
        14: ("close", 11, 15),
        18: ("os.register_at_fork", 18, 19),
        21: None,
    }


def test_a_place_that_is_none_shows_nothing(tree: Any) -> None:
    sources = Sources(Checkout(tree.root))
    assert marked(sources, "packages/elm/none.py:3") is None
    assert marked(sources, "packages/elm/none.py") is None


def test_most_marks_of_this_repository_show_their_code() -> None:
    sources = Sources(Checkout(ROOT))
    marks = [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for path in ROOT.glob("packages/*/src/**/*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if "# workaround(" in line
    ]
    shown = [found for mark in marks if (found := marked(sources, mark))]
    assert len(shown) > len(marks) * 0.8 > 8
    assert all(found.last - found.first < LONGEST for found in shown)
