"""Two people enter the same lesson at the same moment: it stands once, and the other reads who was first."""

from datetime import UTC, datetime
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.concurrency.race import at_once, kinds
from tests.support import cast as people
from workflows import clock
from workflows.domain import evidence
from workflows.domain.evidence import Evidence
from workflows.domain.evidence_forms import Kind
from workflows.journal import Actor

TALK = {"happened_on": "2020-05-10", "conductor": "巴特尔", "topic": "谈学习情况"}
NOW = datetime(2020, 6, 1, 2, tzinfo=UTC)
PEOPLE = 4


def talk(session: Session, person_id: int, actor: Actor) -> Evidence:
    with clock.standing_at(NOW):
        return evidence.record(session, person_id=person_id, case_id=1, kind=Kind.TALK, values=TALK, actor=actor)


def race(engine: Engine) -> tuple[list[str], int]:
    """What people who all enter one talk are answered, and how many rows there are then."""
    with Session(engine) as session, clock.standing_at(NOW), session.begin():
        cast = people.build(session)
        person_id, actor = people.apply(session, cast, 1).person_id, cast.actor(cast.saren)
    answers = at_once(engine, *[partial(talk, person_id=person_id, actor=actor)] * PEOPLE)
    with Session(engine) as session:
        return kinds(answers), session.scalar(select(func.count()).select_from(Evidence)) or 0


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_what_is_entered_by_many_at_once_stands_once(fresh_database: Engine) -> None:
    assert race(fresh_database) == (["EnteredAlready"] * (PEOPLE - 1) + ["Evidence"], 1)


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_without_the_lock_it_would_stand_more_than_once(
    fresh_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody_has_read = Barrier(PEOPLE)

    def without_locking(session: Session, person_id: int) -> list[Evidence]:
        rows = evidence.of_person(session, person_id)
        everybody_has_read.wait(timeout=10)
        return rows

    monkeypatch.setattr(evidence, "_locked_rows", without_locking)
    assert race(fresh_database) == (["Evidence"] * PEOPLE, PEOPLE)
