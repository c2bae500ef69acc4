"""`bakeoff diff`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer
from rich.box import MINIMAL
from rich.cells import cell_len
from rich.console import RenderableType
from rich.syntax import Syntax
from rich.table import Table

from bakeoff.cli import console, sources
from bakeoff.cli.console import Failure
from bakeoff.cli.sources import Section

Pair = tuple[Section | None, Section | None]

# Where backends are in a checkout, seen from its root.
_CHECKOUT = Path("packages")
_THEME = "ansi_dark"


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A backend, shown on the left.")],
    second: Annotated[str, typer.Argument(metavar="B", help="A backend, shown on the right.")],
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A file that both have, such as books.py.")
    ],
    only: Annotated[
        str | None,
        typer.Option(
            "--only", metavar="METHOD", help="Show one of its methods.", show_default=False
        ),
    ] = None,
    packages: Annotated[
        Path | None,
        typer.Option(
            "--packages",
            metavar="FOLDER",
            help="Read backends from a checkout; its packages folder is found in its root.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the same file of two backends side by side, method beside method.

    Every backend has the same files, classes and methods, so this is the comparison of their
    layers. Nothing of them is imported: those of a checkout need not be installed.
    """
    if packages is not None and not packages.is_dir():
        raise Failure(f"There is no folder {packages} (--packages)")
    if packages is None and _CHECKOUT.is_dir():
        packages = _CHECKOUT
    left, right = (
        sources.read(sources.package_of(name, packages=packages), file) for name in (first, second)
    )
    pairs = list(_aligned(left, right))
    if only is not None:
        pairs = _chosen(pairs, only)
    out = console.stdout()
    if out.is_terminal:
        out.print(_table(pairs, (first, second)))
    else:
        for line in _plain(pairs, (first, second)):
            console.show(line)


def _aligned(left: Sequence[Section], right: Sequence[Section]) -> Iterator[Pair]:
    """Sections of one name beside each other, and those that only one has beside nothing."""
    names = [[section.name for section in side] for side in (left, right)]
    matcher = SequenceMatcher(a=names[0], b=names[1], autojunk=False)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag == "equal":
            yield from zip(left[start:end], right[other_start:other_end], strict=True)
        else:
            yield from ((section, None) for section in left[start:end])
            yield from ((None, section) for section in right[other_start:other_end])


def _chosen(pairs: Sequence[Pair], only: str) -> list[Pair]:
    chosen = [pair for pair in pairs if only in (_name(pair), _name(pair).rpartition(".")[2])]
    if not chosen:
        names = dict.fromkeys(map(_name, pairs))
        there = ", ".join(name for name in names if name and not name.endswith("…"))
        raise Failure(f"There is no {only} in either file (--only). There are: {there}")
    return chosen


def _name(pair: Pair) -> str:
    section = pair[0] or pair[1]
    return "" if section is None else section.name


def _table(pairs: Sequence[Pair], titles: tuple[str, str]) -> Table:
    """Two columns of equal width; what is too long for its own is folded."""
    table = Table(box=MINIMAL, show_edge=False, expand=True, pad_edge=False)
    for title in titles:
        table.add_column(title, ratio=1)
    for left, right in pairs:
        table.add_row(_code(left), _code(right))
        table.add_row("", "")
    return table


def _code(section: Section | None) -> RenderableType:
    if section is None:
        return ""
    return Syntax(section.text, "python", theme=_THEME, background_color="default", word_wrap=True)


def _plain(pairs: Sequence[Pair], titles: tuple[str, str]) -> Iterator[str]:
    """For a file or a pager: as wide as it has to be, and without colours."""
    columns = [[[] if part is None else part.text.splitlines() for part in pair] for pair in pairs]
    longest = max((cell_len(line) for left, _ in columns for line in left), default=0)
    width = max(longest, cell_len(titles[0]))

    def row(left: str, right: str) -> str:
        return f"{left}{' ' * (width - cell_len(left))} │ {right}".rstrip()

    yield row(*titles)
    for left, right in columns:
        yield row("", "")
        for one, other in zip_longest(left, right, fillvalue=""):
            yield row(one, other)
