"""Forms of a bundle, as the page shows them: fields with values and messages, and the outcomes to choose from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from flask_babel import gettext

from webapp import database
from webapp.lawful_days_told import ToldDay
from webapp.wording import WRONG_FIELD
from workflows import clock
from workflows.engine import expressions
from workflows.engine.environment import Choice
from workflows.engine.forms import Field, Form
from workflows.errors import OWN_PRACTICE, Told
from workflows.operations.wiring import ENVIRONMENT


@dataclass
class FieldView:
    """One field, ready to be drawn."""

    key: str
    label: str
    kind: str
    value: Any = ""
    required: bool = False
    help: str = ""
    rule: str = ""
    error: str = ""
    own_rule: str = ""
    """The rule of the field where it is this product's own and does not say so: no published text was seen."""
    text: str = ""
    choices: Sequence[Choice] = ()
    needed_for: Sequence[str] = ()
    minimum: float | None = None
    decimals: int = 0
    longest: int | None = None
    autocomplete: str = ""
    each: bool = False
    lawful: ToldDay | None = None
    """Within which days this date is lawful."""

    @property
    def is_own_rule(self) -> bool:
        """Whether the message names a rule that is this product's own, which a reader is to be told."""
        return bool(self.own_rule) and self.error.endswith(f"（{self.own_rule}）")

    @property
    def last_day(self) -> date:
        """The last day that can be entered: nothing is entered before it has happened."""
        barred = self.lawful.barred_after if self.lawful else None
        return min(barred, clock.today()) if barred else clock.today()


@dataclass
class FormView:
    """A whole form, ready to be drawn. `weighty` outcomes are asked about once more before they are sent."""

    fields: list[FieldView]
    outcomes: Sequence[Choice]
    outcome: str = ""
    outcome_error: str = ""
    weighty: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)


def form_view(
    form: Form,
    unit_id: int,
    *,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    days: Iterable[ToldDay] = (),
) -> FormView:
    """The form for a case of the unit, filled with `values` and marked with `errors` (by key).

    `days` are the lawful days to be told beside the dates that the drawing calls by their names.
    """
    values, errors = values or {}, _in_order(form, errors or {})
    outcomes = [choice.value for choice in form.outcomes]
    fields = [
        _field_view(one, unit_id, outcomes, values.get(one.key, ""), errors.get(one.key, "")) for one in form.fields
    ]
    named, known = {one.key: one.day for one in form.fields}, {str(one.day): one for one in days}
    for view in fields:
        view.lawful = known.get(named[view.key])
    needed = [set(one.needed_for) for one in fields if one.needed_for]
    weighty = frozenset.union(frozenset(), *needed) if len(outcomes) > 1 else frozenset()
    return FormView(
        fields=fields,
        outcomes=form.outcomes,
        outcome=str(values.get("outcome", "")),
        outcome_error=errors.get("outcome", ""),
        weighty=weighty,
        errors=errors,
    )


def _in_order(form: Form, errors: Mapping[str, str]) -> dict[str, str]:
    """What is wrong in the order of the form's fields, the outcome last, in the reader's language."""
    told = {one.key: _worded(one, errors[one.key]) for one in form.fields if one.key in errors}
    return told | {key: text for key, text in errors.items() if key not in told}


def _worded(source: Field, text: str) -> str:
    """The engine's own words in a field's message; its label and its rule are the bundle's and stay as they are."""
    if isinstance(text, Told):
        return text.said(gettext)
    why, opened, rule = text.removeprefix(f"{source.label}：").partition("（")
    return f"{source.label}：{WRONG_FIELD[why]}{opened}{rule}" if why in WRONG_FIELD else text


def _field_view(source: Field, unit_id: int, outcomes: Sequence[str], value: Any, error: str) -> FieldView:
    return FieldView(
        key=source.key,
        label=source.label,
        kind=source.kind,
        value="" if value is None else value,
        required=source.required,
        help=source.description,
        rule=_rule_of(source),
        error=error.removeprefix(f"{source.label}："),
        own_rule=source.rule if _is_own(source) else "",
        text=source.text,
        choices=choices_of(source, unit_id),
        needed_for=[outcome for outcome in outcomes if _needs(source, outcome)],
        minimum=source.minimum,
        decimals=source.decimals,
        longest=source.max_length,
        each=source.each,
    )


def _rule_of(source: Field) -> str:
    """The rule behind a field with its article, or that there is none to be named."""
    basis = gettext(OWN_PRACTICE) if _is_own(source) else source.article
    return "，".join(part for part in (source.rule, basis) if part)


def _is_own(source: Field) -> bool:
    """Whether a rule stands behind the field for which no text is named, and which does not say so itself."""
    return bool(source.rule) and not source.article and "未核实" not in source.rule


def choices_of(source: Field, unit_id: int) -> Sequence[Choice]:
    """The entries of a select or radio field, from the form or from its source."""
    if not source.choice_source:
        return source.choices
    return ENVIRONMENT.choices[source.choice_source](database.session(), unit_id)


def _needs(source: Field, outcome: str) -> bool:
    if source.required_when is None:
        return False
    try:
        return bool(expressions.holds(source.required_when, {"outcome": outcome}))
    except expressions.ExpressionFault:
        return False  # it depends on more than the outcome; the server says so when it is missing


def own_fields(view: FormView, item_id: int, values: Mapping[str, Any], errors: Mapping[str, str]) -> list[FieldView]:
    """The fields that each of several people has for himself, by keys of his own."""
    mine = [(one, f"{one.key}-{item_id}") for one in view.fields if one.each]
    return [
        replace(one, key=key, value=values.get(one.key, ""), error=errors.get(key, "").removeprefix(f"{one.label}："))
        for one, key in mine
    ]


def submitted(form: Form, sent: Mapping[str, str]) -> dict[str, Any]:
    """What the browser sent, for `Form.read`."""
    return _sent(form.fields, sent)


def submitted_for_all(form: Form, sent: Mapping[str, str]) -> dict[str, Any]:
    """What the browser sent for several people at once."""
    return _sent([one for one in form.fields if not one.each], sent)


def submitted_for_one(form: Form, sent: Mapping[str, str], item_id: int) -> dict[str, Any]:
    """What the browser sent for one of several people alone."""
    return _sent([one for one in form.fields if one.each], sent, f"-{item_id}")


def _sent(fields: Iterable[Field], sent: Mapping[str, str], suffix: str = "") -> dict[str, Any]:
    content: dict[str, Any] = {}
    for one in fields:
        if one.kind == "checkbox":  # one that is not ticked is not sent at all
            content[one.key] = sent.get(one.key + suffix) == "true"
        elif one.kind != "text":
            content[one.key] = sent.get(one.key + suffix, "").strip()
    return content
