"""Which of two values is the stricter."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.domain import majorities
from workflows.domain.strictness import Direction, comparable, rank


@pytest.mark.parametrize(
    "direction, looser, stricter",
    [
        (Direction.AT_LEAST, 8, 9),
        (Direction.AT_MOST, 5, 4),
        (Direction.AT_MOST, "P30D", "P29D"),
        (Direction.AT_MOST, "P1M", "P28D"),
        (Direction.AT_MOST, "P29D", "P1M"),
        (Direction.AT_MOST, "P2M", "P1M"),
        (Direction.ONLY_TRUE, False, True),
        (Direction.ONLY_FALSE, True, False),
        (Direction.CHOICE, "FILE", "APPROVE"),
        (Direction.SHARE, ">1/2 of should-attend", ">=2/3 of should-attend"),
        (Direction.SHARE, ">=2/3 of should-attend", ">2/3 of should-attend"),
        (Direction.SHARE, ">=2/4 of should-attend", ">1/2 of should-attend"),
    ],
)
def test_the_stricter_value_ranks_higher(direction: Direction, looser: object, stricter: object) -> None:
    words = ("FILE", "APPROVE")
    assert rank(direction, looser, words) < rank(direction, stricter, words)


@pytest.mark.parametrize(
    "direction, value",
    [
        (Direction.AT_LEAST, True),
        (Direction.AT_LEAST, 8.5),
        (Direction.AT_LEAST, -1),
        (Direction.AT_LEAST, "8"),
        (Direction.AT_LEAST, 10_001),
        (Direction.AT_MOST, "30 days"),
        (Direction.AT_MOST, "P1Y"),
        (Direction.ONLY_TRUE, 1),
        (Direction.ONLY_FALSE, "no"),
        (Direction.CHOICE, "BURN"),
        (Direction.SHARE, 0.5),
        (Direction.SHARE, ">3/2 of should-attend"),
        (Direction.FIXED, 14),
    ],
)
def test_a_value_of_the_wrong_kind_has_no_rank(direction: Direction, value: object) -> None:
    with pytest.raises(ValueError, match=r"is no|is not|can never"):
        rank(direction, value, ("FILE", "APPROVE"))


def test_shares_of_different_bases_and_spans_and_numbers_are_not_compared() -> None:
    assert not comparable(Direction.SHARE, ">2/3 of present", ">1/2 of should-attend")
    assert comparable(Direction.SHARE, ">2/3 of present", ">1/2 of present")
    assert not comparable(Direction.AT_MOST, 30, "P30D")


@given(day=st.dates(date(2019, 1, 1), date(2030, 1, 1)), days=st.integers(1, 400), months=st.integers(1, 12))
@settings(max_examples=50, deadline=None)
def test_a_span_in_days_that_ranks_as_strict_never_lasts_longer_than_the_months(
    day: date, days: int, months: int
) -> None:
    years, month = divmod(day.month - 1 + months, 12)
    day = day.replace(day=min(day.day, 28))
    end = day.replace(year=day.year + years, month=month + 1)
    if rank(Direction.AT_MOST, f"P{days}D") >= rank(Direction.AT_MOST, f"P{months}M"):
        assert day + timedelta(days=days) <= end


_SHARES = st.builds(
    lambda more, over, under: f"{'>' if more and over < under else '>='}{min(over, under)}/{under} of should-attend",
    st.booleans(),
    st.integers(1, 9),
    st.integers(1, 9),
)


def test_no_limit_is_the_loosest_of_what_may_only_fall() -> None:
    assert rank(Direction.AT_MOST, None) < rank(Direction.AT_MOST, 10_000) < rank(Direction.AT_MOST, 180)
    with pytest.raises(ValueError, match="whole number"):
        rank(Direction.AT_LEAST, None)


@given(one=_SHARES, other=_SHARES, voters=st.integers(1, 200))
@settings(max_examples=50, deadline=None)
def test_the_stricter_share_never_needs_fewer_people(one: str, other: str, voters: int) -> None:
    if rank(Direction.SHARE, one) >= rank(Direction.SHARE, other):
        people: dict[majorities.Base, int] = {"should-attend": voters, "present": voters, "ballots": voters}
        assert majorities.read(one).needed(people) >= majorities.read(other).needed(people)
