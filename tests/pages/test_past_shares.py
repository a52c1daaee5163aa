"""Last year's places on the pages: entered by the unit above, from a form or a file, and told in the split."""

from io import BytesIO

from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Page, Visitor
from tests.support.cast import Cast
from workflows.domain import head_counts, past_shares, quotas
from workflows.domain.head_counts import Line
from workflows.domain.units import Field
from workflows.journal import SYSTEM


def check(visitor: Visitor, content: bytes) -> Page:
    token = visitor.page.all("//input[@name='csrf_token']/@value")[0]
    [unit, *_] = visitor.page.all("//input[@name='unit']/@value")
    data = {"csrf_token": token, "unit": unit, "year": "2019", "file": (BytesIO(content), "2019.csv")}
    answer = visitor.client.post("/quota/last-year/file/check", data=data)
    visitor.page = Page("/quota/last-year/file/check", answer.status_code, answer.get_data(as_text=True))
    return visitor.page


def test_a_county_enters_its_schools_and_corrects_them(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    zhao, key = visit(cast.zhao), f"amount-{cast.school.id}"
    page = zhao.open("/quota/last-year")
    assert "2019 年名额" in page
    assert "未知" in page
    page = zhao.submit("/quota/last-year", **{key: "x"}, source="")
    assert page.status == 422
    assert "应为0至999999的整数" in page
    assert "请写明数据来源" in page
    for amount in (40, 44):
        page = zhao.submit("/quota/last-year", **{key: amount}, source="新团发〔2019〕2号")
        assert "已补录 1 个单位的上年名额" in page
        assert "赵军于2020-06-01补录（新团发〔2019〕2号）" in page
    assert past_shares.of_year(session, 2019, [cast.school.id]) == {cast.school.id: 44}


def test_a_file_is_looked_at_first(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    zhao = visit(cast.zhao)
    zhao.open("/quota/last-year")
    assert "第一行缺少列名" in check(zhao, b"a,b\n1,2\n")
    page = check(zhao, "组织代码,上年名额\nS1,40\nS7,3\n".encode())
    assert "共 2 行，其中 1 行不能采用" in page
    assert "没有这个组织" in page
    page = check(zhao, "组织代码,上年名额\nS1,40\n".encode("gb18030"))
    assert "还没有保存" in page
    page = zhao.submit("/quota/last-year/file")
    assert "文件 2019.csv" in page
    assert past_shares.of_year(session, 2019, [cast.school.id]) == {cast.school.id: 40}


def test_the_books_own_figure_is_shown_and_not_asked_for(visit: Visit, cast: Cast, now: object) -> None:
    page = visit(cast.zhao).open("/quota/last-year?year=2020")
    assert "系统账目" in page
    assert page.all(f"//input[@name='amount-{cast.school.id}']/@value") == []


def test_a_school_reads_and_does_not_enter_its_own(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    assert gaowa.open(f"/quota/last-year?unit={cast.county.id}").status == 404
    assert "高一1班" in gaowa.open("/quota/last-year")


def test_the_split_tells_where_last_years_figure_comes_from(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    plan = quotas.current_plan(session)
    quotas.give_back(session, plan, cast.school.id, 3, SYSTEM)
    day = head_counts.day_for(plan.year)
    line = Line(Field.SENIOR, True, 100, 70)
    head_counts.record(session, unit_id=cast.school.id, as_of=day, lines=[line], source="学籍系统", actor=SYSTEM)
    session.commit()
    zhao = visit(cast.zhao)
    zhao.open("/quota/last-year")
    zhao.submit("/quota/last-year", **{f"amount-{cast.school.id}": 10}, source="新团发〔2019〕2号")
    zhao.open("/quota/split")
    page = zhao.submit("/quota/split", reserve_rate="0")
    assert "上年名额 10 个，赵军于2020-06-01补录（新团发〔2019〕2号）" in page
    assert "名额较上年 10 个压减" in page
