"""A corrected record reaches the cases of the person: the running one goes by it, the ended one keeps its papers."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.application import ADMISSION, an_application
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import identity_numbers, members, posts
from workflows.domain.members import CandidateStatus
from workflows.domain.posts import PostKind
from workflows.engine import bundles, cases, persistence
from workflows.engine.cases import DutiesNotSeparated
from workflows.engine.moving import history
from workflows.engine.tables import Case, StepRecord, WorkItem
from workflows.journal import SYSTEM, Event
from workflows.operations.rehearsal import BlankDatabase
from workflows.operations.wiring import ENVIRONMENT

CORRECTION = Path(__file__).parents[3] / "bpmn" / "record_correction"
BORN = date(2005, 8, 3)
RIGHT = identity_numbers.made_up(BORN, "right", "female")
PAPER = {"document": "户口簿，新城派出所", "reason": "出生月份录错"}


@pytest.fixture(scope="module")
def database() -> Iterator[BlankDatabase]:
    with BlankDatabase() as blank:
        yield blank


@pytest.fixture
def session(database: BlankDatabase) -> Iterator[Session]:
    with (
        Session(database.emptied()) as session,
        clock.standing_at(clock.start_of(date(2020, 6, 1)) + timedelta(hours=9)),
    ):
        yield session


@pytest.fixture
def cast(session: Session) -> Cast:
    cast = people.build(session)
    people.plan_for_school(session, cast, 3)
    for folder in (ADMISSION, CORRECTION):
        bundles.store(session, bundles.read_folder(folder), [], SYSTEM, "")
    return cast


@pytest.fixture
def applied(session: Session, cast: Cast) -> Case:
    """Wuyun's application, to be checked by the secretary."""
    return begin(session, cast, "admission", an_application())


def begin(session: Session, cast: Cast, process: str, content: dict[str, Any]) -> Case:
    return cases.start(
        session,
        ENVIRONMENT,
        process=process,
        unit_id=cast.branch.id,
        actor=cast.actor(cast.saren),
        outcome="submit",
        content=content,
    )


def propose(session: Session, cast: Cast, applied: Case, **changes: str) -> Case:
    person = members.get_of_case(session, applied.id).person_id
    content = {"person": str(person), "name": "乌云其其格", "id_number": RIGHT, "proposed_on": "2020-06-01", **PAPER}
    return begin(session, cast, "record_correction", content | changes)


def do(session: Session, case: Case, actor: journal.Actor, outcome: str, **content: Any) -> None:
    item = session.scalars(select(WorkItem).where(WorkItem.case_id == case.id)).one()
    cases.complete_step(session, ENVIRONMENT, work_item_id=item.id, actor=actor, outcome=outcome, content=content)


def confirm(session: Session, cast: Cast, case: Case) -> None:
    paper = {"checked_on": "2020-06-01", "original_seen": True, "id_number_again": RIGHT}
    do(session, case, cast.actor(cast.chen), "confirm", **paper)


def data_of(session: Session, case: Case) -> dict[str, Any]:
    return cases.data_of(persistence.lock(session, case.id))


def test_a_running_case_goes_by_the_corrected_record(session: Session, cast: Cast, applied: Case) -> None:
    before = applied.version
    confirm(session, cast, propose(session, cast, applied))
    data = data_of(session, applied)
    entered = {key: data["submit_application"][key] for key in ("name", "birth_date", "id_number", "class_name")}
    assert entered == {
        "name": "乌云其其格",
        "birth_date": "2005-08-03",
        "id_number": identity_numbers.mask(RIGHT),
        "class_name": "高一1班",
    }
    assert (data["candidate"]["may_apply_from"], data["candidate"]["masked_id"]) == (
        "2019-08-03",
        identity_numbers.mask(RIGHT),
    )
    assert (applied.title, applied.version) == ("乌云其其格", before + 1)


def test_the_case_goes_on_from_where_it_stood(session: Session, cast: Cast, applied: Case) -> None:
    confirm(session, cast, propose(session, cast, applied))
    do(session, applied, cast.actor(cast.saren), "accept", received_on="2020-06-01")
    waiting = session.scalars(select(WorkItem.step).where(WorkItem.case_id == applied.id)).all()
    assert waiting == ["initial_talk"]


def test_the_form_as_it_was_submitted_stays_beside_the_corrected_one(
    session: Session, cast: Cast, applied: Case
) -> None:
    confirm(session, cast, propose(session, cast, applied))
    first, second = session.scalars(
        select(StepRecord).where(StepRecord.case_id == applied.id).order_by(StepRecord.id)
    ).all()
    assert (first.content["name"], second.content["name"]) == ("乌云", "乌云其其格")
    assert (second.corrects_id, second.reason, second.person_id) == (first.id, PAPER["reason"], cast.chen.id)
    journal.write(session)
    [entry] = [
        entry
        for entry in journal.entries_of(session, journal.case_chain(applied.id))
        if entry.event == Event.CASE_AMENDED
    ]
    assert entry.facts["fields"] == ["birth_date", "id_number", "name"]
    assert RIGHT not in str(entry.facts)


def test_a_case_that_is_moved_later_is_told_the_corrected_form(session: Session, cast: Cast, applied: Case) -> None:
    confirm(session, cast, propose(session, cast, applied))
    journal.write(session)
    answers = [each.answer for each in history.read(session, applied.id) if each.step == "submit_application"]
    assert [answer["name"] for answer in answers if answer] == ["乌云", "乌云其其格"]


def test_an_ended_case_keeps_its_papers_and_takes_the_name(session: Session, cast: Cast, applied: Case) -> None:
    cases.send_message(
        session,
        ENVIRONMENT,
        case_id=applied.id,
        message="applicant_withdraws",
        actor=cast.actor(cast.saren),
        content={"withdrawn_on": "2020-06-01", "reason": "本人改变主意"},
    )
    members.settle(session, applied.id, CandidateStatus.ADMITTED)
    state = applied.state
    confirm(session, cast, propose(session, cast, applied))
    assert (applied.title, applied.state) == ("乌云其其格", state)
    assert data_of(session, applied)["submit_application"]["name"] == "乌云"


def test_whoever_proposed_it_does_not_check_it_whatever_post_he_holds(
    session: Session, cast: Cast, applied: Case
) -> None:
    case = propose(session, cast, applied)
    posts.assign(
        session,
        person_id=cast.saren.id,
        unit_id=cast.school.id,
        kind=PostKind.GRASSROOTS_COMMITTEE,
        since=people.SINCE,
        actor=SYSTEM,
    )
    with pytest.raises(DutiesNotSeparated):
        do(session, case, cast.actor(cast.saren), "confirm", checked_on="2020-06-01", original_seen=True)


def test_the_number_is_nowhere_in_the_cases_and_erased_from_the_proposal(
    session: Session, cast: Cast, applied: Case
) -> None:
    case = propose(session, cast, applied)
    assert RIGHT not in str(data_of(session, case))
    confirm(session, cast, case)
    kept = session.scalars(select(StepRecord)).all()
    assert not [record for record in kept if RIGHT in str(record.content)]
