"""The split: sums are always right, limits hold, more weight never gets less, and the order of the units is nothing."""

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.test_ratios import LIMITS
from workflows.domain import quota_split
from workflows.domain.head_counts import Counts, Line
from workflows.domain.quota_split import Wanting, ceiling_of, need_and_weight, split
from workflows.domain.units import Field

FEW = settings(max_examples=50, deadline=None)


def unit(unit_id: int, *lines: Line, had: int = 0, last_year: int | None = None) -> Wanting:
    return Wanting(unit_id, Counts(lines), LIMITS, had, last_year)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    students = draw(st.integers(0, 400))
    members = draw(st.integers(0, students))
    applicants = draw(st.none() | st.integers(0, students - members))
    return Line(draw(st.sampled_from(Field)), draw(st.booleans()), students, members, applicants)


def several() -> st.SearchStrategy[list[Wanting]]:
    one = st.tuples(st.lists(lines(), max_size=2), st.integers(0, 20), st.none() | st.integers(0, 60))
    return st.lists(one, max_size=7).map(
        lambda some: [unit(n, *mine, had=had, last_year=last) for n, (mine, had, last) in enumerate(some, start=1)]
    )


@FEW
@given(several(), st.integers(0, 900), st.integers(0, 100))
def test_shares_reserve_and_rest_sum_to_the_total_and_no_line_is_over_its_limit(
    below: list[Wanting], total: int, rate: int
) -> None:
    found = split(total, below, rate)
    assert sum(share.amount for share in found.shares) + found.reserve + found.left_over == total
    assert found.left_over >= 0
    for share in found.shares:
        assert 0 <= share.amount <= share.limit <= share.need
        assert share.ceiling is None or share.amount <= share.ceiling
        assert abs(share.exact - share.amount) < 1
    if found.left_over:
        assert all(share.amount == share.limit for share in found.shares if share.weight)


@FEW
@given(several(), st.integers(0, 900), st.randoms(use_true_random=False))
def test_the_order_of_the_units_changes_nothing(below: list[Wanting], total: int, dice: object) -> None:
    mixed = list(below)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    by_unit = {share.unit_id: share for share in split(total, below, 5).shares}
    assert {share.unit_id: share for share in split(total, mixed, 5).shares} == by_unit


@FEW
@given(
    st.dictionaries(st.integers(1, 9), st.tuples(st.integers(0, 50), st.integers(0, 30)), min_size=2, max_size=7),
    st.integers(0, 200),
)
def test_more_weight_and_no_lower_limit_never_gets_less(given_: Mapping[int, tuple[int, int]], total: int) -> None:
    weights = {key: weight for key, (weight, _) in given_.items()}
    limits = {key: limit for key, (_, limit) in given_.items()}
    _, parts = quota_split.within(total, weights, limits)
    for one in given_:
        for other in given_:
            if weights[one] > weights[other] and limits[one] >= limits[other]:
                assert parts[one] >= parts[other]


def test_the_worked_example_of_the_documentation() -> None:
    below = [
        unit(1, Line(Field.SENIOR, False, 1200, 500)),
        unit(2, Line(Field.VOCATIONAL, False, 800, 300)),
        unit(3, Line(Field.JUNIOR, False, 1000, 200), Line(Field.JUNIOR, True, 500, 140)),
    ]
    found = split(200, below, 5)
    assert [(share.need, share.weight) for share in found.shares] == [(220, 22000), (180, 21600), (100, 10000)]
    assert [share.exact for share in found.shares] == [
        Fraction(190 * 220, 536),
        Fraction(190 * 216, 536),
        Fraction(190 * 100, 536),
    ]
    assert [share.amount for share in found.shares] == [78, 77, 35]
    assert (found.reserve, found.left_over) == (10, 0)


def test_need_is_what_is_missing_to_the_target_and_at_most_the_applicants() -> None:
    assert need_and_weight(unit(1, Line(Field.SENIOR, False, 50, 20))) == (10, 1000)
    assert need_and_weight(unit(1, Line(Field.SENIOR, False, 50, 20, 4))) == (4, 400)
    assert need_and_weight(unit(1, Line(Field.SENIOR, False, 50, 40))) == (0, 0)
    assert need_and_weight(unit(1, Line(Field.VOCATIONAL, False, 50, 20))) == (10, 1200)
    assert need_and_weight(unit(1, Line(Field.SENIOR, True, 50, 20))) == (0, 0)
    assert need_and_weight(unit(1, Line(Field.SENIOR, False, 50, 20), had=7)) == (3, 300)


def test_a_unit_over_its_ratio_gets_no_more_than_last_year_less_the_cut() -> None:
    red = Line(Field.SENIOR, True, 100, 61)
    assert ceiling_of(unit(1, red, last_year=50)) == 45
    assert ceiling_of(unit(1, red, last_year=50, had=40)) == 5
    assert ceiling_of(unit(1, red)) is None
    assert ceiling_of(unit(1, Line(Field.SENIOR, True, 100, 60), last_year=50)) is None
    taken = split(500, [unit(1, red, Line(Field.SENIOR, False, 900, 100), last_year=50)], 0)
    assert (taken.shares[0].need, taken.shares[0].amount, taken.left_over) == (440, 45, 455)


def test_without_any_need_everything_stays() -> None:
    assert split(100, [unit(1)], 5).left_over == 95
    assert split(0, [], 5) == quota_split.Split(0, 0, 0, ())
    with pytest.raises(ValueError, match="rate"):
        split(1, [], 101)
