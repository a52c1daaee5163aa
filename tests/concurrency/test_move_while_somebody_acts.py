"""A case is moved while somebody decides its work item: one of the two goes first and the other reads who it was."""

from collections.abc import Callable, Iterator
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.engine.conftest import DEPUTY, SECRETARY, Office
from tests.engine.moving.test_moves import WHY, line
from workflows import journal
from workflows.engine import bundles, cases, persistence, saving
from workflows.engine.moving import moves
from workflows.engine.tables import Bundle, Case, StepRecord, WorkItem
from workflows.errors import Refusal, StaleVersion

pytestmark = pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)

Act = Callable[[Session], object]


@pytest.fixture
def office(fresh_database: Engine) -> Iterator[Office]:
    """A case waits at `sign`; in the newer version `check` comes before it."""
    with Session(fresh_database) as session:
        office = Office(session, "saved and restored")
        office.start(line("ask", "sign"))
        office.do("ask")
        office.publish(line("ask", "check", "sign"))
        yield office


def acts(office: Office) -> tuple[Act, Act]:
    """Moving the case to `check`, and completing `sign`, both as seen before either."""
    item, version = office.item("sign").id, office.case.version
    case_id, target = office.case.id, bundles.latest(office.session, "tiny").id
    office.session.commit()

    def move(session: Session) -> object:
        how = {"actor": SECRETARY, "reason": WHY, "place": True, "seen_version": version}
        new = session.get_one(Bundle, target)
        return moves.move(session, office.environment, case_id=case_id, target=new, **how)

    def sign(session: Session) -> object:
        how = {"actor": DEPUTY, "outcome": "submit", "content": {}, "seen_version": version}
        return cases.complete_step(session, office.environment, work_item_id=item, **how)

    return move, sign


def one_behind_the_other(engine: Engine, first: Act, second: Act) -> object:
    """The second begins while the first has done its work and not committed; what the second answered or raised."""
    answers: list[object] = []

    def follow() -> None:
        with Session(engine, expire_on_commit=False) as session:
            try:
                answers.append(second(session))
                session.commit()
            except Refusal as refusal:
                answers.append(refusal)

    other = Thread(target=follow)
    with Session(engine) as session:
        first(session)
        other.start()
        other.join(timeout=1)  # ends here only if it did not wait for us
        session.commit()
    other.join(timeout=30)
    return answers[0]


def test_whoever_acts_behind_a_move_reads_that_the_case_was_moved(fresh_database: Engine, office: Office) -> None:
    move, sign = acts(office)
    answer = one_behind_the_other(fresh_database, move, sign)
    assert isinstance(answer, StaleVersion)
    assert "把本案移到了另一版流程" in str(answer)
    assert position(fresh_database) == ("check", 2, ["ask"])


def test_a_move_behind_somebodys_act_is_refused(fresh_database: Engine, office: Office) -> None:
    move, sign = acts(office)
    answer = one_behind_the_other(fresh_database, sign, move)
    assert isinstance(answer, StaleVersion)
    assert "办理了“sign”" in str(answer)
    assert position(fresh_database) == ("", 1, ["ask", "sign"])


def test_without_the_lock_the_state_would_be_that_of_a_version_the_case_has_left(
    fresh_database: Engine, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both read before either writes."""
    both_have_read = Barrier(2)

    def unlocked(session: Session, case_id: int) -> Case:
        case = session.get_one(Case, case_id)
        assert case.state
        both_have_read.wait(timeout=10)
        return case

    def unlocked_for(session: Session, item_id: int) -> tuple[Case, WorkItem]:
        item = session.get_one(WorkItem, item_id)
        return unlocked(session, item.case_id), item

    monkeypatch.setattr(persistence, "lock", unlocked)
    monkeypatch.setattr(persistence, "lock_for", unlocked_for)
    monkeypatch.setattr("workflows.engine.running.Act.note", lambda *_args, **_facts: None)
    answers: list[object] = []

    def run(act: Act) -> None:
        with Session(fresh_database, expire_on_commit=False) as session:
            answers.append(act(session))
            session.commit()

    threads = [Thread(target=run, args=(act,)) for act in acts(office)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(answers) == 2
    assert not any(isinstance(answer, Refusal) for answer in answers)
    with Session(fresh_database) as session:
        assert session.scalars(select(StepRecord.step).order_by(StepRecord.id)).all() == ["ask", "sign"]
        assert session.scalars(select(moves.CaseMove.id)).all() != []


def position(engine: Engine) -> tuple[str, int, list[str]]:
    """Which step waits, in which version, and what was done; the saved state fits the version it names."""
    with Session(engine) as session:
        case = session.scalars(select(Case)).one()
        bundle = bundles.parsed(session, case.bundle_id)
        saving.restore(case.state, bundle)
        assert journal.verify(session).faults == []
        waiting = session.scalars(select(WorkItem.step)).first() or ""
        done = session.scalars(select(StepRecord.step).order_by(StepRecord.id)).all()
        return waiting, bundle.version, list(done)
