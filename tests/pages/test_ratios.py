from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support import cast as people
from tests.support.cast import Cast
from tests.unit.domain.test_quota_control import hold
from tests.unit.domain.test_split_proposals import counted
from workflows import journal
from workflows.domain import quota_control, quotas
from workflows.domain.head_counts import Line
from workflows.domain.units import Field
from workflows.journal import SYSTEM

FULL = Line(Field.SENIOR, True, 50, 29)


def count_class(session: Session, cast: Cast, line: Line = FULL) -> None:
    counted(session, cast.branch, line)
    session.commit()


def test_a_committee_sees_what_is_and_what_would_be(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    count_class(session, cast)
    zhao = visit(cast.zhao)
    assert zhao.open("/quota").links("比例预测") == [f"/ratios?unit={cast.county.id}"]
    page = zhao.follow("比例预测")
    assert f"/ratios?unit={cast.school.id}" in page.links("第一中学团委")
    assert "29/50" in page
    assert "58.0%" in page
    assert "接近上限" in page
    assert "离年底213 天" in page
    page = zhao.open(f"/ratios?unit={cast.school.id}&admissions=3&leavers=1")
    assert "62.0%" in page
    assert "超 1" in page
    assert "没有保存任何内容" in page


def test_a_county_grants_a_class_an_exception(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    count_class(session, cast, Line(Field.SENIOR, True, 50, 31))
    zhao = visit(cast.zhao)
    page = zhao.open(f"/ratios?unit={cast.branch.id}")
    assert "本班还能接收 0 人" in page
    page = zhao.submit("/ratios/exceptions", extra=0, reason="短")
    assert page.status == 422
    assert "应为1至200的整数" in page
    page = zhao.submit("/ratios/exceptions", extra=2, reason="转入应届生事迹突出，经研究同意")
    assert "超出上限接收 2 人" in page
    assert "本班还能接收 2 人" in page
    plan = quotas.current_plan(session)
    assert [each.granted_by for each in quota_control.exceptions_of(session, plan, cast.branch.id)] == [cast.zhao.id]


def test_a_school_grants_itself_nothing(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    count_class(session, cast)
    gaowa = visit(cast.gaowa)
    page = gaowa.open(f"/ratios?unit={cast.branch.id}")
    assert page.all("//form[@action='/ratios/exceptions']") == []
    token = gaowa.open("/quota").all("//input[@name='csrf_token']/@value")[0]
    sent = {"csrf_token": token, "unit": cast.branch.id, "extra": 1, "reason": "本校需要多接收一人"}
    assert gaowa.client.post("/ratios/exceptions", data=sent).status_code == 403
    refused = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-1]
    assert refused.facts["code"] == "authority.missing"


def test_without_head_counts_the_page_says_so(visit: Visit, cast: Cast, now: object) -> None:
    page = visit(cast.gaowa).open("/ratios")
    assert "没有人数就算不出比例" in page
    assert visit(cast.saren).open("/quota").links("比例预测") == []


def test_classes_nobody_counted_are_listed_with_their_places(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    count_class(session, cast)
    people.apply(session, cast, 1).unit_id = cast.small_branch.id
    quotas.reserve(session, unit_id=cast.school.id, case_id=1, actor=SYSTEM)
    session.commit()
    zhao = visit(cast.zhao)
    page = zhao.open(f"/ratios?unit={cast.county.id}")
    assert "这些班级没有填报截至 2019-12-31 的人数" in page
    assert "仍可预留名额，只作提示。 本产品的默认值（未核实）" in page
    rows = [" ".join(row.itertext()).split() for row in page.all("//section[@id='uncounted']//tbody/tr")]
    assert rows == [["第一中学团委", "1/2", "1", "2"], ["第二中学团委", "全部未填报", "0", "0"]]
    page = zhao.open(f"/ratios?unit={cast.school.id}")
    rows = [" ".join(row.itertext()).split() for row in page.all("//section[@id='uncounted']//tbody/tr")]
    assert rows == [["高一2班团支部", "1/1", "1", "0"]]
    hold(session, cast, "uncounted_admission", "refuse")
    session.commit()
    page = zhao.open(f"/ratios?unit={cast.county.id}")
    assert "填报以前不能预留名额。 本级或上级收紧的规则" in page


def test_universities_need_not_be_counted(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    for school in (cast.school, cast.other_school):
        school.field = Field.UNIVERSITY
    session.commit()
    assert "这些班级没有填报" not in visit(cast.zhao).open(f"/ratios?unit={cast.county.id}")
