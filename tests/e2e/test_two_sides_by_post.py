"""Both sides of joint recognitions by a real broker: messages are lost, doubled, late and overtaken, and they agree.

What the post may do is tried in every order by tests/processes/test_two_sides_agree.py; here it really happens.
"""

import random
from contextlib import suppress

import pytest
import redis
from celery import Celery
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.e2e.test_worker_killed import Worker, _let_time_pass, _owed, _wait, queue, worker
from tests.support import two_cases
from workflows import clock, journal
from workflows.domain import recognitions, recommendations
from workflows.domain.recognition_tables import Recognition
from workflows.domain.two_keys import UNDECIDED, Side, State
from workflows.engine import bundles, cases
from workflows.engine.mailbox import KeptMessage
from workflows.engine.scenarios import Scenario
from workflows.engine.tables import Case, WorkItem
from workflows.errors import Refusal
from workflows.journal import SYSTEM, Actor
from workflows.operations import recognitions as joint
from workflows.operations import rehearsal_recognitions
from workflows.operations.rehearsal import RehearsalStage
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

__all__ = ["queue", "worker"]

PARTS = ("member1", "member2", "member3", "member4")
"""Who is to be recognised."""

ROUNDS = 5
"""Acts tried for each of them, between which the post has more or less time."""


@pytest.fixture
def stage(fresh_database: Engine) -> RehearsalStage:
    """Four people whom the League has passed to the Party, and the League's wish to recognise each of them."""
    with Session(fresh_database) as session:
        scenario = Scenario(file="", name="", begins=clock.today(), steps=())
        made = RehearsalStage(session, bundles.read_folder(two_cases.BUNDLES / "league"), scenario)
        bundles.store(session, bundles.read_folder(two_cases.BUNDLES / "party"), [], SYSTEM, "")
        for part in PARTS:
            asked = rehearsal_recognitions.recommend(session, made.unit_id, made.cast[part])
            today = clock.today().isoformat()
            cases.start(
                session,
                ENVIRONMENT,
                process=joint.PROCESS[Side.LEAGUE],
                unit_id=made.unit_id,
                actor=Actor(person_id=made.cast["secretary"]),
                outcome="submit",
                content={"recommendation": str(asked), "presented_on": today, "opinion": "支部一致同意"},
            )
        session.commit()
    return made


class People:
    """What both sides do, as long as they may."""

    def __init__(self, engine: Engine, stage: RehearsalStage) -> None:
        self.engine, self.cast = engine, stage.cast
        self.today = clock.today().isoformat()

    def ids(self) -> list[int]:
        with Session(self.engine) as session:
            return list(session.scalars(select(Recognition.id).order_by(Recognition.id)))

    def act(self, recognition_id: int, side: Side, what: str) -> bool:
        """Try it; somebody who may not, or comes too late, is refused."""
        with Session(self.engine) as session, suppress(Refusal):
            row = recognitions.get(session, recognition_id)
            case_id = row.league_case_id if side is Side.LEAGUE else row.party_case_id
            if case_id is None:
                return False
            if what == "correct":
                recommendations.get(session, row.recommendation_id).document += "正"
                session.flush()
                joint.renew(session, row.id)
            elif what == "report":
                self._send(session, case_id, side)
            else:
                self._answer(session, case_id, side, what)
            session.commit()
            return True
        return False

    def _actor(self, side: Side) -> Actor:
        return Actor(person_id=self.cast[two_cases.PARTS[side]])

    def _answer(self, session: Session, case_id: int, side: Side, outcome: str) -> None:
        item = session.scalars(select(WorkItem.id).where(WorkItem.case_id == case_id)).first()
        content = {"decided_on": self.today, "minutes": "会议记录第3号", "reason": "条件还不成熟"}
        given = {"actor": self._actor(side), "outcome": outcome, "content": content}
        cases.complete_step(session, ENVIRONMENT, work_item_id=item or 0, **given)

    def _send(self, session: Session, case_id: int, side: Side) -> None:
        content = {"happened_on": self.today, "reported": "发现新的情况", "document": "证明材料"}
        given = {"message": "report_new_facts", "actor": self._actor(side), "content": content}
        cases.send_message(session, ENVIRONMENT, case_id=case_id, **given)


def test_both_sides_agree_whatever_the_post_does(
    fresh_database: Engine, worker: Worker, stage: RehearsalStage, queue: str
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    people = People(fresh_database, stage)
    worker.start()
    _wait(lambda: _begun(fresh_database) == len(PARTS))
    done = 0
    for number in range(ROUNDS):
        for recognition_id in people.ids():
            what = chance.choices(["sign", "refuse", "report", "correct"], [12, 1, 2, 2])[0]
            done += people.act(recognition_id, chance.choice(list(Side)), what)
        _trouble(number, fresh_database, worker, queue)
    _sign_what_is_open(fresh_database, people)
    assert done >= len(PARTS)
    _delivered_again(fresh_database, worker, queue)
    with Session(fresh_database) as session:
        rows = session.scalars(select(Recognition)).all()
        assert [fault for row in rows for fault in _disagreements(session, row)] == []
        assert {row.state for row in rows} <= {State.RECOGNISED, State.REFUSED, State.REVOKED}
        assert session.scalar(select(func.count()).select_from(Case)) == 2 * len(PARTS)
        assert journal.verify(session).faults == []


def _trouble(number: int, engine: Engine, worker: Worker, queue: str) -> None:
    """One thing after the other: all in time, killed at work, lost in the broker, nobody there, and late at last."""
    kind = ("in time", "killed", "lost", "nobody there", "late")[number]
    if kind in ("killed", "lost", "nobody there"):
        worker.kill()
    if kind == "lost":
        with redis.Redis.from_url(queue) as client:
            client.flushall()
    if kind in ("killed", "lost", "late"):
        _let_time_pass(engine)
        worker.start()
    if kind in ("in time", "late"):
        _wait(lambda: not _owed(engine))


def _sign_what_is_open(engine: Engine, people: People) -> None:
    """What was late comes at last, and both sides sign whatever waits for them, until nothing does."""

    def settled() -> bool:
        if _owed(engine):
            return False
        with Session(engine) as session:
            undecided = list(session.scalars(select(Recognition.id).where(Recognition.state.in_(UNDECIDED))))
        for recognition_id in undecided:
            for side in Side:
                people.act(recognition_id, side, "sign")
        return not undecided

    _let_time_pass(engine)
    _wait(settled)
    _wait(lambda: not _owed(engine))


def _delivered_again(engine: Engine, worker: Worker, queue: str) -> None:
    """Every message of the whole story once more."""
    with Session(engine) as session:
        rows = list(session.scalars(select(OutboxRow.id)))
    with Celery("again", broker=queue, set_as_current=False) as again:
        for row_id in rows:
            again.send_task("tasks.perform_outbox", args=[row_id])
    with redis.Redis.from_url(queue) as client:
        _wait(lambda: client.llen("celery") == 0 and client.hlen("unacked") == 0)
    worker.kill()


def _begun(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).where(Recognition.party_case_id.is_not(None))) or 0


def _disagreements(session: Session, row: Recognition) -> list[str]:
    """Where a side stands otherwise than the row both read."""
    found = []
    for side in Side:
        case = session.get_one(Case, row.league_case_id if side is Side.LEAGUE else row.party_case_id)
        if (case.ended_at is None) != row.state.is_live or case.result not in (None, row.state.value):
            found.append(f"{row.id}: {row.state}, but the case of {side} is {case.result}")
        if case.ended_at is None and cases.data_of(case)["standing"]["state"] != row.state.value:
            found.append(f"{row.id}: {row.state}, but the case of {side} has not heard of it")
        kept = select(func.count()).select_from(KeptMessage).where(KeptMessage.name == joint.MESSAGE[side])
        if session.scalar(kept):
            found.append(f"a message for {side} is left over")
    if (row.state is State.RECOGNISED) != row.keys().agree:
        found.append(f"{row.id}: {row.state} without two keys over the same facts")
    return found
