"""The last room in a graduating class, asked for by two at once, on real PostgreSQL; without the lock both get it."""

from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.concurrency.race import Act, at_once, kinds
from tests.support import cast as people
from tests.unit.domain.test_split_proposals import counted
from workflows.domain import quota_control, quotas
from workflows.domain.head_counts import Line
from workflows.domain.numbering import Place
from workflows.domain.units import Field
from workflows.journal import SYSTEM

Ids = tuple[int, int]


@pytest.fixture
def school_and_class(fresh_database: Engine) -> Ids:
    """Places enough, and room for one in the class of two candidates."""
    with Session(fresh_database) as session:
        cast = people.build(session)
        people.plan_for_school(session, cast, 5)
        counted(session, cast.branch, Line(Field.SENIOR, True, 50, 29))
        for case_id in (1, 2):
            people.apply(session, cast, case_id)
        session.commit()
        return cast.school.id, cast.branch.id


def admit(ids: Ids, case_id: int) -> Act:
    def act(session: Session) -> object:
        quota_control.insist_on_room(session, quotas.current_plan(session), ids[1], case_id=case_id)
        return quotas.reserve(session, unit_id=ids[0], case_id=case_id, actor=SYSTEM)

    return act


def admit_unlocked(ids: Ids, case_id: int, both_have_checked: Barrier) -> Act:
    def act(session: Session) -> object:
        room = quota_control.room_of(session, quotas.current_plan(session), ids[1], but_for=case_id)
        assert room is not None
        assert room.left == 1
        both_have_checked.wait()
        return quotas.reserve(session, unit_id=ids[0], case_id=case_id, actor=SYSTEM)

    return act


def held(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Place)) or 0


def test_without_the_lock_both_take_the_last_room(fresh_database: Engine, school_and_class: Ids) -> None:
    checked = Barrier(2)
    at_once(fresh_database, *(admit_unlocked(school_and_class, case_id, checked) for case_id in (1, 2)))
    assert held(fresh_database) == 2


def test_the_last_room_goes_to_one_of_two(fresh_database: Engine, school_and_class: Ids) -> None:
    answers = at_once(fresh_database, *(admit(school_and_class, case_id) for case_id in (1, 2)))
    assert kinds(answers) == ["Place", "RatioExceeded"]
    assert held(fresh_database) == 1
