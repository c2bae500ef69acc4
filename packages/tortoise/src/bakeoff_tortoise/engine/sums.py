"""Sums of money, made by the database."""

from __future__ import annotations

from typing import Any

from pypika_tortoise.enums import SqlTypes
from pypika_tortoise.functions import Cast
from pypika_tortoise.functions import Sum as SumOf
from pypika_tortoise.terms import Function, Term, ValueWrapper
from tortoise.expressions import Aggregate

from bakeoff_tortoise.engine.context import current_family


class SumOfCents(Aggregate):
    """The sum of a price, times a number where one is given, in whole cents.

    Tortoise refuses to multiply fields of different types.
    """

    def _get_function_field(self, field: Any, *default_values: Any) -> Any:
        cents = _cents(field)
        for number in default_values:
            cents = number * cents
        return SumOf(cents)


def _cents(price: Term) -> Any:
    """Whole cents, because SQLite would add doubles."""
    hundred = ValueWrapper(100, allow_parametrize=False)
    integer = SqlTypes.SIGNED if current_family() == "mysql" else "BIGINT"
    return Cast(Function("ROUND", price * hundred), integer)
