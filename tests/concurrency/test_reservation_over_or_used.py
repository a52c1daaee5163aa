"""The last day of a reservation is over at the moment the branch meeting adopts: the place is used or given back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.concurrency.race import at_once
from workflows import clock, journal
from workflows.database import throwaway_key
from workflows.domain import quota_audit, quotas
from workflows.domain.numbering import PlaceState
from workflows.engine import bundles, cases, persistence, scenarios
from workflows.engine.environment import Addressee
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import NotFound, StaleVersion
from workflows.operations.rehearsal import RehearsalStage
from workflows.operations.wiring import ENVIRONMENT

ADMISSION = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "admission")
WAY = "scenarios/reservation_over_then_reserved_anew.yaml"
LAST_DAY = date(2020, 12, 19)
OVER = clock.start_of(LAST_DAY + timedelta(days=1))
VOTES = {
    "held_on": LAST_DAY.isoformat(),
    "eligible_voters": 30,
    "present_voters": 25,
    "written_opinions": 1,
    "votes_for": 24,
    "votes_against": 1,
    "votes_abstain": 1,
}


@dataclass(frozen=True)
class Standing:
    """A case that waits for its branch meeting on the last day of its reservation."""

    case_id: int
    meeting: int
    over: int
    stage: RehearsalStage

    def adopt(self, session: Session) -> object:
        """The branch secretary records that the meeting has adopted."""
        with clock.standing_at(OVER):
            item = session.get_one(WorkItem, self.meeting)
            actor = self.stage.actor_for(Addressee(item.unit_id, item.post_kind), set())
            cases.complete_step(
                session, ENVIRONMENT, work_item_id=self.meeting, actor=actor, outcome="held", content=VOTES
            )
        return "adopted"

    def end(self, session: Session) -> object:
        """The beat finds the reservation over."""
        with clock.standing_at(OVER):
            return "given back" if cases.fire_timer(session, ENVIRONMENT, self.over) else "nothing due"


@pytest.fixture
def standing(fresh_database: Engine) -> Iterator[Standing]:
    scenario = scenarios.read(ADMISSION.files[WAY], WAY).under_each_rule_set()[0]
    with throwaway_key(), Session(fresh_database) as session:
        with clock.standing_at(clock.start_of(scenario.begins) - timedelta(days=1)):
            stage = RehearsalStage(session, ADMISSION, scenario)
        player = scenarios._Player(scenario, stage)
        for step in scenario.steps:
            if step.get("wait_until") == LAST_DAY + timedelta(days=1):
                break
            player.do(step)
        session.commit()
        [meeting] = session.scalars(select(WorkItem.id).where(WorkItem.step == "branch_meeting"))
        [over] = session.scalars(select(DueTimer.id).where(DueTimer.step == "reservation_over"))
        yield Standing(player.case_id or 0, meeting, over, stage)


def outcome(engine: Engine, standing: Standing) -> tuple[str, PlaceState | None, list[str]]:
    """Where the case stands, what it holds, and what the audit of places finds."""
    with Session(engine) as session, clock.standing_at(OVER):
        [step] = session.scalars(select(WorkItem.step).where(WorkItem.case_id == standing.case_id))
        place = quotas.place_of(session, standing.case_id)
        assert journal.verify(session).faults == []
        return step, place and place.state, quota_audit.audit(session).faults


def test_the_place_is_used_or_given_back_and_never_both(fresh_database: Engine, standing: Standing) -> None:
    answers = at_once(fresh_database, standing.adopt, standing.end)
    step, held, found = outcome(fresh_database, standing)
    assert found == []
    if answers[0] == "adopted":
        assert (answers[1], step, held) == ("nothing due", "approve_admission", PlaceState.RESERVED)
    else:
        assert isinstance(answers[0], NotFound | StaleVersion)
        assert (answers[1], step, held) == ("given back", "wait_for_new_place", None)


def test_a_meeting_entered_before_the_beat_has_looked_keeps_the_place_it_adopts_with(
    fresh_database: Engine, standing: Standing
) -> None:
    with Session(fresh_database) as session:
        standing.adopt(session)
        session.commit()
    assert outcome(fresh_database, standing) == ("approve_admission", PlaceState.RESERVED, [])


def test_without_the_lock_the_meeting_adopts_somebody_whose_place_is_given_back(
    fresh_database: Engine, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both read before either writes, and nothing but the lock stands between them."""
    both_have_read = Barrier(2)

    def read(session: Session, case_id: int) -> Case:
        case = session.get_one(Case, case_id)
        assert case.state
        both_have_read.wait(timeout=10)
        return case

    def read_for(session: Session, work_item_id: int) -> tuple[Case, WorkItem]:
        item = session.get_one(WorkItem, work_item_id)
        return read(session, item.case_id), item

    monkeypatch.setattr(persistence, "lock", read)
    monkeypatch.setattr(persistence, "lock_for", read_for)
    monkeypatch.setattr("workflows.engine.running.Act.note", lambda *_args, **_facts: None)
    answers = at_once(fresh_database, standing.adopt, standing.end)
    assert answers == ["adopted", "given back"]
    with Session(fresh_database) as session:
        assert quotas.place_of(session, standing.case_id) is None
        steps = session.scalars(select(WorkItem.step).where(WorkItem.case_id == standing.case_id)).all()
    assert "approve_admission" in steps
