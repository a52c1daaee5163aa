"""A case in one look, on its page and on its card: the step, what is missing, whose turn it is, until when."""

from datetime import date, datetime

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.pages.visitor import Page, Visitor
from tests.support.cast import Cast
from tests.support.training import LESSON, in_training
from workflows import clock
from workflows.domain.evidence_forms import Kind
from workflows.engine.tables import Bundle
from workflows.operations import evidence


def look(page: Page) -> str:
    """What the head of a case's page says."""
    [section] = page.all("//section[contains(@class, 'look')]")
    return " ".join(section.text_content().split())


def test_the_head_of_a_case_tells_the_step_whose_turn_what_to_fill_in_and_until_when(applied: Applied) -> None:
    saren = applied()
    page = saren.submit(outcome="accept", received_on="2020-05-21")
    told = look(saren.open(page.links("乌云")[0]))
    assert "第 2/15 步 派人谈话 未逾期 申请入团" in told
    assert "您 — 派人谈话 2020-06-20 还剩 19 天" in told
    assert "“派人谈话”要填：谈话日期、谈话人、谈话要点" in told
    assert "最早 2020-05-20" in told
    assert "最晚 2020-06-20 — 派人谈话的期限" in told
    assert "依据：细则：派人谈话" in told


def test_another_reads_the_post_and_the_person_instead_of_himself(applied: Applied, visit: Visit, cast: Cast) -> None:
    saren = applied()
    page = saren.submit(outcome="accept", received_on="2020-05-21")
    told = look(visit(cast.lin).open(page.links("乌云")[0]))
    assert "团支部书记 萨仁 — 派人谈话" in told


def test_what_is_missing_is_told_in_figures_on_the_page_and_on_the_card(
    visit: Visit, cast: Cast, admission: Bundle, session: Session, now: datetime
) -> None:
    case = in_training(session, cast)
    saren, actor = visit(cast.saren), cast.actor(cast.saren)
    values = {**LESSON, "minutes": 270}
    evidence.enter(session, case=case, kind=Kind.CLASS_HOURS, values=values, actor=actor)
    session.commit()
    [card] = saren.open("/board").all("//li[contains(@class, 'ticket')]")
    for told in (look(saren.open(f"/cases/{case.id}")), " ".join(card.text_content().split())):
        assert "团课学时：已有 6 学时，须 8 学时" in told
        assert "志愿服务时长：已有 0 小时，须 20 小时" in told


def test_what_is_met_is_not_told_as_missing(
    visit: Visit, cast: Cast, admission: Bundle, session: Session, now: datetime
) -> None:
    case = in_training(session, cast)
    evidence.enter(session, case=case, kind=Kind.CLASS_HOURS, values=LESSON, actor=cast.actor(cast.saren))
    session.commit()
    assert "团课学时" not in look(visit(cast.saren).open(f"/cases/{case.id}"))


def test_a_case_that_is_late_says_for_how_long(applied: Applied) -> None:
    saren = applied()
    page = saren.submit(outcome="accept", received_on="2020-05-21")
    with clock.standing_at(clock.start_of(date(2020, 6, 22))):
        saren.sign_in_again()
        assert "派人谈话 已逾期 2 天" in look(saren.open(page.links("乌云")[0]))


def test_a_case_that_has_ended_asks_nobody_for_anything(applied: Applied) -> None:
    saren = applied(nationality="other")
    told = look(saren.page)
    assert "本案已于 2020-06-01 结束：" in told
    assert "还缺什么" not in told
    assert "未逾期" not in told


def test_a_board_asks_the_database_no_more_for_many_cases_than_for_few(
    visit: Visit, cast: Cast, admission: Bundle, session: Session, database: Engine, now: datetime
) -> None:
    saren = visit(cast.saren)
    in_training(session, cast, name="阿茹")
    few = _statements(saren, database)
    for name in ("呼和", "塔娜", "苏和"):
        in_training(session, cast, name=name)
    assert _statements(saren, database) == few
    assert len(saren.page.all("//li[contains(@class, 'ticket')]")) == 4


def _statements(visitor: Visitor, engine: Engine) -> int:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        visitor.open("/board")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(asked)
