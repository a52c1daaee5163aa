from io import BytesIO
from typing import Any

from openpyxl import Workbook
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Page, Visitor
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import head_counts
from workflows.domain.head_counts import Counts, Line, Standing
from workflows.domain.units import Field, Unit

DAY = head_counts.day_for(2020)
HEADING = ["组织代码", "阶段", "毕业班", "学生数", "团员数", "申请人数"]


def standing(session: Session, unit: Unit) -> Counts:
    session.expire_all()
    return Standing(session, unit, DAY).of(unit)


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in [HEADING, *rows]:
        book.active.append(row)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def check(visitor: Visitor, unit: Unit, content: bytes, name: str) -> Page:
    visitor.open(f"/head-counts/file?unit={unit.id}")
    token = visitor.page.all("//input[@name='csrf_token']/@value")[0]
    data = {"csrf_token": token, "unit": str(unit.id), "file": (BytesIO(content), name)}
    answer = visitor.client.post("/head-counts/file/check", data=data)
    visitor.page = Page("/head-counts/file/check", answer.status_code, answer.get_data(as_text=True))
    return visitor.page


def test_a_school_enters_its_classes(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    gaowa = visit(cast.gaowa)
    assert "截至 2019-12-31，用于 2020 年计划" in gaowa.open("/head-counts")
    one, other = cast.branch.id, cast.small_branch.id
    given = {f"students-{one}": "50", f"members-{one}": "31", f"graduating-{one}": "1", f"stage-{one}": "senior"}
    page = gaowa.submit("/head-counts/classes", source="学籍系统", **given, **{f"applicants-{one}": ""})
    assert "已保存 1 个班级的人数" in page
    assert "62.0%" in page
    assert "超过上限" in page
    assert standing(session, cast.school).lines == (Line(Field.SENIOR, True, 50, 31),)
    page = gaowa.submit("/head-counts/classes", source="", **{f"students-{other}": "5", f"members-{other}": "6"})
    assert page.status == 422
    assert "团员数应为0至学生数之间的整数" in page
    assert page.all(f"//input[@name='members-{other}']/@value") == ["6"]
    assert page.all(f"//input[@name='students-{one}']/@value") == ["50"]


def test_a_county_hands_in_totals(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    zhao = visit(cast.zhao)
    zhao.open("/head-counts")
    given = {"students-junior.1": "900", "members-junior.1": "200", "youth": "30000", "source": "县教体局统计"}
    page = zhao.submit("/head-counts/totals", **given)
    assert "已保存本级汇总人数" in page
    assert "22.2%" in page
    assert standing(session, cast.county) == Counts((Line(Field.JUNIOR, True, 900, 200),), 30000, 1, True)
    page = zhao.submit("/head-counts/totals", **{"students-junior.1": "x", "source": "县教体局统计"})
    assert "应为0至10000000的整数" in page


def test_a_workbook_is_checked_and_taken_over_whole(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    zhao = visit(cast.zhao)
    rows = ["S1-1", "普通高中", "是", 50, 20, 5], ["第二中学团委", "初中", "否", 400, 20, None]
    page = check(zhao, cast.county, workbook(*rows), "counts.xlsx")
    assert "共 2 行，都可以采用" in page
    assert standing(session, cast.county) == Counts()
    page = zhao.submit("/head-counts/file")
    assert "已采用文件，共 2 个组织" in page
    assert standing(session, cast.county).students == 450
    assert standing(session, cast.branch).lines == (Line(Field.SENIOR, True, 50, 20, 5),)


def test_every_wrong_line_of_a_file_is_told(visit: Visit, cast: Cast, now: object) -> None:
    lines = [
        ",".join(HEADING),
        "S1-1,普通高中,是,50,51,",
        "S1-2,小学,,5,1,",
        "S9,初中,,5,1,",
        "S2,初中,,五,1,",
        "S2,初中,也许,5,1,",
        "S1,普通高中,否,5,1,",
        "S1,普通高中,否,5,1,",
    ]
    page = check(visit(cast.zhao), cast.county, "\n".join(lines).encode("gb18030"), "counts.csv")
    assert "共 7 行，其中 6 行不能采用" in page
    for said in ("团员数应为", "阶段应为", "没有这个组织", "应为整数", "毕业班一栏应为", "只填一行"):
        assert said in page
    assert page.all("//button[contains(., '采用这')]") == []


def test_what_is_no_table_is_told(visit: Visit, cast: Cast, now: object) -> None:
    zhao = visit(cast.zhao)
    bad = [b"PK\x03\x04 no workbook", b"\xff\xfe\xff", b"a,b\n1,2", b"", (",".join(HEADING)).encode()]
    said = ["工作簿已损坏", "文件不是文字", "第一行缺少列名", "第一行缺少列名", "文件里没有内容"]
    for content, words in zip(bad, said, strict=True):
        page = check(zhao, cast.county, content, "counts.csv")
        assert page.status == 422
        assert words in page


def test_nobody_enters_figures_of_a_unit_that_is_not_below(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    gaowa = visit(cast.gaowa)
    gaowa.open("/head-counts")
    page = gaowa.submit("/head-counts/classes", unit=cast.other_school.id, source="学籍系统")
    assert page.status == 403
    refused = journal.entries_of(session, journal.unit_chain(cast.other_school.id))[-1]
    assert refused.facts["code"] == "authority.missing"
    assert "填报本级汇总数" not in visit(cast.ma).open("/head-counts")
