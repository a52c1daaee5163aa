"""Two people decide the same work item at the same moment: one decision stands, the other reads who was first."""

from collections.abc import Iterator
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from tests.engine.conftest import DEPUTY, SECRETARY, Office
from tests.support.drawings import YES_NO_FORM, bundle, drawing, end, start, user, way
from workflows import journal
from workflows.engine import cases
from workflows.engine.tables import Case, StepRecord, WorkItem
from workflows.errors import Refusal, StaleVersion
from workflows.journal import Actor

TEXT = drawing(
    start(),
    user("decide"),
    user("after"),
    end(),
    way("begin", "decide", "after", "done"),
    lanes={"书记": ["decide", "after"]},
)


@pytest.fixture
def office(fresh_database: Engine) -> Iterator[Office]:
    with Session(fresh_database) as session:
        office = Office(session, "saved and restored")
        office.start(bundle(TEXT, decide=YES_NO_FORM, after=YES_NO_FORM))
        yield office


def decide_at_once(engine: Engine, office: Office, people: list[Actor]) -> list[Refusal | None]:
    """Everybody decides after everybody has read the item; the answers in the order of `people`."""
    item_id = office.session.scalars(select(WorkItem.id)).one()
    office.session.commit()
    meeting, answers = Barrier(len(people)), dict.fromkeys(range(len(people)))

    def decide(number: int, actor: Actor) -> None:
        with Session(engine) as session:
            session.get(WorkItem, item_id)
            meeting.wait(timeout=10)
            try:
                cases.complete_step(
                    session,
                    office.environment,
                    work_item_id=item_id,
                    actor=actor,
                    outcome="yes",
                    content={},
                )
                session.commit()
            except Refusal as refusal:
                session.rollback()
                answers[number] = refusal

    threads = [Thread(target=decide, args=each) for each in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return [answers[number] for number in range(len(people))]


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_one_decision_stands_and_the_other_reads_who_was_first(fresh_database: Engine, office: Office) -> None:
    answers = decide_at_once(fresh_database, office, [SECRETARY, DEPUTY] * 4)
    refused = [answer for answer in answers if answer is not None]
    assert len(refused) == 7
    assert {type(answer) for answer in refused} == {StaleVersion}
    assert "办理了“decide”（是）" in str(refused[0])
    with Session(fresh_database) as session:
        assert session.scalar(select(func.count()).select_from(StepRecord)) == 1
        assert session.scalars(select(WorkItem.step)).all() == ["after"]
        assert journal.verify(session).faults == []


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_without_the_lock_both_would_decide(
    fresh_database: Engine, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: no lock, no constraint behind it, and everybody reads before anybody writes."""
    both_have_read = Barrier(2)

    def unlocked(session: Session, work_item_id: int) -> tuple[Case, WorkItem]:
        item = session.get_one(WorkItem, work_item_id)
        case = session.get_one(Case, item.case_id)
        assert case.state
        both_have_read.wait(timeout=10)
        return case, item

    monkeypatch.setattr("workflows.engine.persistence.lock_for", unlocked)
    monkeypatch.setattr("workflows.engine.running.Act.note", lambda *_args, **_facts: None)
    with fresh_database.begin() as connection:
        connection.execute(text("ALTER TABLE work_item DROP CONSTRAINT uq_work_item_case_id_task"))
    assert decide_at_once(fresh_database, office, [SECRETARY, DEPUTY]) == [None, None]
    with Session(fresh_database) as session:
        assert session.scalar(select(func.count()).select_from(StepRecord)) == 2
