"""A recommendation whose rules ask for joint recognition goes on with what the two keys have come to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import throwaway_key
from workflows.domain import recommendations
from workflows.domain.recognitions import begin, lock
from workflows.domain.recommendations import State
from workflows.domain.two_keys import Side
from workflows.engine import bundles, correlation, scenarios
from workflows.engine.environment import Call
from workflows.engine.tables import WorkItem
from workflows.journal import SYSTEM, Actor
from workflows.operations import recognitions
from workflows.operations.rehearsal import BlankDatabase, RehearsalStage

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

    def answer(self, side: Side, who: str, outcome: str) -> None:
        """One side answers in its own case; word of it reaches the recommendation's."""
        seen = lock(self.session, self.recognition).digest
        form = {"outcome": outcome, "reason": "尚需考察", "decided_on": AFTER.isoformat()}
        call = Call(
            session=self.session,
            case_id=self.case_of[side],
            unit_id=self.record.unit_id,
            actor=Actor(person_id=self.stage.cast[who]),
            data={"recognition": {"id": self.recognition}},
            parameters={"answer": form, "seen": seen},
        )
        recognitions.answer(call)
        correlation.deliver_to(self.session, self.stage.environment, self.case_id)

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
