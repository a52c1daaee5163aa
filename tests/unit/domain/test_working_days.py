"""Working days: public holidays, exchanged weekends, and years nobody has announced yet."""

from datetime import date, timedelta

import pytest
from chinese_calendar import is_workday
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from workflows.domain import working_days
from workflows.domain.working_days import DaysWrong, NoticeOver


@pytest.mark.parametrize(
    "posted_on, days, ends_on",
    [
        (date(2020, 5, 11), 5, date(2020, 5, 18)),  # a plain week; Monday itself is not counted
        (date(2020, 4, 28), 5, date(2020, 5, 8)),  # 1-5 May are free
        (date(2020, 9, 25), 5, date(2020, 10, 9)),  # Sunday 27 September is worked, 1-8 October are free
        (date(2020, 9, 26), 1, date(2020, 9, 27)),  # a Sunday worked in exchange
    ],
)
def test_a_notice_ends_with_its_last_working_day(posted_on: date, days: int, ends_on: date) -> None:
    assert working_days.notice_end(posted_on, days) == ends_on


def test_beyond_the_announced_years_only_weekends_are_free() -> None:
    assert not working_days.is_announced(date(2050, 1, 1))
    assert working_days.is_announced(date(2020, 1, 1))
    assert working_days.add_working_days(date(2050, 9, 30), 1) == date(2050, 10, 3)


def test_a_notice_has_at_least_one_day() -> None:
    with pytest.raises(DaysWrong):
        working_days.notice_end(date(2020, 5, 11), 0)


def counted(after: date, until: date) -> int:
    """The plain way: look at every day after the one and up to the other."""
    return sum(is_workday(after + timedelta(days=n)) for n in range(1, (until - after).days + 1))


@settings(max_examples=50, deadline=None)
@given(posted_on=st.dates(date(2018, 9, 1), date(2021, 3, 1)), days=st.integers(1, 15), data=st.data())
def test_a_notice_counts_all_its_days_whatever_objections_interrupt_it(
    posted_on: date, days: int, data: DataObject
) -> None:
    began, ends_on, past = posted_on, working_days.notice_end(posted_on, days), 0
    for _ in range(data.draw(st.integers(0, 3))):
        raised_on = began + timedelta(days=data.draw(st.integers(0, (ends_on - began).days)))
        past += counted(began, raised_on - timedelta(days=1))
        left = working_days.days_left(began, raised_on, ends_on)
        assert past + left == days
        began = raised_on + timedelta(days=data.draw(st.integers(0, 20)))
        ends_on = working_days.notice_end(began, left)
    assert past + counted(began, ends_on) == days
    assert is_workday(ends_on)


@pytest.mark.parametrize(
    "raised_on, left",
    [
        (date(2020, 4, 28), 5),
        (date(2020, 4, 29), 5),
        (date(2020, 5, 3), 3),
        (date(2020, 5, 8), 1),
    ],
)
def test_an_objection_leaves_its_own_day_and_those_after_it(raised_on: date, left: int) -> None:
    assert working_days.days_left(date(2020, 4, 28), raised_on, date(2020, 5, 8)) == left


def test_an_objection_after_the_last_day_does_not_stop_a_notice() -> None:
    with pytest.raises(NoticeOver) as refused:
        working_days.days_left(date(2020, 4, 28), date(2020, 5, 9), date(2020, 5, 8))
    assert refused.value.article
