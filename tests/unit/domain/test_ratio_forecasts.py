"""The forecast counts places that candidates of graduating classes hold, and what such a class still has free."""

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.cast import Cast, plan_for_school
from tests.unit.domain.test_split_proposals import counted
from workflows.domain import quotas, ratio_forecasts
from workflows.domain.head_counts import Line
from workflows.domain.quota_ledger import Plan
from workflows.domain.ratios import Mark, Scope
from workflows.domain.units import Field
from workflows.journal import SYSTEM


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    """Places at the school and three of them at one of its two graduating classes."""
    plan = plan_for_school(session, cast, 10)
    counted(session, cast.branch, Line(Field.SENIOR, True, 50, 20))
    counted(session, cast.small_branch, Line(Field.SENIOR, True, 50, 27))
    quotas.allot(session, plan, cast.school.id, cast.small_branch.id, 3, SYSTEM)
    people.apply(session, cast, 1)
    quotas.reserve(session, unit_id=cast.school.id, case_id=1, actor=SYSTEM)
    return plan


def test_what_is_held_and_what_a_class_has_free_are_planned(session: Session, cast: Cast, plan: Plan) -> None:
    own = ratio_forecasts.of_unit(session, plan, cast.county)
    ratio = own.scopes[Scope.SENIOR]
    assert (ratio.students, ratio.members, ratio.admissions) == (100, 47, 4)
    first, second = ratio_forecasts.below(session, plan, cast.school)
    assert (first.scopes[Scope.SENIOR].admissions, second.scopes[Scope.SENIOR].admissions) == (1, 3)
    assert (first.mark, second.mark) == (Mark.GREEN, Mark.AMBER)


def test_what_would_be_is_added_to_what_is_planned(session: Session, cast: Cast, plan: Plan) -> None:
    found = ratio_forecasts.of_unit(session, plan, cast.small_branch, admissions=2, leavers=1)
    ratio = found.scopes[Scope.SENIOR]
    assert (ratio.admissions, ratio.members_next, found.mark) == (5, 31, Mark.RED)
    assert ratio_forecasts.of_unit(session, plan, cast.other_school).scopes == {}
