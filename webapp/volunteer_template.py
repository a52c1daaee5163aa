"""The workbook that whoever enters volunteer service may fill in: the columns, and what belongs into each."""

from collections.abc import Callable
from io import BytesIO

from flask_babel import lazy_gettext
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from workflows.domain.volunteer_files import COLUMNS, MOST_ROWS, OPTIONAL

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_WIDTHS = {"topic": 32, "conductor": 24, "document": 24}
_USUAL_WIDTH = 14

_TOLD = {
    "name": lazy_gettext("申请人的姓名，须是本支部正在办理的申请人。"),
    "case": lazy_gettext("同名时必填；见案卷页。"),
    "happened_on": lazy_gettext("服务当日，如 2020-05-09；不得晚于今天。"),
    "hours": lazy_gettext("0.1 至 24 的小时数，最多一位小数；不要填公式。"),
    "topic": lazy_gettext("做了什么。"),
    "conductor": lazy_gettext("组织服务的单位。"),
    "witness": lazy_gettext("能够证明的人。"),
    "document": lazy_gettext("证明材料的名称或编号。"),
}


def workbook(gettext: Callable[[str], str]) -> BytesIO:
    """The workbook's bytes. The names of the columns stay Chinese: by them the file is read."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "志愿服务"
    for at, (key, known) in enumerate(COLUMNS.items(), 1):
        cell = sheet.cell(1, at, known[0])
        cell.font = Font(bold=True)
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = _WIDTHS.get(key, _USUAL_WIDTH)
        if key == "happened_on":
            for row in range(2, MOST_ROWS + 2):
                sheet.cell(row, at).number_format = "yyyy-mm-dd"
    sheet.freeze_panes = "A2"
    notes = book.create_sheet(gettext("填写说明"))
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 18, 60
    for key, known in COLUMNS.items():
        must = "" if key in OPTIONAL else gettext("必填")
        notes.append([known[0], f"{_TOLD[key]}{f'（{must}）' if must else ''}"])
    for (cell,) in notes.iter_rows(min_col=2, max_col=2):
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    written = BytesIO()
    book.save(written)
    written.seek(0)
    return written
