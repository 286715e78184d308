"""Rounding half away from zero, on exact numbers: binary floats would decide ties by accident."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


def whole(value: Fraction) -> int:
    """Scores are never negative, so half away from zero is half up."""
    return int(value + Fraction(1, 2))


def one_decimal(value: Fraction) -> Decimal:
    return (Decimal(whole(value * 10)) / 10).quantize(Decimal("0.1"), ROUND_HALF_UP)


def mean(values: Sequence[int]) -> Decimal:
    return one_decimal(Fraction(sum(values), len(values))) if values else Decimal("0.0")
