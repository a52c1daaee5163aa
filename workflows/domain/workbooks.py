"""Tables in workbooks (.xlsx) from outside, as text: what stands in the cells, and nothing else a workbook may carry.

A workbook is a ZIP archive of XML parts. It is looked at before it is opened: how much its parts unpack to, whether one
of them declares a DOCTYPE, whether there are macros. Formulas are not computed: the text of one stands in its cell.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import IO, Any
from xml.parsers import expat

import openpyxl

from workflows.errors import InvalidData

LARGEST_WORKBOOK = 1_000_000
"""Bytes of the file; 500 rows have about 50 thousand."""

LARGEST_UNPACKED = 8_000_000
"""Bytes of all its parts together."""

MOST_PARTS = 200
MOST_SHEETS = 20
MOST_COLUMNS = 60
MOST_LINES = 5_000
"""Rows that are looked at, empty ones among them: a sheet may be formatted far below its last entry."""

LONGEST_CELL = 2_000

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_NOT_XML = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bin")
_CHUNK = 65_536
_LAST_OF_ALL = 1_048_576
"""The last row that a sheet can have."""

OLD = "文件是旧版工作簿（.xls）或有密码。"
TOO_LARGE = "工作簿过大。"
BROKEN = "工作簿已损坏，或不是 .xlsx 工作簿。"
DOCTYPE = "工作簿里有 DOCTYPE 声明，出于安全不予读取。"
MACROS = "工作簿含有宏，出于安全不予读取。"
TOO_MANY = "工作表行数过多。"
REASONS = (OLD, TOO_LARGE, BROKEN, DOCTYPE, MACROS, TOO_MANY)
"""Why a workbook cannot be read."""


class WorkbookUnreadable(InvalidData):
    """The workbook is too large, broken, protected or dangerous."""

    code = "workbook.unreadable"
    sentence = "{why}"
    remedy = "请另存为普通的 .xlsx 工作簿（不含宏和密码，删去无关的表和空行），或另存为 CSV，再重新选择。"
    rule = "工作簿至多1兆字节，展开后至多8兆字节，每张表至多5000行"


@dataclass(frozen=True)
class Sheet:
    """A visible sheet: its rows from the first on as text, without the empty ones at the end."""

    name: str
    rows: list[list[str]]


def is_workbook(content: bytes) -> bool:
    """Whether the bytes begin as a workbook does, of today or of old."""
    return content.startswith((_ZIP, _OLE))


def read(content: bytes) -> list[Sheet]:
    """The visible sheets that hold anything. Raises WorkbookUnreadable."""
    if content.startswith(_OLE):
        raise _unreadable(OLD)
    if len(content) > LARGEST_WORKBOOK:
        raise _unreadable(TOO_LARGE)
    _look_at_parts(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of every extension it leaves aside
            return list(_sheets(content))
    except WorkbookUnreadable:
        raise
    # A part may be wrong in any way; openpyxl then fails with whatever it happens to meet.
    except Exception as error:
        raise _unreadable(BROKEN) from error


def _sheets(content: bytes) -> Iterator[Sheet]:
    book = openpyxl.load_workbook(BytesIO(content), read_only=True, keep_links=False)
    try:
        for sheet in book.worksheets[:MOST_SHEETS]:
            if sheet.sheet_state == "visible" and (rows := _rows(sheet)):
                yield Sheet(sheet.title, rows)
    finally:
        book.close()


def _rows(sheet: Any) -> list[list[str]]:
    rows: list[list[str]] = []
    # What the sheet says of its own size is not believed: it would hide rows, or make up a million.
    for cells in sheet.iter_rows(max_row=_LAST_OF_ALL, max_col=MOST_COLUMNS, values_only=True):
        if len(rows) == MOST_LINES:
            raise _unreadable(TOO_MANY)
        rows.append(_trimmed([_text(value) for value in cells]))
    return rows[: max((at for at, row in enumerate(rows, 1) if row), default=0)]


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(value: Any) -> str:
    """A cell as a person would write it: days as 2020-05-09, whole numbers without a point, on one line."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date() if value.time() == datetime.min.time() else value.replace(microsecond=0)
    if isinstance(value, date):
        return str(value)
    if isinstance(value, float):
        return f"{value:.10g}"
    return " ".join(str(value)[:LONGEST_CELL].split())


def _look_at_parts(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            # zipfile never unpacks more of a part than it says to hold.
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise _unreadable(TOO_LARGE)
            if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
                raise _unreadable(MACROS)
            if {part.compress_type for part in parts} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise _unreadable(BROKEN)
            for part in parts:
                with archive.open(part) as stream:
                    _look_at(stream, may_be_other=part.filename.lower().endswith(_NOT_XML))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _unreadable(BROKEN) from error


def _look_at(stream: IO[bytes], *, may_be_other: bool) -> None:
    """Raises for a DOCTYPE, in whatever encoding; an entity can be defined nowhere else."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        for chunk in _chunks(stream):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if not may_be_other:
            raise _unreadable(BROKEN) from error


def _chunks(stream: IO[bytes]) -> Iterable[bytes]:
    return iter(lambda: stream.read(_CHUNK), b"")


def _refuse_doctype(*_: object) -> None:
    raise _unreadable(DOCTYPE)


def _unreadable(why: str) -> WorkbookUnreadable:
    return WorkbookUnreadable(why=why, fields={"file": why})
