"""Two officers of the county decide on one proposal at the same moment."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.concurrency.race import Act, at_once, kinds
from tests.support import cast as people
from workflows import clock, journal
from workflows.clock import OFFICE_ZONE
from workflows.domain import posts, tightening
from workflows.domain.posts import PostKind
from workflows.domain.rules_in_force import State, Tightening
from workflows.journal import SYSTEM, Actor, Event

BOTH_DATABASES = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)
NOW = datetime(2020, 6, 1, 10, tzinfo=OFFICE_ZONE)
ASKED = {"parameter": "class_hours_min", "value": 10, "reason": "按十学时排课", "until": date(2020, 12, 31)}


def then(act: Callable[[Session], object]) -> Act:
    """The act on the day of this story; each thread has a clock of its own."""

    def run(session: Session) -> object:
        with clock.standing_at(NOW):
            return act(session)

    return run


def found(engine: Engine) -> tuple[int, int, list[Actor]]:
    """The school, its officer, and two officers of the county."""
    with Session(engine) as session:
        cast = people.build(session)
        posts.assign(
            session,
            person_id=cast.sun.id,
            unit_id=cast.county.id,
            kind=PostKind.COUNTY_COMMITTEE,
            since=people.SINCE,
            actor=SYSTEM,
        )
        session.commit()
        return cast.school.id, cast.gaowa.id, [cast.actor(cast.zhao), cast.actor(cast.sun)]


def propose(school: int, gaowa: int) -> Act:
    actor = Actor(person_id=gaowa)
    return then(lambda session: tightening.propose(session, unit_id=school, since=NOW.date(), actor=actor, **ASKED))


@BOTH_DATABASES
def test_two_decisions_at_once_have_one_effect(fresh_database: Engine) -> None:
    school, gaowa, (zhao, sun) = found(fresh_database)
    [row] = at_once(fresh_database, propose(school, gaowa))
    assert isinstance(row, Tightening)

    def decide(approve: bool, actor: Actor) -> Act:
        given = {"tightening_id": row.id, "approve": approve, "answer": "三个月已经足够"}
        return then(lambda session: tightening.decide(session, actor=actor, **given))

    answers = at_once(fresh_database, decide(True, zhao), decide(False, sun))
    assert kinds(answers) == ["Tightening", "TighteningSettled"]
    with Session(fresh_database) as session:
        state = session.scalars(select(Tightening.state)).one()
        told = [entry.event for entry in journal.entries_of(session, journal.unit_chain(school))]
    decided = {State.APPROVED: Event.RULE_TIGHTENING_APPROVED, State.DECLINED: Event.RULE_TIGHTENING_DECLINED}
    assert told == [Event.RULE_TIGHTENING_PROPOSED, decided[state]]


def test_two_officers_asking_for_the_same_at_once_ask_once(fresh_database: Engine) -> None:
    school, gaowa, _ = found(fresh_database)
    answers = at_once(fresh_database, propose(school, gaowa), propose(school, gaowa))
    assert kinds(answers) == ["Tightening", "TighteningPending"]
