"""The pages of the rules: what holds and why, proposing, deciding, taking back, and who sees what."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Page, Visitor
from tests.support import cast as people
from tests.support.application import an_application
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.clock import OFFICE_ZONE
from workflows.domain import posts
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.rules_in_force import Tightening
from workflows.engine import cases
from workflows.engine.tables import Case
from workflows.journal import SYSTEM, Event

Asked = Callable[..., Page]

REASON = "本校团课按十学时排课"


def _ask(visitor: Visitor, unit_id: int, parameter: str = "class_hours_min", **changes: str) -> Page:
    visitor.open(f"/rules/{unit_id}/{parameter}")
    values = {"value": "10", "since": "2020-07-01", "until": "2020-12-31", "reason": REASON, **changes}
    return visitor.submit(f"/rules/{unit_id}/{parameter}", **values)


def _decide(visitor: Visitor, decision: str, **more: str) -> Page:
    [action] = visitor.open("/rules").all("//form[contains(@action, '/decision')]/@action")
    return visitor.submit(action, decision=decision, **more)


def _row(page: Page, title: str) -> str:
    [row] = [row for row in page.tree.iter("tr") if title in row.text_content()]
    return " ".join(row.text_content().split())


def test_everybody_reads_the_rules_of_his_unit_with_article_and_how_sure_they_are(
    visit: Visit, cast: Cast, now: object
) -> None:
    page = visit(cast.saren).open("/rules")
    assert "内蒙古2020年" in page
    assert "8 学时 规定 细则：团课学习" in _row(page, "团课最少学时")
    assert "20 小时/年 通知要求 内团办发〔2020〕14号" in _row(page, "志愿服务最少时长")
    assert "地方做法" in _row(page, "发展对象公示的工作日数")
    assert "提出从严" not in page
    for person in (cast.bator, cast.he, cast.ma):
        assert visit(person).open("/rules").status == 200


def test_what_nobody_has_seen_in_a_text_is_never_shown_as_law(visit: Visit, cast: Cast, now: object) -> None:
    page = visit(cast.saren).open("/rules")
    target, own = _row(page, "审批的期限"), _row(page, "反馈结果的期限")
    assert "30 天 未核实 可从严" in target
    assert "7 天 本产品做法 可从严" in own
    assert "规定" not in own
    assert "超过应到会有表决权人数的 1/2 未核实" in _row(page, "支部大会通过的票数要求")


def test_where_sources_disagree_a_note_says_so(visit: Visit, cast: Cast, now: object) -> None:
    page = visit(cast.saren).open("/rules")
    assert "未见团内条文" in _row(page, "审批的期限")


def test_the_sets_stand_side_by_side(visit: Visit, cast: Cast, now: object) -> None:
    saren = visit(cast.saren)
    saren.open("/rules")
    page = saren.follow("各套规则对照")
    assert "备案规定 细则-2016：入团积极分子备案批准规定 细则-2023：入团积极分子批准" in _row(
        page, "积极分子的备案或批准"
    )
    assert page.text.count("D-1") == 5
    only = saren.follow("只看不同的")
    assert len(only.all("//tbody/tr")) == 6
    assert "现行规则" in only.all("//th")[1].text_content()


def test_a_school_proposes_the_county_approves_and_the_branch_reads_it(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    gaowa = visit(cast.gaowa)
    gaowa.open("/rules")
    assert "提出从严" in _row(gaowa.page, "团课最少学时")
    assert "已报新城区团委审批" in _ask(gaowa, cast.school.id)
    assert "待批" in gaowa.page
    zhao = visit(cast.zhao)
    page = zhao.open("/rules")
    assert "待您审批 1" in page
    assert REASON in page
    assert page.all("//nav//a[contains(., '规则')]/span[@class='count']/text()") == ["1"]
    assert "已批准" in _decide(zhao, "approve")
    assert zhao.page.all("//nav//a[contains(., '规则')]/span[@class='count']") == []
    assert "8 学时" in _row(visit(cast.saren).open("/rules"), "团课最少学时")
    with clock.standing_at(datetime(2020, 7, 1, 9, tzinfo=OFFICE_ZONE)):
        page = visit(cast.saren).open("/rules")
    told = _row(page, "团课最少学时")
    assert "10 学时" in told
    assert "已从严 第一中学团委，2020-07-01 至 2020-12-31规则集为 8 学时" in told
    events = [entry.event for entry in journal.entries_of(session, journal.unit_chain(cast.school.id))]
    assert events[-2:] == [Event.RULE_TIGHTENING_PROPOSED, Event.RULE_TIGHTENING_APPROVED]


def test_declining_needs_an_answer_and_the_history_keeps_it(visit: Visit, cast: Cast, now: object) -> None:
    gaowa, zhao = visit(cast.gaowa), visit(cast.zhao)
    _ask(gaowa, cast.school.id)
    page = _decide(zhao, "decline", answer="不")
    assert page.status == 422
    assert "理由须为5至400个字" in page
    assert page.all("//input[@aria-invalid='true']/@value") == ["不"]
    assert "已答复不批准" in _decide(zhao, "decline", answer="八学时已经足够")
    gaowa.open("/rules")
    history = gaowa.follow("从严记录")
    told = _row(history, "团课最少学时")
    assert "未批准 高娃提出" in told
    assert "赵军审批" in told
    assert f"{REASON}答复：八学时已经足够" in told


def test_it_is_taken_back_by_the_unit(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    _ask(gaowa, cast.school.id)
    [action] = gaowa.page.all("//form[contains(@action, '/withdrawal')]/@action")
    assert "已撤回" in gaowa.submit(action)
    assert "待您审批" not in visit(cast.zhao).open("/rules")


@pytest.mark.parametrize(
    "changes, status, told, field",
    [
        ({"value": "6"}, 409, "“团课最少学时”现行要求为8 学时（依据：细则：团课学习），“6 学时”比它宽", "value"),
        ({"value": "8"}, 409, "现行要求就是8 学时", "value"),
        ({"value": "400"}, 422, "最严可定为40 学时", "value"),
        ({"value": "很多"}, 422, "请按此项的单位填写整数", "value"),
        ({"since": "明天"}, 422, "请填写日期", "since"),
        ({"since": "2020-05-31"}, 422, "起始日期不能早于今天", "since"),
        ({"until": "2022-07-01"}, 422, "从严的期限最长两年", "until"),
        ({"reason": "短"}, 422, "请说明理由", "reason"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_sent_stays(
    visit: Visit, cast: Cast, now: object, changes: dict[str, str], status: int, told: str, field: str
) -> None:
    page = _ask(visit(cast.gaowa), cast.school.id, **changes)
    assert page.status == status
    assert told in page
    assert page.all("//*[@aria-invalid='true']/@id") == [f"field-{field}"]
    assert page.all("//input[@id='field-until']/@value") == [changes.get("until", "2020-12-31")]


@pytest.mark.parametrize(
    "parameter, value, told",
    [
        ("ceremony", "30", "30 天"),
        ("quorum", ">=2/3 of should-attend", "不少于应到会有表决权人数的 2/3"),
        ("activist_confirmation", "APPROVE", "批准"),
        ("notice_target_working_days", "7", "7 工作日"),
    ],
)
def test_each_kind_of_rule_has_its_field(
    visit: Visit, cast: Cast, now: object, parameter: str, value: str, told: str
) -> None:
    page = _ask(visit(cast.gaowa), cast.school.id, parameter, value=value)
    assert page.status == 200
    assert f"从严为 {told}" in page


def test_yes_and_no_are_offered_only_towards_the_stricter_side(visit: Visit, cast: Cast, session: Session) -> None:
    with clock.standing_at(datetime(2023, 6, 1, 10, tzinfo=OFFICE_ZONE)):
        gaowa = visit(cast.gaowa)
        plan = session.scalars(select(people.Plan)).one()
        plan.rule_set = "CYL_2023"
        session.commit()
        gaowa.open(f"/rules/{cast.school.id}/mentor_may_be_party_member")
        offered = gaowa.page.all("//select[@id='field-value']/option/@value")
        days = {"since": "2023-07-01", "until": "2023-12-31"}
        page = _ask(gaowa, cast.school.id, "mentor_may_be_party_member", value="false", **days)
    assert offered == ["", "false"]
    assert "从严为 否" in page


def test_what_cannot_be_tightened_offers_no_form(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    page = gaowa.open(f"/rules/{cast.school.id}/introducers")
    assert (page.status, "由上级统一规定（依据：团章第四条）" in page) == (409, True)
    assert gaowa.open(f"/rules/{cast.school.id}/prereview_required").status == 409
    assert gaowa.open(f"/rules/{cast.school.id}/unheard_of").status == 404


def test_nobody_proposes_for_another_unit(visit: Visit, cast: Cast, now: object) -> None:
    for person, unit in ((cast.saren, cast.school), (cast.gaowa, cast.county), (cast.zhao, cast.school)):
        assert visit(person).open(f"/rules/{unit.id}/class_hours_min").status == 403
    gaowa = visit(cast.gaowa)
    gaowa.open("/rules")
    token = gaowa.page.all("//input[@name='csrf_token']/@value")[0]
    answer = gaowa.client.post(f"/rules/{cast.other_school.id}/class_hours_min", data={"csrf_token": token})
    assert answer.status_code == 403


def _officer(session: Session, cast: Cast) -> Person:
    person = people._person("钱进", cast.other_county, people.BORN)
    session.add(person)
    session.flush()
    given = {"unit_id": cast.other_county.id, "kind": PostKind.COUNTY_COMMITTEE, "since": people.SINCE}
    posts.assign(session, person_id=person.id, actor=SYSTEM, **given)
    return person


def test_another_county_neither_sees_nor_decides(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    _ask(visit(cast.gaowa), cast.school.id)
    number = session.scalars(select(Tightening.id)).one()
    other = visit(_officer(session, cast))
    assert REASON not in other.open("/rules")
    assert REASON not in other.open("/rules/history")
    assert other.open(f"/rules/history?unit={cast.school.id}").status == 404
    assert other.open(f"/rules?unit={cast.school.id}").status == 404
    token = other.open("/rules").all("//input[@name='csrf_token']/@value")[0]
    for act in ("decision", "withdrawal"):
        answer = other.client.post(f"/rules/tightenings/{number}/{act}", data={"csrf_token": token})
        assert answer.status_code == 404


def test_a_branch_reads_only_what_was_approved_above_it(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    _ask(gaowa, cast.school.id)
    saren = visit(cast.saren)
    assert REASON not in saren.open("/rules/history")
    assert "没有从严记录" in saren.page
    _decide(visit(cast.zhao), "approve")
    assert REASON in saren.open("/rules/history")


def test_the_history_goes_on_with_what_is_older(
    visit: Visit, cast: Cast, now: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.pages.rule_sets.PAGE", 1)
    gaowa = visit(cast.gaowa)
    _ask(gaowa, cast.school.id)
    _ask(gaowa, cast.school.id, "ceremony", value="30")
    assert "举行入团仪式的期限" in gaowa.open("/rules/history")
    assert "团课最少学时" in gaowa.follow("更早的")


def test_in_english_the_rules_read_english(visit: Visit, cast: Cast, now: object) -> None:
    saren = visit(cast.saren)
    saren.open("/rules")
    saren.submit("/language", language="en")
    page = saren.open("/rules")
    assert "more than 1/2 (" in page
    assert "not verified" in page
    assert saren.open("/rules/sets").text.count("Inner Mongolia") >= 1


def test_a_case_keeps_what_was_tightened_when_it_began_and_its_pages_say_so(
    visit: Visit, cast: Cast, admission: object, now: object, session: Session
) -> None:
    gaowa, zhao = visit(cast.gaowa), visit(cast.zhao)
    _ask(gaowa, cast.school.id, since="2020-06-01")
    _decide(zhao, "approve")
    saren = visit(cast.saren)
    saren.open("/processes/admission/new")
    assert "本案按从严的要求办理： 团课最少学时 10 学时 — 由第一中学团委从严" in saren.submit(**an_application())
    [action] = gaowa.open("/rules").all("//form[contains(@action, '/withdrawal')]/@action")
    gaowa.submit(action)
    first, later = session.scalars(select(Case)).one(), "later"
    assert cases.data_of(first)["rules"]["class_hours_min"] == 10
    assert "团课最少学时 10 学时" in saren.open(f"/cases/{first.id}")
    saren.open("/processes/admission/new")
    assert "本案按从严的要求办理" not in saren.submit(**an_application(later))
