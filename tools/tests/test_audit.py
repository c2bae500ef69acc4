from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bakeoff_tasks import audit, locks
from bakeoff_tasks.running import CheckFailed, Done

TODAY = date(2026, 12, 1)


def listed(tmp_path: Path, *entries: str) -> list[audit.Allowed]:
    path = tmp_path / "audit.toml"
    path.write_text("".join(f"[[allowed]]\n{entry}\n" for entry in entries), encoding="utf-8")
    return audit.allowed(TODAY, path)


def entry(*, name: str = "PYSEC-1", reason: str = "not reached", expires: str) -> str:
    return f'id = "{name}"\nreason = "{reason}"\nexpires = {expires}'


def test_the_list_of_this_repository_is_in_force() -> None:
    assert audit.allowed(date.today()) == audit.allowed(date.today(), audit.LIST)


def test_an_entry_counts_through_the_day_that_it_names(tmp_path: Path) -> None:
    [found] = listed(tmp_path, entry(expires="2026-12-01"))
    assert (found.id, found.reason, found.expires) == ("PYSEC-1", "not reached", TODAY)


def test_an_entry_that_has_expired_fails_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="PYSEC-1 was let pass until 2026-11-30: not reached"):
        listed(tmp_path, entry(expires="2026-11-30"))


def test_nothing_is_let_pass_for_ever(tmp_path: Path) -> None:
    assert listed(tmp_path, entry(expires="2027-05-30"))
    with pytest.raises(CheckFailed, match="for more than 180 days"):
        listed(tmp_path, entry(expires="2027-05-31"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('id = "PYSEC-1"\nexpires = 2026-12-24', "must have id, reason, expires and nothing else"),
        (entry(expires="2026-12-24") + '\nfor = "x"', "must have id, reason, expires and nothing"),
        (entry(reason="", expires="2026-12-24"), "reason must be a text"),
        (entry(expires='"2026-12-24"'), "expires must be a day"),
        (entry(expires="2026-12-24T00:00:00Z"), "expires must be a day"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CheckFailed, match=f"entry 1 of audit.toml: .*{told}"):
        listed(tmp_path, text)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed) as caught:
        listed(
            tmp_path,
            entry(name="PYSEC-2", expires="2026-11-30"),
            entry(name="PYSEC-3", expires="2026-12-24"),
            entry(name="PYSEC-3", expires="2026-12-24"),
            'id = "PYSEC-4"',
        )
    assert [line.partition(" ")[0] for line in str(caught.value).splitlines()] == [
        *("PYSEC-2", "PYSEC-3", "entry"),
    ]


def test_a_misspelled_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text('[[alowed]]\nid = "PYSEC-1"\n', encoding="utf-8")
    with pytest.raises(CheckFailed, match="has no part 'alowed'"):
        audit.allowed(TODAY, path)


def test_pip_audit_is_told_what_may_pass_and_resolves_nothing(tmp_path: Path) -> None:
    found = listed(tmp_path, entry(expires="2026-12-24"))
    lock = locks.lock_file("main")
    assert audit.arguments(lock, found) == [
        *("--strict", "--requirement", str(lock), "--require-hashes", "--disable-pip"),
        *("--ignore-vuln", "PYSEC-1"),
    ]


CLEAN = Done(name="audit nox", code=0, printed="No known vulnerabilities found\n")
VULNERABLE = Done(
    name="audit main",
    code=1,
    printed="Found 2 known vulnerabilities in 1 package\nName Version ID\nyaml 1 PYSEC-1\n",
)
AWAY = Done(
    name="audit gino",
    code=1,
    printed="Traceback (most recent call last):\n  File …\nConnectionError: Max retries exceeded\n",
)
UNKNOWN = Done(
    name="audit gino",
    code=1,
    printed="ERROR:pip_audit._cli:aiomysql: Dependency not found and could not be audited\n",
)


def test_locks_without_a_known_vulnerability_pass() -> None:
    audit.judge([CLEAN, CLEAN])


def test_a_known_vulnerability_fails_with_its_lock_and_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(CheckFailed, match=r"^known vulnerabilities, .*: audit main$"):
        audit.judge([CLEAN, VULNERABLE])
    assert "yaml 1 PYSEC-1" in capsys.readouterr().out


@pytest.mark.parametrize("silent", [AWAY, UNKNOWN])
def test_a_service_that_does_not_answer_is_no_finding_and_no_success(
    silent: Done, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CheckFailed, match=r"^nothing was learned.*audit gino.*osv$") as caught:
        audit.judge([CLEAN, silent])
    assert "known vulnerabilities, which" not in str(caught.value)
    printed = capsys.readouterr().out
    assert "Traceback" not in printed
    assert silent.printed.splitlines()[-1] in printed


def test_one_lock_that_is_vulnerable_is_told_beside_one_of_which_nothing_was_learned() -> None:
    with pytest.raises(CheckFailed) as caught:
        audit.judge([VULNERABLE, AWAY])
    assert [line.partition(",")[0] for line in str(caught.value).splitlines()] == [
        *("known vulnerabilities", "nothing was learned"),
    ]
