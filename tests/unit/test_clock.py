"""The clock: one place to read the time, which tests may move; dates are dates at the office."""

from datetime import UTC, date, datetime, timedelta

import pytest

from workflows import clock


def test_a_day_at_the_office_begins_while_it_is_still_yesterday_in_utc() -> None:
    assert clock.start_of(date(2020, 5, 4)) == datetime(2020, 5, 3, 16, tzinfo=UTC)
    with clock.standing_at(datetime(2020, 5, 3, 16, tzinfo=UTC)):
        assert clock.today() == date(2020, 5, 4)


def test_a_clock_that_stands_goes_on_afterwards() -> None:
    with clock.standing_at(datetime(2020, 5, 4, tzinfo=UTC)):
        assert clock.now() == datetime(2020, 5, 4, tzinfo=UTC)
        with clock.moved_by(timedelta(days=1)):
            assert clock.now() == datetime(2020, 5, 5, tzinfo=UTC)
        assert clock.now() == datetime(2020, 5, 4, tzinfo=UTC)
    assert clock.now().year > 2020


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"), clock.standing_at(datetime(2020, 5, 4)):  # noqa: DTZ001
        pass
