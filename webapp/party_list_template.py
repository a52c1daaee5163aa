"""The workbook that the Party side may fill in as its monthly list: the columns, and what belongs into each."""

from collections.abc import Callable
from io import BytesIO

from flask_babel import lazy_gettext
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from workflows.domain.party_event_files import COLUMNS, MOST_ROWS, OPTIONAL
from workflows.domain.party_events import PartyEventKind

_WIDTHS = {"kind": 26, "id_number": 22, "party_unit": 26, "league_unit": 26, "document": 24}
_USUAL_WIDTH = 14
_DAYS = ("birth_date", "happened_on")

_TOLD = {
    "name": lazy_gettext("本人姓名，与身份证一致。"),
    "id_number": lazy_gettext("18位；系统中已有此人的，可不填而填写出生日期。"),
    "birth_date": lazy_gettext("如 2001-05-04；填了身份证号的不必填。"),
    "kind": lazy_gettext("下面所列的事项之一。"),
    "happened_on": lazy_gettext("该事项的日期，如 2020-06-01；接收为预备党员的填支部大会日期。"),
    "party_unit": lazy_gettext("所在党支部的组织代码或全称；本级就是党支部的不必填。"),
    "league_unit": lazy_gettext("所在团支部或基层团委的组织代码或全称；系统能确定的不必填。"),
    "is_league_member": lazy_gettext("接收为预备党员当日是否团员，填是或否；系统中有其团员登记的不必填。"),
    "document": lazy_gettext("批复文号或会议记录编号。"),
}


def workbook(gettext: Callable[[str], str]) -> BytesIO:
    """The workbook's bytes. The names of the columns and of the steps stay Chinese: by them the file is read."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "党组织月报"
    for at, (key, known) in enumerate(COLUMNS.items(), 1):
        sheet.cell(1, at, known[0]).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTHS.get(key, _USUAL_WIDTH)
        for row in range(2, MOST_ROWS + 2):
            # As text a number keeps its last digits, and a day as a day its order.
            if key in _DAYS:
                sheet.cell(row, at).number_format = "yyyy-mm-dd"
            elif key == "id_number":
                sheet.cell(row, at).number_format = "@"
    sheet.freeze_panes = "A2"
    notes = book.create_sheet(gettext("填写说明"))
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 18, 60
    for key, known in COLUMNS.items():
        must = "" if key in OPTIONAL else gettext("必填")
        notes.append([known[0], f"{_TOLD[key]}{f'（{must}）' if must else ''}"])
    for kind in PartyEventKind:
        notes.append(["", kind.label])
    for (cell,) in notes.iter_rows(min_col=2, max_col=2):
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    written = BytesIO()
    book.save(written)
    written.seek(0)
    return written
