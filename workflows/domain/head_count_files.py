"""Head counts from a file, read line by line; lines of the same unit make one report."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.domain import unit_files
from workflows.domain.head_counts import STAGES, Line
from workflows.domain.unit_files import UNIT_NAMES, whole
from workflows.domain.units import Field
from workflows.errors import InvalidData

COLUMNS = {
    "unit": UNIT_NAMES,
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
    return unit_files.text_of(content, _unreadable)


def read(text: str) -> list[FileRow]:
    """The lines of a file; empty ones are left out. Raises CountsUnreadable."""
    return [_row(cells.line, cells.told) for cells in unit_files.read(text, COLUMNS, OPTIONAL, _unreadable)]


def _row(number: int, told: Mapping[str, str]) -> FileRow:
    stage, graduating = _WORDS.get(told["stage"]), told.get("graduating", "").lower()
    if stage is None:
        return FileRow(number, told["unit"], None, STAGE_UNKNOWN)
    if graduating not in _YES | _NO:
        return FileRow(number, told["unit"], None, GRADUATING_UNKNOWN)
    try:
        students, members = whole(told["students"]), whole(told["members"])
        applicants = whole(told["applicants"]) if told.get("applicants") else None
    except ValueError:
        return FileRow(number, told["unit"], None, NO_NUMBER)
    return FileRow(number, told["unit"], Line(stage, graduating in _YES, students, members, applicants))


def _unreadable(why: str) -> CountsUnreadable:
    return CountsUnreadable(why=why, fields={"file": why})


STAGE_UNKNOWN = "阶段应为：初中、普通高中、中职、高校、社会"
GRADUATING_UNKNOWN = "毕业班一栏应为：是、否"
NO_NUMBER = "学生数、团员数、申请人数应为整数"
WORDS = (*unit_files.WORDS, STAGE_UNKNOWN, GRADUATING_UNKNOWN, NO_NUMBER)
"""What is said of a file and of a line in it."""
