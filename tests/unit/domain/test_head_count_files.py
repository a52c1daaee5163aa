"""Head counts from a file: whatever people export, and a plain word where it cannot be read."""

import pytest

from workflows.domain import head_count_files, unit_files
from workflows.domain.head_count_files import CountsUnreadable
from workflows.domain.head_counts import Line
from workflows.domain.units import Field


def test_names_of_columns_and_separators_are_those_in_use() -> None:
    (row,) = head_count_files.read("班级\t学段\t是否毕业班\t学生数\t团员数\n高一1班\t高中\t\t1,050\t20\n\n")
    assert (row.line, row.unit, row.counted) == (2, "高一1班", Line(Field.SENIOR, False, 1050, 20))


@pytest.mark.parametrize(
    "content, why",
    [
        (b"x" * (unit_files.LARGEST_FILE + 1), unit_files.TOO_LARGE),
        (b"\xff\xfe\xff", unit_files.NO_TEXT),
        ("组织代码,阶段,学生数,团员数\n\0".encode(), unit_files.NO_TEXT),
        ('组织代码,阶段,学生数,团员数\n"S1,初中'.encode(), unit_files.BROKEN),
        (b"name\nS1", unit_files.NO_COLUMNS),
        ("组织代码,阶段,学生数,团员数\n,,,\n".encode(), unit_files.NO_ROWS),
        (
            ("组织代码,阶段,学生数,团员数\n" + "S1,初中,5,1\n" * 3001).encode("gb18030"),
            unit_files.TOO_MANY,
        ),
    ],
)
def test_what_cannot_be_read_is_told_by_its_reason(content: bytes, why: str) -> None:
    with pytest.raises(CountsUnreadable) as refused:
        head_count_files.read(head_count_files.text_of(content))
    assert refused.value.fields == {"file": why}
