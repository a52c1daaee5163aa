"""Forms: form-js JSON in the bundle, compiled once into fields for the page and a marshmallow schema for the data."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import orjson
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from workflows import clock
from workflows.engine import expressions
from workflows.engine.drawing import Fault
from workflows.engine.environment import Choice, Forbidden
from workflows.engine.gate import patterns, shapes
from workflows.engine.gate.shapes import LARGEST_NUMBER
from workflows.errors import InvalidData, Told

KINDS = {
    "textfield": "textfield",
    "textarea": "textarea",
    "number": "number",
    "select": "select",
    "radio": "radio",
    "checkbox": "checkbox",
    "datetime": "date",
    "text": "text",
}
LONGEST_TEXT = 4_000
"""Characters in any text field that sets no limit of its own: a page of handwriting has about 1,500."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Days a form takes; others are slips of the pen, and clocks cannot count from them."""

ALONE, WITH_RULE, WITH_ARTICLE = "{label}：{text}", "{label}：{text}（{rule}）", "{label}：{text}（{rule}，{article}）"
WORDS = (ALONE, WITH_RULE, WITH_ARTICLE)
"""How a wrong field is told, for the catalogue of translations."""

_MESSAGES = {"required": "必填", "null": "必填"}


@dataclass(frozen=True)
class Field:
    """One field of a form, as a page shows it and as the schema reads it."""

    key: str
    label: str
    kind: str
    required: bool = False
    description: str = ""
    choices: tuple[Choice, ...] = ()
    choice_source: str | None = None
    rule: str = ""
    article: str = ""
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    decimals: int = 0
    text: str = ""
    required_when: str | None = None
    check: str | None = None
    check_message: str = ""
    secret: bool = False
    """Used while the step runs, then kept only masked: identity numbers."""
    sensitive: bool = False
    """Kept as entered, and shown only to who must know it: punishments."""
    each: bool = False
    """Differs from case to case when several are done together: the votes for each candidate of one meeting."""
    day: str = ""
    """What this date is called outside the drawing, where days have an order of their own."""
    not_before: str = ""
    """The day that must not come before this date."""
    day_if: tuple[str, ...] = ()
    """The outcomes with which the date counts as such; empty: with any."""

    @property
    def is_kept_back(self) -> bool:
        """Whether nobody is told its value who merely asks why a case waits."""
        return self.secret or self.sensitive

    def tells_a_day(self, outcome: str) -> bool:
        """Whether with this outcome the date is the day it is called."""
        return bool(self.day or self.not_before) and (not self.day_if or outcome in self.day_if)


class Form:
    """One form of a bundle."""

    def __init__(self, form_id: str, source: Mapping[str, Any]) -> None:
        self.id = form_id
        self.source = source
        every = [_field(component) for component in source.get("components", ()) if component.get("type") in KINDS]
        self.fields: tuple[Field, ...] = tuple(field for field in every if field.key != "outcome")
        outcome = next((field for field in every if field.key == "outcome"), None)
        self.outcomes: tuple[Choice, ...] = outcome.choices if outcome else (Choice("submit", "提交"),)
        self.schema: type[Schema] = Schema.from_dict(
            {field.key: _schema_field(field) for field in self.fields if field.kind != "text"}, name=f"form_{form_id}"
        )

    def outcome_label(self, value: str) -> str:
        """What the outcome is called on the form."""
        return next((choice.label for choice in self.outcomes if choice.value == value), value)

    def masked(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The content as it may be kept: secret fields show their last two characters only."""
        hidden = {field.key for field in self.fields if field.secret}
        return {
            key: "*" * (len(str(value)) - 2) + str(value)[-2:] if key in hidden else value
            for key, value in content.items()
        }

    def happened_on(self, content: Mapping[str, Any]) -> date | None:
        """The day the paper event happened: the form's first date, when it was filled in."""
        first = next((field.key for field in self.fields if field.kind == "date"), "")
        return date.fromisoformat(content[first]) if first in content else None

    def read(
        self,
        outcome: str,
        raw: Mapping[str, Any],
        case_data: Mapping[str, Any],
        choices: Callable[[str], Sequence[Choice]],
        forbidden: Callable[[Field, date], Forbidden | None] = lambda _field, _on: None,
    ) -> dict[str, Any]:
        """The submitted data as JSON values, empty fields left out.

        `choices` gives the entries of a dynamic source, `forbidden` says why a named day may not be that date. Raises
        InvalidData naming every wrong field with its rule.
        """
        faults: dict[str, str] = {}
        if outcome not in [choice.value for choice in self.outcomes]:
            faults["outcome"] = "请选择一项结果：" + "、".join(choice.label for choice in self.outcomes)
        given = {key: value for key, value in raw.items() if value not in (None, "")}
        faults |= dict.fromkeys(given.keys() - {field.key for field in self.fields}, "表单没有这一栏")
        try:
            content = self.schema(unknown=EXCLUDE).load(given)
        except ValidationError as error:
            faults |= {key: self._sentence(key, messages) for key, messages in _by_field(error).items()}
            content = error.valid_data if isinstance(error.valid_data, dict) else {}
        content = {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in content.items()
            if value is not None
        }
        context = {**content, "outcome": outcome, "case": case_data, "today": clock.today().isoformat()}
        offered = cache(choices)  # two fields may offer the same people
        behind: dict[str, tuple[str, str]] = {}
        for field in self.fields:
            if field.key in faults:
                continue
            if why := _why_not(field, content, context, offered):
                faults[field.key] = _with_rule(field, why)
            if field.day and field.key in content and field.tells_a_day(outcome):
                unlawful = forbidden(field, date.fromisoformat(content[field.key]))
                if (
                    unlawful is not None
                ):  # it tells from when the date would be right, which the form's own check cannot
                    faults[field.key] = _sentence(field.label, unlawful.text, unlawful.rule, unlawful.article)
                    behind[field.key] = (unlawful.rule, unlawful.article)
        if faults:
            wrong = [field for field in self.fields if field.key in faults and (field.rule or field.article)]
            raise InvalidData(
                fields=faults, behind={field.key: (field.rule, field.article) for field in wrong} | behind
            )
        return content

    def _sentence(self, key: str, messages: Any) -> str:
        text = "；".join(str(message) for message in messages) if isinstance(messages, list) else str(messages)
        field = next((field for field in self.fields if field.key == key), None)
        return _with_rule(field, text) if field else text


def _by_field(error: ValidationError) -> dict[str, Any]:
    return error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}


def _why_not(
    field: Field,
    content: Mapping[str, Any],
    context: Mapping[str, Any],
    choices: Callable[[str], Sequence[Choice]],
) -> str | None:
    value = content.get(field.key)
    if value is None:
        needed = field.required_when is not None and _holds(field.required_when, context)
        return "此时必填" if needed else None
    if field.choice_source and value not in [choice.value for choice in choices(field.choice_source)]:
        return "请从列表中选择"
    if field.check and not _holds(field.check, context):
        return field.check_message or "与规则不符"
    return None


def _holds(expression: str, context: Mapping[str, Any]) -> bool:
    try:
        return expressions.holds(expression, context)
    except expressions.ExpressionFault:
        return False


def _with_rule(field: Field, text: str) -> str:
    return _sentence(field.label, text, field.rule, field.article)


def _sentence(label: str, text: str, rule: str, article: str) -> str:
    facts = {"label": label, "text": text if isinstance(text, Told) else Told(text)}
    if rule and article:
        return Told(WITH_ARTICLE, **facts, rule=Told(rule), article=Told(article))
    return Told(WITH_RULE, **facts, rule=Told(rule or article)) if rule or article else Told(ALONE, **facts)


def _field(component: Mapping[str, Any]) -> Field:
    rules = component.get("validate") or {}
    extra = component.get("properties") or {}
    kind = KINDS[component["type"]]
    return Field(
        key=component.get("key") or component.get("id") or "",
        label=component.get("label") or component.get("dateLabel") or "",
        kind=kind,
        required=bool(rules.get("required")),
        description=component.get("description") or "",
        choices=tuple(Choice(str(item["value"]), item["label"]) for item in component.get("values") or ()),
        choice_source=extra.get("choices") or component.get("valuesKey"),
        rule=extra.get("rule", ""),
        article=extra.get("article", ""),
        minimum=rules.get("min"),
        maximum=rules.get("max"),
        min_length=rules.get("minLength"),
        max_length=rules.get("maxLength"),
        pattern=rules.get("pattern"),
        decimals=int(component.get("decimalDigits") or 0),
        text=component.get("text") or "",
        required_when=extra.get("required_when"),
        check=extra.get("check"),
        check_message=extra.get("check_message", ""),
        secret=str(extra.get("secret", "")).lower() == "true",
        sensitive=str(extra.get("sensitive", "")).lower() == "true",
        each=str(extra.get("each", "")).lower() == "true",
        day=extra.get("day", "") if kind == "date" else "",
        not_before=extra.get("not_before", "") if kind == "date" else "",
        day_if=tuple(extra.get("day_if", "").split()),
    )


def _schema_field(field: Field) -> fields.Field[Any]:
    settings: dict[str, Any] = {"required": field.required, "allow_none": not field.required}
    settings["error_messages"] = _MESSAGES | {"invalid": _INVALID.get(field.kind, "格式不对")}
    if field.kind == "number":
        rules: list[validate.Validator] = [
            validate.Range(-LARGEST_NUMBER, LARGEST_NUMBER, error="数字过大"),
            validate.Range(field.minimum, field.maximum, error=_bounds(field.minimum, field.maximum, "")),
        ]
        settings["validate"] = rules
        return fields.Float(**settings) if field.decimals else fields.Integer(strict=False, **settings)
    if field.kind == "date":
        settings["validate"] = validate.Range(
            FIRST_DAY, LAST_DAY, error=f"应为 {FIRST_DAY.year} 年至 {LAST_DAY.year} 年之间的日期"
        )
        return fields.Date(**settings)
    if field.kind == "checkbox":
        return fields.Boolean(**settings)
    if field.kind in ("select", "radio") and not field.choice_source:
        settings["validate"] = validate.OneOf([choice.value for choice in field.choices], error="请从选项中选择一项")
        return fields.String(**settings)
    longest = field.max_length or LONGEST_TEXT
    rules = [validate.Length(field.min_length, longest, error=_bounds(field.min_length, longest, "个字"))]
    if field.pattern:
        rules.append(validate.Regexp(field.pattern, error="格式不对"))
    settings["validate"] = rules
    return fields.String(**settings)


_INVALID = {
    "number": "请填数字",
    "date": "请填日期，如 2020-05-04",
    "checkbox": "请选是或否",
}


def _bounds(least: float | None, most: float | None, unit: str) -> str:
    if least is not None and most is not None:
        return f"应在 {least:g} 到 {most:g} {unit}之间"
    return f"至少 {least:g} {unit}" if least is not None else f"至多 {most:g} {unit}" if most is not None else ""


def read(form_id: str, text: str) -> Form:
    """A form from its form-js JSON. Raises ValueError when the text is no such thing."""
    source = orjson.loads(text)
    if not isinstance(source, dict) or not isinstance(source.get("components"), list):
        raise ValueError("不是 form-js 表单：缺少 components")
    try:
        return Form(form_id, source)
    except (AttributeError, KeyError, TypeError, re.error) as error:
        raise ValueError(f"不是 form-js 表单：{error}") from None


def faults_in(form_id: str, text: str, file: str, choice_sources: frozenset[str]) -> list[Fault]:
    """Everything that keeps the form from being published."""

    def fault(message: str, element: str = "") -> Fault:
        return Fault("form.broken", message, element or form_id, "", 0, file)

    try:
        if found := [fault(message, key) for key, message in shapes.faults_in(orjson.loads(text))]:
            return found
        form = read(form_id, text)
    except ValueError as error:
        return [fault(f"表单无法读取：{error}")]
    found = [
        fault(f"不支持的组件 {component.get('type')}", str(component.get("key", "")))
        for component in form.source["components"]
        if component.get("type") not in KINDS
    ]
    for field in form.fields:
        if not field.key:
            found.append(fault(f"“{field.label}”没有键名（key）"))
        if field.pattern and (why := patterns.fault_in(field.pattern)):
            found.append(fault(f"“{field.label}”的格式（pattern）有误：{why}", field.key))
        if field.choice_source and field.choice_source not in choice_sources:
            found.append(fault(f"没有名为 {field.choice_source} 的选项来源", field.key))
        found += [
            fault(f"“{field.label}”的条件有误：{why}", field.key)
            for expression in (field.required_when, field.check)
            if expression and (why := expressions.fault_in(expression))
        ]
    return found
