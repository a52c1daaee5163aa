"""Volunteer service from a file: what other systems export, read row by row. CSV in UTF-8 or GB18030.

The first line names the columns; columns with other names are left alone. A workbook (.xlsx) is saved as CSV first.
"""

import csv
import hashlib
import io
from dataclasses import dataclass

from workflows.errors import InvalidData

LARGEST_FILE = 200_000
"""Bytes; a year of a school's service is far less."""

MOST_ROWS = 500

COLUMNS = {
    "name": ("姓名",),
    "case": ("案卷号",),
    "happened_on": ("日期", "服务日期"),
    "hours": ("时长（小时）", "时长(小时)", "时长", "服务时长"),
    "topic": ("服务内容", "项目名称"),
    "conductor": ("组织单位",),
    "witness": ("证明人",),
    "document": ("材料名称或编号", "证书编号"),
}
"""The columns that are read, each with the names it goes by."""

OPTIONAL = frozenset({"case", "document"})

_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",\t;，"


class FileUnreadable(InvalidData):
    """The file is no table of volunteer service."""

    code = "evidence.file_unreadable"
    sentence = "{why}"
    remedy = "请用 UTF-8 或 GB18030 的 CSV 文件，第一行写列名：姓名、日期、时长、服务内容、组织单位、证明人。"
    rule = "志愿服务文件至多500行、200千字节"


TOO_LARGE = "文件过大。"
NO_TEXT = "文件不是文字，或编码不对。"
NO_COLUMNS = "第一行缺少列名。"
NO_ROWS = "文件里没有内容。"
TOO_MANY = "行数过多。"
BROKEN = "文件中引号不成对。"
REASONS = (TOO_LARGE, NO_TEXT, NO_COLUMNS, NO_ROWS, TOO_MANY, BROKEN)
"""Why a file cannot be read."""


@dataclass(frozen=True)
class FileRow:
    """One row: its line in the file, whose service it is, and the values as they are sent for one entry."""

    line: int
    name: str
    case: str
    values: dict[str, str]


@dataclass(frozen=True)
class VolunteerFile:
    """A file as it was read; `digest` is the same for the same text, whatever its encoding or line ends."""

    digest: str
    rows: list[FileRow]


def text_of(content: bytes) -> str:
    """The text of a file in one of the encodings in use; raises FileUnreadable."""
    if len(content) > LARGEST_FILE:
        raise _unreadable(TOO_LARGE)
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(NO_TEXT)


def read(text: str) -> VolunteerFile:
    """The rows of a file; empty lines are left out. Raises FileUnreadable."""
    if len(text.encode()) > 2 * LARGEST_FILE:
        raise _unreadable(TOO_LARGE)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    if "\0" in text:
        raise _unreadable(NO_TEXT)
    heading, _, _ = text.partition("\n")
    delimiter = max(_DELIMITERS, key=heading.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        places = _places(next(reader, []))
        rows = [_row(reader.line_num, cells, places) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise _unreadable(BROKEN) from None
    if not rows:
        raise _unreadable(NO_ROWS)
    if len(rows) > MOST_ROWS:
        raise _unreadable(TOO_MANY)
    return VolunteerFile(hashlib.sha256(text.encode()).hexdigest(), rows)


def _places(heading: list[str]) -> dict[str, int]:
    """Where in a row each column stands."""
    names = [cell.strip() for cell in heading]
    found = {key: names.index(name) for key, known in COLUMNS.items() for name in reversed(known) if name in names}
    if set(COLUMNS) - OPTIONAL - set(found):
        raise _unreadable(NO_COLUMNS)
    return found


def _row(line: int, cells: list[str], places: dict[str, int]) -> FileRow:
    told = {key: cells[at].strip() if at < len(cells) else "" for key, at in places.items()}
    told["happened_on"] = told["happened_on"].replace("/", "-").replace(".", "-")
    return FileRow(line, told.pop("name"), told.pop("case", ""), told)


def _unreadable(why: str) -> FileUnreadable:
    return FileUnreadable(why=why, fields={"file": why})
