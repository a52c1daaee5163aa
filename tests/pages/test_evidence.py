"""Evidence of training on its page: totals against the rules, entering, correcting, and who sees any of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.cast import Cast
from tests.support.training import LESSON, SERVICE, in_training
from workflows import clock
from workflows.domain import posts
from workflows.domain.posts import Post
from workflows.engine import cases
from workflows.engine.tables import Bundle, Case, WorkItem
from workflows.journal import SYSTEM
from workflows.operations import evidence
from workflows.operations.wiring import ENVIRONMENT


@pytest.fixture
def case(session: Session, cast: Cast, admission: Bundle) -> Iterator[Case]:
    """Wuyun's, in training since 18 March; nothing is on record."""
    with clock.standing_at(datetime(2020, 6, 17, 2, tzinfo=UTC)):
        yield in_training(session, cast)


@pytest.fixture
def saren(visit: Visit, cast: Cast, case: Case) -> Visitor:
    """The branch secretary at the candidate's page."""
    saren = visit(cast.saren)
    saren.open(f"/cases/{case.id}")
    saren.follow("培养材料")
    return saren


def totals(visitor: Visitor) -> list[list[str]]:
    rows = visitor.page.all("//section[1]//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


def test_totals_stand_beside_what_the_rules_ask_for(saren: Visitor) -> None:
    told = totals(saren)
    assert told[0][:4] == ["团课学时", "0 学时", "8 学时", "还缺 8 学时"]
    assert told[1][:4] == ["志愿服务时长", "0 小时", "20 小时", "还缺 20 小时"]
    assert told[2][:4] == ["思政考评合格", "否", "是", "缺合格的考评"]
    assert told[3][:4] == ["谈心谈话", "0 次", "只作记录", "不作门槛"]
    assert "地方做法" in told[3][4]


def test_what_is_entered_is_counted_at_once(saren: Visitor) -> None:
    saren.follow("登记团课")
    page = saren.submit(**LESSON)
    assert "已登记：团课" in page
    assert totals(saren)[0][:4] == ["团课学时", "8 学时", "8 学时", "已达到"]
    saren.open(saren.page.links("登记志愿服务")[1])  # the first leads to files
    saren.submit(**SERVICE)
    assert totals(saren)[1][:4] == ["志愿服务时长", "2.5 小时", "20 小时", "还缺 17.5 小时"]
    assert "萨仁2020-06-17 10:00" in saren.page.text.replace("萨仁 ", "萨仁")


def test_what_does_not_count_says_why(saren: Visitor) -> None:
    saren.follow("登记团课")
    page = saren.submit(**{**LESSON, "mode": "online"})
    assert "未全计：超过网络团课最多计入的学时" in page
    assert totals(saren)[0][1] == "0 学时"


def test_wrong_fields_are_named_and_what_was_typed_is_kept(saren: Visitor) -> None:
    saren.follow("登记团课")
    page = saren.submit(**{**LESSON, "minutes": "4.5", "witness": ""})
    assert page.status == 422
    assert "时长（分钟）：应为 1 至 720 的整数（分钟）" in page
    assert "证明人：必填" in page
    assert page.all("//textarea[@name='topic']/text()")[-1].strip() == "学习团章"


def test_the_same_is_not_entered_twice_and_the_page_names_the_earlier_entry(saren: Visitor) -> None:
    for status in (200, 409):
        saren.follow("登记团课")
        assert saren.submit(**LESSON).status == status
    assert "2020-04-10的“学习团章”已登记（第" in saren.page


def test_a_correction_with_its_reason_takes_the_place_of_the_entry(saren: Visitor) -> None:
    saren.follow("登记团课")
    saren.submit(**LESSON)
    saren.follow("更正")
    assert saren.page.all("//input[@name='minutes']/@value") == ["360"]
    assert saren.submit(minutes=90, act="save").status == 422
    page = saren.submit(minutes=90, act="save", reason="当天只上了两节")
    assert "：当天只上了两节" in page
    assert totals(saren)[0][1] == "2 学时"
    assert "已更正、已划去的记录（1 条）" in page


def test_what_was_struck_out_counts_no_longer_and_stays_to_be_read(saren: Visitor) -> None:
    saren.follow("登记团课")
    saren.submit(**LESSON)
    where = saren.page.links("更正")[0]
    saren.follow("更正")
    page = saren.submit(act="strike", reason="另一名同学的材料")
    assert totals(saren)[0][1] == "0 学时"
    assert "另一名同学的材料" in page
    assert "已划去的记录（2 条）" in page
    assert saren.open(where).status == 409


def test_the_case_s_history_tells_of_entering_and_correcting(saren: Visitor, case: Case) -> None:
    saren.follow("登记团课")
    saren.submit(**LESSON)
    saren.follow("更正")
    saren.submit(minutes=90, act="save", reason="当天只上了两节")
    saren.follow("更正")
    saren.submit(act="strike", reason="另一名同学的材料")
    page = saren.open(f"/cases/{case.id}")
    told = [" ".join(one.text_content().split()) for one in page.all("//ol[@class='history']/li")[:3]]
    assert [one.split("：")[0] for one in told] == ["划去培养材料", "更正培养材料", "登记培养材料"]
    assert "萨仁" in told[2]
    assert "发生于 2020-04-10" in told[2]


def test_the_committee_reads_and_enters_nothing(saren: Visitor, visit: Visit, cast: Cast, case: Case) -> None:
    saren.follow("登记团课")
    saren.submit(**LESSON)
    gaowa = visit(cast.gaowa)
    page = gaowa.open(f"/cases/{case.id}/evidence")
    assert "学习团章" in page
    assert page.links("登记团课") == page.links("更正") == []
    assert gaowa.open(f"/cases/{case.id}/evidence/new/class_hours").status == 403


def test_the_mentor_enters_for_the_candidate(visit: Visit, cast: Cast, case: Case) -> None:
    bator = visit(cast.bator)
    bator.open(f"/cases/{case.id}/evidence")
    bator.follow("登记谈心谈话")
    assert "已登记：谈心谈话" in bator.submit(happened_on="2020-05-10", conductor="巴特尔", topic="谈学习情况")


def test_a_mentor_without_a_post_reads_and_enters_for_the_candidate_all_the_same(
    visit: Visit, session: Session, cast: Cast, case: Case
) -> None:
    post = session.scalars(select(Post).where(Post.person_id == cast.bator.id)).one()
    posts.end(session, post_id=post.id, last_day=date(2020, 6, 16), actor=SYSTEM)
    session.commit()
    bator = visit(cast.bator)
    assert bator.open(f"/cases/{case.id}").status == 404
    bator.open(f"/cases/{case.id}/evidence")
    assert bator.page.links("登记谈心谈话")


def test_the_case_says_what_of_the_evidence_is_missing_and_where_the_count_comes_from(
    saren: Visitor, visit: Visit, session: Session, cast: Cast, case: Case
) -> None:
    cases.fire_timer(session, ENVIRONMENT, cases.due_timers(session)[0])
    session.commit()
    [item] = session.scalars(select(WorkItem).where(WorkItem.case_id == case.id))
    bator = visit(cast.bator)
    bator.open(f"/work-items/{item.id}")
    bator.submit(assessed_on="2020-06-17", opinion="学习认真，积极参加志愿服务，表现良好。", outcome="qualified")
    told = saren.open(f"/cases/{case.id}").text
    assert "团课学时不足：现有0学时，须满8学时" in told
    assert "由“核对培养材料”得出" in told


@pytest.mark.parametrize("path", ["", "/new/class_hours"])
def test_to_who_may_not_see_the_case_there_is_no_evidence(visit: Visit, cast: Cast, case: Case, path: str) -> None:
    assert visit(cast.he).open(f"/cases/{case.id}/evidence{path}").status == 404


@pytest.mark.parametrize("path", ["/new/birth_certificate", "/99/correction"])
def test_what_there_is_not_is_not_found(saren: Visitor, case: Case, path: str) -> None:
    assert saren.open(f"/cases/{case.id}/evidence{path}").status == 404


def test_a_case_of_a_version_that_asks_for_totals_in_a_form_says_so(
    saren: Visitor, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "按较早版本的流程办理" not in saren.page
    monkeypatch.setattr(evidence, "COUNT", "nothing.counts")
    assert "按较早版本的流程办理" in saren.open(f"/cases/{case.id}/evidence")


def test_nothing_more_is_entered_once_the_case_has_ended(saren: Visitor, session: Session, case: Case) -> None:
    case.ended_at, case.ended_label = clock.now(), "撤回"
    session.commit()
    assert saren.open(f"/cases/{case.id}/evidence").links("登记团课") == []
    assert saren.open(f"/cases/{case.id}/evidence/new/class_hours").status == 409
