"""Calendars of units: public holidays, school holidays that hold for everything below, and years nobody announced."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support import party as party_side
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import calendars
from workflows.domain.calendars import Days, HolidayOverlaps
from workflows.domain.working_days import DaysWrong, last_announced_year
from workflows.errors import InvalidData, NotFound
from workflows.journal import Event

WINTER = (date(2020, 1, 11), date(2020, 2, 14))
A_FRIDAY = date(2020, 1, 10)


@pytest.fixture
def cast(session: Session) -> Cast:
    return people.build(session)


@pytest.fixture
def winter(session: Session, cast: Cast) -> calendars.SchoolHoliday:
    """The county's winter holiday."""
    return enter(session, cast, cast.county.id, *WINTER)


def enter(
    session: Session, cast: Cast, unit_id: int, first: date, last: date, name: str = "寒假"
) -> calendars.SchoolHoliday:
    actor = cast.actor(cast.zhao)
    return calendars.enter_holiday(session, unit_id=unit_id, name=name, first=first, last=last, actor=actor)


def test_a_holiday_of_the_county_holds_for_its_schools_and_branches(
    session: Session, cast: Cast, winter: calendars.SchoolHoliday
) -> None:
    for unit in (cast.county, cast.school, cast.branch):
        assert not calendars.is_working_day(session, unit.id, date(2020, 1, 13))
    for unit in (cast.city, cast.other_county):
        assert calendars.is_working_day(session, unit.id, date(2020, 1, 13))


def test_a_holiday_includes_both_its_ends(session: Session, cast: Cast) -> None:
    enter(session, cast, cast.school.id, date(2020, 5, 12), date(2020, 5, 13))
    works = [calendars.is_working_day(session, cast.branch.id, date(2020, 5, day)) for day in (11, 12, 13, 14)]
    assert works == [True, False, False, True]


def test_a_school_may_have_its_own_beside_that_of_the_county(
    session: Session, cast: Cast, winter: calendars.SchoolHoliday
) -> None:
    enter(session, cast, cast.school.id, date(2020, 2, 15), date(2020, 2, 21), "延期开学")
    assert calendars.add_working_days(session, cast.branch.id, A_FRIDAY, 1) == date(2020, 2, 24)
    assert calendars.add_working_days(session, cast.other_school.id, A_FRIDAY, 1) == date(2020, 2, 17)


def test_offices_work_through_school_holidays(session: Session, cast: Cast, winter: calendars.SchoolHoliday) -> None:
    assert calendars.add_working_days(session, cast.branch.id, A_FRIDAY, 1, Days.WORKING) == date(2020, 1, 13)


def test_a_weekend_worked_in_exchange_counts(session: Session, cast: Cast) -> None:
    assert calendars.is_working_day(session, cast.branch.id, date(2020, 9, 27))
    assert not calendars.is_working_day(session, cast.branch.id, date(2020, 10, 1))


def test_days_between_two_dates_are_counted_with_both_ends(
    session: Session, cast: Cast, winter: calendars.SchoolHoliday
) -> None:
    first, last = A_FRIDAY, date(2020, 2, 17)
    assert calendars.working_days_between(session, cast.branch.id, first, last) == 2
    assert calendars.working_days_between(session, cast.branch.id, first, date(2020, 1, 17), Days.WORKING) == 6
    assert calendars.working_days_between(session, cast.branch.id, last, first) == 0


def test_on_the_edge_of_the_announced_years_counting_goes_on_by_weekends(session: Session, cast: Cast) -> None:
    year = last_announced_year()
    may_day = date(year + 1, 5, 3 if date(year + 1, 5, 1).weekday() >= 5 else 1)
    assert not calendars.is_working_day(session, cast.branch.id, date(year, 10, 1))
    assert calendars.is_working_day(session, cast.branch.id, may_day)
    assert calendars.add_working_days(session, cast.branch.id, date(year, 12, 28), 10).year == year + 1


def test_a_removed_holiday_no_longer_holds_and_cannot_be_removed_again(
    session: Session, cast: Cast, winter: calendars.SchoolHoliday
) -> None:
    actor = cast.actor(cast.zhao)
    calendars.remove_holiday(session, unit_id=cast.county.id, holiday_id=winter.id, actor=actor)
    assert calendars.is_working_day(session, cast.branch.id, date(2020, 1, 13))
    assert calendars.holidays_of(session, cast.branch.id, WINTER[0]) == []
    with pytest.raises(NotFound):
        calendars.remove_holiday(session, unit_id=cast.county.id, holiday_id=winter.id, actor=actor)
    again = enter(session, cast, cast.county.id, *WINTER)
    assert again.id != winter.id


def test_only_the_unit_that_entered_a_holiday_can_remove_it(
    session: Session, cast: Cast, winter: calendars.SchoolHoliday
) -> None:
    with pytest.raises(NotFound):
        calendars.remove_holiday(session, unit_id=cast.school.id, holiday_id=winter.id, actor=cast.actor(cast.gaowa))


def test_entering_and_removing_stand_in_the_journal_of_the_unit(
    session: Session, cast: Cast, winter: calendars.SchoolHoliday
) -> None:
    calendars.remove_holiday(session, unit_id=cast.county.id, holiday_id=winter.id, actor=cast.actor(cast.zhao))
    entries = journal.entries_of(session, journal.unit_chain(cast.county.id))
    assert [entry.event for entry in entries] == [Event.HOLIDAY_ENTERED, Event.HOLIDAY_REMOVED]
    assert entries[0].facts == {"holiday": winter.id, "name": "寒假", "dates": ["2020-01-11", "2020-02-14"]}
    assert {entry.person_id for entry in entries} == {cast.zhao.id}


def test_what_holds_for_a_unit_says_who_entered_it(
    session: Session, cast: Cast, winter: calendars.SchoolHoliday
) -> None:
    own = enter(session, cast, cast.school.id, date(2020, 7, 11), date(2020, 8, 31), "暑假")
    found = calendars.holidays_of(session, cast.branch.id, date(2020, 1, 1))
    assert [(each.row, each.unit) for each in found] == [(winter, cast.county), (own, cast.school)]
    assert [each.row for each in calendars.holidays_of(session, cast.branch.id, date(2020, 3, 1))] == [own]


@pytest.mark.parametrize(
    "first, last, name, field",
    [
        (date(2020, 2, 14), date(2020, 1, 11), "寒假", "last"),
        (date(2020, 1, 1), date(2020, 4, 30), "寒假", "last"),
        (date(1999, 7, 11), date(1999, 8, 31), "暑假", "first"),
        (*WINTER, "  ", "name"),
        (*WINTER, "假" * 61, "name"),
    ],
)
def test_dates_and_names_that_cannot_be_right_are_refused(
    session: Session, cast: Cast, first: date, last: date, name: str, field: str
) -> None:
    with pytest.raises(InvalidData) as refused:
        enter(session, cast, cast.county.id, first, last, name)
    assert set(refused.value.fields) == {field}


def test_the_longest_holiday_is_a_hundred_and_twenty_days(session: Session, cast: Cast) -> None:
    assert enter(session, cast, cast.county.id, date(2020, 1, 1), date(2020, 4, 29)).id


@pytest.mark.parametrize("first, last", [(date(2020, 2, 14), date(2020, 2, 20)), (date(2020, 1, 1), date(2020, 3, 1))])
def test_two_holidays_of_one_unit_do_not_overlap(
    session: Session, cast: Cast, winter: calendars.SchoolHoliday, first: date, last: date
) -> None:
    with pytest.raises(HolidayOverlaps, match="寒假"):
        enter(session, cast, cast.county.id, first, last)
    assert enter(session, cast, cast.county.id, date(2020, 2, 15), date(2020, 2, 20)).id


@pytest.mark.parametrize("n", [0, -1, 1001])
def test_a_period_has_a_sensible_number_of_days(session: Session, cast: Cast, n: int) -> None:
    with pytest.raises(DaysWrong):
        calendars.add_working_days(session, cast.branch.id, A_FRIDAY, n)


def test_an_unknown_unit_is_said_to_be_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        calendars.is_working_day(session, 999_999, A_FRIDAY)


def test_a_party_unit_has_the_holidays_of_the_schools_it_works_with(session: Session, cast: Cast) -> None:
    party = party_side.build(session, cast)
    first = date(2020, 7, 20)
    calendars.enter_holiday(
        session, unit_id=cast.school.id, name="暑假", first=first, last=date(2020, 8, 23), actor=cast.actor(cast.gaowa)
    )
    assert not calendars.is_working_day(session, party.branch.id, first)
    assert calendars.is_working_day(session, party.branch.id, first, Days.WORKING)
    assert calendars.is_working_day(session, party.committee.id, first)
