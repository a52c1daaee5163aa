"""Names, sexes and identity numbers of invented people; each number belongs to nobody and is given out once."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from workflows.domain import identity_numbers
from workflows.domain.people import Sex

_SURNAMES = "林王李张刘陈杨赵黄周吴徐孙胡朱高何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "一二三四五六七八九十甲乙丙丁戊己庚辛壬癸"
_MONGOLIAN = ("巴特尔", "其木格", "苏日娜", "阿古拉", "乌兰", "娜仁", "朝鲁", "萨仁", "哈斯", "布仁")

MONGOLIAN = 0.2
"""Share of the invented people with Mongolian names."""


@dataclass(frozen=True)
class Invented:
    """One invented person; `order` is the place in the sequence, which the identity number is made from."""

    order: int
    name: str
    sex: Sex
    ethnic_group: str


def people(dice: random.Random, first: int = 0) -> Iterator[Invented]:
    """One after another without end; two may share a name, as people do."""
    order = first
    while True:
        sex = dice.choice((Sex.MALE, Sex.FEMALE))
        if dice.random() < MONGOLIAN:
            yield Invented(order, f"演示·{dice.choice(_MONGOLIAN)}{dice.choice(_GIVEN)}", sex, "蒙古族")
        else:
            name = f"演示·{dice.choice(_SURNAMES)}{dice.choice(_GIVEN)}{dice.choice(_GIVEN)}"
            yield Invented(order, name, sex, "汉族")
        order += 1


def identity(one: Invented, born: date) -> str:
    """A number with a right checksum; people of one birthday differ as long as their orders differ by less than 4.9
    million, because the order itself is written into the digits of area and sequence."""
    sequence = one.order % 499 * 2 + (1 if one.sex == Sex.MALE else 0)
    area = one.order // 499 % 10_000
    first_17 = f"{identity_numbers.UNASSIGNED_AREA}{area:04d}{born:%Y%m%d}{sequence:03d}"
    return first_17 + identity_numbers.check_character(first_17)
