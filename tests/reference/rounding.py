"""Half away from zero, from exact fractions: nothing here is a float."""

from decimal import Decimal
from fractions import Fraction
from math import floor


def rounded(value: Fraction, decimals: int = 1) -> Decimal:
    scaled = floor(abs(value) * 10**decimals + Fraction(1, 2))
    return Decimal(scaled if value >= 0 else -scaled).scaleb(-decimals)


def percent(part: int, whole: int) -> Fraction:
    """0 when the denominator is 0; unrounded, as comparisons want it."""
    return Fraction(100 * part, whole) if whole else Fraction(0)


def rate(part: int, whole: int) -> Decimal:
    return rounded(percent(part, whole))


def mean(values: list[int]) -> Decimal:
    return rounded(Fraction(sum(values), len(values))) if values else Decimal("0.0")
