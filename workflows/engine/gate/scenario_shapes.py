"""Whether a scenario is built as scenarios are, before any of it is played."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

MOST_PLACES = 100_000
"""In a rehearsal; a region's plan of a year has about half of it."""

_Test = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_day(value: Any) -> bool:
    return isinstance(value, date | str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_PLACES


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value)) and all(map(_is_number, value.values()))


def _is_content(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(map(_is_text, value)))


def _are_reasons(value: Any) -> bool:
    return all(isinstance(each, dict) for each in (value if isinstance(value, list) else [value]))


_TOP: dict[str, tuple[_Test, str]] = {
    "name": (_is_text, "文字"),
    "begins": (_is_day, "日期"),
    "rule_set": (lambda value: value is None or _is_text(value), "规则集的名称"),
    "rule_sets": (lambda value: _are_texts(value) and len(set(value)) == len(value) > 0, "一列规则集的名称"),
    "rules": (_is_content, "参数的名称和值"),
    "places": (_is_number, f"0 至 {MOST_PLACES} 的整数"),
    "places_next_year": (_is_number, f"0 至 {MOST_PLACES} 的整数"),
    "temporary": (lambda value: isinstance(value, bool), "true 或 false"),
    "voters": (lambda value: isinstance(value, int) and 0 <= value <= 9, "0 至 9 的整数"),
    "ends_at": (lambda value: value is None or _is_text(value), "一个图元的标识"),
    "went_through": (_are_texts, "一列图元的标识"),
    "avoided": (_are_texts, "一列图元的标识"),
    "places_after": (_are_numbers, "free、reserved、used 各多少"),
}
_STEP: dict[str, tuple[_Test, str]] = {
    "do": (_is_text, "一个步骤的标识"),
    "message": (_is_text, "一个消息的名称"),
    "record": (_is_text, "一类材料的名称"),
    "on": (_is_day, "日期"),
    "wait_until": (_is_day, "日期"),
    "outcome": (_is_text, "一项结果"),
    "with": (_is_content, "表单各栏的内容"),
    "at": (_are_texts, "一列步骤的标识"),
    "because": (_are_reasons, "一条或几条理由"),
    "under": (_is_text, "一个规则集的名称"),
}
_REFUSED: dict[str, tuple[_Test, str]] = {name: _STEP[name] for name in ("do", "message", "on", "outcome", "with")} | {
    "code": (_is_text, "拒绝的代码"),
    "field": (_is_text, "一栏的键名"),
    "article": (_is_text, "依据"),
}


def faults_in(content: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it should be, in words that follow on the file's name."""
    yield from _wrong(content, _TOP, "")
    if {"rule_set", "rule_sets"} <= content.keys():
        yield "rule_set 与 rule_sets 只写一个"
    named = content.get("rule_sets", [])
    for number, step in enumerate(content["steps"], 1):
        yield from _wrong(step, _STEP, f"第 {number} 步的 ")
        if "under" in step and (not isinstance(named, list) or step["under"] not in named):
            yield f"第 {number} 步的 under 应是 rule_sets 中的一个"
        if "refused" not in step:
            continue
        refused = step["refused"]
        if not isinstance(refused, dict) or "code" not in refused or not {"do", "message"} & refused.keys():
            yield f"第 {number} 步的 refused 应写明 code，以及 do 或 message"
        else:
            yield from _wrong(refused, _REFUSED, f"第 {number} 步的 refused.")


def _wrong(content: Mapping[str, Any], tests: Mapping[str, tuple[_Test, str]], where: str) -> Iterator[str]:
    for name, (test, wanted) in tests.items():
        if name in content and not test(content[name]):
            yield f"{where}{name} 应为{wanted}"
