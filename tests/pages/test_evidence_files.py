"""Volunteer service from a file on the page: choose, look at every row, take all of them or none."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.cast import Cast
from tests.support.training import in_training
from tests.support.workbooks import with_parts, workbook
from workflows import clock
from workflows.domain import volunteer_files, workbooks
from workflows.engine.tables import Bundle, Case

HEADING = "姓名,日期,时长（小时）,服务内容,组织单位,证明人\n"
ROW = "乌云,2020-05-09,2.5,敬老院服务,志愿者协会,林一\n"


@pytest.fixture
def case(session: Session, cast: Cast, admission: Bundle) -> Iterator[Case]:
    """Wuyun's, in training since 18 March."""
    with clock.standing_at(datetime(2020, 6, 17, 2, tzinfo=UTC)):
        yield in_training(session, cast)


@pytest.fixture
def saren(visit: Visit, cast: Cast, case: Case) -> Visitor:
    """The branch secretary before the page where a file is chosen."""
    saren = visit(cast.saren)
    saren.open(f"/cases/{case.id}/evidence")
    saren.follow("从文件登记志愿服务")
    return saren


def choose(visitor: Visitor, content: bytes, name: str = "五月.csv") -> int:
    """Send a file to be checked."""
    token = visitor.page.all("//input[@name='csrf_token']/@value")[-1]
    where = visitor.page.all("//form[@enctype]/@action")[-1]
    sent = {"csrf_token": token, "file": (BytesIO(content), name)}
    answer = visitor.client.post(where, data=sent, content_type="multipart/form-data")
    visitor.page = type(visitor.page)(where, answer.status_code, answer.get_data(as_text=True))
    return answer.status_code


def test_a_file_is_looked_at_and_then_taken_over(saren: Visitor, cast: Cast, case: Case) -> None:
    assert choose(saren, (HEADING + ROW).encode("gb18030")) == 200
    assert "共 1 行，都可以登记" in saren.page
    assert "敬老院服务" not in saren.open(f"/cases/{case.id}/evidence")
    saren.follow("从文件登记志愿服务")
    choose(saren, (HEADING + ROW).encode("gb18030"))
    page = saren.submit(action=f"/units/{cast.branch.id}/volunteer-files")
    assert "已登记 1 条志愿服务" in page
    assert "敬老院服务" in saren.open(f"/cases/{case.id}/evidence")
    saren.follow("从文件登记志愿服务")
    choose(saren, (HEADING + ROW).encode())
    assert "已由 萨仁 于 2020-06-17 10:00 登记过" in saren.page


def test_every_wrong_row_is_told_and_there_is_nothing_to_confirm(saren: Visitor) -> None:
    choose(saren, (HEADING + ROW + "张三,2020-05-09,25,植树,校团委,林一\n" + ROW.replace("2.5", "2.55") + ROW).encode())
    assert "共 4 行，其中 3 行不能登记" in saren.page
    assert "2020-05-09的“敬老院服务”已登记" in saren.page
    assert "本支部没有这名正在办理的申请人" in saren.page
    assert "时长（小时）：应为 0.1 至 24 的小时数" in saren.page
    assert saren.page.all("//textarea[@name='text']") == []


def test_a_workbook_is_looked_at_and_then_taken_over(saren: Visitor, cast: Cast, case: Case) -> None:
    rows = [each.split(",") for each in (HEADING + ROW).splitlines()]
    assert choose(saren, workbook([["填写说明"]], [["五月统计"], *rows]), "五月.xlsx") == 200
    assert "工作表“Sheet1”" in saren.page
    assert "共 1 行，都可以登记" in saren.page
    page = saren.submit(action=f"/units/{cast.branch.id}/volunteer-files")
    assert "已登记 1 条志愿服务" in page


def test_columns_of_other_names_are_told_once_and_kept_until_the_rows_are_taken(
    saren: Visitor, cast: Cast, case: Case
) -> None:
    content = (HEADING.replace("姓名", "团员").replace("时长（小时）", "工时") + ROW).encode()
    assert choose(saren, content) == 422
    assert "请指明各项在哪一列" in saren.page
    told = {"column-name": "团员", "column-hours": "工时"}
    page = saren.submit(action=f"/units/{cast.branch.id}/volunteer-files/check", **told)
    assert "姓名←团员" in page
    page = saren.submit(action=f"/units/{cast.branch.id}/volunteer-files")
    assert "已登记 1 条志愿服务" in page


def test_a_dangerous_workbook_is_refused_with_what_to_do(saren: Visitor) -> None:
    assert choose(saren, with_parts(workbook([["姓名"]]), xl__vbaProject_dot_bin=b"1"), "五月.xlsm") == 422
    assert "工作簿含有宏，出于安全不予读取。请另存为普通的 .xlsx 工作簿" in saren.page


def test_the_template_is_read_as_it_is_given_out(saren: Visitor, cast: Cast) -> None:
    answer = saren.client.get(f"/units/{cast.branch.id}/volunteer-files/template.xlsx")
    [sheet, notes] = workbooks.read(answer.data)
    assert sheet.rows == [[known[0] for known in volunteer_files.COLUMNS.values()]]
    assert [row[0] for row in notes.rows] == sheet.rows[0]


def test_what_is_no_table_is_refused_with_what_to_do(saren: Visitor) -> None:
    assert choose(saren, b"\xff\xfe\x00") == 422
    assert "文件不是文字，或编码不对。请用 .xlsx 工作簿，或 UTF-8、GB18030 的 CSV 文件" in saren.page


def test_a_file_that_has_become_wrong_is_not_taken_over(saren: Visitor, cast: Cast, case: Case) -> None:
    choose(saren, (HEADING + ROW).encode())
    page = saren.submit(action=f"/units/{cast.branch.id}/volunteer-files", text=HEADING + ROW + ROW)
    assert page.status == 409
    assert "文件中有 1 行不能登记，一行也没有登记" in page
    assert "敬老院服务" not in saren.open(f"/cases/{case.id}/evidence")


@pytest.mark.parametrize("who, status", [("bator", 403), ("gaowa", 403)])
def test_only_who_keeps_the_branch_s_records_finds_the_page(
    visit: Visit, cast: Cast, case: Case, who: str, status: int
) -> None:
    visitor = visit(getattr(cast, who))
    assert visitor.open(f"/cases/{case.id}/evidence").links("从文件登记志愿服务") == []
    assert visitor.open(f"/units/{cast.branch.id}/volunteer-files/new").status == status


def test_the_secretary_takes_over_nothing_for_another_branch(saren: Visitor, cast: Cast) -> None:
    assert saren.open(f"/units/{cast.small_branch.id}/volunteer-files/new").status == 403
