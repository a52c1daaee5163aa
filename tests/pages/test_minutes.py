"""One meeting for several candidates: entered on one page, each decided on separately, minutes made of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.application import ADMISSION
from tests.support.cast import Cast
from workflows import clock
from workflows.engine import batches, cases, scenarios
from workflows.engine.tables import Batch, Bundle, Case, WorkItem
from workflows.operations.demonstration import DemoStage
from workflows.operations.wiring import ENVIRONMENT

DAY = "2020-07-13"
MEETING = {"outcome": "held", "held_on": DAY, "eligible_voters": 30, "present_voters": 25, "written_opinions": 1}


@pytest.fixture
def waiting(session: Session, cast: Cast, admission: Bundle) -> list[int]:
    """Work items of two candidates who wait for the branch meeting."""
    text = (ADMISSION / "scenarios" / "admitted_nmg_2020.yaml").read_text()
    way = scenarios.read(text, "admitted_nmg_2020.yaml")
    before = [step for step in way.steps if scenarios.changes_something(step)]
    before = before[: next(at for at, step in enumerate(before) if step.get("do") == "branch_meeting")]
    for name in ("乌云", "其木格"):
        own = [{**step, "with": {**(step.get("with") or {}), **_named(step, name)}} for step in before]
        scenarios.walk(replace(way, steps=own), DemoStage(session, cast.branch, name))
    session.commit()
    return list(session.scalars(select(WorkItem.id).where(WorkItem.step == "branch_meeting").order_by(WorkItem.id)))


def _named(step: dict[str, object], name: str) -> dict[str, str]:
    return {"name": name} if step.get("do") == "submit_application" else {}


@pytest.fixture
def saren(visit: Visit, cast: Cast, waiting: list[int]) -> Iterator[Visitor]:
    """The branch secretary on the evening of the meeting, before the page with both candidates."""
    with clock.standing_at(datetime(2020, 7, 13, 10, tzinfo=UTC)):
        saren = visit(cast.saren)
        saren.open("/batches/new?" + "&".join(f"item={item}" for item in waiting))
        yield saren


def votes(item: int, yes: int, no: int, abstain: int) -> dict[str, int]:
    return {f"votes_for-{item}": yes, f"votes_against-{item}": no, f"votes_abstain-{item}": abstain}


def perform(session: Session) -> None:
    batch = session.scalars(select(Batch)).one()
    for item in batches.progress_of(session, batch.id).items:
        batches.perform_item(session, ENVIRONMENT, item.id)
    batches.end_when_done(session, batch.id)
    session.commit()


def test_attendance_is_entered_once_and_votes_for_each(saren: Visitor, waiting: list[int]) -> None:
    names = saren.page.all("//form[@data-step-form]//input/@name")
    assert [names.count(name) for name in ("held_on", "present_voters")] == [1, 1]
    assert "votes_for" not in names
    assert {f"votes_for-{item}" for item in waiting} <= set(names)


def test_each_is_decided_separately_and_the_minutes_say_so(
    saren: Visitor, session: Session, waiting: list[int]
) -> None:
    first, second = waiting
    page = saren.submit(item=waiting, **MEETING, **votes(first, 24, 1, 1), **votes(second, 13, 11, 2))
    assert "已完成 0 项，共 2 项" in page
    perform(session)
    page = saren.open(page.path)
    assert "成功 2 项" in page
    page = saren.follow("支部大会会议记录")
    rows = [" ".join(row.text_content().split()) for row in page.all("//tbody/tr")]
    assert rows == ["乌云 24 1 1 26 16 通过", "其木格 13 11 2 26 16 未通过"]
    assert "应到会有表决权的团员30人，实到25人，会前收到书面意见1份（计入票数）" in page
    assert "大会通过接收乌云为中国共产主义青年团团员" in page
    assert "大会未通过接收其木格入团" in page
    assert "不一致" not in page


def test_a_sum_that_does_not_hold_is_said_beside_the_candidate_and_nothing_is_lost(
    saren: Visitor, waiting: list[int]
) -> None:
    first, second = waiting
    page = saren.submit(item=waiting, **MEETING, **votes(first, 24, 1, 1), **votes(second, 13, 11, 9))
    assert page.status == 422
    assert "其木格，赞成票：赞成、反对、弃权之和须等于票数" in page
    assert "乌云，" not in page.all("//*[@data-error-summary]")[0].text_content()
    assert page.all(f"//input[@name='votes_abstain-{second}']/@value") == ["9"]
    assert page.all(f"//input[@name='votes_for-{first}']/@value") == ["24"]
    assert page.all("//input[@name='present_voters']/@value") == ["25"]


def test_a_case_links_to_its_minutes_and_a_case_without_a_meeting_has_none(
    saren: Visitor, session: Session, waiting: list[int]
) -> None:
    first, _second = waiting
    case_ids = session.scalars(select(Case.id).order_by(Case.id)).all()
    assert saren.open(f"/cases/{case_ids[1]}/minutes").status == 404
    saren.open(f"/work-items/{first}")
    saren.submit(**MEETING, votes_for=24, votes_against=1, votes_abstain=1)
    assert saren.open(f"/cases/{case_ids[1]}").links("支部大会会议记录") == []
    saren.open(f"/cases/{case_ids[0]}")
    assert "乌云" in saren.follow("支部大会会议记录")
    assert "其木格" not in saren.page


def test_attendance_that_differs_from_one_candidate_to_the_other_is_pointed_out(
    saren: Visitor, session: Session, waiting: list[int]
) -> None:
    first, second = waiting
    for item, present, yes in ((first, 25, 26), (second, 24, 25)):
        saren.open(f"/work-items/{item}")
        sent = {**MEETING, "present_voters": present}
        saren.submit(**sent, votes_for=yes, votes_against=0, votes_abstain=0)
    case_id = session.scalars(select(Case.id).order_by(Case.id)).first()
    assert "各人登记的到会人数不一致" in saren.open(f"/cases/{case_id}/minutes")


def test_who_must_act_on_one_case_alone_reads_nothing_of_the_others(
    saren: Visitor, session: Session, visit: Visit, cast: Cast, waiting: list[int]
) -> None:
    first, second = waiting
    saren.submit(item=waiting, **MEETING, **votes(first, 24, 1, 1), **votes(second, 13, 11, 2))
    perform(session)
    with clock.standing_at(datetime(2020, 10, 20, 2, tzinfo=UTC)):
        for timer_id in cases.due_timers(session):
            cases.fire_timer(session, ENVIRONMENT, timer_id)
        item = session.scalars(select(WorkItem).where(WorkItem.step == "train_and_assess")).one()
        he = visit(cast.he)
        assert he.open(f"/cases/{item.case_id}/minutes").status == 404
        item.person_id = cast.he.id
        session.commit()
        page = he.open(f"/cases/{item.case_id}/minutes")
        assert "其木格" in page
        assert "乌云" not in page
