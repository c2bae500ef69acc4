"""How a long piece of work tells what it is at, whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Takes what is known now, at least every few seconds."""

    def __call__(self, what: str, *, done: float) -> None:
        """`what` is the present step in words, `done` the share of the whole work, up to 1."""


def quiet(what: str, *, done: float) -> None:
    """Show nothing."""
