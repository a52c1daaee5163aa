"""Volunteer service from a file: what other systems export, read row by row as `filled_tables` does."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.domain import filled_tables
from workflows.domain.filled_tables import (
    BROKEN,
    NO_COLUMNS,
    NO_ROWS,
    NO_TEXT,
    REASONS,
    TOO_LARGE,
    TOO_MANY,
    FilledRow,
    Shape,
    Table,
)
from workflows.errors import InvalidData

__all__ = ["BROKEN", "NO_COLUMNS", "NO_ROWS", "NO_TEXT", "REASONS", "TOO_LARGE", "TOO_MANY", "Table"]

LARGEST_FILE = 200_000
"""Bytes; a year of a school's service is far less."""

MOST_ROWS = 500

COLUMNS = {
    "name": ("姓名", "学生姓名", "志愿者姓名", "参与人"),
    "case": ("案卷号", "案卷编号"),
    "happened_on": ("日期", "服务日期", "活动日期", "志愿服务日期"),
    "hours": (
        "时长（小时）",
        "时长",
        "服务时长（小时）",
        "服务时长",
        "志愿服务时长（小时）",
        "志愿服务时长",
        "志愿时长",
        "小时数",
    ),
    "topic": ("服务内容", "项目名称", "活动名称", "服务项目", "活动内容"),
    "conductor": ("组织单位", "主办单位", "组织者"),
    "witness": ("证明人", "见证人"),
    "document": ("材料名称或编号", "证书编号"),
}
"""The columns that are read, each with the names it goes by, the usual one first."""

OPTIONAL = frozenset({"case", "document"})


class FileUnreadable(InvalidData):
    """The file is no table of volunteer service."""

    code = "evidence.file_unreadable"
    sentence = "{why}"
    remedy = (
        "请用 .xlsx 工作簿，或 UTF-8、GB18030 的 CSV 文件，在前十行内写列名："
        "姓名、日期、时长、服务内容、组织单位、证明人。"
    )
    rule = "志愿服务文件至多500行，CSV 至多200千字节"


_SHAPE = Shape(COLUMNS, OPTIONAL, LARGEST_FILE, MOST_ROWS, FileUnreadable)


@dataclass(frozen=True)
class FileRow:
    """One row: its line in the file, whose service it is, the values as they are sent for one entry, and the cell that
    holds each of them (`C7`, as a spreadsheet shows it)."""

    line: int
    name: str
    case: str
    values: dict[str, str]
    cells: dict[str, str]


@dataclass(frozen=True)
class VolunteerFile:
    """A file as it was read; `digest` is the same for the same text, whatever its encoding or line ends.

    `columns` is the heading under which each column was found.
    """

    digest: str
    rows: list[FileRow]
    columns: dict[str, str]


def open_file(content: bytes) -> Table:
    """The text of a CSV file in one of the encodings in use, or of the sheet of a workbook that has the columns.

    Raises FileUnreadable, WorkbookUnreadable.
    """
    return _SHAPE.open_file(content)


def read(text: str, columns: Mapping[str, str] | None = None) -> VolunteerFile:
    """The rows of a file; empty lines are left out. Raises FileUnreadable.

    `columns` says under which heading a column stands when it is none of the names in use.
    """
    table = _SHAPE.read(text, columns)
    return VolunteerFile(table.digest, [_row(row) for row in table.rows], table.columns)


def headings(text: str) -> list[str]:
    """The cells of the line that most looks like the names of columns, for somebody to say which is which."""
    return _SHAPE.headings(text)


def _row(row: FilledRow) -> FileRow:
    told = dict(row.values)
    told["happened_on"] = filled_tables.day(told["happened_on"])
    told["hours"] = told["hours"].removesuffix("小时").strip()
    return FileRow(row.line, filled_tables.name(told.pop("name")), told.pop("case", ""), told, row.cells)
