"""Whether a form's JSON is built as form-js builds it, before anything is made of it."""

from collections.abc import Iterator, Mapping
from typing import Any

MOST_COMPONENTS = 200
"""Of one form; the longest of admission has 20."""
MOST_CHOICES = 500
"""Of one field with entries of its own."""
LONGEST_LABEL = 500
"""Characters of a label, a description or a sentence of a rule."""
LARGEST_NUMBER = 10**15
"""Bounds a field may name; not far beyond it numbers are no longer exact."""
LONGEST_FIELD = 20_000
"""Characters a field may ask for: a report of ten pages."""

_TEXTS = ("key", "id", "type", "label", "dateLabel", "description", "valuesKey", "text", "subtype")
_RULES = {"required": bool, "pattern": str, "min": int, "max": int, "minLength": int, "maxLength": int}


def faults_in(source: Any) -> Iterator[tuple[str, str]]:
    """What is not as form-js writes it: the field's key, and the sentence."""
    components = source.get("components") if isinstance(source, Mapping) else None
    if not isinstance(components, list):
        yield "", "不是 form-js 表单：缺少 components，请在表单编辑器中重新导出"
        return
    if len(components) > MOST_COMPONENTS:
        yield "", f"表单有 {len(components)} 栏，最多 {MOST_COMPONENTS} 栏，请分成几步"
        return
    seen: set[str] = set()
    for number, component in enumerate(components, 1):
        if not isinstance(component, Mapping):
            yield "", f"第 {number} 栏不是 form-js 的组件，请删除后重画"
            continue
        key = component.get("key")
        name = key if isinstance(key, str) else ""
        for part, wanted in _of_component(component):
            yield name, f"第 {number} 栏的 {part} 应为{wanted}，请在表单编辑器中更正"
        if name and name in seen:
            yield name, f"有两栏用了同一个键名（key）{name}，请改其中一个"
        seen.add(name)


def _of_component(component: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which part of a component is not as it should be, and what it should be."""
    for name in _TEXTS:
        most = 10_000 if name == "text" else LONGEST_LABEL
        if not _is_text(component.get(name), most):
            yield name, f"不超过 {most} 字的文字"
    if not _is_number(component.get("decimalDigits"), 9):
        yield "decimalDigits", "不大于 9 的整数"
    rules, properties, values = (component.get(name) for name in ("validate", "properties", "values"))
    if not isinstance(rules or {}, Mapping):
        yield "validate", "一组规则"
    else:
        yield from _of_rules(rules or {})
    if not isinstance(properties or {}, Mapping):
        yield "properties", "一组属性"
    else:
        for name, value in (properties or {}).items():
            if not _is_text(value, 2_000):
                yield f"properties.{name}"[:60], "不超过 2000 字的文字"
    if values is not None and not _are_choices(values):
        yield "values", f"不超过 {MOST_CHOICES} 个选项，每个有 value 和 label"


def _of_rules(rules: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, kind in _RULES.items():
        value = rules.get(name)
        if kind is bool and not isinstance(value, bool | None):
            yield f"validate.{name}", "true 或 false"
        elif kind is str and not _is_text(value, LONGEST_LABEL):
            yield f"validate.{name}", "文字"
        elif "Length" in name and not _is_number(value, LONGEST_FIELD):
            yield f"validate.{name}", f"不大于 {LONGEST_FIELD} 的整数"
        elif kind is int and "Length" not in name and not _is_number(value, LARGEST_NUMBER, whole=False):
            yield f"validate.{name}", "数字"


def _is_text(value: Any, most: int) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= most)


def _is_number(value: Any, most: int, *, whole: bool = True) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return (0 if whole else -most) <= value <= most


def _are_choices(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= MOST_CHOICES
        and all(
            isinstance(each, Mapping)
            and isinstance(each.get("value"), str | int)
            and isinstance(each.get("label"), str)
            and len(str(each["value"])) <= LONGEST_LABEL
            and len(each["label"]) <= LONGEST_LABEL
            for each in values
        )
    )
