"""League and Party sign at the same moment: the recognition stands, and without the lock nobody would ever know."""

from collections.abc import Callable, Iterator
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.concurrency.race import at_once, kinds
from tests.support import party as party_side
from tests.support.cast import Cast, build
from tests.support.party import Party
from workflows import clock
from workflows.domain import recognitions
from workflows.domain.recognition_tables import ActKind, Recognition
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State, end_of_validity
from workflows.domain.two_keys import Side
from workflows.domain.two_keys import State as Standing
from workflows.journal import SYSTEM, Actor


@pytest.fixture
def open_one(fresh_database: Engine) -> Iterator[tuple[int, dict[Side, Actor]]]:
    """A recognition that waits for both keys, and who signs for each side."""
    with Session(fresh_database, expire_on_commit=False) as session:
        cast: Cast = build(session)
        party: Party = party_side.build(session, cast)
        asked = Recommendation(
            person_id=cast.lin.id,
            product=Product.ACTIVIST,
            unit_id=cast.branch.id,
            state=State.RECOMMENDED,
            holds_place=False,
            recommended_on=clock.today(),
            passed_on=clock.today(),
            valid_until=end_of_validity(clock.today(), 2),
            created_at=clock.now(),
        )
        session.add(asked)
        session.flush()
        row = recognitions.begin(session, recommendation_id=asked.id, case_id=None, actor=SYSTEM)
        session.commit()
        yield row.id, {Side.LEAGUE: cast.actor(cast.gaowa), Side.PARTY: cast.actor(party.guan)}


def signing(recognition_id: int, digest: str, side: Side, actor: Actor) -> Callable[[Session], object]:
    return lambda session: recognitions.sign(session, recognition_id, side, seen=digest, actor=actor)


def signed_at_once(engine: Engine, recognition_id: int, signers: dict[Side, Actor]) -> tuple[list[object], Recognition]:
    with Session(engine) as session:
        digest = recognitions.get(session, recognition_id).digest
    acts = [signing(recognition_id, digest, side, actor) for side, actor in signers.items()]
    answers = at_once(engine, *acts)
    with Session(engine, expire_on_commit=False) as session:
        return answers, recognitions.get(session, recognition_id)


def test_of_two_keys_at_once_the_later_makes_the_recognition(
    fresh_database: Engine, open_one: tuple[int, dict[Side, Actor]]
) -> None:
    recognition_id, signers = open_one
    answers, row = signed_at_once(fresh_database, recognition_id, signers)
    assert kinds(answers) == ["Recognition", "Recognition"]
    assert (row.state, row.keys().agree) == (Standing.RECOGNISED, True)
    with Session(fresh_database) as session:
        acts = [act.kind for act in recognitions.acts_of(session, recognition_id)]
    assert acts == [ActKind.OPENED, ActKind.SIGNED, ActKind.SIGNED, ActKind.RECOGNISED]


def test_without_the_lock_both_sign_and_nothing_is_recognised(
    fresh_database: Engine, open_one: tuple[int, dict[Side, Actor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_looked = Barrier(2)

    def look(session: Session, recognition_id: int) -> Recognition:
        row = recognitions.get(session, recognition_id)
        both_have_looked.wait(timeout=30)
        return row

    monkeypatch.setattr(recognitions, "lock", look)
    recognition_id, signers = open_one
    _, row = signed_at_once(fresh_database, recognition_id, signers)
    assert (row.state, row.keys().agree) == (Standing.OPEN, True)
