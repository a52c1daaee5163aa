"""A reservation has a last day: told before, given back after, and the ledger and its audit say so."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import throwaway_key
from workflows.domain import quota_audit, quotas
from workflows.domain.quota_ledger import QuotaMovement
from workflows.engine import bundles, cases, scenarios
from workflows.engine.environment import Addressee
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import NotFound
from workflows.operations import reservations
from workflows.operations.rehearsal import BlankDatabase, RehearsalStage
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import NOTICE, OutboxRow

ADMISSION = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "admission")
ANEW, NONE_LEFT, IN_TIME = (
    "reservation_over_then_reserved_anew",
    "reservation_over_and_no_place_left",
    "adopted_on_the_last_day_of_the_reservation",
)
RESERVED_ON = date(2020, 6, 22)
LAST_DAY = RESERVED_ON + timedelta(days=180)


@pytest.fixture(scope="module")
def database() -> Iterator[BlankDatabase]:
    with BlankDatabase() as blank, throwaway_key():
        yield blank


class Way:
    """The candidate of a scenario, under the rules of 2020 with some of them changed."""

    def __init__(self, session: Session, name: str, **rules: Any) -> None:
        self.session = session
        path = f"scenarios/{name}.yaml"
        text = ADMISSION.files[path] + (f"rules: {json.dumps(rules)}\n" if rules else "")
        self.scenario = scenarios.read(text, path).under_each_rule_set()[0]
        with clock.standing_at(clock.start_of(self.scenario.begins) - timedelta(days=1)):
            self.stage = RehearsalStage(session, ADMISSION, self.scenario)
        self.player = scenarios._Player(self.scenario, self.stage)
        self.steps = list(self.scenario.steps)

    def go(self, until: date = date.max) -> None:
        """Do what happens before the day; its own timers do not fire."""
        while self.steps and (self.steps[0].get("on") or self.steps[0].get("wait_until") or date.min) < until:
            self.player.do(self.steps.pop(0))

    @property
    def last_day(self) -> date | None:
        case_id = self.player.case_id or 0
        return reservations.last_days(self.session, [case_id]).get(case_id)

    def moved(self) -> list[str]:
        """The movements of the case in the ledger, oldest first."""
        query = select(QuotaMovement).where(QuotaMovement.case_id == self.player.case_id).order_by(QuotaMovement.id)
        return [str(movement.kind) for movement in self.session.scalars(query)]

    def told(self, word: str) -> list[str]:
        """To which posts a notice with the word was sent."""
        query = select(OutboxRow).where(OutboxRow.kind == NOTICE).order_by(OutboxRow.id)
        rows = self.session.scalars(query)
        return [row.payload["post_kind"] for row in rows if word in row.payload["text"]]


@pytest.fixture
def session(database: BlankDatabase) -> Iterator[Session]:
    with Session(database.emptied()) as session:
        yield session


def test_the_place_is_given_back_once_and_reserved_anew(session: Session) -> None:
    way = Way(session, ANEW)
    way.go(LAST_DAY)
    assert way.last_day == LAST_DAY
    assert way.moved() == ["reserve"]
    way.go()
    assert way.last_day is None
    assert way.moved() == ["reserve", "release", "reserve", "use"]
    assert quota_audit.audit(session).faults == []


def test_branch_and_committee_are_told_fourteen_days_before_and_when_it_is_over(session: Session) -> None:
    way = Way(session, ANEW)
    way.go(LAST_DAY - timedelta(days=14))
    assert way.told("最后一日为2020-12-19") == []
    way.go(LAST_DAY)
    assert way.told("最后一日为2020-12-19") == ["branch_secretary", "grassroots_committee"]
    assert way.told("已自动退回") == []
    way.go()
    assert len(way.told("最后一日为")) == 2
    assert way.told("已自动退回") == ["branch_secretary", "grassroots_committee"]


def test_a_place_that_came_back_and_is_not_found_again_stays_with_its_unit(session: Session) -> None:
    way = Way(session, NONE_LEFT)
    way.go()
    assert way.moved() == ["reserve", "release"]
    assert quotas.place_of(session, way.player.case_id or 0) is None
    assert quota_audit.audit(session).faults == []


def test_once_the_meeting_has_adopted_the_place_has_no_last_day(session: Session) -> None:
    way = Way(session, IN_TIME)
    way.go(LAST_DAY)
    assert way.last_day == LAST_DAY
    way.player.do(way.steps.pop(0))
    assert way.last_day is None
    way.go()
    assert way.moved() == ["reserve", "use"]
    assert quota_audit.audit(session).faults == []


def test_a_level_may_shorten_the_reservation(session: Session) -> None:
    way = Way(session, ANEW, reservation_days=60)
    way.go(date(2020, 7, 10))
    assert way.last_day == RESERVED_ON + timedelta(days=60)


def test_without_a_limit_there_is_no_last_day(session: Session) -> None:
    way = Way(session, ANEW, reservation_days=None)
    way.go(LAST_DAY)
    assert way.last_day is None
    way.player.travel(date(2022, 1, 10))
    assert way.moved() == ["reserve"]


def test_who_comes_with_the_votes_after_it_is_over_reads_that_the_step_is_gone(session: Session) -> None:
    way = Way(session, ANEW)
    way.go(LAST_DAY + timedelta(days=1))
    item = session.scalars(select(WorkItem).where(WorkItem.step == "branch_meeting")).one()
    item_id, actor = item.id, way.stage.actor_for(Addressee(item.unit_id, item.post_kind), set())
    [over] = session.scalars(select(DueTimer.id).where(DueTimer.step == reservations.ENDS))
    with clock.standing_at(clock.start_of(LAST_DAY + timedelta(days=1))):
        assert cases.fire_timer(session, ENVIRONMENT, over)
        with pytest.raises(NotFound):
            cases.complete_step(session, ENVIRONMENT, work_item_id=item_id, actor=actor, outcome="held", content={})
    waiting = session.scalars(select(WorkItem).where(WorkItem.case_id == way.player.case_id)).all()
    assert [each.step for each in waiting] == ["wait_for_new_place"]
    assert session.get_one(Case, way.player.case_id).ended_at is None
