"""Last year's places from a file, one unit a line."""

from dataclasses import dataclass

from workflows.domain import unit_files
from workflows.domain.unit_files import UNIT_NAMES, whole
from workflows.errors import InvalidData

COLUMNS = {"unit": UNIT_NAMES, "amount": ("上年名额", "名额数", "下达名额", "名额")}
"""The columns that are read, each with the names it goes by; the unit is named by its code or its name."""


class SharesUnreadable(InvalidData):
    """The file is no table of last year's places."""

    code = "past_shares.file_unreadable"
    sentence = "{why}"
    remedy = "请用 Excel 工作簿（.xlsx）或 CSV 文件，第一行写列名：组织代码、上年名额。"
    rule = "名额文件至多3000行、1兆字节"


@dataclass(frozen=True)
class ShareRow:
    """One line of the file: whom it is about, as written, and how many places; None when that is no whole number."""

    line: int
    unit: str
    amount: int | None


def text_of(content: bytes) -> str:
    """The file as CSV text, whatever it was; raises SharesUnreadable, WorkbookUnreadable."""
    return unit_files.text_of(content, _unreadable)


def read(text: str) -> list[ShareRow]:
    """The lines of a file; empty ones are left out. Raises SharesUnreadable."""
    found = []
    for cells in unit_files.read(text, COLUMNS, (), _unreadable):
        try:
            amount = whole(cells.told["amount"])
        except ValueError:
            amount = None
        found.append(ShareRow(cells.line, cells.told["unit"], amount))
    return found


def _unreadable(why: str) -> SharesUnreadable:
    return SharesUnreadable(why=why, fields={"file": why})
