"""The last place of a round, and one person, at two hands at once, on real PostgreSQL.

Without the lock the figures still hold, by the constraint of the row, but the second hand meets an error instead of a
refusal that says what to do.
"""

from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.concurrency.race import Act, at_once, kinds
from tests.support import cast as people
from tests.support import recommending
from workflows.domain import recommendation_rounds as rounds
from workflows.domain import recommendations
from workflows.domain.recommendation_rounds import Product, RoundPlaces
from workflows.domain.recommendations import Recommendation
from workflows.journal import SYSTEM

ACTIVIST = Product.ACTIVIST


@pytest.fixture
def branch(fresh_database: Engine) -> tuple[int, list[int]]:
    """A branch with one place left in its round; its id and those of three members."""
    with Session(fresh_database) as session:
        cast = people.build(session)
        members = recommending.members(session, cast.branch, 3)
        recommending.open_round(session, cast)
        session.commit()
        return cast.branch.id, [member.id for member in members]


def listing(unit_id: int, person_id: int, case_id: int, lock: rounds.Lock = rounds.lock_row) -> Act:
    def act(session: Session) -> object:
        return recommendations.list_candidate(
            session,
            person_id=person_id,
            product=ACTIVIST,
            unit_id=unit_id,
            case_id=case_id,
            actor=SYSTEM,
            lock=lock,
        )

    return act


def taking_unlocked(unit_id: int, both_have_looked: Barrier) -> Act:
    def look(session: Session, round_id: int, unit: int) -> RoundPlaces | None:
        query = select(RoundPlaces).where(RoundPlaces.round_id == round_id, RoundPlaces.unit_id == unit)
        return session.scalars(query).first()

    def act(session: Session) -> object:
        return rounds.take(session, unit_id=unit_id, product=ACTIVIST, lock=look, after_check=both_have_looked.wait)

    return act


def counted(engine: Engine) -> tuple[int, int]:
    """Places taken and candidates listed."""
    with Session(engine) as session:
        taken = session.scalar(select(func.sum(RoundPlaces.taken))) or 0
        return int(taken), session.scalar(select(func.count()).select_from(Recommendation)) or 0


def test_without_the_lock_the_second_meets_the_constraint(
    fresh_database: Engine, branch: tuple[int, list[int]]
) -> None:
    looked = Barrier(2)
    answers = at_once(fresh_database, *(taking_unlocked(branch[0], looked) for _ in range(2)))
    assert kinds(answers) == ["IntegrityError", "RecommendationRound"]


def test_the_last_place_goes_to_one_of_two(fresh_database: Engine, branch: tuple[int, list[int]]) -> None:
    unit_id, (one, two, _) = branch
    answers = at_once(fresh_database, listing(unit_id, one, 1), listing(unit_id, two, 2))
    assert kinds(answers) == ["NoPlaceInRound", "Recommendation"]
    assert counted(fresh_database) == (1, 1)


def test_one_person_is_listed_once_by_two_hands(fresh_database: Engine, branch: tuple[int, list[int]]) -> None:
    unit_id, (one, *_) = branch
    with Session(fresh_database) as session:
        row = session.scalars(select(RoundPlaces).where(RoundPlaces.unit_id == unit_id)).one()
        row.places = 2
        session.commit()
    answers = at_once(fresh_database, listing(unit_id, one, 1), listing(unit_id, one, 2))
    assert kinds(answers) == ["Recommendation", "RecommendedAlready"]
    assert counted(fresh_database) == (1, 1)


def test_nobody_is_listed_in_a_round_that_is_being_closed(
    fresh_database: Engine, branch: tuple[int, list[int]]
) -> None:
    unit_id, (one, *_) = branch
    with Session(fresh_database) as session:
        round_id = session.scalars(select(RoundPlaces.round_id)).first() or 0
    answers = at_once(fresh_database, listing(unit_id, one, 1), lambda session: rounds.close(session, round_id, SYSTEM))
    kept = kinds(answers)
    assert kept in (["Recommendation", "RecommendationRound"], ["NoRoundOpen", "RecommendationRound"])
    assert counted(fresh_database) == ((1, 1) if "Recommendation" in kept else (0, 0))
