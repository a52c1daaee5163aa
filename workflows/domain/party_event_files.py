"""The Party side's monthly list from a file: one event of one person in a row, read as `filled_tables` does."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.domain import filled_tables
from workflows.domain.filled_tables import FilledRow, Shape, Table
from workflows.domain.party_events import PartyEventKind
from workflows.errors import InvalidData

LARGEST_FILE = 200_000
"""Bytes; a year of a county's list is far less."""

MOST_ROWS = 500

COLUMNS = {
    "name": ("姓名",),
    "id_number": ("身份证号", "身份证号码", "公民身份号码"),
    "birth_date": ("出生日期", "出生年月日"),
    "kind": ("事项", "环节", "发展环节"),
    "happened_on": ("日期", "时间", "确定日期", "备案日期", "批准日期"),
    "party_unit": ("党支部", "所在党支部", "党组织"),
    "league_unit": ("团组织", "所在团支部", "团支部", "所在团组织"),
    "is_league_member": ("是否团员", "团员"),
    "document": ("文号", "依据", "批复文号", "文号或依据"),
}
"""The columns that are read, each with the names it goes by, the usual one first."""

OPTIONAL = frozenset({"id_number", "birth_date", "party_unit", "league_unit", "is_league_member", "document"})

KINDS: dict[str, PartyEventKind] = {
    **{kind.label: kind for kind in PartyEventKind},
    **{str(kind): kind for kind in PartyEventKind},
    "申请入党": PartyEventKind.PARTY_APPLICATION,
    "递交入党申请": PartyEventKind.PARTY_APPLICATION,
    "入党积极分子": PartyEventKind.ACTIVIST_FILED,
    "积极分子备案": PartyEventKind.ACTIVIST_FILED,
    "发展对象": PartyEventKind.TARGET_FILED,
    "预备党员": PartyEventKind.ACCEPTED,
    "接收为预备党员": PartyEventKind.ACCEPTED,
    "接收预备党员": PartyEventKind.ACCEPTED,
    "批准预备党员": PartyEventKind.APPROVED,
    "批准为预备党员": PartyEventKind.APPROVED,
    "转正": PartyEventKind.FULL_MEMBER,
    "批准转正": PartyEventKind.FULL_MEMBER,
    "正式党员": PartyEventKind.FULL_MEMBER,
    "听取团组织意见": PartyEventKind.OPINION_HEARD,
}
"""Every word for a step that is understood; which day each means is said in the notes of the template."""

YES, NO = frozenset({"是", "√", "1", "true", "y", "yes", "团员"}), frozenset({"否", "×", "0", "false", "n", "no"})


class PartyListUnreadable(InvalidData):
    """The file is no list of the Party side."""

    code = "party_event.file_unreadable"
    sentence = "{why}"
    remedy = (
        "请用 .xlsx 工作簿，或 UTF-8、GB18030 的 CSV 文件，在前十行内写列名：姓名、事项、日期，及身份证号或出生日期。"
    )
    rule = "党组织月报文件至多500行，CSV 至多200千字节"


@dataclass(frozen=True)
class PartyListRow:
    """One row as it is entered: its line, its values as texts, and the cell of each (`C7`)."""

    line: int
    values: dict[str, str]
    cells: dict[str, str]


@dataclass(frozen=True)
class PartyList:
    """A file as it was read; `digest` is the same for the same text, whatever its encoding or line ends."""

    digest: str
    rows: list[PartyListRow]


_SHAPE = Shape(COLUMNS, OPTIONAL, LARGEST_FILE, MOST_ROWS, PartyListUnreadable)


def open_file(content: bytes) -> Table:
    """The file's text; raises PartyListUnreadable, WorkbookUnreadable."""
    return _SHAPE.open_file(content)


def read(text: str) -> PartyList:
    """The rows of a file; empty lines are left out. Raises PartyListUnreadable."""
    table = _SHAPE.read(text)
    return PartyList(table.digest, [_row(row) for row in table.rows])


def kind_of(told: str) -> PartyEventKind | None:
    """The step that a word means; None for a word nobody uses."""
    return KINDS.get(told.strip())


def membership_of(told: Mapping[str, str]) -> tuple[bool | None, bool]:
    """What a row says of membership (None: nothing), and whether that was understood."""
    word = told.get("is_league_member", "").strip().lower()
    if not word:
        return None, True
    return word in YES, word in YES | NO


def _row(row: FilledRow) -> PartyListRow:
    told = {key: row.values.get(key, "") for key in COLUMNS}
    told |= {key: filled_tables.day(told[key]) for key in ("happened_on", "birth_date")}
    told["name"] = filled_tables.name(told["name"])
    return PartyListRow(row.line, told, row.cells)
