"""Reminders and reports of what is overdue: who is told, what is said, and that nobody is told twice."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import clock
from workflows.domain.posts import PostKind
from workflows.domain.units import NothingAbove, UnitKind
from workflows.engine.environment import Call
from workflows.engine.tables import Bundle, Case, WorkItem
from workflows.journal import SYSTEM
from workflows.operations import notices
from workflows.operations.notices import LevelUnknown
from workflows.outbox import OutboxRow

LATE = datetime(2020, 7, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def case(session: Session, cast: Cast) -> Case:
    """Wuyun's case, waiting for the talk since 11 May."""
    begun = datetime(2020, 5, 11, 1, 0, tzinfo=UTC)
    bundle = Bundle(process="admission", version=1, name="发展团员", content_hash="0", published_at=begun)
    session.add(bundle)
    session.flush()
    case = Case(
        bundle_id=bundle.id,
        process="admission",
        unit_id=cast.branch.id,
        title="乌云",
        version=1,
        state=b"",
        started_at=begun,
    )
    session.add(case)
    session.flush()
    waits(session, case, cast.branch.id, PostKind.BRANCH_SECRETARY, begun)
    return case


def waits(
    session: Session, case: Case, unit_id: int, kind: PostKind, since: datetime, person_id: int | None = None
) -> WorkItem:
    item = WorkItem(
        case_id=case.id,
        task=len(session.scalars(select(WorkItem)).all()),
        step="initial_talk",
        label="派人谈话",
        lane="团支部书记",
        unit_id=unit_id,
        post_kind=str(kind),
        person_id=person_id,
        created_at=since,
        due_on=date(2020, 6, 10),
    )
    session.add(item)
    session.flush()
    return item


def call(session: Session, case: Case, **parameters: str) -> Call:
    return Call(session, case.id, case.unit_id, SYSTEM, {}, {"step": "initial_talk", **parameters})


def told(session: Session) -> list[dict[str, Any]]:
    session.flush()
    rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == notices.OUTBOX_KIND).order_by(OutboxRow.id))
    return [row.payload for row in rows]


def test_the_county_is_told_the_step_since_when_it_waits_and_who_must_act(
    session: Session, cast: Cast, case: Case
) -> None:
    with clock.standing_at(LATE):
        notices.escalate(call(session, case, to="县级团委"))
    [notice] = told(session)
    assert (notice["unit_id"], notice["post_kind"]) == (cast.county.id, "county_committee")
    assert notice["case_id"] == case.id
    assert notice["text"] == (
        "“派人谈话”自2020-05-11起待办，期限为2020-06-10，至今未办。应由高一1班团支部团支部书记（萨仁）办理，请督促。"
    )


def test_each_level_is_told_once(session: Session, cast: Cast, case: Case) -> None:
    for to in ("县级团委", "县级团委", "自治区团委", "县级团委", "自治区团委"):
        notices.escalate(call(session, case, to=to))
    assert [notice["unit_id"] for notice in told(session)] == [cast.county.id, cast.region.id]


def test_a_step_that_is_reached_again_is_told_of_again(session: Session, cast: Cast, case: Case) -> None:
    notices.escalate(call(session, case, to="县级团委"))
    session.delete(session.scalars(select(WorkItem)).one())
    session.flush()
    waits(session, case, cast.branch.id, PostKind.BRANCH_SECRETARY, LATE)
    notices.escalate(call(session, case, to="县级团委"))
    assert len(told(session)) == 2


def test_a_step_done_meanwhile_is_told_to_nobody(session: Session, case: Case) -> None:
    session.delete(session.scalars(select(WorkItem)).one())
    session.flush()
    notices.escalate(call(session, case, to="县级团委"))
    assert told(session) == []


def test_a_step_of_one_person_names_that_person_and_an_empty_post_is_called_empty(
    session: Session, cast: Cast, case: Case
) -> None:
    session.delete(session.scalars(select(WorkItem)).one())
    waits(session, case, cast.branch.id, PostKind.MENTOR, LATE, cast.bator.id)
    waits(session, case, cast.small_branch.id, PostKind.BRANCH_SECRETARY, LATE)
    notices.escalate(call(session, case, to="基层团委"))
    first, second = [notice["text"] for notice in told(session)]
    assert "培养联系人（巴特尔）" in first
    assert "高一2班团支部团支部书记（暂缺）" in second


def test_a_level_nobody_knows_is_refused_by_name(session: Session, case: Case) -> None:
    with pytest.raises(LevelUnknown, match="校长"):
        notices.escalate(call(session, case, to="校长"))


def test_a_level_that_is_missing_above_the_unit_is_said(session: Session, cast: Cast, case: Case) -> None:
    cast.county.kind = UnitKind.PREFECTURE
    session.flush()
    with pytest.raises(NothingAbove):
        notices.escalate(call(session, case, to="县级团委"))
    assert told(session) == []


def test_a_reminder_goes_to_who_must_act_and_to_the_committee_above(session: Session, cast: Cast, case: Case) -> None:
    notices.remind(call(session, case, text="请尽快谈话"))
    to = [(notice["unit_id"], notice["post_kind"]) for notice in told(session)]
    assert to == [(cast.branch.id, "branch_secretary"), (cast.school.id, "grassroots_committee")]


def test_what_happened_is_told_to_the_posts_that_are_named_and_to_no_other(
    session: Session, cast: Cast, case: Case
) -> None:
    parameters = {"to": ["团支部书记", "基层团委"], "text": "本案已终止。"}
    notices.tell(Call(session, case.id, case.unit_id, SYSTEM, {}, parameters))
    assert [(row["unit_id"], row["post_kind"], row["text"]) for row in told(session)] == [
        (cast.branch.id, PostKind.BRANCH_SECRETARY, "本案已终止。"),
        (cast.school.id, PostKind.GRASSROOTS_COMMITTEE, "本案已终止。"),
    ]
