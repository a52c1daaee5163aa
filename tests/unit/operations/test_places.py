"""A place is reserved only where the class has room for one more."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast, plan_for_school
from tests.unit.domain.test_split_proposals import counted
from workflows.domain import quotas
from workflows.domain.head_counts import Line
from workflows.domain.quota_control import RatioExceeded
from workflows.domain.quota_refusals import NumberOfAnotherYear, QuotaExhausted
from workflows.domain.units import Field
from workflows.engine.environment import Call
from workflows.operations import places


@ON_SQLITE
def test_the_step_that_reserves_is_refused_when_the_class_would_go_over_its_ratio(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 5)
    counted(session, cast.branch, Line(Field.SENIOR, True, 50, 29))

    def call(case_id: int) -> Call:
        people.apply(session, cast, case_id)
        actor = cast.actor(cast.gaowa)
        return Call(session, case_id, cast.branch.id, actor, data={}, parameters={}, key=str(case_id))

    first = call(1)
    assert places.reserve(first)["state"] == "reserved"
    assert places.reserve(first)["state"] == "reserved"
    with pytest.raises(RatioExceeded):
        places.reserve(call(2))
    account = quotas.account_of(session, plan.id, cast.school.id)
    assert account is not None
    assert (account.free, account.reserved) == (4, 1)


@ON_SQLITE
def test_a_number_is_used_in_its_year_only_and_a_year_without_a_plan_has_no_place(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 5)
    people.apply(session, cast, 1)
    actor = cast.actor(cast.gaowa)

    def call(joined_on: date) -> Call:
        return Call(session, 1, cast.branch.id, actor, {}, {"joined_on": joined_on.isoformat(), "reason": "换号"}, "1")

    this_year, next_year = date(plan.year, 5, 4), date(plan.year + 1, 5, 4)
    places.reserve(call(this_year))
    with pytest.raises(NumberOfAnotherYear):
        places.use_in_year(call(next_year))
    places.release(call(next_year))
    with pytest.raises(QuotaExhausted):
        places.reserve_of_year(call(next_year))
    assert places.reserve_of_year(call(this_year))["number"].startswith(str(plan.year))
    assert places.use_in_year(call(this_year))["state"] == "used"
