"""Follows `docs/add-a-data-layer.md` word for word, in a copy of the repository."""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bakeoff_tasks.registry import ROOT
from bakeoff_tasks.running import CheckFailed, pool

PAGE = ROOT / "docs/add-a-data-layer.md"
_INFO = re.compile(r'(?P<language>\w+)(?: (?P<fails>fails))?(?: title="(?P<title>[^"]+)")?')
_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->\s*", re.DOTALL)
_NOT_COPIED = (".git", ".nox", ".venv", "build", "__pycache__", ".*_cache", ".hypothesis")


class Differs(CheckFailed):
    """Something did not go as the page says."""


@dataclass(frozen=True, slots=True)
class Step:
    """A fenced block of the page: something to type, or a file to write.

    `not_run` is why the page itself says that it should not be typed.
    """

    language: str
    fails: bool
    title: str | None
    text: str
    not_run: str | None = None


def steps(page: str) -> Iterator[Step]:
    """The steps in their order; a fence of another kind is for reading only."""
    from markdown_it import MarkdownIt

    # nox shows everything that is logged, and this logs every rule for every line.
    logging.getLogger("markdown_it").setLevel(logging.INFO)
    not_run: re.Match[str] | None = None
    for token in MarkdownIt().parse(page):
        info = _INFO.fullmatch(token.info) if token.type == "fence" else None
        if info and (info["title"] or info["language"] == "console"):
            why = not_run[1] if not_run else None
            yield Step(info["language"], bool(info["fails"]), info["title"], token.content, why)
        not_run = _NOT_RUN.fullmatch(token.content) if token.type == "html_block" else None


def follow(show: Callable[[str], None]) -> None:
    """Type and write everything that the page says, in its order.

    :raises Differs: a command failed that should not, or did not fail that should.
    """
    with pool().place, tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "bakeoff")
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*_NOT_COPIED), symlinks=True)
        if (ROOT / ".venv").exists():
            # The lock file is the same, so run.py need not install nox again.
            (root / ".venv").symlink_to(ROOT / ".venv")
        for step in steps(PAGE.read_text(encoding="utf-8")):
            if step.language == "console":
                for line in step.text.splitlines():
                    show(line)
                    _type(line, root, fails=step.fails)
            else:
                assert step.title is not None
                show(f"write {step.title}")
                _write(root / step.title, step)


def _type(line: str, root: Path, *, fails: bool) -> None:
    command = shlex.split(line.removeprefix("$ "))
    command[0] = sys.executable
    done = pool().execute(line, command, os.environ, cwd=root)
    if bool(done.code) != fails:
        raise Differs(f"{line}\n{done.printed}\nended with {done.code}")


def _write(path: Path, step: Step) -> None:
    if step.language != "toml":
        path.write_text(step.text, encoding="utf-8")
        return
    heading = step.text.splitlines()[0]
    whole = path.read_text(encoding="utf-8")
    before, found, after = whole.partition(heading)
    if not found:
        raise Differs(f"{path.name} has no {heading}")
    rest = after.partition("\n[")
    path.write_text(before + step.text + "".join(rest[1:]), encoding="utf-8")
