"""The form for tightening one rule: a field that fits the parameter, and what was sent by it."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from flask import render_template
from flask_babel import gettext

from webapp import database, rules_told
from webapp.pages.form_view import FieldView
from workflows import clock
from workflows.domain import majorities, rule_sets, rules_in_force, tightening
from workflows.domain import tightening_refusals as refusals
from workflows.domain.rule_sets import Parameter
from workflows.domain.rules_in_force import LONGEST_REASON, InForce
from workflows.domain.strictness import Direction
from workflows.domain.units import Unit
from workflows.engine.environment import Choice
from workflows.errors import InvalidData, NotFound, Refusal

SHARES = (Fraction(3, 5), Fraction(2, 3), Fraction(3, 4), Fraction(4, 5))
"""What is offered beyond the rule; the API takes any share up to the bound."""


def page(unit: Unit, name: str, refusal: Refusal | None = None, sent: Mapping[str, str] | None = None) -> str:
    """The form for the unit and the parameter, with what was sent and what is wrong with it.

    Raises NotFound, and RuleFixed or RuleNotTighter where there is nothing to tighten.
    """
    found = _in_force(unit.id, name)
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    return render_template(
        "rule_sets/propose.html",
        unit=unit,
        above=tightening.approver_of(database.session(), unit),
        found=found,
        parameter=found.parameter,
        told=rules_told,
        refusal=refusal.message(gettext) if refusal else "",
        errors=wrong,
        fields=_fields(found, sent or {}, wrong),
    )


def sent(unit_id: int, name: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Value, reason and days as the browser sent them; raises what `page` raises, and InvalidData."""
    parameter = _in_force(unit_id, name).parameter
    return {
        "value": _value(parameter, form.get("value", "").strip()),
        "reason": form.get("reason", ""),
        "since": _day(form, "since"),
        "until": _day(form, "until"),
    }


def _in_force(unit_id: int, name: str) -> InForce:
    found = rules_in_force.of_unit(database.session(), unit_id).values.get(name)
    if found is None:
        raise NotFound(what="规则")
    one = found.parameter
    if one.direction is Direction.FIXED:
        raise refusals.RuleFixed(title=one.title, basis=one.article)
    if not one.can_be_tightened():
        raise refusals.RuleNotTighter(title=one.title, basis=one.article, value=rule_sets.in_words(one, one.value))
    return found


def _value(parameter: Parameter, text: str) -> Any:
    match parameter.direction:
        case Direction.ONLY_TRUE | Direction.ONLY_FALSE:
            return {"true": True, "false": False}.get(text)
        case Direction.SHARE | Direction.CHOICE | Direction.FIXED:
            return text
    if not (text.isascii() and text.isdecimal() and len(text) <= 5):
        return None
    return f"P{int(text)}D" if isinstance(parameter.value, str) else int(text)


def _day(form: Mapping[str, str], field: str) -> date:
    try:
        return date.fromisoformat(form.get(field, ""))
    except ValueError:
        raise InvalidData(fields={field: gettext("请填写日期，例如 2020-01-11")}) from None


def _fields(found: InForce, given: Mapping[str, str], wrong: Mapping[str, str]) -> list[FieldView]:
    def field(key: str, label: str, kind: str, **more: Any) -> FieldView:
        return FieldView(key, label, kind, given.get(key, ""), required=True, error=wrong.get(key, ""), **more)

    today = clock.today().isoformat()
    kind = "number" if found.parameter.direction in (Direction.AT_LEAST, Direction.AT_MOST) else "select"
    years = gettext("最长%(n)s年，期满自动失效", n=tightening.LONGEST_YEARS)
    reason = gettext("写明依据和必要性，审批人据此决定")
    return [
        field("value", gettext("从严为"), kind, help=_help(found.parameter), choices=choices(found.parameter)),
        field("since", gettext("起始日期"), "date", help=gettext("不早于今天（%(day)s）", day=today)),
        field("until", gettext("截止日期"), "date", help=years),
        field("reason", gettext("理由"), "textarea", help=reason, longest=LONGEST_REASON),
    ]


def choices(parameter: Parameter) -> Sequence[Choice]:
    """What may be chosen: only what is stricter than the rule set's own value."""
    match parameter.direction:
        case Direction.CHOICE:
            offered: list[Any] = list(parameter.words)
        case Direction.ONLY_TRUE | Direction.ONLY_FALSE:
            offered = [parameter.limit]
        case Direction.SHARE:
            base = majorities.read(parameter.value).base
            offered = [f">={each.numerator}/{each.denominator} of {base}" for each in SHARES]
        case _:
            return ()
    own, bound = parameter.rank(parameter.value), parameter.rank(parameter.limit)
    stricter = [each for each in offered if own < parameter.rank(each) <= bound]
    return [Choice(_written(each), rules_told.value(parameter, each)) for each in stricter]


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _help(parameter: Parameter) -> str:
    limit = rules_told.value(parameter, parameter.limit)
    if parameter.direction is Direction.AT_LEAST:
        return gettext("单位：%(unit)s，最多 %(limit)s", unit=gettext(parameter.unit), limit=limit)
    if isinstance(parameter.value, str) and parameter.direction is Direction.AT_MOST:
        return gettext("单位：天，最少 %(limit)s", limit=limit)
    return ""
