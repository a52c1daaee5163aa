"""A tiny office for engine tests: one lane, one post, operations that tests can make refuse."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.drawings import drawn
from workflows import clock, outbox
from workflows.engine import bundles, cases, check, correlation
from workflows.engine.bundles import BundleFiles
from workflows.engine.environment import Addressee, Call, Choice, Environment, Operation
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import Refusal
from workflows.journal import Actor
from workflows.operations.rehearsal import BlankDatabase
from workflows.outbox import OutboxRow

SECRETARY, DEPUTY, STRANGER = Actor(person_id=1, post_id=1), Actor(person_id=2, post_id=1), Actor(person_id=3)
MONDAY = datetime(2020, 3, 2, 1, 0, tzinfo=UTC)


class NoneLeft(Refusal):
    code = "none.left"
    sentence = "没有了"


class SmallOffice:
    def lanes(self) -> frozenset[str]:
        return frozenset({"书记"})

    def addressee(self, session: Session, lane: str, unit_id: int, data: Mapping[str, Any]) -> Addressee:
        return Addressee(unit_id, "secretary")

    def may_act(self, session: Session, actor: Actor, addressee: Addressee) -> bool:
        return actor.post_id == 1

    def may_see(self, session: Session, actor: Actor, unit_id: int) -> bool:
        return actor.post_id == 1

    def describe(self, session: Session, addressee: Addressee) -> tuple[str, str]:
        return "一班团支部", "书记"

    def person_name(self, session: Session, person_id: int) -> str:
        return {1: "王一", 2: "李二", 3: "赵三"}[person_id]


class Office:
    """One running bundle and short words for what people do with it."""

    def __init__(self, session: Session, mode: str) -> None:
        self.session = session
        self.left = 1
        self.calls: list[str] = []
        self.given: dict[str, Any] = {}
        operations = [
            Operation("shelf.take", "取", self._take, ("count",), ("none.left",)),
            Operation("shelf.note", "记", self._note),
        ]
        self.environment = Environment(
            directory=SmallOffice(),
            operations={operation.name: operation for operation in operations},
            beginning=lambda _session, _process, _unit_id: dict(self.given),
            choices={"people": lambda _session, _unit_id: [Choice("1", "王一"), Choice("2", "李二")]},
            live={} if mode == "in memory" else None,
        )
        self.case: Case | None = None

    def _take(self, call: Call) -> dict[str, Any]:
        self.calls.append("shelf.take")
        if self.left < call.parameters["count"]:
            raise NoneLeft()
        self.left -= call.parameters["count"]
        call.named["title"] = "已取"
        return {"taken": call.parameters["count"]}

    def _note(self, call: Call) -> None:
        self.calls.append("shelf.note")

    def publish(self, files: BundleFiles) -> None:
        check.publish(self.session, self.environment, files, SECRETARY)
        self.session.commit()

    def start(self, files: BundleFiles, process: str = "tiny", *, checked: bool = True) -> Case:
        if checked:
            self.publish(files)
        else:
            bundles.store(self.session, files, [], SECRETARY, "")
        self.case = cases.start(self.session, self.environment, process=process, unit_id=7, actor=SECRETARY)
        self.session.commit()
        return self.case

    def begin(self, name: str, **files: str) -> Case:
        """Start a case of a drawing in tests/engine/drawings."""
        return self.start(drawn(name, **files), process=name)

    def item(self, step: str, of: str | None = None, case: Case | None = None) -> WorkItem:
        """The one open item of a step: `of` one entry of a repeated step, of one `case`."""
        found = self.session.scalars(select(WorkItem).where(WorkItem.step == step)).all()
        found = [each for each in found if of is None or each.label == f"{step}（{of}）"]
        [item] = [each for each in found if case is None or each.case_id == case.id]
        return item

    def do(
        self,
        step: str,
        outcome: str = "submit",
        actor: Actor = SECRETARY,
        *,
        of: str | None = None,
        case: Case | None = None,
        **content: Any,
    ) -> None:
        self.complete(self.item(step, of, case), outcome, actor, **content)

    def complete(self, item: WorkItem, outcome: str, actor: Actor = SECRETARY, **content: Any) -> None:
        cases.complete_step(
            self.session,
            self.environment,
            work_item_id=item.id,
            actor=actor,
            outcome=outcome,
            content=content,
        )
        self.session.commit()

    def send(self, message: str, outcome: str = "submit", **content: Any) -> None:
        cases.send_message(
            self.session,
            self.environment,
            case_id=self.case.id,
            message=message,
            actor=SECRETARY,
            outcome=outcome,
            content=content,
        )
        self.session.commit()

    def timers_fire(self) -> int:
        fired = [cases.fire_timer(self.session, self.environment, timer) for timer in cases.due_timers(self.session)]
        self.session.commit()
        return sum(fired)

    def post_arrives(self) -> int:
        """Perform what cases have sent each other, as the worker would, until nothing is left; answers how much."""
        performed = 0
        while rows := self.session.scalars(select(OutboxRow).where(OutboxRow.done_at.is_(None))).all():
            for row in rows:
                correlation.PERFORM[row.kind](self.session, self.environment, row.payload)
                outbox.mark_done(row)
                self.session.commit()
                performed += 1
        return performed

    @property
    def waiting(self) -> list[str]:
        """Open user steps and due times of the case."""
        steps = self.session.scalars(select(WorkItem.step)).all()
        timers = self.session.scalars(select(DueTimer.step)).all()
        return sorted([*steps, *timers])

    @property
    def data(self) -> dict[str, Any]:
        return cases.data_of(self.case)

    @property
    def ended_at(self) -> str | None:
        return self.case.ended_step


@pytest.fixture
def clock_on_monday() -> Iterator[None]:
    with clock.standing_at(MONDAY):
        yield


@pytest.fixture(scope="session")
def blank_database() -> Iterator[BlankDatabase]:
    with BlankDatabase() as database:
        yield database


@pytest.fixture(params=["in memory", "saved and restored"])
def office(request: pytest.FixtureRequest, clock_on_monday: None, blank_database: BlankDatabase) -> Iterator[Office]:
    """The same office with cases kept in memory, and with cases restored from their saved state at every step."""
    with Session(blank_database.emptied()) as session:
        yield Office(session, request.param)
