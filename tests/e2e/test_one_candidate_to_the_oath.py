"""The story the product is for: seven people bring one candidate from the application to the oath."""

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.e2e.conftest import Desks, House
from tests.e2e.staging import TRAINED, application, member_of_case
from workflows import journal
from workflows.domain import quotas
from workflows.domain.accounts import Account
from workflows.engine.tables import Case

NAME = "演示·乌云"
SECRETARY, COMMISSIONER, MENTOR = "xincheng1.secretary", "xincheng1.commissioner", "xincheng1.mentor1"
REVIEWER, APPROVER, COUNTY = "xincheng.approver1", "xincheng.approver2", "xincheng.county"


def test_seven_people_bring_one_candidate_to_the_oath(house: House, desks: Desks) -> None:
    _apply(desks)
    _train(house, desks)
    _become_target(house, desks)
    _be_received(desks)
    _take_the_oath(desks)
    _everything_is_on_record(house)


def _apply(desks: Desks) -> None:
    secretary = desks[SECRETARY]
    secretary.look_over()
    secretary.page.get_by_role("link", name="新的申请").click()
    secretary.fill("submit", {**application(NAME), "id_number": "150102201106010000"})
    secretary.submit()
    summary = secretary.page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("身份证")
    secretary.look_over()
    summary.get_by_role("link").first.click()
    secretary.fill("submit", application(NAME))
    secretary.submit()
    expect(secretary.page.get_by_role("status")).to_contain_text(f"已登记：{NAME}")
    secretary.do(NAME, "审核入团申请书", "accept", {"received_on": "2026-03-03"})
    points = {"talked_on": "2026-03-10", "talker": "演示·谈话人", "points": "思想端正，入团动机明确。"}
    secretary.do(NAME, "派人谈话", "suitable", points)
    commissioner = desks[COMMISSIONER]
    commissioner.do(NAME, "确定积极分子", "propose", {"decided_on": "2026-03-16", "source": "members"})
    desks[REVIEWER].do(NAME, "批准积极分子", "approve", {"decided_on": "2026-03-17"})


def _train(house: House, desks: Desks) -> None:
    commissioner, mentor = desks[COMMISSIONER], desks[MENTOR]
    named = {"mentor": _id_of(house, MENTOR), "assigned_on": "2026-03-18"}
    commissioner.do(NAME, "指定培养联系人", "submit", named)
    evidence = f"/cases/{_case_of(house)}/evidence"
    for kind, values in TRAINED:
        mentor.enter(f"{evidence}/new/{kind}", values)
    mentor.look_over()
    training = {"assessed_on": "2026-06-17", "opinion": "学习认真，积极参加志愿服务。"}
    mentor.do(NAME, "教育培养考察", "qualified", training)  # the worker has let the three months pass
    commissioner.do(NAME, "推荐发展对象", "recommend", {"decided_on": "2026-06-19"})


def _become_target(house: House, desks: Desks) -> None:
    desks[REVIEWER].do(NAME, "预审发展对象", "pass", {"reviewed_on": "2026-06-22"})
    notice = {"posted_on": "2026-06-23", "where": "教学楼公示栏", "contact": "校团委办公室"}
    desks[SECRETARY].do(NAME, "公示发展对象", "submit", notice)
    desks[REVIEWER].do(NAME, "认定公示结果", "no_objection", {"closed_on": "2026-07-02"})
    introducers = {
        "introducer_1": _id_of(house, MENTOR),
        "introducer_2": _id_of(house, COMMISSIONER),
        "confirmed_on": "2026-07-03",
    }
    desks[COMMISSIONER].do(NAME, "确定入团介绍人", "submit", introducers)


SEND_ALL_THE_SAME = """async () => {
  const token = document.querySelector("input[name=csrf_token]").value
  const body = new URLSearchParams({ csrf_token: token, outcome: "approve" })
  return (await fetch(location.href, { method: "POST", body })).status
}"""
"""What somebody could still send who is offered no form."""


def _be_received(desks: Desks) -> None:
    desks[SECRETARY].do(NAME, "填写入团志愿书", "submit", {"filled_on": "2026-07-06"})
    desks[COMMISSIONER].do(NAME, "审查入团志愿书", "ok", {"checked_on": "2026-07-07"})
    votes = {
        "held_on": "2026-07-09",
        "eligible_voters": "30",
        "present_voters": "25",
        "written_opinions": "1",
        "votes_for": "24",
        "votes_against": "1",
        "votes_abstain": "1",
    }
    desks[SECRETARY].do(NAME, "支部大会表决", "held", votes)
    decision = {"decided_on": "2026-07-15", "committee_size": "9", "committee_present": "8", "committee_for": "8"}
    reviewer = desks[REVIEWER]
    reviewer.open_item(NAME, "审批入团")
    reviewer.see_drawing()
    reviewer.look_over()
    expect(reviewer.page.locator("main")).to_contain_text("须由另一人办理")
    expect(reviewer.page.locator("form[data-step-form]")).to_have_count(0)
    assert reviewer.page.evaluate(SEND_ALL_THE_SAME) == 403
    desks[APPROVER].do(NAME, "审批入团", "approve", decision)
    desks[COUNTY].do(NAME, "县级团委备案", "filed", {"filed_on": "2026-07-17"})


def _take_the_oath(desks: Desks) -> None:
    secretary, approver = desks[SECRETARY], desks[APPROVER]
    secretary.do(NAME, "反馈批准结果", "submit", {"told_on": "2026-07-20"})
    filed = {"entered_on": "2026-07-22", "pages": "12", "size_mb": "8.6", "card_number": "10100001"}
    secretary.do(NAME, "录入系统并归档", "submit", filed)
    approver.do(NAME, "认证团员档案", "certified", {"certified_on": "2026-07-24"})
    oath = {"held_on": "2026-09-10", "place": "学校礼堂", "oath_leader": "演示·领誓人"}
    approver.do(NAME, "举行入团仪式", "held", oath)
    secretary.page.goto("/cases?state=ended")
    secretary.page.get_by_role("link", name=NAME).click()
    main = secretary.page.locator("main")
    expect(main).to_contain_text("入团完成")
    expect(main).to_contain_text("10100001")
    secretary.see_drawing()
    secretary.page.goto("/quota")
    expect(secretary.page.locator("main")).to_contain_text(NAME)
    secretary.look_over()


def _case_of(house: House) -> int:
    with Session(house.database) as session:
        return session.scalars(select(Case.id).where(Case.title == NAME)).one()


def _everything_is_on_record(house: House) -> None:
    with Session(house.database) as session:
        case = session.scalars(select(Case).where(Case.title == NAME)).one()
        assert case.result == "admitted"
        member = member_of_case(session, case.id)
        assert member is not None
        assert member.number is not None
        assert member.number.startswith("202615")
        place = quotas.place_of(session, case.id)
        assert place is not None
        assert (place.number, place.state) == (member.number, "filed")
        assert quotas.audit(session).faults == []
        assert journal.verify(session).faults == []
        events = [entry.event for entry in journal.entries_of(session, journal.case_chain(case.id))]
        assert "act:refused" in events


def _id_of(house: House, login: str) -> str:
    """The number under which a person stands in a list to choose from."""
    with Session(house.database) as session:
        return str(session.scalars(select(Account.person_id).where(Account.login == login)).one())
