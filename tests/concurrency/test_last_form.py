"""The last blank form, and one handover, at two hands at once, on real PostgreSQL.

Without the lock the book still holds, by its constraint, but the second hand meets an error instead of a refusal.
"""

from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.concurrency.race import Act, at_once, kinds
from tests.support import cast as people
from workflows.domain import quotas, stock_audit, stock_copies, stock_handovers, stock_ledger
from workflows.domain.stock_ledger import Shelf, StockKind, StockMovementKind
from workflows.journal import SYSTEM, Actor

FORM = StockKind.FORM

Ids = tuple[int, int, int]


@pytest.fixture
def school(fresh_database: Engine) -> Ids:
    """The school has one form left and two candidates with numbers; its id, the county's and one of its keepers'."""
    with Session(fresh_database) as session:
        cast = people.build(session)
        people.plan_for_school(session, cast, 2)
        for case_id in (1, 2):
            people.apply(session, cast, case_id)
            quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM)
        stock_handovers.receive(session, FORM, cast.school.id, 1, document="出库单1号", actor=SYSTEM)
        session.commit()
        return cast.school.id, cast.county.id, cast.zhao.id


def give(case_id: int) -> Act:
    def act(session: Session) -> object:
        return stock_copies.bind_form(session, case_id=case_id, actor=SYSTEM)

    return act


def give_unlocked(unit_id: int, both_have_looked: Barrier) -> Act:
    def act(session: Session) -> object:
        account = stock_ledger.stock_of(session, FORM, unit_id)
        assert account is not None
        assert account.blank == 1
        both_have_looked.wait()
        return stock_ledger.shift(session, account, StockMovementKind.BIND, Shelf.BLANK, Shelf.BOUND, actor=SYSTEM)

    return act


def faults(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return stock_audit.faults(session)


def test_without_the_lock_the_second_meets_the_constraint(fresh_database: Engine, school: Ids) -> None:
    looked = Barrier(2)
    answers = at_once(fresh_database, *(give_unlocked(school[0], looked) for _ in range(2)))
    assert kinds(answers) == ["IntegrityError", "StockMovement"]


def test_the_last_form_goes_to_one_of_two(fresh_database: Engine, school: Ids) -> None:
    answers = at_once(fresh_database, give(1), give(2))
    assert kinds(answers) == ["StockCopy", "StockExhausted"]
    assert faults(fresh_database) == []


def test_one_candidate_gets_one_form_from_two_hands(fresh_database: Engine, school: Ids) -> None:
    assert kinds(at_once(fresh_database, give(1), give(1))) == ["StockCopy", "StockCopy"]
    with Session(fresh_database) as session:
        account = stock_ledger.stock_of(session, FORM, school[0])
        assert account is not None
        assert (account.blank, account.bound) == (0, 1)


def test_what_is_signed_for_is_not_called_back_as_well(fresh_database: Engine, school: Ids) -> None:
    school_id, county_id, zhao_id = school
    with Session(fresh_database) as session:
        stock_handovers.receive(session, FORM, county_id, 3, document="出库单2号", actor=SYSTEM)
        sent = stock_handovers.hand_over(
            session, FORM, county_id, school_id, 3, list_no="", actor=Actor(person_id=zhao_id)
        ).id
        session.commit()
    answers = at_once(
        fresh_database,
        lambda session: stock_handovers.sign_for(session, sent, 3, difference="", actor=SYSTEM),
        lambda session: stock_handovers.call_back(session, sent, reason="再发", actor=Actor(person_id=zhao_id)),
    )
    assert kinds(answers) == ["HandoverSettled", "StockHandover"]
    assert faults(fresh_database) == []
