import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.pages.visitor import Visitor
from tests.support.application import an_application
from tests.support.cast import Cast
from webapp.pages import inbox
from workflows.engine import batches
from workflows.engine.tables import Batch, BatchItem, WorkItem
from workflows.operations.wiring import ENVIRONMENT


def _three(saren: Visitor) -> None:
    for seed, name in (("second", "其木格"), ("third", "高云")):
        saren.open("/processes/admission/new")
        saren.submit(**an_application(seed, name=name))


def test_an_empty_inbox_says_so(visit: Visit, cast: Cast) -> None:
    assert "没有待办" in visit(cast.gaowa).open("/inbox")


def test_items_are_listed_counted_and_filtered(applied: Applied, cast: Cast) -> None:
    saren = applied()
    _three(saren)
    page = saren.open("/inbox")
    assert "共 3 项" in page
    assert "审核入团申请书 · 3" in page
    assert page.all("//nav//span[@class='count']/text()") == ["3"]
    assert "共 1 项" in saren.open("/inbox?name=其木格")
    assert "没有符合条件的待办" in saren.open("/inbox?overdue=1")
    assert "没有符合条件的待办" in saren.open("/inbox?step=initial_talk")
    names = saren.open("/inbox?sort=new").all("//td[contains(@class, 'name')]//text()")
    assert [name for name in names if name.strip()] == ["高云", "其木格", "乌云"]


def test_a_long_inbox_has_pages(applied: Applied, monkeypatch: pytest.MonkeyPatch) -> None:
    saren = applied()
    _three(saren)
    monkeypatch.setattr(inbox, "PAGE", 2)
    page = saren.open("/inbox")
    assert len(page.all("//tbody/tr")) == 2
    page = saren.follow("下一页")
    assert len(page.all("//tbody/tr")) == 1
    assert "乌云" in saren.follow("回到第一页")


def test_a_broken_cursor_is_refused_in_words(applied: Applied) -> None:
    page = applied().open("/inbox?after=nonsense")
    assert page.status == 422
    assert "翻页位置无效" in page


def test_several_items_are_signed_off_together(applied: Applied, session: Session) -> None:
    saren = applied()
    _three(saren)
    ids = session.scalars(select(WorkItem.id).order_by(WorkItem.id)).all()
    page = saren.open("/batches/new?" + "&".join(f"item={item}" for item in ids))
    assert "批量办理：审核入团申请书" in page
    assert "蒙古族" in page
    page = saren.submit(outcome="accept", item=[])
    assert page.status == 422
    assert "所选事项为空" in page
    page = saren.submit(outcome="accept", item=ids[:2], received_on="")
    assert "收到申请书日期：必填" in page
    assert page.all("//input[@name='item' and @checked]/@value") == [str(item) for item in ids[:2]]
    page = saren.submit(outcome="accept", item=ids[:2], received_on="2020-05-21")
    assert "已完成 0 项，共 2 项" in page
    batch = session.scalars(select(Batch)).one()
    for item in session.scalars(select(BatchItem).where(BatchItem.batch_id == batch.id)).all():
        batches.perform_item(session, ENVIRONMENT, item.id)
    batches.end_when_done(session, batch.id)
    session.commit()
    page = saren.open(f"/batches/{batch.id}")
    assert "成功 2 项，未办 0 项" in page
    assert page.all("//*[@id='batch']/@data-running") == ["no"]


def test_one_refused_of_a_batch_says_why(applied: Applied, session: Session) -> None:
    saren = applied()
    item = session.scalars(select(WorkItem.id)).one()
    saren.open(f"/batches/new?item={item}")
    saren.submit(outcome="accept", received_on="2020-05-21")
    saren.open(f"/work-items/{item}")
    saren.submit(outcome="accept", received_on="2020-05-22")
    batch = session.scalars(select(Batch)).one()
    batches.perform_item(session, ENVIRONMENT, session.scalars(select(BatchItem.id)).one())
    batches.end_when_done(session, batch.id)
    session.commit()
    page = saren.open(f"/batches/{batch.id}")
    assert "未办 1 项" in page
    assert "萨仁" in page


def test_a_batch_of_another_person_is_not_shown(applied: Applied, visit: Visit, cast: Cast, session: Session) -> None:
    saren = applied()
    saren.open(f"/batches/new?item={session.scalars(select(WorkItem.id)).one()}")
    path = saren.submit(outcome="accept", received_on="2020-05-21").path
    assert visit(cast.lin).open(path).status == 404


def test_different_steps_or_nothing_lead_back_to_the_inbox_with_the_reason(applied: Applied, session: Session) -> None:
    saren = applied()
    saren.submit(outcome="accept", received_on="2020-05-21")
    saren.open("/processes/admission/new")
    saren.submit(**an_application("second", name="其木格"))
    ids = session.scalars(select(WorkItem.id)).all()
    page = saren.open("/batches/new?" + "&".join(f"item={item}" for item in ids))
    assert page.path == "/inbox"
    assert "不是同一步骤" in page
    page = saren.open("/batches/new")
    assert page.path == "/inbox"
    assert "请先在待办中勾选要办理的人员" in page
    page = saren.open("/batches/new?item=987654321")
    assert page.path == "/inbox"
    assert "可能已由他人办理" in page
