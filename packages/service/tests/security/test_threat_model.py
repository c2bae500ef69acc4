"""docs/threat-model.md names a test for each thing that is defended, and the tests are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
TEXT = (ROOT / "docs/threat-model.md").read_text("utf-8")
NAMED = re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", TEXT)
# Where a file of tests may be, and where its parametrised ones are as well.
FOLDERS = ["packages/service/tests", "contract-tests/src/bakeoff_contract", "tools/tests"]
RISKS = [f"API{number}" for number in range(1, 11)]


def section(title: str) -> str:
    """The text below a heading, to the next one."""
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_test_that_the_page_names_exists(file: str, test: str) -> None:
    found = [path for folder in FOLDERS if (path := ROOT / folder / file).is_file()]
    assert len(found) == 1, f"{file} is in {len(found)} folders"
    assert re.search(rf"^(async )?def {test}\(", found[0].read_text("utf-8"), re.MULTILINE)


def test_every_line_of_owasps_list_has_a_test_or_a_reason() -> None:
    rows = section("OWASP API Security Top 10 (2023)").splitlines()
    for risk in RISKS:
        of_risk = [row for row in rows if row.startswith(f"| {risk} ")]
        assert of_risk, f"{risk} is missing"
        for row in of_risk:
            assert "::test_" in row or "does not apply" in row, row


def test_everything_that_is_defended_names_its_test() -> None:
    rows = [row for row in section("What is defended").splitlines() if row.startswith("| ")]
    assert len(rows) > 10
    for row in rows[2:]:
        assert "::test_" in row, row
