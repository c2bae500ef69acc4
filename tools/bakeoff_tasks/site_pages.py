"""The pages of the site: the Markdown of docs/ and results/, so that every link leads to a page."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bakeoff_tasks.registry import ROOT
from bakeoff_tasks.running import CheckFailed

REPORT_MARK = "<!-- a link to the report, where it has been made -->"
_REPORT = "[Open the report]({}) that was made of this checkout."
_LINK = re.compile(r"(?<=\]\()[^)\s]+(?=\))")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_FENCE = "~" * 8
_LANGUAGES = {".json": "json", ".md": "markdown", ".py": "python", ".toml": "toml", ".yml": "yaml"}
# What a search finds should be written for readers.
_SOURCE = "---\nsearch:\n  exclude: true\n---\n\n# `{}`\n"


def write(folder: Path, *, root: Path = ROOT, report: bool) -> None:
    """Write all pages into this folder; with `report` they link to report/index.html.

    A link to a file or folder that is no page leads to a page that shows its text.

    :raises CheckFailed: a page links to something that is not there.
    """
    stage = _Stage(root=root, places=places(root))
    for path, place in stage.places.items():
        text = stage.page(path, path.read_text(encoding="utf-8"))
        link = _REPORT.format(os.path.relpath("report/index.html", place.parent))
        _write(folder / place, text.replace(REPORT_MARK, link if report else ""))
    for path, place in stage.shown.items():
        _write(folder / place, _source(path, root))
    if stage.problems:
        raise CheckFailed("\n".join(stage.problems))


def places(root: Path) -> dict[Path, PurePosixPath]:
    """Each Markdown file that is a page, with its place in the site."""
    docs, results = root / "docs", root / "results"
    template = docs / "backend-template"
    written = [path for path in docs.rglob("*.md") if template not in path.parents]
    found = {path: PurePosixPath(path.relative_to(docs)) for path in sorted(written)}
    found |= {path: PurePosixPath(path.relative_to(root)) for path in sorted(results.rglob("*.md"))}
    return found


@dataclass(slots=True, kw_only=True)
class _Stage:
    """Follows the links of all pages; `shown` are the sources that some page links to."""

    root: Path
    places: dict[Path, PurePosixPath]
    shown: dict[Path, PurePosixPath] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def page(self, path: Path, text: str) -> str:
        """The text with links as the site needs them, and fences as its Markdown knows them."""
        lines = text.splitlines(keepends=True)
        prose, fences = _lines(text)
        for number in prose:
            lines[number] = _LINK.sub(lambda found: self._address(path, found[0]), lines[number])
        for number in fences:
            lines[number] = lines[number].replace("console fails", "console")
        return "".join(lines)

    def _address(self, page: Path, link: str) -> str:
        target, mark, fragment = link.partition("#")
        if not target or _SCHEME.match(link):
            return link
        path = Path(os.path.normpath(page.parent / target))
        if path / "README.md" in self.places:
            path /= "README.md"
        if path not in self.places:
            if not path.is_relative_to(self.root) or not path.exists():
                self.problems.append(f"{page.relative_to(self.root)}: {link} is not there")
                return link
            name = PurePosixPath(path.relative_to(self.root))
            # What begins with a dot is not built.
            self.shown[path] = PurePosixPath("source", name.parent, f"{name.name.lstrip('.')}.md")
        place = self.places.get(path) or self.shown[path]
        return os.path.relpath(place, self.places[page].parent) + mark + fragment


def _lines(text: str) -> tuple[list[int], list[int]]:
    """The numbers of the lines that are prose, and of those that begin a fence."""
    from markdown_it import MarkdownIt

    # nox shows everything that is logged, and this logs every rule for every line.
    logging.getLogger("markdown_it").setLevel(logging.INFO)
    prose: list[int] = []
    fences: list[int] = []
    for token in MarkdownIt().parse(text):
        if token.map and token.type == "inline":
            prose += range(*token.map)
        elif token.map and token.type == "fence":
            fences.append(token.map[0])
    return prose, fences


def _source(path: Path, root: Path) -> str:
    """A page with the text of a file, or of all files of a folder."""
    parts = [_SOURCE.format(path.relative_to(root))]
    for file in [path] if path.is_file() else _files(path):
        if path.is_dir():
            parts.append(f"\n## `{file.relative_to(path)}`\n")
        language = _LANGUAGES.get(file.suffix, "text")
        text = file.read_text(encoding="utf-8").rstrip("\n")
        parts.append(f"\n{_FENCE} {language}\n{text}\n{_FENCE}\n")
    return "".join(parts)


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.stat().st_size and "__pycache__" not in file.parts:
            yield file


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
