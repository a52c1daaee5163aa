"""The last place, asked for by many at once, on real PostgreSQL. The disease is shown before the cure."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.concurrency.race import Act, at_once, kinds, look_without_locking
from tests.support import cast as people
from workflows.domain import members, numbering, posts, quotas, units
from workflows.domain.members import Candidate, OpenApplicationElsewhere
from workflows.domain.numbering import NumberBlock, Place
from workflows.domain.posts import PostKind
from workflows.domain.quota_ledger import QuotaAccount, lock_accounts
from workflows.domain.quotas import QuotaExhausted
from workflows.journal import SYSTEM

BOTH_DATABASES = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)


@dataclass(frozen=True)
class Stage:
    """Ids of what the races are about; rows belong to the session that founded them."""

    plan: int
    city: int
    county: int
    school: int
    branch: int


def found(engine: Engine, places: int, cases: int = 2) -> Stage:
    """A school with some places, and candidates who want one."""
    with Session(engine) as session:
        cast = people.build(session)
        plan = people.plan_for_school(session, cast, places)
        for case_id in range(1, cases + 1):
            people.apply(session, cast, case_id)
        session.commit()
        return Stage(plan.id, cast.city.id, cast.county.id, cast.school.id, cast.branch.id)


def found_with_a_spare_number(engine: Engine) -> Stage:
    """One place, two numbers: so that numbers running out cannot stand in for the check of places."""
    stage = found(engine, places=1)
    with Session(engine) as session:
        spare = numbering.number_of(2020, 900)
        session.add(NumberBlock(plan_id=stage.plan, unit_id=stage.school, first=spare, last=spare, next=spare))
        session.commit()
    return stage


def reserve(stage: Stage, case_id: int) -> Act:
    return lambda session: quotas.reserve(session, unit_id=stage.school, case_id=case_id, actor=SYSTEM)


def reserve_unlocked(stage: Stage, case_id: int, both_have_checked: Barrier) -> Act:
    return lambda session: quotas.reserve(
        session,
        unit_id=stage.school,
        case_id=case_id,
        actor=SYSTEM,
        lock=look_without_locking,
        after_check=both_have_checked.wait,
    )


def balance(engine: Engine, stage: Stage) -> tuple[int, int, int]:
    with Session(engine) as session:
        account = quotas.account_of(session, stage.plan, stage.school)
        assert account is not None
        return account.free, account.reserved, account.used


def places(engine: Engine) -> list[Place]:
    with Session(engine) as session:
        return list(session.scalars(select(Place).order_by(Place.number)))


def test_without_lock_and_constraint_the_last_place_is_sold_twice(fresh_database: Engine) -> None:
    stage = found_with_a_spare_number(fresh_database)
    with fresh_database.begin() as connection:
        connection.execute(text("ALTER TABLE quota_account DROP CONSTRAINT ck_quota_account_not_negative"))
        connection.execute(text("DROP INDEX uq_place_active_number"))
    checked = Barrier(2)
    answers = at_once(fresh_database, *(reserve_unlocked(stage, case_id, checked) for case_id in (1, 2)))
    assert kinds(answers) == ["Place", "Place"]
    assert balance(fresh_database, stage) == (-1, 2, 0)


def test_without_lock_the_constraint_stops_the_second(fresh_database: Engine) -> None:
    stage = found_with_a_spare_number(fresh_database)
    checked = Barrier(2)
    answers = at_once(fresh_database, *(reserve_unlocked(stage, case_id, checked) for case_id in (1, 2)))
    assert kinds(answers) == [IntegrityError.__name__, "Place"]
    assert balance(fresh_database, stage) == (0, 1, 0)
    assert len(places(fresh_database)) == 1


@BOTH_DATABASES
def test_the_last_place_goes_to_one_of_two_and_the_other_reads_why_not(fresh_database: Engine) -> None:
    stage = found(fresh_database, places=1)
    answers = at_once(fresh_database, reserve(stage, 1), reserve(stage, 2))
    assert kinds(answers) == ["Place", "QuotaExhausted"]
    refusal = next(answer for answer in answers if isinstance(answer, QuotaExhausted))
    assert refusal.code == "quota.exhausted"
    assert "第一中学团委" in str(refusal)
    assert balance(fresh_database, stage) == (0, 1, 0)


def test_twenty_on_five_places_make_five_with_consecutive_numbers(fresh_database: Engine) -> None:
    stage = found(fresh_database, places=5, cases=20)
    answers = at_once(fresh_database, *(reserve(stage, case_id) for case_id in range(1, 21)))
    assert kinds(answers) == ["Place"] * 5 + ["QuotaExhausted"] * 15
    numbers = [int(place.number) for place in places(fresh_database)]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert balance(fresh_database, stage) == (0, 5, 0)
    with Session(fresh_database) as session:
        assert quotas.audit(session).faults == []


def test_one_case_asking_twice_at_once_gets_one_place(fresh_database: Engine) -> None:
    stage = found(fresh_database, places=2)
    answers = at_once(fresh_database, reserve(stage, 1), reserve(stage, 1))
    assert "Place" in kinds(answers)
    assert balance(fresh_database, stage) == (1, 1, 0)
    assert len(places(fresh_database)) == 1


def test_a_place_is_released_once_by_two(fresh_database: Engine) -> None:
    stage = found(fresh_database, places=1)
    assert kinds(at_once(fresh_database, reserve(stage, 1))) == ["Place"]

    def release(session: Session) -> object:
        return quotas.release(session, case_id=1, reason="撤回", actor=SYSTEM)

    assert kinds(at_once(fresh_database, release, release)) == ["NoneType", "Place"]
    assert balance(fresh_database, stage) == (1, 0, 0)


def test_a_place_is_either_used_or_released(fresh_database: Engine) -> None:
    stage = found(fresh_database, places=1)
    at_once(fresh_database, reserve(stage, 1))
    answers = at_once(
        fresh_database,
        lambda session: quotas.use(session, case_id=1, actor=SYSTEM),
        lambda session: quotas.release(session, case_id=1, reason="撤回", actor=SYSTEM),
    )
    assert kinds(answers) in (["Place", "PlaceIsUsed"], ["NoPlaceHeld", "Place"])
    assert balance(fresh_database, stage) in ((0, 0, 1), (1, 0, 0))


def test_allotting_and_giving_back_at_once_lose_nothing(fresh_database: Engine) -> None:
    stage = found(fresh_database, places=10)

    def give_back(session: Session) -> object:
        return quotas.give_back(session, quotas.current_plan(session), stage.school, 2, SYSTEM)

    def allot(session: Session) -> object:
        return quotas.allot(session, quotas.current_plan(session), stage.county, stage.school, 1, SYSTEM)

    answers = at_once(fresh_database, give_back, allot, give_back, allot, reserve(stage, 1), reserve(stage, 2))
    assert kinds(answers).count("Place") == 2
    with Session(fresh_database) as session:
        assert quotas.audit(session).faults == []


def test_two_offices_registering_one_person_at_once_make_one_application(fresh_database: Engine) -> None:
    stage = found(fresh_database, places=1, cases=0)

    def register(case_id: int) -> Act:
        return lambda session: members.register(session, unit_id=stage.branch, case_id=case_id, **people.application())

    answers = at_once(fresh_database, register(1), register(2))
    assert kinds(answers) == sorted([Candidate.__name__, OpenApplicationElsewhere.__name__])


def test_two_offices_filling_one_post_at_once_put_one_person_into_it(fresh_database: Engine) -> None:
    found(fresh_database, places=1, cases=0)
    with Session(fresh_database) as session:
        branch = units.by_code(session, "S1-2").id
        persons = [person.id for person in members.eligible_guides(session, units.by_code(session, "S1-1").id)]

    def assign(person_id: int) -> Act:
        return lambda session: posts.assign(
            session,
            person_id=person_id,
            unit_id=branch,
            kind=PostKind.BRANCH_SECRETARY,
            since=people.SINCE,
            actor=SYSTEM,
        )

    answers = at_once(fresh_database, *(assign(person_id) for person_id in persons[:2]))
    assert kinds(answers) == ["Post", "PostFilled"]


def accounts_in(order: Callable[[list[int]], list[int]], session: Session) -> tuple[int, list[int]]:
    """The plan and the units that have accounts in it, in the given order."""
    accounts = session.scalars(select(QuotaAccount).order_by(QuotaAccount.id)).all()
    return accounts[0].plan_id, order([account.unit_id for account in accounts])


def lock_both(order: Callable[[list[int]], list[int]], meet: Callable[[], object]) -> Act:
    """Lock all accounts one after another in the given order, meeting the other between the first and the rest."""

    def act(session: Session) -> object:
        plan, units = accounts_in(order, session)
        lock_accounts(session, plan, units[:1])
        meet()
        lock_accounts(session, plan, units[1:])
        return "locked"

    return act


def test_locks_taken_one_by_one_in_opposite_order_deadlock(fresh_database: Engine) -> None:
    found(fresh_database, places=1)
    met = Barrier(2)
    answers = at_once_without_politeness(fresh_database, lock_both(list, met.wait), lock_both(_backwards, met.wait))
    assert sorted(answers) == ["deadlock detected", "locked"]


def test_locks_taken_by_the_recipe_do_not_deadlock(fresh_database: Engine) -> None:
    found(fresh_database, places=1)

    def lock(order: Callable[[list[int]], list[int]]) -> Act:
        def act(session: Session) -> object:
            for _ in range(20):
                ids = [account.id for account in lock_accounts(session, *accounts_in(order, session))]
                assert ids == sorted(ids)
                session.commit()
            return "locked"

        return act

    acts = [lock(list), lock(_backwards)]
    assert at_once_without_politeness(fresh_database, *acts) == ["locked", "locked"]


def _backwards(ids: list[int]) -> list[int]:
    return ids[::-1]


def at_once_without_politeness(engine: Engine, *acts: Act) -> list[str]:
    """Like `at_once`, but a deadlock is answered, not tried again."""

    def told(act: Act) -> Act:
        def run(session: Session) -> object:
            try:
                return act(session)
            except OperationalError as error:
                session.rollback()
                return "deadlock detected" if "deadlock detected" in str(error.orig) else str(error.orig)

        return run

    return [str(answer) for answer in at_once(engine, *(told(act) for act in acts))]
