"""What the models say otherwise than the database, sentence by sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from bakeoff_contract.drift.description import Column, Fact, Schema
from bakeoff_contract.throwaway import Product

# What the contract means by text where the models say nothing: the order of code points, unpadded.
CODE_POINTS: Mapping[Product, str | None] = {
    "sqlite": None,
    "postgresql": "C",
    "mysql": "utf8mb4_0900_bin",
    "mariadb": "utf8mb4_nopad_bin",
}


def differences(
    actual: Schema, declared: Schema, *, product: Product, names: Collection[str]
) -> dict[str, str]:
    """Each difference by what it is about; `names` are those that the models state themselves."""
    found: dict[str, str] = {}
    for table in sorted(actual.tables ^ declared.tables):
        where = "the database" if table in actual.tables else "the models"
        found[table] = f"table {table} is in {where} alone"
    for subject in sorted(actual.facts.keys() | declared.facts.keys()):
        fact, said = actual.facts.get(subject), declared.facts.get(subject)
        there = fact or said
        if there is None or there.table in found:
            continue
        difference = _difference(fact, _meant(said, product), names)
        if difference is not None:
            found[subject] = f"{subject}: {difference}"
    return found


def _difference(fact: Fact | None, said: Fact | None, names: Collection[str]) -> str | None:
    if fact is None:
        return f"the models have it, and the database has not; they say {said}"
    if said is None:
        return f"the database has it, and the models have not; it is {fact}"
    if str(fact) != str(said):
        return f"the database has {fact}, the models say {said}"
    if said.name in names and fact.name != said.name:
        return f"the database calls it {fact.name}, the models call it {said.name}"
    return None


def _meant(said: Fact | None, product: Product) -> Fact | None:
    if isinstance(said, Column) and said.collation is None and _is_text(said.type):
        return replace(said, collation=CODE_POINTS[product])
    return said


def _is_text(kind: str) -> bool:
    return kind.startswith(("char", "varchar", "text", "longtext"))
