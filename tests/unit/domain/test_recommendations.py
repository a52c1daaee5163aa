"""The record of a recommendation: listed, passed on, determined or not, ended, run out."""

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.support import recommending
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import recommendation_rounds as rounds
from workflows.domain import recommendations
from workflows.domain.people import Person
from workflows.domain.recommendation_refusals import DayWrong, NotAMember, NotOnRecord, RecommendedAlready
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State
from workflows.journal import SYSTEM

MET = date(2021, 4, 8)


@pytest.fixture
def youth(session: Session, cast: Cast) -> Person:
    people = recommending.members(session, cast.branch, 11)
    for product in Product:
        recommending.open_round(session, cast, product)
    return people[0]


def taken(session: Session, row: Recommendation) -> int:
    found = rounds.lock_row(session, row.round_id or 0, row.unit_id)
    assert found is not None
    return found.taken


def end(session: Session, state: State, reason: str = "") -> Recommendation | None:
    return recommendations.end(session, case_id=1, state=state, reason=reason, actor=SYSTEM)


def test_a_candidate_holds_a_place_and_asking_again_takes_no_second(
    session: Session, cast: Cast, youth: Person
) -> None:
    row = recommending.listed(session, cast, youth)
    assert recommending.listed(session, cast, youth) is row
    assert (row.state, taken(session, row)) == (State.LISTED, 1)


def test_only_a_member_of_the_branch_is_listed(session: Session, cast: Cast, youth: Person) -> None:
    with pytest.raises(NotAMember):
        recommending.listed(session, cast, cast.zhao)
    [away] = recommending.members(session, cast.small_branch, 1)
    with pytest.raises(NotAMember):
        recommending.listed(session, cast, away)


def test_nobody_is_recommended_twice_as_the_same_while_it_is_valid(session: Session, cast: Cast, youth: Person) -> None:
    recommending.recommended(session, cast, youth, MET)
    with clock.standing_at(clock.start_of(date(2023, 4, 8))), pytest.raises(RecommendedAlready) as refused:
        recommending.listed(session, cast, youth, case_id=2)
    assert "2023-04-08" in str(refused.value)
    recommending.listed(session, cast, youth, case_id=2, product=Product.TARGET)


def test_after_its_last_day_a_new_one_may_be_made_whether_it_was_marked_or_not(
    session: Session, cast: Cast, youth: Person
) -> None:
    old = recommending.recommended(session, cast, youth, MET)
    with clock.standing_at(clock.start_of(date(2023, 4, 9))):
        new = recommending.listed(session, cast, youth, case_id=2)
    assert (old.state, new.state) == (State.EXPIRED, State.LISTED)


def test_the_database_refuses_a_second_live_one(session: Session, cast: Cast, youth: Person) -> None:
    row = recommending.listed(session, cast, youth)
    double = Recommendation(
        person_id=youth.id,
        product=row.product,
        unit_id=row.unit_id,
        state=State.KEPT,
        holds_place=False,
        created_at=clock.now(),
    )
    session.add(double)
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    "met,until",
    [
        (date(2021, 4, 8), date(2023, 4, 8)),
        (date(2020, 2, 29), date(2022, 2, 28)),
        (date(2021, 12, 31), date(2023, 12, 31)),
    ],
)
def test_validity_ends_on_the_same_day_two_years_later(met: date, until: date) -> None:
    assert recommendations.end_of_validity(met, 2) == until


def test_the_days_of_a_recommendation_follow_each_other(session: Session, cast: Cast, youth: Person) -> None:
    recommending.listed(session, cast, youth)
    given = {"votes": {}, "document": "", "years": 2, "party_unit_id": None, "actor": SYSTEM, "case_id": 1}
    for met, passed in ((MET, MET - timedelta(days=1)), (MET, clock.today() + timedelta(days=1))):
        with pytest.raises(DayWrong):
            recommendations.recommend(session, recommended_on=met, passed_on=passed, **given)
    recommendations.recommend(session, recommended_on=MET, passed_on=MET, **given)
    for wrong in (MET - timedelta(days=1), date(2023, 4, 9), clock.today() + timedelta(days=1)):
        with pytest.raises(DayWrong):
            recommendations.determine(session, case_id=1, determined_on=wrong, actor=SYSTEM)
    row = recommendations.determine(session, case_id=1, determined_on=date(2023, 4, 8), actor=SYSTEM)
    assert (row.state, row.valid_until) == (State.DETERMINED, date(2023, 4, 8))
    assert recommendations.determine(session, case_id=1, determined_on=date(2023, 4, 8), actor=SYSTEM) is row


def test_kept_by_the_party_it_may_still_be_determined(session: Session, cast: Cast, youth: Person) -> None:
    recommending.recommended(session, cast, youth, MET)
    row = recommendations.keep(session, case_id=1, reason="计划已满", decided_on=MET, actor=SYSTEM)
    assert (row.state, row.reason) == (State.KEPT, "计划已满")
    recommendations.determine(session, case_id=1, determined_on=MET, actor=SYSTEM)
    assert row.reason == ""


@pytest.mark.parametrize("state", [State.NOT_PASSED, State.REMOVED, State.REFUSED, State.WITHDRAWN])
def test_who_goes_before_the_party_was_asked_gives_the_place_back(
    session: Session, cast: Cast, youth: Person, state: State
) -> None:
    row = recommending.listed(session, cast, youth)
    end(session, state, "理由")
    end(session, state, "再说一次")
    assert (row.state, row.reason, taken(session, row)) == (state, "理由", 0)
    recommending.listed(session, cast, youth, case_id=2)


def test_who_goes_later_has_used_the_place(session: Session, cast: Cast, youth: Person) -> None:
    row = recommending.recommended(session, cast, youth, MET)
    end(session, State.NOT_ACCEPTED, "不符合条件")
    assert (row.state, taken(session, row)) == (State.NOT_ACCEPTED, 1)
    with pytest.raises(NotOnRecord):
        recommendations.determine(session, case_id=1, determined_on=MET, actor=SYSTEM)
    with pytest.raises(NotOnRecord):
        end(session, State.WITHDRAWN)


def test_nothing_ends_by_going_on(session: Session, cast: Cast, youth: Person) -> None:
    assert end(session, State.WITHDRAWN) is None
    recommending.listed(session, cast, youth)
    with pytest.raises(NotOnRecord):
        end(session, State.DETERMINED)


def test_the_journal_says_what_became_of_it_and_no_name_and_no_reason(
    session: Session, cast: Cast, youth: Person
) -> None:
    recommending.recommended(session, cast, youth, MET)
    end(session, State.NOT_ACCEPTED, "考察中发现")
    journal.write(session)
    found = journal.entries_of(session, journal.case_chain(1))
    assert [entry.event for entry in found] == [
        "recommendation:listed",
        "recommendation:made",
        "recommendation:settled",
    ]
    told = "".join(str(entry.facts) for entry in found)
    assert youth.name not in told
    assert "考察" not in told
