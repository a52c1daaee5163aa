"""Rules in the reader's language: values with their units, how sure each is, where sources disagree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext

from webapp import reasons_told
from workflows.domain import majorities, rule_sets
from workflows.domain.rule_sets import Confidence, Parameter
from workflows.domain.strictness import Direction

CONFIDENCE = {
    Confidence.RULE: lazy_gettext("规定"),
    Confidence.SEED: lazy_gettext("通知要求"),
    Confidence.LOCAL: lazy_gettext("地方做法"),
    Confidence.UNVERIFIED: lazy_gettext("未核实"),
    Confidence.OWN: lazy_gettext("本产品做法"),
}
"""The tag beside every value; what no published text gives is never shown as law."""

_BASES = {
    "should-attend": lazy_gettext("应到会有表决权人数"),
    "present": lazy_gettext("实到会有表决权人数"),
    "ballots": lazy_gettext("票数"),
}


def value(parameter: Parameter, value: Any) -> str:
    """A value of the parameter as people read it."""
    if value is None:
        return gettext("不限")
    if parameter.direction is Direction.SHARE:
        share = majorities.read(value)
        part = {"base": _BASES[share.base], "over": share.fraction.numerator, "under": share.fraction.denominator}
        if share.more_than:
            return gettext("超过%(base)s的 %(over)s/%(under)s", **part)
        return gettext("不少于%(base)s的 %(over)s/%(under)s", **part)
    if isinstance(value, str) and value in parameter.words:
        return gettext(parameter.words[value])
    return reasons_told.said(value, unit=parameter.unit)


@dataclass(frozen=True)
class Kept:
    """One rule that was stricter than its rule set when a case began, and whose decision that was."""

    title: str
    value: str
    unit: str


def kept_by(data: Mapping[str, Any]) -> list[Kept]:
    """What a case keeps that units had tightened when it began, from the case's data."""
    rule_set = rule_sets.ALL.get(str(data.get("rule_set")))
    if rule_set is None:
        return []
    by = {name: each["unit"] for name, each in data.get("tightenings", {}).items() if name in rule_set.parameters}
    known = [(rule_set.parameters[name], unit) for name, unit in by.items()]
    return [Kept(title(each), value(each, data["rules"][each.name]), unit) for each, unit in known]


def title(parameter: Parameter) -> str:
    """What people call the parameter."""
    return gettext(parameter.title)


def basis(parameter: Parameter) -> str:
    """The article behind the set's own value; empty where no published text stands behind it."""
    return parameter.article if parameter.confidence.is_law else ""


def tag(parameter: Parameter) -> str:
    """How sure the value is, in a word."""
    return str(CONFIDENCE[parameter.confidence])


def notes(parameter: Parameter) -> list[str]:
    """Where sources disagree about it."""
    return [gettext(rule_sets.DISPUTES[number].note) for number in parameter.disputes]
