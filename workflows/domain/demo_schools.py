"""The demo's schools, branches, officers and names. Schools and people are invented; the counties are real."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from workflows.domain.posts import PostKind
from workflows.domain.units import Field

GROWN_UP = 2000
"""Born in this year or before, everybody is at least nineteen; the demo moves it with the births to its own year."""


@dataclass(frozen=True)
class Branch:
    """One class with its branch; `born` is the year its members were born in, `joined` the year they were admitted."""

    name: str
    born: int
    has_committee: bool = True
    joined: int = 2019

    @property
    def is_of_age(self) -> bool:
        """Whether everybody is old enough to be recommended for Party membership."""
        return self.born <= GROWN_UP


@dataclass(frozen=True)
class School:
    """One school in a real county; `login` begins the logins of its people."""

    code: str
    county: str
    name: str
    login: str
    field: Field
    branches: tuple[Branch, ...]


SCHOOLS = (
    School(
        "150102-D1",
        "150102",
        "新城区第一高级中学",
        "xincheng",
        Field.SENIOR,
        (Branch("高一1班", 2004), Branch("高一2班", 2004), Branch("高二1班", 2003, has_committee=False)),
    ),
    School(
        "150102-D2",
        "150102",
        "新城区第二初级中学",
        "chuzhong",
        Field.JUNIOR,
        (Branch("八年级1班", 2005, has_committee=False),),
    ),
    School(
        "150702-D1",
        "150702",
        "海拉尔区中等职业学校",
        "hailar",
        Field.VOCATIONAL,
        (Branch("护理一年级1班", 2004), Branch("畜牧兽医一年级1班", 2004)),
    ),
    School("150781-D1", "150781", "满洲里市高级中学", "manzhouli", Field.SENIOR, (Branch("高一1班", 2004),)),
    School(
        "150702-D2",
        "150702",
        "海拉尔区职业技术学院",
        "xueyuan",
        Field.UNIVERSITY,
        (Branch("护理专业二年级1班", 1999, joined=2015),),
    ),
)

REGION_OFFICERS = {
    "region": PostKind.REGION_COMMITTEE,
    "admin": PostKind.ADMINISTRATOR,
    "auditor": PostKind.AUDITOR,
}

CITY_OFFICERS = {"150100": "hohhot", "150700": "hulunbuir"}

COUNTY_OFFICERS = {"150102": "xincheng.county", "150702": "hailar.county", "150781": "manzhouli.city"}

_SURNAMES = "林王李张刘陈杨赵黄周吴徐孙胡朱高何郭马罗"
_GIVEN = "一二三四五六七八九十"
_MONGOLIAN = ("巴特尔", "其木格", "苏日娜", "阿古拉", "乌兰", "娜仁", "朝鲁", "萨仁", "哈斯", "布仁")


def names(dice: random.Random) -> Iterator[tuple[str, str]]:
    """Name and ethnic group of one invented person after another, never the same name twice."""
    plain = [(f"演示·{surname}{given}", "汉族") for surname in _SURNAMES for given in _GIVEN]
    mongolian = [(f"演示·{name}{given}", "蒙古族") for name in _MONGOLIAN for given in _GIVEN[:5]]
    everybody = plain[1:] + mongolian
    dice.shuffle(everybody)
    return iter([plain[0], *everybody])
