"""Head counts from a file: a workbook (.xlsx, first sheet) or CSV in UTF-8 or GB18030, read line by line.

The first line names the columns; columns with other names are left alone. Lines of the same unit make one report.
"""

import csv
import io
from dataclasses import dataclass

from workflows.domain import workbooks
from workflows.domain.head_counts import STAGES, Line
from workflows.domain.units import Field
from workflows.errors import InvalidData

LARGEST_FILE = 1_000_000
MOST_ROWS = 3_000

COLUMNS = {
    "unit": ("组织代码", "组织", "班级", "团支部", "单位名称", "旗县市区"),
    "stage": ("阶段", "学段"),
    "graduating": ("毕业班", "是否毕业班"),
    "students": ("学生数", "青年数（社会）", "学生（青年）数"),
    "members": ("团员数",),
    "applicants": ("申请人数", "入团申请人数"),
}
"""The columns that are read, each with the names it goes by; the unit is named by its code or its name."""

OPTIONAL = frozenset({"graduating", "applicants"})

_WORDS = {word: stage for stage, word in STAGES.items()} | {"高中": Field.SENIOR, "中等职业": Field.VOCATIONAL}
_YES = frozenset({"是", "√", "1", "毕业班", "true", "y", "yes"})
_NO = frozenset({"", "否", "0", "非毕业班", "false", "n", "no"})
_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",\t;，"


class CountsUnreadable(InvalidData):
    """The file is no table of head counts."""

    code = "head_counts.file_unreadable"
    sentence = "{why}"
    remedy = "请用 Excel 工作簿（.xlsx）或 CSV 文件，第一行写列名：组织代码、阶段、毕业班、学生数、团员数、申请人数。"
    rule = "人数文件至多3000行、1兆字节"


@dataclass(frozen=True)
class FileRow:
    """One line of the file: whom it is about, as written, and the line, or what cannot be read in it."""

    line: int
    unit: str
    counted: Line | None
    fault: str = ""


def text_of(content: bytes) -> str:
    """The file as CSV text, whatever it was; raises CountsUnreadable, WorkbookUnreadable."""
    if len(content) > LARGEST_FILE:
        raise _unreadable(TOO_LARGE)
    if workbooks.is_workbook(content):
        return _text_of_workbook(content)
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(NO_TEXT)


def _text_of_workbook(content: bytes) -> str:
    sheets, written = workbooks.read(content), io.StringIO()
    if not sheets:
        raise _unreadable(NO_ROWS)
    csv.writer(written, lineterminator="\n").writerows(sheets[0].rows)
    return written.getvalue()


def read(text: str) -> list[FileRow]:
    """The lines of a file; empty ones are left out. Raises CountsUnreadable."""
    if len(text.encode()) > 2 * LARGEST_FILE:
        raise _unreadable(TOO_LARGE)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    if "\0" in text:
        raise _unreadable(NO_TEXT)
    heading, _, _ = text.partition("\n")
    reader = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=heading.count), strict=True)
    try:
        places = _places(next(reader, []))
        rows = [_row(reader.line_num, cells, places) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise _unreadable(BROKEN) from None
    if not rows:
        raise _unreadable(NO_ROWS)
    if len(rows) > MOST_ROWS:
        raise _unreadable(TOO_MANY)
    return rows


def _places(heading: list[str]) -> dict[str, int]:
    names = [cell.strip() for cell in heading]
    found = {key: names.index(name) for key, known in COLUMNS.items() for name in reversed(known) if name in names}
    if set(COLUMNS) - OPTIONAL - set(found):
        raise _unreadable(NO_COLUMNS)
    return found


def _row(number: int, cells: list[str], places: dict[str, int]) -> FileRow:
    told = {key: cells[at].strip() if at < len(cells) else "" for key, at in places.items()}
    stage, graduating = _WORDS.get(told["stage"]), told.get("graduating", "").lower()
    if stage is None:
        return FileRow(number, told["unit"], None, STAGE_UNKNOWN)
    if graduating not in _YES | _NO:
        return FileRow(number, told["unit"], None, GRADUATING_UNKNOWN)
    try:
        students, members = _whole(told["students"]), _whole(told["members"])
        applicants = _whole(told["applicants"]) if told.get("applicants") else None
    except ValueError:
        return FileRow(number, told["unit"], None, NO_NUMBER)
    return FileRow(number, told["unit"], Line(stage, graduating in _YES, students, members, applicants))


def _whole(text: str) -> int:
    text = text.replace(",", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(text)
    return int(text)


def _unreadable(why: str) -> CountsUnreadable:
    return CountsUnreadable(why=why, fields={"file": why})


TOO_LARGE = "文件过大。"
NO_TEXT = "文件不是文字，或编码不对。"
NO_COLUMNS = "第一行缺少列名。"
NO_ROWS = "文件里没有内容。"
TOO_MANY = "行数过多。"
BROKEN = "文件中引号不成对。"
STAGE_UNKNOWN = "阶段应为：初中、普通高中、中职、高校、社会"
GRADUATING_UNKNOWN = "毕业班一栏应为：是、否"
NO_NUMBER = "学生数、团员数、申请人数应为整数"
WORDS = (
    *(TOO_LARGE, NO_TEXT, NO_COLUMNS, NO_ROWS, TOO_MANY, BROKEN),
    *(STAGE_UNKNOWN, GRADUATING_UNKNOWN, NO_NUMBER),
)
"""What is said of a file and of a line in it."""
