"""Splitting a whole number of places fairly: the largest remainder, exact and the same every time."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeVar

K = TypeVar("K")


def largest_remainder(total: int, weights: Mapping[K, int]) -> dict[K, int]:
    """Split `total` in proportion to `weights`; the parts sum to `total`, and of equal remainders the first one wins.

    Raises ValueError for a negative total or weight, or when no weight is above zero.
    """
    if total < 0 or any(weight < 0 for weight in weights.values()) or not any(weights.values()):
        raise ValueError("splitting needs a total of at least 0 and a weight above 0")
    whole = sum(weights.values())
    exact = {key: Fraction(total * weight, whole) for key, weight in weights.items()}
    parts = {key: int(share) for key, share in exact.items()}
    by_remainder = sorted(exact, key=lambda key: parts[key] - exact[key])
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts
