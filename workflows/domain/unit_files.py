"""Tables about units from a file: a workbook (.xlsx, first sheet) or CSV in UTF-8 or GB18030, read line by line.

The first line names the columns; columns with other names are left alone, and so are empty lines.
"""

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from workflows.domain import workbooks
from workflows.errors import Refusal

LARGEST_FILE = 1_000_000
MOST_ROWS = 3_000

_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",\t;，"

UNIT_NAMES = ("组织代码", "组织", "班级", "团支部", "单位名称", "旗县市区")
"""What the column is called in which a unit stands, by its code or its name."""

Refuse = Callable[[str], Refusal]
"""Makes the refusal of a file from the reason why it cannot be read."""


@dataclass(frozen=True)
class Cells:
    """One line of a file, with the text of each column that is read, by the key of the column."""

    line: int
    told: Mapping[str, str]


def text_of(content: bytes, refuse: Refuse) -> str:
    """The file as CSV text, whatever it was; raises what `refuse` makes, and WorkbookUnreadable."""
    if len(content) > LARGEST_FILE:
        raise refuse(TOO_LARGE)
    if workbooks.is_workbook(content):
        return _text_of_workbook(content, refuse)
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refuse(NO_TEXT)


def read(text: str, columns: Mapping[str, Sequence[str]], optional: Collection[str], refuse: Refuse) -> list[Cells]:
    """The lines of a file; `columns` are the names each column goes by. Raises what `refuse` makes."""
    if len(text.encode()) > 2 * LARGEST_FILE:
        raise refuse(TOO_LARGE)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    if "\0" in text:
        raise refuse(NO_TEXT)
    heading, _, _ = text.partition("\n")
    reader = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=heading.count), strict=True)
    try:
        places = _places(next(reader, []), columns)
        if set(columns) - set(optional) - set(places):
            raise refuse(NO_COLUMNS)
        rows = [_cells(reader.line_num, cells, places) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise refuse(BROKEN) from None
    if not rows:
        raise refuse(NO_ROWS)
    if len(rows) > MOST_ROWS:
        raise refuse(TOO_MANY)
    return rows


def whole(text: str) -> int:
    """A whole number as people write it, with or without commas; raises ValueError."""
    text = text.replace(",", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(text)
    return int(text)


def _text_of_workbook(content: bytes, refuse: Refuse) -> str:
    sheets, written = workbooks.read(content), io.StringIO()
    if not sheets:
        raise refuse(NO_ROWS)
    csv.writer(written, lineterminator="\n").writerows(sheets[0].rows)
    return written.getvalue()


def _places(heading: list[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    names = [cell.strip() for cell in heading]
    return {key: names.index(name) for key, known in columns.items() for name in reversed(known) if name in names}


def _cells(number: int, cells: list[str], places: Mapping[str, int]) -> Cells:
    return Cells(number, {key: cells[at].strip() if at < len(cells) else "" for key, at in places.items()})


TOO_LARGE = "文件过大。"
NO_TEXT = "文件不是文字，或编码不对。"
NO_COLUMNS = "第一行缺少列名。"
NO_ROWS = "文件里没有内容。"
TOO_MANY = "行数过多。"
BROKEN = "文件中引号不成对。"
WORDS = (TOO_LARGE, NO_TEXT, NO_COLUMNS, NO_ROWS, TOO_MANY, BROKEN)
"""Why a file cannot be read."""
