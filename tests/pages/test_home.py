import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support.cast import Cast
from workflows.engine.environment import Addressee
from workflows.engine.tables import Bundle
from workflows.operations import notices
from workflows.outbox import OutboxRow


@pytest.mark.parametrize(
    "name, arrives",
    [("saren", "/board"), ("lin", "/board"), ("bator", "/inbox"), ("gaowa", "/inbox"), ("he", "/processes")],
)
@pytest.mark.usefixtures("admission")
def test_everybody_arrives_where_the_work_lies(visit: Visit, cast: Cast, name: str, arrives: str) -> None:
    assert visit(getattr(cast, name)).open("/").path == arrives


def test_a_page_says_who_is_signed_in_and_in_which_post(visit: Visit, cast: Cast, admission: Bundle) -> None:
    page = visit(cast.gaowa).open("/")
    assert "高娃 第一中学团委 基层团委审批人" in page


def test_notices_are_shown_until_they_are_read(visit: Visit, cast: Cast, session: Session) -> None:
    gaowa = visit(cast.gaowa)
    assert "没有通知" in gaowa.open("/notices")
    notices.post(session, Addressee(cast.school.id, "grassroots_committee"), "谈话已逾期")
    session.flush()
    row = session.query(OutboxRow).filter_by(kind="notice").one()
    notice = notices.deliver(session, row.payload)
    session.commit()
    assert "谈话已逾期 未读" in gaowa.open("/notices")
    page = gaowa.submit(f"/notices/{notice.id}/read")
    assert "未读" not in page
    assert "谈话已逾期" not in visit(cast.zhao).open("/notices")


def test_what_does_not_exist_is_said_in_plain_words(visit: Visit, cast: Cast) -> None:
    page = visit(cast.saren).open("/no-such-page")
    assert page.status == 404
    assert "找不到您要打开的内容" in page
    assert page.links("回到首页") == ["/"]


def test_a_page_of_another_post_is_refused(visit: Visit, cast: Cast) -> None:
    page = visit(cast.bator).open("/quota")
    assert page.status == 403
    assert "您目前没有这一职务" in page
    assert "按职务授权" in page
