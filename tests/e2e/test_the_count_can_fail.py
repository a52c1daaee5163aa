"""The count of tests/e2e/once_each.py finds no fault in a drill that went well, and each that is made by hand."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from tasks.outbox import APART, HANDLERS
from tests.conftest import copy_of_template
from tests.e2e import drill, once_each
from tests.support.clerk import Told
from workflows import clock, idempotency, journal, outbox
from workflows.domain.members import Candidate, CandidateStatus
from workflows.domain.numbering import Place, PlaceState
from workflows.engine import batches, cases, jobs
from workflows.engine.mailbox import KeptMessage
from workflows.engine.tables import Batch, BatchItem, Case, StepRecord, WorkItem
from workflows.journal import SYSTEM, Event
from workflows.operations import notices
from workflows.operations.notices import Notice
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

SEATS = 2

FIRST = 1
"""The case that is spoilt."""

TOLD: dict[Engine, Told] = {}
"""What people were told in the drill of a database."""


class Drill:
    """A drill in which one process does everything and nobody is killed."""

    def __init__(self, session: Session) -> None:
        self.session, self.told = session, Told()
        self.people = drill.found(session, SEATS)
        self.reviewer = self.people.actor(self.people.gaowa)

    def play(self) -> None:
        for seat in range(SEATS):
            self.enter(seat)
        for item in self.waiting("review"):
            content = drill.decision()["content"]
            given = {"work_item_id": item.id, "actor": self.reviewer, "outcome": "submit", "content": content}
            case = cases.complete_step(self.session, ENVIRONMENT, **given)
            self.promise("review", {"id": case.id, "version": case.version})
        self.work()
        self.promise("batch", {"id": self.sign().id})
        self.work()

    def enter(self, seat: int, **changes: str) -> None:
        content = {**drill.application(seat, SEATS), **changes}
        given = {"process": drill.PROCESS, "unit_id": self.people.branch.id, "outcome": "submit", "content": content}
        case = cases.start(self.session, ENVIRONMENT, actor=self.people.actor(self.people.saren), **given)
        self.promise("start", {"id": case.id, "version": case.version})

    def sign(self) -> Batch:
        chosen = [(item.id, self.session.get_one(Case, item.case_id).version) for item in self.waiting("sign")]
        decision = {"outcome": "submit", "content": drill.decision()["content"]}
        return batches.open_batch(self.session, ENVIRONMENT, chosen=chosen, actor=self.reviewer, **decision)

    def waiting(self, step: str) -> list[WorkItem]:
        return list(self.session.scalars(select(WorkItem).where(WorkItem.step == step)))

    def promise(self, what: str, answer: dict[str, object]) -> None:
        key = f"key {len(self.told.promised)}"
        idempotency.claim(self.session, self.people.gaowa.id, key, "a request")
        idempotency.answer(self.session, self.people.gaowa.id, key, 200, answer)
        self.told.promise(what, answer)

    def work(self) -> None:
        """What worker and clock do, until nothing is left to do."""
        while any([self._jobs(), self._timers(), self._outbox()]):
            self.session.flush()

    def _jobs(self) -> int:
        return sum(jobs.perform_all(self.session, ENVIRONMENT, case_id) for case_id in range(1, SEATS + 1))

    def _timers(self) -> int:
        with clock.standing_at(clock.now() + timedelta(minutes=1)):
            due = cases.due_timers(self.session)
            return sum(cases.fire_timer(self.session, ENVIRONMENT, timer_id) for timer_id in due)

    def _outbox(self) -> int:
        owed = list(self.session.scalars(select(OutboxRow).where(OutboxRow.done_at.is_(None))))
        for row in owed:
            if row.kind in APART:
                for item_id in row.payload["items"]:
                    batches.perform_item(self.session, ENVIRONMENT, item_id)
            HANDLERS[row.kind](self.session, row.payload)
            outbox.mark_done(row)
        return len(owed)


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database in which a drill went well."""
    with ExitStack() as at_end:
        made = copy_of_template("sqlite", request.getfixturevalue, tmp_path_factory.mktemp("drill"), at_end)
        with Session(made) as session:
            played = Drill(session)
            played.play()
            session.commit()
        TOLD[made] = played.told
        yield made


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose changes are forgotten after the test."""
    with Session(engine) as session:
        yield session


@pytest.fixture
def told(engine: Engine) -> Told:
    """What people were told in the drill."""
    return Told(promised=list(TOLD[engine].promised))


def test_a_drill_that_went_well_has_each_effect_once(session: Session, told: Told) -> None:
    assert once_each.faults(session, SEATS) == []
    assert once_each.broken_promises(session, told) == []


def _notice_again(session: Session) -> None:
    row = session.scalars(select(OutboxRow).where(OutboxRow.kind == notices.OUTBOX_KIND)).first()
    assert row is not None
    notices.deliver(session, {**row.payload, "case_id": FIRST})


def _notice_lost(session: Session) -> None:
    session.execute(delete(Notice).where(Notice.case_id == FIRST))


def _work_forgotten(session: Session) -> None:
    outbox.post(session, notices.OUTBOX_KIND)


def _step_recorded_twice(session: Session) -> None:
    record = session.scalars(select(StepRecord).where(StepRecord.case_id == FIRST, StepRecord.step == "review")).one()
    columns = {column.name: getattr(record, column.name) for column in StepRecord.__table__.columns}
    session.add(StepRecord(**{**columns, "id": None}))


def _timer_fired_twice(session: Session) -> None:
    journal.record(session, Event.TIMER_FIRED, chain=journal.case_chain(FIRST), actor=SYSTEM, step="rest")


def _place_not_used(session: Session) -> None:
    place = session.scalars(select(Place).where(Place.case_id == FIRST)).one()
    place.state = PlaceState.RESERVED


def _not_admitted(session: Session) -> None:
    candidate = session.scalars(select(Candidate).where(Candidate.case_id == FIRST)).one()
    candidate.status = CandidateStatus.APPLYING


def _baton_sent_twice(session: Session) -> None:
    session.add(KeptMessage(name="baton", key="{}", payload={}, sender_case_id=FIRST, sent_at=clock.now()))


def _item_left(session: Session) -> None:
    session.scalars(select(BatchItem).where(BatchItem.case_id == FIRST)).one().status = "waiting"


def _batch_ended_twice(session: Session) -> None:
    journal.record(session, Event.BATCH_ENDED, chain=journal.unit_chain(0), batch=1)


def _case_not_ended(session: Session) -> None:
    case = session.get_one(Case, FIRST)
    case.ended_at = case.ended_step = None


@pytest.mark.parametrize(
    "spoil, said",
    [
        (_notice_again, "notice of case 1: 2 times"),
        (_notice_lost, "notice of case 1: missing"),
        (_work_forgotten, "still owed"),
        (_step_recorded_twice, "case and step (1, 'review'): 2 times"),
        (_timer_fired_twice, "journal entry (1, 'timer:fired', 'rest'): 2 times"),
        (_place_not_used, "used place of case 1: missing"),
        (_not_admitted, "admitted candidate of case 1: missing"),
        (_baton_sent_twice, "kept_message: 1 left over"),
        (_item_left, "still waits"),
        (_batch_ended_twice, "ended batch 1: 2 times"),
        (_case_not_ended, "cases ended at"),
    ],
)
def test_what_was_lost_or_doubled_is_named(session: Session, spoil: Callable[[Session], None], said: str) -> None:
    spoil(session)
    session.flush()
    assert any(said in fault for fault in once_each.faults(session, SEATS))


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
def test_acts_asked_for_again_without_their_key_are_named(fresh_database: Engine) -> None:
    with Session(fresh_database) as session:
        made = Drill(session)
        sign, again = made.sign, drill.application(SEATS + 1, SEATS)
        made.sign = lambda: [sign(), sign()][0]  # type: ignore[method-assign]
        made.play()
        assert once_each.faults(session, SEATS) == []
        assert once_each.broken_promises(session, made.told) == ["batch 2: not expected"]
        made.enter(0, name=again["name"], id_number=again["id_number"])
        assert "application of seat 0: 2 times" in once_each.faults(session, SEATS)


def test_a_promise_that_left_no_trace_is_named(session: Session, told: Told) -> None:
    told.promise("review", {"id": FIRST, "version": 99})
    assert once_each.broken_promises(session, told) == [
        "reviewed (1, 99): missing",
        f"{len(told.promised)} acts were answered and {len(told.promised) - 1} answers are kept",
    ]
