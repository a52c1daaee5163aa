"""Splitting places: exact, fair, the same every time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.domain.apportionment import largest_remainder

weights = st.dictionaries(st.text("abcdef", max_size=3), st.integers(0, 500), min_size=1).filter(
    lambda each: any(each.values())
)


@given(st.integers(0, 60_000), weights)
def test_the_parts_sum_to_the_whole_and_none_is_more_than_one_off(total: int, given_weights: dict[str, int]) -> None:
    parts = largest_remainder(total, given_weights)
    whole = sum(given_weights.values())
    assert sum(parts.values()) == total
    for key, part in parts.items():
        assert abs(part * whole - total * given_weights[key]) < whole


def test_the_largest_remainders_get_the_places_left_over() -> None:
    assert largest_remainder(10, {"a": 1, "b": 1, "c": 1}) == {"a": 4, "b": 3, "c": 3}
    assert largest_remainder(5, {"a": 6, "b": 3, "c": 1}) == {"a": 3, "b": 2, "c": 0}


@pytest.mark.parametrize("total, given_weights", [(-1, {"a": 1}), (1, {"a": -1, "b": 2}), (1, {"a": 0}), (1, {})])
def test_nonsense_is_refused(total: int, given_weights: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="splitting"):
        largest_remainder(total, given_weights)
