"""The page of a case answers "why not yet": the rule, the fact, its source, the article, the way out, who is next."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.engine.reasons.conftest import form
from tests.engine.reasons.test_refused import HOURS, table
from tests.pages.conftest import Applied, Visit
from tests.pages.visitor import Page
from tests.support.application import NOW, an_application
from tests.support.cast import Cast
from tests.support.drawings import ANY_FORM, bundle, decide, drawing, end, flow, start, timer, user, wait, way, xor
from workflows import clock
from workflows.domain import identity_numbers
from workflows.domain.evidence_forms import Kind
from workflows.engine import bundles, cases
from workflows.engine.tables import Case, WorkItem
from workflows.journal import SYSTEM, Actor
from workflows.operations import evidence
from workflows.operations.wiring import ENVIRONMENT

YOUNG = date(2006, 8, 15)


def why(page: Page) -> str:
    """What the page's answer says."""
    [section] = page.all("//section[@id='why']")
    return " ".join(section.text_content().split())


def do(session: Session, case: Case, step: str, actor: Actor, outcome: str, **content: object) -> None:
    item = session.scalars(select(WorkItem).where(WorkItem.case_id == case.id, WorkItem.step == step)).one()
    given = {"work_item_id": item.id, "actor": actor, "outcome": outcome, "content": content}
    cases.complete_step(session, ENVIRONMENT, **given)
    session.commit()


def in_training(session: Session, cast: Cast) -> Case:
    """A case with a mentor, which waits until the time of training is over."""
    saren, lin = cast.actor(cast.saren), cast.actor(cast.lin)
    given = {"process": "admission", "unit_id": cast.branch.id, "outcome": "submit", "content": an_application()}
    case = cases.start(session, ENVIRONMENT, actor=saren, **given)
    talk = {"talked_on": "2020-05-22", "talker": "林一", "points": "思想端正，入团动机明确，愿意接受培养。"}
    do(session, case, "check_application", saren, "accept", received_on="2020-05-21")
    do(session, case, "initial_talk", saren, "suitable", **talk)
    do(session, case, "determine_activist", lin, "propose", decided_on="2020-05-25", source="members")
    do(session, case, "assign_mentor", lin, "submit", mentor=str(cast.lin.id), assigned_on="2020-05-26")
    return case


@pytest.fixture
def refused(applied: Applied) -> Page:
    """The case of somebody who is too young by three months."""
    number = identity_numbers.made_up(YOUNG, "Young", "female")
    return applied(birth_date=YOUNG.isoformat(), id_number=number).page


def test_a_refused_application_tells_rule_fact_source_article_and_first_day(refused: Page) -> None:
    told = why(refused)
    assert "为什么办到这里为止" in told
    assert "审核申请条件：没有通过" in told
    assert "决策表“申请条件”第 2 条 · 依据：团章第1条" in told
    assert "申请时周岁 现为 13 周岁，须达到 14 周岁 最早 2020-08-15" in told
    assert "来源：由“登记申请人”得出，依据：“提交入团申请书”，萨仁 2020-06-01" in told
    assert "申请入团的最低周岁：14 周岁 — 本案所用的规则，依据：团章第一条" in told
    assert "须另行提出" in told


def test_no_identity_number_is_told(refused: Page) -> None:
    assert identity_numbers.made_up(YOUNG, "Young", "female") not in refused.source


def test_a_returned_application_tells_who_returned_it_why_and_who_is_next(applied: Applied) -> None:
    saren = applied()
    saren.submit(received_on="2020-06-01", outcome="return", reason="申请书没有签名")
    page = saren.follow("乌云")
    told = why(page)
    assert "材料是否齐全？ 退回 申请书没有签名" in told
    assert "审核入团申请书：退回补正 — “审核入团申请书”，萨仁 2020-06-01" in told
    assert "另有的去向：不予接收、接收" in told
    assert "下一步由谁办理 提交入团申请书 — 团支部书记 萨仁" in told
    assert page.all("//section[@id='why']//a[contains(@href, '/work-items/')]")


def test_whoever_does_a_step_again_is_led_to_the_reason(applied: Applied) -> None:
    saren = applied()
    assert "为什么又回到这里" not in saren.page
    saren.submit(received_on="2020-06-01", outcome="return", reason="申请书没有签名")
    assert "提交入团申请书" in saren.page.title
    page = saren.follow("为什么又回到这里")
    assert "申请书没有签名" in why(page)


def test_a_case_that_only_waits_for_people_says_so(applied: Applied) -> None:
    saren = applied()
    page = saren.follow("乌云")
    assert "只等有人办理" in why(page)
    assert "您 — 审核入团申请书" in page


def test_an_english_reader_reads_the_product_s_words_in_english(refused: Page, visit: Visit, cast: Cast) -> None:
    saren = visit(cast.saren)
    saren.open(refused.path)
    saren.submit("/language", language="en")
    told = why(saren.open(refused.path))
    assert "Why it ended here" in told
    assert "is 13 years of age, must be at least 14 years of age" in told
    assert "earliest 2020-08-15" in told


def test_whoever_may_not_see_the_case_reads_no_reason(refused: Page, visit: Visit, cast: Cast) -> None:
    administrator = visit(cast.he)
    assert administrator.open(refused.path).status == 404


def test_a_wait_tells_until_when_by_which_rule_and_what_comes_then(visit: Visit, cast: Cast, session: Session) -> None:
    with clock.standing_at(NOW):
        case = in_training(session, cast)
        told = why(visit(cast.saren).open(f"/cases/{case.id}"))
    assert "培养期满：等到 2020-08-25" in told
    assert "培养考察最短期限：3 个月 — 本案所用的规则，依据：细则：培养教育考察" in told
    assert "然后：教育培养考察（培养联系人）" in told


def test_the_evidence_that_was_counted_is_told_with_who_entered_it(visit: Visit, cast: Cast, session: Session) -> None:
    lesson = {"topic": "团章学习", "minutes": 90, "mode": "in_person", "conductor": "林一", "witness": "萨仁"}
    saren, mentor = cast.actor(cast.saren), cast.actor(cast.lin)
    with clock.standing_at(NOW):
        case = in_training(session, cast)
        for day in ("2020-05-20", "2020-05-30"):
            values = {**lesson, "happened_on": day}
            evidence.enter(session, case=case, kind=Kind.CLASS_HOURS, values=values, actor=saren)
        service = {
            "happened_on": "2020-05-31",
            "topic": "敬老院服务",
            "hours": "3.5",
            "conductor": "社区",
            "witness": "萨仁",
        }
        evidence.enter(session, case=case, kind=Kind.VOLUNTEER_HOURS, values=service, actor=saren)
    with clock.standing_at(NOW + timedelta(days=120)):
        for waiting in cases.due_timers(session):
            cases.fire_timer(session, ENVIRONMENT, waiting)
        assessed = {"assessed_on": "2020-09-25", "opinion": "学习认真，积极参加志愿服务，表现良好。"}
        do(session, case, "train_and_assess", mentor, "qualified", **assessed)
        told = why(visit(cast.saren).open(f"/cases/{case.id}"))
    assert "团课学时 现为 2 学时，须达到 8 学时" in told
    assert "团课 2020-05-20：不计：早于确定为入团积极分子之日（萨仁 2020-06-01 登记）" in told
    assert "团课 2020-05-30：2 学时（萨仁 2020-06-01 登记）" in told
    assert "志愿服务 2020-05-31：3.5 小时（萨仁 2020-06-01 登记）" in told


LANE = {"团支部书记": ["learn", "graduate"]}
COURSE = drawing(
    start(),
    user("learn"),
    decide("check", "enough"),
    xor("passed", default="again"),
    wait("pause", timer(duration="rules.approval_target")),
    user("graduate"),
    end(),
    way("begin", "learn", "check", "passed"),
    flow("passed", "pause", 'enough.outcome == "pass"'),
    flow("passed", "learn", name="again"),
    way("pause", "graduate", "done"),
    lanes=LANE,
)
ENOUGH = table(
    ("< rules.class_hours_min", "-", "fail"),
    ("-", '< date("2020-08-25")', "fail"),
    ("-", "-", "pass"),
    inputs="learn.hours learn.on",
)
ON = {"type": "datetime", "key": "on", "dateLabel": "日期"}


def learning(session: Session, cast: Cast, **content: object) -> Case:
    """A case of a small process of its own, whose first step is done with this."""
    files = bundle(COURSE, enough_dmn=ENOUGH, learn=form(HOURS, ON, outcomes="ok"), graduate=ANY_FORM)
    bundles.store(session, files, [], SYSTEM, "")
    saren = cast.actor(cast.saren)
    case = cases.start(session, ENVIRONMENT, process="tiny", unit_id=cast.branch.id, actor=saren)
    do(session, case, "learn", saren, "ok", **content)
    return case


def test_every_condition_missed_is_told_with_the_latest_of_the_dates(
    visit: Visit, cast: Cast, session: Session, now: datetime
) -> None:
    case = learning(session, cast, hours=5, on="2020-06-01")
    told = why(visit(cast.saren).open(f"/cases/{case.id}"))
    assert "下列各项须同时满足" in told
    assert "栏1 现为 5 学时，须达到 8 学时" in told
    assert "栏2 现为 2020-06-01，不得早于 2020-08-25 最早 2020-08-25" in told
    assert "合计最早 2020-08-25 （取最晚的日期；没有日期的各项也须满足）" in told
    assert "learn — 团支部书记 萨仁" in told


def test_a_value_that_nobody_has_seen_published_is_not_shown_as_law(
    visit: Visit, cast: Cast, session: Session, now: datetime
) -> None:
    case = learning(session, cast, hours=8, on="2020-08-25")
    told = why(visit(cast.saren).open(f"/cases/{case.id}"))
    assert "未核实 其中有的数值没有见到公布的依据，不能当作规定" in told
    assert "未核实 — 本案所用的规则" in told
    assert "依据" not in told.replace("公布的依据", "")
