"""Tables that people fill in or other systems export: a workbook, or CSV in UTF-8 or GB18030, read row by row.

One of the first lines names the columns, in any order and by any of the names in use; other columns are left alone, and
whoever enters may say which column holds what. From the text of a workbook on, both kinds of files go the same way.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.domain import workbooks
from workflows.domain.workbooks import Sheet
from workflows.errors import InvalidData

HEADING_LINES = 10
"""The names of the columns stand in one of so many first lines; above them a table may have its title."""

_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",\t;，"

TOO_LARGE = "文件过大。"
NO_TEXT = "文件不是文字，或编码不对。"
NO_COLUMNS = "前十行内没有所需的列名。"
NO_ROWS = "文件里没有内容。"
TOO_MANY = "行数过多。"
BROKEN = "文件中引号不成对。"
REASONS = (TOO_LARGE, NO_TEXT, NO_COLUMNS, NO_ROWS, TOO_MANY, BROKEN)
"""Why a file cannot be read."""


@dataclass(frozen=True)
class FilledRow:
    """One row: its line in the file, what stands in each column, and the cell it stands in (`C7`)."""

    line: int
    values: dict[str, str]
    cells: dict[str, str]


@dataclass(frozen=True)
class FilledTable:
    """A file as it was read; `digest` is the same for the same text, whatever its encoding or line ends.

    `columns` is the heading under which each column was found.
    """

    digest: str
    rows: list[FilledRow]
    columns: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A file as text; `sheet` is the one of the workbook that it comes from."""

    text: str
    sheet: str = ""


@dataclass(frozen=True)
class Shape:
    """What a kind of file holds: its columns with the names each goes by (the usual one first), and its limits.

    `refusal` is raised with `why`, one of REASONS; `largest` counts bytes of CSV.
    """

    columns: Mapping[str, tuple[str, ...]]
    optional: frozenset[str]
    largest: int
    most_rows: int
    refusal: type[InvalidData]

    def open_file(self, content: bytes) -> Table:
        """The text of a CSV file in one of the encodings in use, or of the sheet of a workbook that has the columns.

        Raises the refusal, and WorkbookUnreadable.
        """
        if workbooks.is_workbook(content):
            sheets = workbooks.read(content)
            if not sheets:
                raise self._unreadable(NO_ROWS)
            # Without the columns anywhere, whoever enters says which of the first sheet's they are.
            sheet = next((each for each in sheets if self._heading(each.rows, {}) is not None), sheets[0])
            return Table(_written(sheet), sheet.name)
        if len(content) > self.largest:
            raise self._unreadable(TOO_LARGE)
        for encoding in _ENCODINGS:
            try:
                return Table(content.decode(encoding))
            except UnicodeDecodeError:
                continue
        raise self._unreadable(NO_TEXT)

    def read(self, text: str, columns: Mapping[str, str] | None = None) -> FilledTable:
        """The rows of a file; empty lines are left out. Raises the refusal.

        `columns` says under which heading a column stands when it is none of the names in use.
        """
        lines = self._lines(text)
        heading = self._heading([cells for _, cells in lines], columns or {})
        if heading is None:
            raise self._unreadable(NO_COLUMNS)
        at, places = heading
        rows = [_row(line, cells, places) for line, cells in lines[at + 1 :] if any(cell.strip() for cell in cells)]
        if not rows:
            raise self._unreadable(NO_ROWS)
        if len(rows) > self.most_rows:
            raise self._unreadable(TOO_MANY)
        names = lines[at][1]
        return FilledTable(_digest(text), rows, {key: names[place].strip() for key, place in places.items()})

    def headings(self, text: str) -> list[str]:
        """The cells of the line that most looks like the names of columns, for somebody to say which is which."""
        first = [cells for _, cells in self._lines(text)][:HEADING_LINES]
        likely = max(first, key=lambda cells: len({cell.strip() for cell in cells} - {""}), default=[])
        return list(dict.fromkeys(cell.strip() for cell in likely if cell.strip()))

    def _lines(self, text: str) -> list[tuple[int, list[str]]]:
        """Every row with its number as a spreadsheet counts, the empty ones too."""
        if len(text.encode()) > 2 * self.largest:
            raise self._unreadable(TOO_LARGE)
        text = _plain(text)
        if "\0" in text:
            raise self._unreadable(NO_TEXT)
        first = text[: len(text) - len(text.lstrip("\n"))].count("\n")
        heading = max(text.lstrip("\n").split("\n")[:HEADING_LINES], key=_separators)
        delimiter = max(_DELIMITERS, key=heading.count)
        reader = csv.reader(io.StringIO(text[first:]), delimiter=delimiter, strict=True)
        try:
            return list(enumerate(reader, first + 1))
        except csv.Error:
            raise self._unreadable(BROKEN) from None

    def _heading(self, rows: list[list[str]], columns: Mapping[str, str]) -> tuple[int, dict[str, int]] | None:
        """Which row names the columns, and where each stands in it."""
        for at, cells in enumerate(rows[:HEADING_LINES]):
            places = self._places(cells, columns)
            if not set(self.columns) - self.optional - set(places):
                return at, places
        return None

    def _places(self, cells: list[str], columns: Mapping[str, str]) -> dict[str, int]:
        names = [_compared(cell) for cell in cells]
        found: dict[str, int] = {}
        for key, known in self.columns.items():
            wanted = [columns[key]] if columns.get(key) else known
            at = next((names.index(each) for each in map(_compared, wanted) if each in names), None)
            if at is not None and at not in found.values():
                found[key] = at
        return found

    def _unreadable(self, why: str) -> InvalidData:
        return self.refusal(why=why, fields={"file": why})


def day(told: str) -> str:
    """A day in the ways people and spreadsheets write it, as 2020-05-09; anything else as it was told."""
    found = re.fullmatch(r"([0-9]{4})[-/.年 ]+([0-9]{1,2})[-/.月 ]+([0-9]{1,2})日?(?:[T ][0-9:]+)?", told)
    found = found or re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})", told)
    if found:
        year, month, day = found.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    if re.fullmatch(r"[3-7][0-9]{4}", told):  # a day as a spreadsheet counts it: 36526 is the first of 2000
        return (_DAY_ZERO + timedelta(days=int(told))).isoformat()
    return told


_DAY_ZERO = date(1899, 12, 30)


def name(told: str) -> str:
    """A person's name without the blanks that some set between its characters."""
    return re.sub(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])", "", told)


def _separators(line: str) -> int:
    return max(line.count(each) for each in _DELIMITERS)


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _digest(text: str) -> str:
    return hashlib.sha256(_plain(text).lstrip("\n").encode()).hexdigest()


def _written(sheet: Sheet) -> str:
    """A sheet as CSV, one line for each of its rows, so that a line's number is the row's."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(sheet.rows)
    return written.getvalue()


def _compared(heading: str) -> str:
    """A heading without what people add to it: spaces, a star for what must be filled in, one kind of brackets."""
    return re.sub(r"[\s*＊:：]", "", heading).replace("(", "（").replace(")", "）")


def _row(line: int, cells: list[str], places: dict[str, int]) -> FilledRow:
    told = {key: cells[at].strip() if at < len(cells) else "" for key, at in places.items()}
    return FilledRow(line, told, {key: f"{_letters(at)}{line}" for key, at in places.items()})


def _letters(column: int) -> str:
    """A spreadsheet's name of a column, counted from nought: A, Z, AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
