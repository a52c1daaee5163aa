"""Small decision tables for tests: columns and rules in, DMN XML out."""

from collections.abc import Sequence
from html import escape
from typing import Any

from workflows.engine import decisions
from workflows.engine.decisions import Decision
from workflows.engine.drawing import Fault

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"

Column = tuple[str, ...]
"""An input as label, expression, type and allowed values; an output as name, default and allowed values."""


def text(element: str, content: str, name: str = "") -> str:
    return f'<{element} id="{name}"><text>{escape(content)}</text></{element}>'


def column(place: int, given: str | Column) -> str:
    label, expression, kind, allowed = (*((given, given) if isinstance(given, str) else given), "", "")[:4]
    values = text("inputValues", allowed, f"allowed{place}") if allowed else ""
    inner = f'<inputExpression typeRef="{kind}"><text>{escape(expression)}</text></inputExpression>'
    return f'<input id="in{place}" label="{label}">{inner}{values}</input>'


def output(place: int, given: str | Column) -> str:
    name, default, allowed = (*((given,) if isinstance(given, str) else given), "", "")[:3]
    inner = (text("outputValues", allowed) if allowed else "") + (
        text("defaultOutputEntry", default) if default else ""
    )
    return f'<output id="out{place}" name="{name}">{inner}</output>'


def rule(number: int, entries: Sequence[str], inputs: int, note: str = "") -> str:
    conditions = [text("inputEntry", each, f"r{number}i{place}") for place, each in enumerate(entries[:inputs], 1)]
    results = [text("outputEntry", each, f"r{number}o{place}") for place, each in enumerate(entries[inputs:], 1)]
    described = f"<description>{note}</description>" if note else ""
    return f'<rule id="r{number}">{described}{"".join(conditions + results)}</rule>'


def table(
    *rules: Sequence[str],
    policy: str = "UNIQUE",
    inputs: Sequence[str | Column] = ("x",),
    outputs: Sequence[str | Column] = ("outcome",),
    decision: str = "fit",
    requires: Sequence[str] = (),
    **attributes: str,
) -> str:
    """One `<decision>` with a table; a rule is its conditions and then its results, as text."""
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    links = "".join(
        f'<informationRequirement><requiredDecision href="#{each}"/></informationRequirement>' for each in requires
    )
    columns = [column(place, each) for place, each in enumerate(inputs, 1)]
    columns += [output(place, each) for place, each in enumerate(outputs, 1)]
    rows = [rule(number, each, len(inputs)) for number, each in enumerate(rules, 1)]
    body = "".join(columns + rows)
    named = f'<decision id="{decision}" name="适合">{links}'
    return f'{named}<decisionTable id="{decision}_t" hitPolicy="{policy}"{more}>{body}</decisionTable></decision>'


def dmn(*parts: str, namespace: str = DMN) -> str:
    """A whole file of decisions."""
    return f'<definitions xmlns="{namespace}" id="d" name="d" namespace="n">{"".join(parts)}</definitions>'


def read(*rules: Sequence[str], **about: Any) -> Decision:
    """The decision of one small table."""
    [found] = decisions.read(dmn(table(*rules, **about)), "t.dmn")
    return found


def faults(*rules: Sequence[str], **about: Any) -> list[Fault]:
    """What keeps a small table from being published."""
    return decisions.faults_in(read(*rules, **about), "t.dmn")


def codes(*rules: Sequence[str], **about: Any) -> list[tuple[str, str]]:
    """Code and element of each fault of a small table."""
    return [(fault.code, fault.element) for fault in faults(*rules, **about)]


def answer(facts: dict[str, Any], *rules: Sequence[str], **about: Any) -> Any:
    """What a small table answers."""
    return decisions.evaluate(read(*rules, **about), facts)[0]
