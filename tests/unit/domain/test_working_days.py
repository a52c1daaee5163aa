"""Working days: public holidays, exchanged weekends, and years nobody has announced yet."""

from datetime import date

import pytest

from workflows.domain import working_days
from workflows.domain.working_days import DaysWrong


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
