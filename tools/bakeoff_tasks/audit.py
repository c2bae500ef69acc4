"""Which known vulnerabilities of locked releases may pass for now: the list in audit.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bakeoff_tasks.registry import ROOT
from bakeoff_tasks.running import CheckFailed, Done, show

LIST = ROOT / "audit.toml"
# What is let pass for longer is forgotten.
LONGEST = timedelta(days=180)
# How pip-audit ends when it has asked about everything, and has found something.
_FOUND = re.compile(r"^Found \d+ known vulnerabilit(y|ies)\b", re.MULTILINE)
_FIELDS = {"id": str, "reason": str, "expires": date}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """One vulnerability that may pass through `expires`, that day included."""

    id: str
    reason: str
    expires: date


def allowed(today: date, path: Path = LIST) -> list[Allowed]:
    """The entries of the list, all of them in force.

    :raises CheckFailed: one has expired, is in force for too long, or is not what an entry must be;
        all that are wrong are named.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    tables = content.pop("allowed", [])
    problems = [f"{path.name} has no part {name!r}" for name in content]
    entries = []
    for number, table in enumerate(tables, start=1):
        wrong = _wrong(table)
        if wrong:
            problems.append(f"entry {number} of {path.name}: {wrong}")
        else:
            entries.append(Allowed(**table))
    problems += [problem for entry in entries if (problem := _outside(entry, today))]
    ids = [entry.id for entry in entries]
    problems += [f"{name} is in {path.name} twice" for name in set(ids) if ids.count(name) > 1]
    if problems:
        raise CheckFailed("\n".join(sorted(problems)))
    return entries


def arguments(lock: Path, entries: Sequence[Allowed]) -> list[str]:
    """What pip-audit is told about a lock file, which names every release with its hashes.

    Nothing is installed or resolved: pip-audit asks the index about these releases alone. One that
    the index cannot tell anything about fails the session.
    """
    ignored = [part for entry in entries for part in ("--ignore-vuln", entry.id)]
    return ["--strict", "--requirement", str(lock), "--require-hashes", "--disable-pip", *ignored]


def judge(ended: Sequence[Done]) -> None:
    """What pip-audit said of each lock; its own words for a service that is away are a traceback.

    :raises CheckFailed: a release has a known vulnerability, or nothing could be learned of one.
    """
    silent = [done for done in ended if done.code and not _FOUND.search(done.printed)]
    for done in ended:
        lines = done.printed.strip().splitlines()
        show("\n".join([done.name, *(lines[-1:] if done in silent else lines)]))
    problems = []
    if found := [done.name for done in ended if done.code and done not in silent]:
        problems.append(f"known vulnerabilities, which are listed above: {', '.join(found)}")
    if silent:
        names = ", ".join(done.name for done in silent)
        problems.append(
            f"nothing was learned, neither that there are vulnerabilities nor that there are none: "
            f"{names}. The service that knows them is away, or does not know the release that is "
            "named above; a mirror of the index often has packages alone. Try it where the index "
            "itself can be reached, or with another service: nox -s audit -- "
            "--vulnerability-service osv"
        )
    if problems:
        raise CheckFailed("\n".join(problems))


def _wrong(table: dict[str, object]) -> str | None:
    if table.keys() != _FIELDS.keys():
        return f"it must have {', '.join(_FIELDS)} and nothing else"
    for name, kind in _FIELDS.items():
        # A datetime is a date as well, and is no day.
        if type(table[name]) is not kind or not table[name]:
            return f"{name} must be a {'day such as 2027-01-31' if kind is date else 'text'}"
    return None


def _outside(entry: Allowed, today: date) -> str | None:
    if entry.expires < today:
        return f"{entry.id} was let pass until {entry.expires}: {entry.reason}. Look at it again"
    if entry.expires > today + LONGEST:
        return f"{entry.id} is let pass for more than {LONGEST.days} days: choose a nearer day"
    return None
