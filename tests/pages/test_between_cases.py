"""What cases tell each other, as the people of both read it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support import drawings
from tests.support.cast import Cast
from workflows import clock, outbox
from workflows.engine import bundles, cases, correlation
from workflows.engine.bundles import BundleFiles
from workflows.engine.mailbox import LONG_UNCLAIMED
from workflows.engine.tables import Case, WorkItem
from workflows.journal import SYSTEM
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow


def a_case(session: Session, cast: Cast, drawing: str, *, on: str = "2020-06-01") -> Case:
    """A case of Saren's branch, whose first step is done with this day."""
    drawn = drawings.drawn(drawing)
    files = {path: text.replace('value="书记"', 'value="团支部书记"') for path, text in drawn.files.items()}
    bundles.store(session, BundleFiles(files), [], SYSTEM, "")
    saren = cast.actor(cast.saren)
    case = cases.start(session, ENVIRONMENT, process=drawing, unit_id=cast.branch.id, actor=saren)
    item = session.scalars(select(WorkItem).where(WorkItem.case_id == case.id)).one()
    given = {"work_item_id": item.id, "actor": saren, "outcome": "yes", "content": {"on": on}}
    cases.complete_step(session, ENVIRONMENT, **given)
    session.commit()
    return case


def post_arrives(session: Session) -> None:
    """The worker delivers until nothing is left."""
    while rows := session.scalars(select(OutboxRow).where(OutboxRow.done_at.is_(None))).all():
        for row in rows:
            correlation.PERFORM[row.kind](session, ENVIRONMENT, row.payload)
            outbox.mark_done(row)
            session.commit()


def test_the_history_of_either_case_tells_of_a_message(
    visit: Visit, cast: Cast, session: Session, now: datetime
) -> None:
    hearing = a_case(session, cast, "receive_task")
    telling = a_case(session, cast, "send_task")
    post_arrives(session)
    saren = visit(cast.saren)
    assert "发出消息：tell消息“news”" in saren.open(f"/cases/{telling.id}")
    assert f"收到消息：hear消息“news”，来自案卷 {telling.id}" in saren.open(f"/cases/{hearing.id}")


def test_the_history_of_either_case_tells_of_a_signal(
    visit: Visit, cast: Cast, session: Session, now: datetime
) -> None:
    hearing = a_case(session, cast, "signal_catch_event")
    telling = a_case(session, cast, "signal_throw_event")
    post_arrives(session)
    saren = visit(cast.saren)
    assert "发出信号：" in saren.open(f"/cases/{telling.id}")
    assert "收到信号：" in saren.open(f"/cases/{hearing.id}")


@pytest.fixture
def lost(session: Session, cast: Cast, now: datetime) -> Case:
    """A case that sent a message a day ago, which nobody waits for."""
    with clock.standing_at(now - LONG_UNCLAIMED):
        return a_case(session, cast, "send_task")


def test_a_message_nobody_takes_for_a_day_stands_among_the_incidents(
    visit: Visit, cast: Cast, session: Session, lost: Case
) -> None:
    page = visit(cast.gaowa).open("/incidents")
    assert "没有异常" in page
    [row] = page.all("//section[h2='没有收件案件的消息']//tbody/tr")
    assert row.text_content().split() == ["news", "案卷", str(lost.id), "高一1班团支部", "2020-05-31", "10:00"]
    assert page.links(f"案卷 {lost.id}") == [f"/cases/{lost.id}"]
    assert "yes" not in page


def test_an_administrator_reads_of_the_message_but_is_led_to_no_case(visit: Visit, cast: Cast, lost: Case) -> None:
    page = visit(cast.he).open("/incidents")
    assert "没有收件案件的消息" in page
    assert page.links("案卷") == []


def test_a_message_of_another_school_is_not_told_of(visit: Visit, cast: Cast, session: Session, lost: Case) -> None:
    lost.unit_id = cast.other_school.id
    session.commit()
    assert "没有收件案件的消息" not in visit(cast.gaowa).open("/incidents")


def test_a_message_sent_today_may_still_find_its_case(
    visit: Visit, cast: Cast, session: Session, now: datetime
) -> None:
    with clock.standing_at(now - LONG_UNCLAIMED + timedelta(minutes=1)):
        a_case(session, cast, "send_task")
    assert "没有收件案件的消息" not in visit(cast.gaowa).open("/incidents")


def test_a_message_that_was_taken_is_no_longer_listed(visit: Visit, cast: Cast, session: Session, lost: Case) -> None:
    a_case(session, cast, "receive_task")
    post_arrives(session)
    assert "没有收件案件的消息" not in visit(cast.gaowa).open("/incidents")
