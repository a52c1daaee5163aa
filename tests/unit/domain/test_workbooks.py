"""Workbooks from outside: what stands in the cells is read; what is large, broken or dangerous is refused unread."""

import zipfile
from datetime import date, datetime, timedelta
from io import BytesIO

import pytest

from tests.support.workbooks import with_parts, workbook
from workflows.domain import volunteer_files, workbooks
from workflows.domain.volunteer_files import FileUnreadable
from workflows.domain.workbooks import WorkbookUnreadable

HEADING = ["姓名", "日期", "时长（小时）", "服务内容", "组织单位", "证明人"]
ROW = ["乌云", date(2020, 5, 9), 2.5, "敬老院服务", "志愿者协会", "林一"]
TABLE = [HEADING, ROW]
BOMB = b'<?xml version="1.0"?><a>' + b" " * workbooks.LARGEST_UNPACKED + b"</a>"
DOCTYPE = '<?xml version="1.0" encoding="{}"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
FIRST = "xl__worksheets__sheet1_dot_xml"


def sheet(rows: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def why(content: bytes) -> str:
    with pytest.raises(WorkbookUnreadable) as refused:
        workbooks.read(content)
    return str(refused.value.facts["why"])


def test_cells_are_read_as_a_person_would_write_them() -> None:
    cells = [
        date(2020, 5, 9),
        datetime.fromisoformat("2020-05-09T14:30"),
        2.0,
        2.5,
        0.1 + 0.2,
        12,
        True,
        "一\n二",
        None,
        "尾",
    ]
    [read] = workbooks.read(workbook([cells]))
    assert read.rows == [
        ["2020-05-09", "2020-05-09 14:30:00", "2", "2.5", "0.3", "12", "True", "一 二", "", "尾"],
    ]


def test_a_formula_stands_there_as_it_was_written_and_is_not_computed() -> None:
    [read] = workbooks.read(workbook([["=1+1", '=HYPERLINK("http://example.org")']]))
    assert read.rows == [["=1+1", '=HYPERLINK("http://example.org")']]


def test_hidden_and_empty_sheets_are_left_out() -> None:
    content = workbook([["一"]], [["二"]], [])
    with zipfile.ZipFile(BytesIO(content)) as archive:
        book = archive.read("xl/workbook.xml").replace(b'state="visible"', b'state="hidden"', 1)
    assert [each.rows for each in workbooks.read(with_parts(content, xl__workbook_dot_xml=book))] == [[["二"]]]


def test_the_sheet_that_has_the_columns_is_taken_wherever_it_stands() -> None:
    opened = volunteer_files.open_file(workbook([["填写说明"]], [["五月统计"], [], *TABLE]))
    [row] = volunteer_files.read(opened.text).rows
    assert (opened.sheet, row.line, row.cells["hours"]) == ("Sheet1", 4, "C4")
    assert row.values["happened_on"] == "2020-05-09"


def test_days_may_be_days_numbers_or_words() -> None:
    rows = [[ROW[0], day, *ROW[2:]] for day in (date(2020, 5, 9), 43960, "2020年5月9日", "2020/5/9")]
    read = volunteer_files.read(volunteer_files.open_file(workbook([HEADING, *rows])).text).rows
    assert {row.values["happened_on"] for row in read} == {"2020-05-09"}


def test_a_length_of_time_is_not_taken_for_a_number_of_hours() -> None:
    [row] = volunteer_files.read(
        volunteer_files.open_file(workbook([HEADING, [*ROW[:2], timedelta(hours=1.5), *ROW[3:]]])).text
    ).rows
    assert row.values["hours"] == "1:30:00"


def test_a_workbook_without_the_columns_says_which_it_has() -> None:
    text = volunteer_files.open_file(workbook([["统计表"], ["团员", "哪天", "多久"], ["乌云", 1, 2]])).text
    assert volunteer_files.headings(text) == ["团员", "哪天", "多久"]
    with pytest.raises(FileUnreadable):
        volunteer_files.read(text)


def test_an_empty_workbook_is_told_to_be_empty() -> None:
    with pytest.raises(FileUnreadable) as refused:
        volunteer_files.open_file(workbook([]))
    assert refused.value.facts["why"] == volunteer_files.NO_ROWS


def test_a_workbook_of_old_or_with_a_password_says_so() -> None:
    assert why(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512) == workbooks.OLD


def test_too_large_a_file_is_not_opened() -> None:
    assert why(b"PK\x03\x04" + b"\0" * workbooks.LARGEST_WORKBOOK) == workbooks.TOO_LARGE


def test_what_unpacks_to_too_much_is_not_unpacked() -> None:
    assert why(with_parts(workbook(TABLE), **{FIRST: BOMB})) == workbooks.TOO_LARGE


def test_many_small_parts_are_too_many() -> None:
    parts = {f"xl__p{number}_dot_xml": b"<a/>" for number in range(workbooks.MOST_PARTS)}
    assert why(with_parts(workbook(TABLE), **parts)) == workbooks.TOO_LARGE


def test_a_part_that_claims_to_be_smaller_than_it_is_is_broken() -> None:
    content = bytearray(with_parts(workbook(TABLE), **{FIRST: BOMB[: workbooks.LARGEST_UNPACKED // 2]}))
    size = (workbooks.LARGEST_UNPACKED // 2).to_bytes(4, "little")
    assert content.count(size) == 2
    assert why(bytes(content.replace(size, (300).to_bytes(4, "little")))) == workbooks.BROKEN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
@pytest.mark.parametrize("part", [FIRST, "xl__sharedStrings_dot_xml", "xl__media__a_dot_png"])
def test_a_doctype_is_refused_in_any_part_and_encoding(part: str, encoding: str) -> None:
    content = with_parts(workbook(TABLE), **{part: DOCTYPE.format(encoding).encode(encoding)})
    assert why(content) == workbooks.DOCTYPE


def test_macros_are_refused() -> None:
    assert why(with_parts(workbook(TABLE), xl__vbaProject_dot_bin=b"\xcc\x61")) == workbooks.MACROS


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        workbook(TABLE)[:-200],
        with_parts(workbook(TABLE), **{FIRST: b"<worksheet>"}),
        with_parts(workbook(TABLE), **{FIRST: b"\xff\xfe\x00"}),
        with_parts(workbook(TABLE), **{FIRST: sheet('<row r="1"><c r="A1" t="s"><v>9999</v></c></row>')}),
        with_parts(workbook(TABLE), **{FIRST: sheet(f'<row r="1"><c r="A1"><v>{"9" * 5_000}</v></c></row>')}),
    ],
)
def test_what_is_broken_is_told_to_be_broken(content: bytes) -> None:
    assert why(content) == workbooks.BROKEN


def test_a_row_far_below_the_others_is_too_far() -> None:
    for number in (workbooks.MOST_LINES + 1, 9**18):
        far = sheet(f'<row r="{number}"><c r="A1" t="inlineStr"><is><t>一</t></is></c></row>')
        assert why(with_parts(workbook(TABLE), **{FIRST: far})) == workbooks.TOO_MANY


def test_columns_far_to_the_right_are_not_read() -> None:
    wide = sheet('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>')
    [read] = workbooks.read(with_parts(workbook(TABLE), **{FIRST: wide}))
    assert read.rows == [["1"]]


def test_a_sheet_is_not_believed_to_end_where_it_says() -> None:
    rows = sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="B3"><v>2</v></c></row>')
    short = rows.replace(b"<sheetData>", b'<dimension ref="A1:A1"/><sheetData>')
    [read] = workbooks.read(with_parts(workbook(TABLE), **{FIRST: short}))
    assert read.rows == [["1"], [], ["", "2"]]
