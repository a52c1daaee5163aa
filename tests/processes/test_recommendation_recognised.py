"""A recommendation whose rules ask for joint recognition goes on with what the two keys have come to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import throwaway_key
from workflows.domain import recommendations
from workflows.domain.recognitions import begin, lock
from workflows.domain.recommendations import State
from workflows.domain.two_keys import Side
from workflows.engine import bundles, cases, correlation, scenarios
from workflows.engine.environment import Call
from workflows.engine.tables import WorkItem
from workflows.journal import SYSTEM, Actor
from workflows.operations import notices, recognitions
from workflows.operations.rehearsal import BlankDatabase, RehearsalStage
from workflows.outbox import OutboxRow

FILES = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "recommendation")
SCENARIO = "scenarios/recognised_by_both.yaml"
AFTER = date(2024, 4, 10)


class Waiting:
    """A case that waits for the recognition of its recommendation, and the world around it."""

    def __init__(self, session: Session, stage: RehearsalStage, case_id: int) -> None:
        self.session, self.stage, self.case_id = session, stage, case_id
        self.record = recommendations.locked_of_case(session, case_id)
        asked = begin(session, recommendation_id=self.record.id, case_id=None, actor=SYSTEM)
        # Word is left in the name of a case that stands; here there is only the recommendation's own.
        self.recognition, self.case_of = asked.id, {Side.LEAGUE: case_id, Side.PARTY: 0}
        asked.league_case_id, asked.party_case_id = self.case_of[Side.LEAGUE], self.case_of[Side.PARTY]
        session.flush()

    def call(self, side: Side, actor: Actor, **parameters: Any) -> Call:
        """An operation in one side's case."""
        return Call(
            session=self.session,
            case_id=self.case_of[side],
            unit_id=self.record.unit_id,
            actor=actor,
            data={"recognition": {"id": self.recognition}},
            parameters=parameters,
        )

    def answer(self, side: Side, who: str, outcome: str) -> None:
        """One side answers in its own case; word of it reaches the recommendation's."""
        seen = lock(self.session, self.recognition).digest
        form = {"outcome": outcome, "reason": "尚需考察", "decided_on": AFTER.isoformat()}
        actor = Actor(person_id=self.stage.cast[who])
        recognitions.answer(self.call(side, actor, answer=form, seen=seen))
        self.hear()

    def recognise(self) -> None:
        """Both sides sign over the facts as they are now."""
        self.answer(Side.LEAGUE, "approver", "sign")
        self.answer(Side.PARTY, "party_secretary", "sign")

    def change(self) -> None:
        """The League reports something new; word of it is left, not yet heard."""
        told = {"reported": "受到批评教育", "document": "演练团发〔2024〕5号", "happened_on": AFTER.isoformat()}
        recognitions.report(self.call(Side.LEAGUE, Actor(person_id=self.stage.cast["approver"]), report=told))

    def hear(self) -> None:
        """The recommendation's case takes what has been left for it."""
        correlation.deliver_to(self.session, self.stage.environment, self.case_id)

    def record_it(self) -> None:
        """The secretary enters the result elsewhere, and the case ends."""
        [item] = self.session.scalars(select(WorkItem).where(WorkItem.case_id == self.case_id))
        cases.complete_step(
            self.session,
            self.stage.environment,
            work_item_id=item.id,
            actor=Actor(person_id=self.stage.cast["secretary"]),
            outcome="submit",
            content={"told_on": AFTER.isoformat(), "entered_on": AFTER.isoformat()},
        )

    def told(self) -> list[str]:
        """What the people of the recommendation's case are told after the commit."""
        posted = self.session.scalars(select(OutboxRow).where(OutboxRow.kind == notices.OUTBOX_KIND))
        return [each.payload["text"] for each in posted if each.payload["case_id"] == self.case_id]

    def waits_at(self) -> list[str]:
        return list(self.session.scalars(select(WorkItem.step).where(WorkItem.case_id == self.case_id)))


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    written = scenarios.read(FILES.files[SCENARIO], SCENARIO)
    passed = next(at for at, step in enumerate(written.steps, 1) if step.get("do") == "pass_to_party")
    way = replace(written, steps=written.steps[:passed])
    with BlankDatabase() as database, throwaway_key(), Session(database.emptied()) as session:
        with clock.standing_at(clock.start_of(way.begins) - timedelta(days=1)):
            stage = RehearsalStage(session, FILES, way)
        case_id = scenarios.walk(way, stage)
        assert case_id is not None
        with clock.standing_at(clock.start_of(AFTER) + timedelta(hours=9)):
            yield Waiting(session, stage, case_id)


def test_one_key_is_no_recognition_and_two_are(waiting: Waiting) -> None:
    waiting.answer(Side.LEAGUE, "approver", "sign")
    assert (waiting.waits_at(), waiting.record.state) == ([], State.RECOMMENDED)
    waiting.answer(Side.PARTY, "party_secretary", "sign")
    assert waiting.waits_at() == ["record_in_system"]
    assert (waiting.record.state, waiting.record.determined_on) == (State.DETERMINED, AFTER)


def test_refused_by_one_side_it_is_kept_while_it_is_valid(waiting: Waiting) -> None:
    waiting.answer(Side.LEAGUE, "approver", "sign")
    waiting.answer(Side.PARTY, "party_secretary", "refuse")
    assert (waiting.waits_at(), waiting.record.state, waiting.record.reason) == ([], State.KEPT, "尚需考察")


def test_suspended_before_it_is_entered_it_waits_for_both_keys_again(waiting: Waiting) -> None:
    waiting.recognise()
    waiting.change()
    assert (waiting.record.state, waiting.record.determined_on) == (State.KEPT, None)
    waiting.hear()
    assert waiting.waits_at() == []
    waiting.recognise()
    assert (waiting.waits_at(), waiting.record.state) == (["record_in_system"], State.DETERMINED)


def test_revoked_after_new_facts_it_is_kept_and_may_be_recognised_once_more(waiting: Waiting) -> None:
    waiting.recognise()
    waiting.change()
    waiting.hear()
    waiting.answer(Side.PARTY, "party_secretary", "refuse")
    assert (waiting.waits_at(), waiting.record.state, waiting.record.reason) == ([], State.KEPT, "尚需考察")


def test_recognised_again_before_word_of_the_suspension_is_heard_it_is_to_be_entered(waiting: Waiting) -> None:
    waiting.recognise()
    waiting.change()
    with clock.standing_at(clock.start_of(AFTER) + timedelta(days=1, hours=9)):
        waiting.recognise()
        assert waiting.waits_at() == ["record_in_system"]
        assert (waiting.record.state, waiting.record.determined_on) == (State.DETERMINED, AFTER + timedelta(days=1))


def test_suspended_after_the_case_has_ended_the_secretary_is_told_to_enter_it(waiting: Waiting) -> None:
    waiting.recognise()
    waiting.record_it()
    before = waiting.told()
    waiting.change()
    assert waiting.record.state is State.KEPT
    [told] = waiting.told()[len(before) :]
    assert "暂停认定" in told


def test_what_stood_to_the_last_day_stays_on_record(waiting: Waiting) -> None:
    waiting.recognise()
    with clock.standing_at(clock.start_of(date(2026, 3, 14)) + timedelta(hours=1)):
        recognitions.expire(waiting.call(Side.LEAGUE, SYSTEM))
    assert (waiting.record.state, waiting.record.determined_on) == (State.DETERMINED, AFTER)
