"""Files of volunteer service: what can be read in which encoding, and what cannot be read at all."""

import pytest

from workflows.domain import volunteer_files
from workflows.domain.volunteer_files import FileUnreadable

HEADING = "姓名,日期,时长（小时）,服务内容,组织单位,证明人"
ROW = "乌云,2020-05-09,2.5,敬老院服务,志愿者协会,林一"
FILE = f"{HEADING}\n{ROW}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_reads_the_same_in_every_encoding(encoding: str) -> None:
    file = volunteer_files.read(volunteer_files.open_file(FILE.encode(encoding)).text)
    [row] = file.rows
    assert (row.line, row.name, row.values["hours"]) == (2, "乌云", "2.5")
    assert file.digest == volunteer_files.read(FILE).digest


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_columns_may_be_apart_by_any_usual_sign(delimiter: str) -> None:
    [row] = volunteer_files.read(FILE.replace(",", delimiter)).rows
    assert row.values["conductor"] == "志愿者协会"


def test_columns_may_stand_in_any_order_under_other_names_beside_others() -> None:
    text = (
        "序号,证明人,组织单位,项目名称,时长,服务日期,姓名\r\n1,林一,志愿者协会,敬老院服务,2.5,2020/5/9,乌云\r\n,,\r\n"
    )
    [row] = volunteer_files.read(text).rows
    assert (row.name, row.values["topic"], row.values["happened_on"]) == ("乌云", "敬老院服务", "2020-05-09")


def test_line_ends_make_no_other_file() -> None:
    assert volunteer_files.read(FILE.replace("\n", "\r\n")).digest == volunteer_files.read(FILE).digest


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", volunteer_files.NO_COLUMNS),
        (("\n" * 12 + "标题\n" * 10 + FILE).encode(), volunteer_files.NO_COLUMNS),
        (HEADING.encode(), volunteer_files.NO_ROWS),
        (f"{HEADING}\n ,, ,\n".encode(), volunteer_files.NO_ROWS),
        (FILE.replace("证明人", "备注").encode(), volunteer_files.NO_COLUMNS),
        (b"\xff\xfe\x00", volunteer_files.NO_TEXT),
        (f"{FILE}\0".encode(), volunteer_files.NO_TEXT),
        (f'{HEADING}\n"乌云,2020-05-09\n'.encode(), volunteer_files.BROKEN),
        ((HEADING + f"\n{ROW}" * 501).encode(), volunteer_files.TOO_MANY),
        (b"x" * 200_001, volunteer_files.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, why: str) -> None:
    with pytest.raises(FileUnreadable) as refused:
        volunteer_files.read(volunteer_files.open_file(content).text)
    assert refused.value.facts["why"] == why


def test_a_text_may_not_be_larger_than_any_file() -> None:
    with pytest.raises(FileUnreadable):
        volunteer_files.read("团" * 200_000)


def test_a_title_may_stand_above_the_names_of_the_columns() -> None:
    [row] = volunteer_files.read(f"五月志愿服务统计表,,,,,\n\n{FILE}").rows
    assert (row.line, row.cells["name"], row.cells["witness"]) == (4, "A4", "F4")


def test_headings_are_compared_without_what_people_add_to_them() -> None:
    file = volunteer_files.read(FILE.replace("姓名", "* 姓 名").replace("时长（小时）", "服务时长 (小时)："))
    assert (file.columns["name"], file.columns["hours"]) == ("* 姓 名", "服务时长 (小时)：")


def test_minutes_are_not_taken_for_hours() -> None:
    with pytest.raises(FileUnreadable):
        volunteer_files.read(FILE.replace("时长（小时）", "时长（分钟）"))


def test_who_enters_may_say_which_column_is_which() -> None:
    text = FILE.replace("姓名", "团员").replace("时长（小时）", "工时")
    assert volunteer_files.headings(text)[:3] == ["团员", "日期", "工时"]
    file = volunteer_files.read(text, {"name": "团员", "hours": "工时"})
    assert (file.rows[0].name, file.rows[0].values["hours"]) == ("乌云", "2.5")
    with pytest.raises(FileUnreadable):
        volunteer_files.read(text, {"name": "团员", "hours": "团员"})


@pytest.mark.parametrize(
    "written, day",
    [
        ("2020/5/9", "2020-05-09"),
        ("2020.5.9", "2020-05-09"),
        ("2020年5月9日", "2020-05-09"),
        ("20200509", "2020-05-09"),
        ("2020-05-09 14:30:00", "2020-05-09"),
        ("43960", "2020-05-09"),
        ("5月9日", "5月9日"),
        ("9/5/2020", "9/5/2020"),
        ("2020-05", "2020-05"),
    ],
)
def test_a_day_is_understood_only_where_it_can_be_but_one(written: str, day: str) -> None:
    [row] = volunteer_files.read(FILE.replace("2020-05-09", written)).rows
    assert row.values["happened_on"] == day


def test_spaces_within_a_chinese_name_are_no_part_of_it() -> None:
    [row] = volunteer_files.read(FILE.replace("乌云", "乌 云").replace("2.5", "2.5小时")).rows
    assert (row.name, row.values["hours"]) == ("乌云", "2.5")
