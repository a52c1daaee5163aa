"""突击发展: what share of a school's year falls on how few days, and whose business that is."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.support.cast import Cast, make_member, plan_for_school
from workflows import clock
from workflows.domain import rush
from workflows.domain.people import Person, Sex
from workflows.domain.rush import Limits
from workflows.domain.units import Unit

LIMITS = Limits(share=50, days=7, least=5)
MAY = date(2020, 5, 1)

Join = Callable[[Unit, int, date], None]


@pytest.fixture
def join(session: Session) -> Join:
    """So many new members of a branch on one day; nobody of them exists."""

    def enter(branch: Unit, n: int, day: date) -> None:
        for _ in range(n):
            person = Person(
                name="某人", sex=Sex.FEMALE, ethnic_group="蒙古族", birth_date=date(2005, 1, 1), nationality="CN"
            )
            session.add(person)
            session.flush()
            make_member(session, person, branch).joined_on = day
        session.flush()

    return enter


@given(
    st.dictionaries(st.dates(date(2020, 1, 1), date(2020, 3, 1)), st.integers(1, 9), min_size=1),
    st.integers(1, 20),
)
@settings(max_examples=50)
def test_the_densest_days_hold_as_many_as_any_span_and_stay_within_it(joined: dict[date, int], span: int) -> None:
    count, first, last = rush.densest(joined, span)
    spans = [sum(n for day, n in joined.items() if start <= day < start + timedelta(span)) for start in joined]
    assert count == max(spans) == sum(n for day, n in joined.items() if first <= day <= last)
    assert (last - first).days < span


@pytest.mark.parametrize(
    "within, later, places, is_rushed",
    [(6, 5, 0, True), (5, 5, 0, False), (6, 0, 12, False), (7, 0, 12, True), (4, 0, 0, False)],
)
def test_a_rush_is_more_than_its_share_of_plan_or_year_and_never_a_handful(
    within: int, later: int, places: int, is_rushed: bool
) -> None:
    joined = Counter({MAY: within, MAY + timedelta(40): later})
    found = rush.measured(Unit(id=1, name="一中"), joined, places, LIMITS)
    assert (found is not None) is is_rushed


def test_a_county_is_told_of_every_school_below_it_and_of_no_other(session: Session, cast: Cast, join: Join) -> None:
    join(cast.branch, 6, MAY)
    with clock.standing_at(clock.start_of(date(2020, 6, 1))):
        [found] = rush.below(session, cast.county)
        assert (found.unit_id, found.count, found.share) == (cast.school.id, 6, 100)
        assert rush.below(session, cast.other_county) == []


def test_the_plan_of_the_school_is_what_its_admissions_are_held_against(
    session: Session, cast: Cast, join: Join
) -> None:
    plan_for_school(session, cast, places=20)
    join(cast.branch, 6, MAY)
    with clock.standing_at(clock.start_of(date(2020, 6, 1))):
        assert rush.below(session, cast.school) == []


def test_the_meetings_in_hand_count_as_if_approved(session: Session, cast: Cast, join: Join) -> None:
    join(cast.branch, 3, MAY)
    with clock.standing_at(clock.start_of(date(2020, 6, 1))):
        assert rush.below(session, cast.school) == []
        [found] = rush.below(session, cast.school, in_hand={cast.branch.id: [MAY, MAY + timedelta(2)]})
    assert (found.count, found.first, found.last) == (5, MAY, MAY + timedelta(2))


def test_one_school_is_asked_about_in_one_statement_with_the_same_answer(
    session: Session, cast: Cast, join: Join
) -> None:
    plan_for_school(session, cast, places=7)
    join(cast.branch, 6, MAY)
    join(cast.small_branch, 1, MAY + timedelta(40))
    with clock.standing_at(clock.start_of(date(2020, 6, 1))):
        found = rush.of_school(session, cast.school)
        assert [found] == rush.below(session, cast.school)
        assert found is not None
        assert (found.count, found.year_total) == (6, 7)
        assert rush.of_school(session, cast.other_school) is None
