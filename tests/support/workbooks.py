"""Workbooks for tests: a few rows as a spreadsheet writes them, and one part of such a file put in by hand."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook


def workbook(*sheets: Sequence[Sequence[Any]]) -> bytes:
    """A workbook with so many sheets, each given by its rows."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(list(row))
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def with_parts(content: bytes, **parts: bytes) -> bytes:
    """The same workbook with parts replaced or added; `__` in a name stands for a slash, `_dot_` for a point."""
    wanted = {name.replace("__", "/").replace("_dot_", "."): data for name, data in parts.items()}
    written = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in wanted:
                new.writestr(name, old.read(name))
        for name, data in wanted.items():
            new.writestr(name, data)
    return written.getvalue()
