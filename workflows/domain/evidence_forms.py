"""What is written down of each kind of evidence of training, and how it is read; what is wrong is told by its field."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from workflows import clock
from workflows.errors import InvalidData

LONGEST_NAME = 80
LONGEST_TEXT = 500
LONGEST_DOCUMENT = 120
LONGEST_LESSON = 720
"""Minutes of class on one day, at most."""

LONGEST_SERVICE = 24
"""Hours of volunteer service on one day, at most."""

MINUTES_IN_AN_HOUR = 60
PARTS_OF_AN_HOUR = 10
"""Volunteer hours are written down to a tenth, as the certificates have them."""


class Kind(StrEnum):
    """Every kind of evidence (rulebook 1.2, steps 3 to 6)."""

    CLASS_HOURS = "class_hours"
    VOLUNTEER_HOURS = "volunteer_hours"
    IDEOLOGY_ASSESSMENT = "ideology_assessment"
    TALK = "talk"
    ASSESSMENT = "assessment"
    PIONEER_RECOMMENDATION = "pioneer_recommendation"

    @property
    def label(self) -> str:
        """What people call it."""
        return _LABELS[self]


_LABELS = {
    Kind.CLASS_HOURS: "团课",
    Kind.VOLUNTEER_HOURS: "志愿服务",
    Kind.IDEOLOGY_ASSESSMENT: "思政考评",
    Kind.TALK: "谈心谈话",
    Kind.ASSESSMENT: "定期考察",
    Kind.PIONEER_RECOMMENDATION: "少先队推优",
}


class Mode(StrEnum):
    """How a lesson was given."""

    IN_PERSON = "in_person"
    ONLINE = "online"


class Result(StrEnum):
    """How an ideology assessment ended."""

    PASSED = "passed"
    FAILED = "failed"


class EvidenceWrong(InvalidData):
    """What was entered as evidence is incomplete or cannot be."""

    code = "evidence.wrong"
    sentence = "培养材料填写有误。"
    remedy = "请按各栏的提示修改。"
    rule = "团课记课题、授课人和证明人，志愿服务记时长和组织单位，日期不得晚于今天"


MISSING = "必填"
TOO_LONG = "文字过长"
NOT_A_DAY = "日期格式应为 2020-05-04"
IN_THE_FUTURE = "不能晚于今天"
NOT_MINUTES = "应为 1 至 720 的整数（分钟）"
NOT_HOURS = "应为 0.1 至 24 的小时数，最多一位小数"
NOT_A_CHOICE = "请从选项中选择一项"
NOT_A_FIELD = "这类材料没有这一栏"
WORDS = (MISSING, TOO_LONG, NOT_A_DAY, IN_THE_FUTURE, NOT_MINUTES, NOT_HOURS, NOT_A_CHOICE, NOT_A_FIELD)
"""Everything that is said of a field."""


@dataclass(frozen=True)
class Entered:
    """One piece of evidence as it was read; `minutes` of a lesson or a service."""

    happened_on: date
    topic: str = ""
    minutes: int | None = None
    mode: Mode | None = None
    conductor: str = ""
    witness: str = ""
    result: Result | None = None
    document: str = ""


@dataclass(frozen=True)
class Particular:
    """One field of a kind: its key as sent, what people call it, and whether it may be left empty."""

    key: str
    label: str
    read: Callable[[str], Any] = field(repr=False)
    required: bool = True
    longest: int = LONGEST_NAME
    choices: tuple[tuple[str, str], ...] = ()


def _text(value: str) -> str:
    return value


def _day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError(NOT_A_DAY) from None
    if day > clock.today():
        raise ValueError(IN_THE_FUTURE)
    return day


def _minutes(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= LONGEST_LESSON:
        raise ValueError(NOT_MINUTES)
    return int(value)


def _hours(value: str) -> int:
    """Minutes of the hours written down."""
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9])?", value) or not 0 < Decimal(value) <= LONGEST_SERVICE:
        raise ValueError(NOT_HOURS)
    return int(Decimal(value) * MINUTES_IN_AN_HOUR)


def _one_of(words: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(value: str) -> StrEnum:
        if value not in set(words):
            raise ValueError(NOT_A_CHOICE)
        return words(value)

    return read


MODES = (("in_person", "面授"), ("online", "网络"))
RESULTS = (("passed", "合格"), ("failed", "不合格"))

_HAPPENED_ON = Particular("happened_on", "日期", _day)
_DOCUMENT = Particular("document", "材料名称或编号", _text, required=False, longest=LONGEST_DOCUMENT)


def _words(key: str, label: str, *, required: bool = True, longest: int = LONGEST_NAME) -> Particular:
    return Particular(key, label, _text, required, longest)


FORMS: dict[Kind, tuple[Particular, ...]] = {
    Kind.CLASS_HOURS: (
        _HAPPENED_ON,
        _words("topic", "课题", longest=LONGEST_TEXT),
        Particular("minutes", "时长（分钟）", _minutes),
        Particular("mode", "授课方式", _one_of(Mode), choices=MODES),
        _words("conductor", "授课人"),
        _words("witness", "证明人"),
        _DOCUMENT,
    ),
    Kind.VOLUNTEER_HOURS: (
        _HAPPENED_ON,
        _words("topic", "服务内容", longest=LONGEST_TEXT),
        Particular("hours", "时长（小时）", _hours),
        _words("conductor", "组织单位"),
        _words("witness", "证明人"),
        _DOCUMENT,
    ),
    Kind.IDEOLOGY_ASSESSMENT: (
        _HAPPENED_ON,
        Particular("result", "考评结果", _one_of(Result), choices=RESULTS),
        _words("conductor", "考评人"),
        _words("topic", "说明", required=False, longest=LONGEST_TEXT),
        _DOCUMENT,
    ),
    Kind.TALK: (
        _HAPPENED_ON,
        _words("conductor", "谈话人"),
        _words("topic", "谈话要点", longest=LONGEST_TEXT),
        _DOCUMENT,
    ),
    Kind.ASSESSMENT: (
        _HAPPENED_ON,
        _words("topic", "考察意见", longest=LONGEST_TEXT),
        _words("conductor", "考察人"),
        _DOCUMENT,
    ),
    Kind.PIONEER_RECOMMENDATION: (
        _HAPPENED_ON,
        _words("conductor", "推荐的少先队组织"),
        _words("topic", "推荐意见", required=False, longest=LONGEST_TEXT),
        _DOCUMENT,
    ),
}
"""The fields of each kind, in the order in which they are filled in."""


def read(kind: Kind, values: Mapping[str, Any]) -> Entered:
    """What was entered for a kind, from text, numbers or days; raises EvidenceWrong with every field that is wrong.

    Hours of volunteer service are tenths of an hour, lessons whole minutes.
    """
    wrong = {key: NOT_A_FIELD for key in values if key not in {each.key for each in FORMS[kind]}}
    found: dict[str, Any] = {}
    for each in FORMS[kind]:
        value = values.get(each.key)
        text = "" if value is None else " ".join(str(value).split())
        if not text:
            wrong |= {each.key: MISSING} if each.required else {}
        elif len(text) > each.longest:
            wrong[each.key] = TOO_LONG
        else:
            try:
                found["minutes" if each.key == "hours" else each.key] = each.read(text)
            except ValueError as error:
                wrong[each.key] = str(error)
    if wrong:
        raise EvidenceWrong(fields=wrong)
    return Entered(**found)


def as_sent(kind: Kind, entered: Any) -> dict[str, Any]:
    """The values of an entry by the keys of its form, as they may be sent again."""
    found = {each.key: getattr(entered, each.key, None) for each in FORMS[kind] if each.key != "hours"}
    if kind == Kind.VOLUNTEER_HOURS:
        found["hours"] = str(Decimal(entered.minutes) / MINUTES_IN_AN_HOUR)
    return found
