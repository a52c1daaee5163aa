from datetime import date

from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.pages.visitor import Visitor
from tests.support.application import an_application
from tests.support.cast import Cast
from workflows import clock
from workflows.domain import posts
from workflows.domain.posts import PostKind
from workflows.engine.tables import Bundle
from workflows.journal import SYSTEM


def _accept(saren: Visitor) -> None:
    saren.submit(outcome="accept", received_on="2020-05-21")


def test_an_empty_board_says_what_to_do(visit: Visit, cast: Cast, admission: Bundle) -> None:
    page = visit(cast.saren).open("/board")
    assert "还没有正在办理的申请" in page
    assert page.links("新的申请") == [f"/processes/admission/new?unit={cast.branch.id}"]


def test_a_card_tells_the_step_who_must_act_and_until_when(applied: Applied) -> None:
    saren = applied()
    _accept(saren)
    page = saren.open("/board")
    assert "乌云第 2/15 步" in page
    assert "办理人：您" in page
    assert "2020-06-20 还剩 19 天" in page
    assert len(page.all("//section[h2[contains(., '申请入团')]]//li")) == 1


def test_what_is_overdue_is_marked_and_found(applied: Applied) -> None:
    saren = applied()
    _accept(saren)
    with clock.standing_at(clock.start_of(date(2020, 6, 20))):
        saren.sign_in_again()
        assert "今天到期" in saren.open("/board?show=soon")
    with clock.standing_at(clock.start_of(date(2020, 6, 22))):
        saren.sign_in_again()
        page = saren.open("/board?show=overdue")
        assert "已逾期 2 天" in page
        assert page.all("//li[contains(@class, 'ticket')]/@class") == ["ticket overdue"]
        assert "乌云" not in saren.open("/board?show=soon")


def test_the_commissioner_sees_that_the_secretary_must_act(applied: Applied, visit: Visit, cast: Cast) -> None:
    applied()
    page = visit(cast.lin).open("/board")
    assert "办理人：团支部书记 萨仁" in page
    assert "乌云" not in visit(cast.lin).open("/board?show=mine")


def test_a_name_is_searched_for(applied: Applied) -> None:
    saren = applied()
    saren.open("/processes/admission/new")
    saren.submit(**an_application("second", name="其木格"))
    page = saren.open("/board?name=其木格")
    assert "其木格" in page
    assert "乌云" not in page


def test_who_keeps_two_branches_chooses_between_them(
    applied: Applied, visit: Visit, cast: Cast, session: Session
) -> None:
    posts.assign(
        session,
        person_id=cast.saren.id,
        unit_id=cast.small_branch.id,
        kind=PostKind.BRANCH_SECRETARY,
        since=date(2020, 1, 1),
        actor=SYSTEM,
    )
    session.commit()
    saren = applied()
    page = saren.open("/board")
    assert page.all("//select[@name='unit']/option/text()") == ["全部", cast.branch.name, cast.small_branch.name]
    assert "乌云" not in saren.open(f"/board?unit={cast.small_branch.id}")
    saren.open("/processes/admission/new")
    page = saren.submit(**an_application("second", name="其木格"), unit=cast.small_branch.id)
    assert "已登记：其木格" in page


def test_a_candidate_in_training_stands_where_he_waits_to_arrive(applied: Applied, visit: Visit, cast: Cast) -> None:
    saren = applied()
    _accept(saren)
    saren.submit(outcome="suitable", talked_on="2020-05-25", talker="萨仁", points="思想端正，愿意接受培养。")
    lin = visit(cast.lin)
    lin.open("/inbox")
    lin.follow("乌云")
    lin.submit(outcome="propose", decided_on="2020-05-26", source="members")
    page = lin.submit(mentor=cast.bator.id, assigned_on="2020-05-27")
    assert "已办理：指定培养联系人" in page
    page = saren.open("/board")
    card = page.all("//section[h2[contains(., '教育、培养和考察')]]//li")[0].text_content()
    assert "等待：" in card
    assert "至 2020-08-26" in card
