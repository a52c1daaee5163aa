"""Why a case has not come further, in the reader's language; what a bundle says stays as it is."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any

from flask_babel import gettext, lazy_gettext

from workflows.clock import OFFICE_ZONE
from workflows.engine.environment import Choice
from workflows.engine.forms import Field
from workflows.engine.reasons.reason import Condition, Fact, Kind, Reason

Choices = Callable[[Field], Sequence[Choice]]
"""The entries of a field, from its form or from their source."""

CONFIDENCE = {
    "local": lazy_gettext("地方做法"),
    "unverified": lazy_gettext("未核实"),
}
"""What must be said of a value that no published rule gives."""

_COMPARED = {
    "less_than": lazy_gettext("须小于 %(value)s"),
    "at_most": lazy_gettext("不得超过 %(value)s"),
    "more_than": lazy_gettext("须大于 %(value)s"),
    "at_least": lazy_gettext("须达到 %(value)s"),
}
_DATED = {
    "less_than": lazy_gettext("须早于 %(value)s"),
    "at_most": lazy_gettext("不得晚于 %(value)s"),
    "more_than": lazy_gettext("须晚于 %(value)s"),
    "at_least": lazy_gettext("不得早于 %(value)s"),
}
MOST_LEFT = 3

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DURATION = re.compile(r"P(\d+)([DMY])", re.ASCII)
_SPANS = {"D": lazy_gettext("%(n)s 天"), "M": lazy_gettext("%(n)s 个月"), "Y": lazy_gettext("%(n)s 年")}


def said(value: Any, *, field: Field | None = None, unit: str = "", choices: Choices | None = None) -> str:
    """A value as people read it: choices by their labels, numbers with their unit, spans of time in words."""
    if value is None:
        return gettext("未登记")
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if field is not None and field.kind in ("select", "radio"):
        known = choices(field) if choices else field.choices
        return next((choice.label for choice in known if choice.value == str(value)), str(value))
    if isinstance(value, str) and (span := _DURATION.fullmatch(value)):
        return str(_SPANS[span[2]]) % {"n": span[1]}
    if unit and isinstance(value, int | float):
        return f"{value:g} {unit if unit.isascii() else gettext(unit)}"
    return str(value)


def fact_said(fact: Fact, choices: Choices | None = None) -> str:
    """The fact's value as people read it; of a secret one only that there is one."""
    if fact.secret:
        return gettext("（保密，不显示）")
    return said(fact.value, field=fact.field, unit=fact.unit, choices=choices)


def condition_said(condition: Condition, choices: Choices | None = None) -> str:
    """What the fact has to be: `须达到 8 学时`."""
    first = condition.facts[0] if condition.facts else None
    field, unit = (first.field, first.unit) if first else (None, "")
    values = [said(value, field=field, unit=unit, choices=choices) for value in condition.wanted]
    if first is not None and first.secret:
        return gettext("须符合规则（条件保密，不显示）")
    match condition.kind:
        case "less_than" | "at_most" | "more_than" | "at_least":
            words = _DATED if _DATE.fullmatch(str(condition.wanted[0])) else _COMPARED
            return str(words[condition.kind]) % {"value": values[0]}
        case "is" if values:
            one_of = gettext("须为 %(values)s 之一", values="、".join(values))
            return one_of if len(values) > 1 else gettext("须为 %(value)s", value=values[0])
        case "is_not" if condition.wanted == (None,):
            return gettext("须已登记")
        case "is_not" if left := _left(condition, field, choices):
            one_of = gettext("须为 %(values)s 之一", values="、".join(left))
            return one_of if len(left) > 1 else gettext("须为 %(value)s", value=left[0])
        case "is_not":
            return gettext("不得为 %(values)s", values="、".join(values))
        case "within":
            return gettext("须在 %(low)s 与 %(high)s 之间（%(ends)s）", **_ends(condition, values))
        case "outside":
            return gettext("不得在 %(low)s 与 %(high)s 之间（%(ends)s）", **_ends(condition, values))
        case _:
            return condition.text


def _left(condition: Condition, field: Field | None, choices: Choices | None) -> list[str]:
    """The choices that remain when some must not be, where they are few enough to be read."""
    if field is None or field.kind not in ("select", "radio"):
        return []
    barred = {str(value) for value in condition.wanted}
    left = [choice.label for choice in (choices(field) if choices else field.choices) if choice.value not in barred]
    return left if len(left) <= MOST_LEFT else []


def _ends(condition: Condition, values: Sequence[str]) -> dict[str, str]:
    low, high = condition.ends[:1] == "[", condition.ends[-1:] == "]"
    if low and high:
        ends = gettext("含两端")
    elif low or high:
        ends = gettext("含 %(value)s", value=values[0] if low else values[1])
    else:
        ends = gettext("不含两端")
    return {"low": values[0], "high": values[1], "ends": ends}


def heading(reason: Reason) -> str:
    """The reason in a few words."""
    match reason.kind:
        case Kind.DECISION:
            return gettext("%(step)s：没有通过", step=reason.label)
        case Kind.GATE:
            taken = reason.gate.taken.label if reason.gate else ""
            return f"{reason.label} {taken}".strip()
        case Kind.REFUSAL:
            return gettext("%(step)s：没有办成", step=reason.label)
        case Kind.INCIDENT:
            return gettext("有异常：%(step)s", step=reason.label)
        case Kind.JOB:
            return _of_job(reason)
        case Kind.TIMER:
            return gettext("%(step)s：等到 %(day)s", step=reason.label, day=moment_said(reason.until))
        case _:
            return _awaited(reason)


def _of_job(reason: Reason) -> str:
    if reason.until is None:
        return gettext("%(step)s：后台正在办理", step=reason.label)
    return gettext("%(step)s：后台未办成，%(time)s 再试", step=reason.label, time=moment_said(reason.until))


def moment_said(moment: datetime | None) -> str:
    """The office day of a moment, with the time where it is not the first of the day."""
    if moment is None:
        return ""
    local = moment.astimezone(OFFICE_ZONE)
    return local.strftime("%Y-%m-%d %H:%M" if local.time() != time.min else "%Y-%m-%d")


def _awaited(reason: Reason) -> str:
    match reason.rule:
        case "message":
            return gettext("%(step)s：等待消息“%(name)s”", step=reason.label, name=reason.expression)
        case "signal":
            return gettext("%(step)s：等待信号“%(name)s”", step=reason.label, name=reason.expression)
        case _:
            return gettext("%(step)s：等待条件成立", step=reason.label)


def rule_said(reason: Reason) -> str:
    """The rule behind the reason: which one of which table, or in the words of a refusal; empty when there is none."""
    if reason.kind == Kind.DECISION:
        return gettext("决策表“%(table)s”第 %(n)s 条", table=reason.decision_label, n=reason.rule_number)
    of_refusal = reason.kind in (Kind.REFUSAL, Kind.INCIDENT)
    return gettext(reason.rule) if of_refusal and reason.rule else ""


def shown_facts(reason: Reason) -> list[Fact]:
    """The reason's facts but for those that stand with the conditions, and for words that only a program reads."""
    conditions = [one for remedy in reason.remedies for group in remedy.groups for one in group]
    told = {fact.name for condition in conditions for fact in condition.facts}
    return [fact for fact in reason.facts if fact.name not in told and not _is_code(fact)]


def _is_code(fact: Fact) -> bool:
    """A result such as `not_adopted`, which the label of the way taken says better."""
    is_word = isinstance(fact.value, str) and not _DATE.match(fact.value) and not _DURATION.fullmatch(fact.value)
    return is_word and fact.field is None and fact.source.origin is None


def label_of(fact: Fact) -> str:
    """What the fact is called; values of a rule set have names of the product's own."""
    return gettext(fact.label) if fact.source.origin else fact.label
