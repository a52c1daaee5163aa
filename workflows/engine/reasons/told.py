"""Reasons in the words of a scenario, to compare what keeps a case back with what was written down."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from workflows.engine.reasons.reason import Reason

KEYS = ("kind", "step", "decision", "rule", "article", "gate", "way", "code", "from", "facts", "needs")
"""What a scenario may say of a reason after `because`."""


def in_words(reason: Reason) -> dict[str, Any]:
    """A reason under the keys of a scenario; `needs` are the expressions of what would have to become otherwise."""
    needs = [one.expression for remedy in reason.remedies[:1] for group in remedy.groups for one in group]
    told = {
        "kind": str(reason.kind),
        "step": reason.step,
        "decision": reason.decision,
        "rule": reason.rule,
        "article": reason.article,
        "gate": reason.gate.id if reason.gate else "",
        "way": reason.gate.taken.label if reason.gate else "",
        "code": reason.code,
        "from": reason.earliest,
        "facts": {fact.name: fact.value for fact in reason.facts},
        "needs": needs,
    }
    return {key: value for key, value in told.items() if value not in ("", None, [], {})}


def difference(reasons: Sequence[Reason], wanted: Mapping[str, Any]) -> str | None:
    """Why none of the reasons is the one that was written down, in words; None when one is."""
    if unknown := [key for key in wanted if key not in KEYS]:
        return f"because 不认识 {'、'.join(unknown)}，可写 {'、'.join(KEYS)}"
    if any(_is(in_words(reason), wanted) for reason in reasons):
        return None
    found = [{key: value for key, value in in_words(reason).items() if key in wanted} for reason in reasons]
    return f"理由应为 {dict(wanted)}，实为 {found or '没有理由'}"


def _is(told: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(_agrees(told.get(key), value) for key, value in wanted.items())


def _agrees(told: Any, wanted: Any) -> bool:
    """Of facts only those written down are compared; a list has to be complete."""
    if isinstance(wanted, Mapping):
        return isinstance(told, Mapping) and all(key in told and _agrees(told[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(told, list) and sorted(told) == sorted(wanted)
    return bool(_plain(told) == _plain(wanted))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
