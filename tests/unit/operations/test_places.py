"""A place is reserved only where the class has room for one more."""

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast, plan_for_school
from tests.unit.domain.test_split_proposals import counted
from workflows.domain import quotas
from workflows.domain.head_counts import Line
from workflows.domain.quota_control import RatioExceeded
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
