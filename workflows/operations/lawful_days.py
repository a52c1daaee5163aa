"""The lawful days of a case: which of its drawing's dates is which day, and what follows from those on record."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from workflows.domain import lawful_dates
from workflows.domain.lawful_dates import ORDER, Bound, Day, Facts, Window
from workflows.engine.bundles import ParsedBundle
from workflows.engine.environment import DatedField, Forbidden, Origin
from workflows.errors import Told

OriginOf = Callable[[Mapping[str, Any], str], Origin | None]

UNVERIFIED = "未核实"

EARLIEST, LATEST = "最早 {on}", "最晚 {on}"
COUNTED_FROM, ROOM_FOR = "，从“{day}”{since} 起算", "，须给“{day}”留出时间"
UNLAWFUL = "{until}{counted}{sake}。所填为 {given}"
WORDS = (EARLIEST, LATEST, COUNTED_FROM, ROOM_FOR, UNLAWFUL, UNVERIFIED)
"""What a refused date is told with, for the catalogue of translations."""

LEFT_TO_TABLES = frozenset({Day.APPLIED, Day.ASSESSED})
"""Days on which the drawing's own tables decide, and write down why: a candidate too young, a training too short."""

_KNOWN = frozenset(Day)
"""Made once: a form is read against every date of the case."""


@dataclass(frozen=True)
class Grounds:
    """What stands behind a bound: a rule in a few words, the article, and how sure that is (`rule`, `unverified` …)."""

    rule: str
    article: str
    confidence: str


def windows(fields: Sequence[DatedField], data: Mapping[str, Any], now: Collection[Day]) -> dict[Day, Window]:
    """The lawful days of every step still to come in a case that stands at `now`; nothing when it stands nowhere."""
    facts = facts_of(fields, data, now)
    known_here = {field.day for field in fields} | {Day.FIRST_CLASS, Day.INTRODUCERS_WROTE}
    first = min((ORDER.index(day) for day in now), default=len(ORDER))
    if not now:
        return {}
    return {
        day: window
        for day, window in lawful_dates.windows(facts).items()
        if day in known_here and ORDER.index(day) >= first
    }


def facts_of(fields: Sequence[DatedField], data: Mapping[str, Any], now: Collection[Day]) -> Facts:
    """What a case's data tells of its days, as seen from where it stands."""
    done: dict[Day, date] = {}
    unfinished: dict[Day, date] = {}
    limits: dict[Day, date] = {}
    for field in fields:
        entered = data.get(field.step)
        if field.day not in _KNOWN or not isinstance(entered, Mapping) or not entered.get(field.key):
            continue
        counts = not field.outcomes or entered.get("outcome") in field.outcomes
        kept = limits if field.is_limit else done if counts else unfinished
        if counts or not field.is_limit:
            kept[Day(field.day)] = date.fromisoformat(entered[field.key])
    if first_class := _told_in(data, "first_class_on"):
        done[Day.FIRST_CLASS] = first_class
    facts = lawful_dates.standing(done, unfinished, now)
    over = (data.get("notice") or {}).get("over_on")
    for _, posted, closed in lawful_dates.HELD_NOTICES:
        if over and posted in facts.known and closed not in facts.known:
            limits[closed] = date.fromisoformat(over)
    return replace(facts, birth=_told_in(data, "birth_date"), rules=data.get("rules") or {}, not_before=limits)


def _told_in(data: Mapping[str, Any], name: str) -> date | None:
    """A day that some form or operation of the case told under this name."""
    told = next((each[name] for each in data.values() if isinstance(each, dict) and name in each), None)
    return date.fromisoformat(told) if told else None


def where(bundle: ParsedBundle, nodes: Collection[str]) -> list[Day]:
    """The days a case stands at: for each element where it stands, the nearest dated step from there on."""
    named = {field.step: Day(field.day) for field in bundle.dated_fields if not field.is_limit and field.day in _KNOWN}
    found: list[Day] = []
    for node in nodes:
        waiting, seen = [node], set[str]()
        while waiting:
            at = waiting.pop(0)
            if at in named:
                found.append(named[at])
                break
            if at not in seen:
                seen.add(at)
                waiting += [flow.target for flow in bundle.drawing.outgoing(at)]
    return list(dict.fromkeys(found))


def grounds_of(bound: Bound, data: Mapping[str, Any], origin: OriginOf) -> Grounds:
    """The rule and the article behind a bound; of a value of the rule set, those it comes from."""
    if bound.parameter:
        found = origin(data, f"rules.{bound.parameter}")
        if found is None:
            return Grounds(bound.rule, "", "unverified")
        article = "" if found.confidence == "unverified" else found.article
        return Grounds(found.title, article, found.confidence)
    return Grounds(bound.rule, bound.article, "rule" if bound.article else "unverified")


def forbidden_day(
    origin: OriginOf, fields: Sequence[DatedField], data: Mapping[str, Any], name: str, on: date
) -> Forbidden | None:
    """Why this step cannot have been done on that day; None where it can, or the drawing's word is not known here."""
    if name not in _KNOWN or name in LEFT_TO_TABLES:
        return None
    day = Day(name)
    window = lawful_dates.binding(facts_of(fields, data, [day]), day)
    bound = window.refused(on)
    if bound is None:
        return None
    grounds = grounds_of(bound, data, origin)
    end, counted, sake = EARLIEST if bound is window.earliest else LATEST, "", ""
    if bound.counted_from and bound.counted_on:
        since = bound.counted_on.isoformat()
        counted = Told(COUNTED_FROM, day=Told(bound.counted_from.label), since=since)
    if bound.for_the_sake_of:
        sake = Told(ROOM_FOR, day=Told(bound.for_the_sake_of.label))
    until = Told(end, on=bound.on.isoformat())
    text = Told(UNLAWFUL, until=until, counted=counted, sake=sake, given=on.isoformat())
    return Forbidden(text, grounds.rule, grounds.article or UNVERIFIED)


def upset_by(
    origin: OriginOf, fields: Sequence[DatedField], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[DatedField, Forbidden]:
    """The dates on record that were lawful before a correction and are not any more, with the reason of each."""
    found = {}
    for field in fields:
        on, was = _entered(after, field), _entered(before, field)
        if field.is_limit or on is None:
            continue
        now = forbidden_day(origin, fields, after, field.day, on)
        if now and not (was and forbidden_day(origin, fields, before, field.day, was)):
            found[field] = now
    return found


def _entered(data: Mapping[str, Any], field: DatedField) -> date | None:
    """The date where the form told it as the day it is called."""
    entered = data.get(field.step)
    if not isinstance(entered, Mapping) or (field.outcomes and entered.get("outcome") not in field.outcomes):
        return None
    return date.fromisoformat(entered[field.key]) if entered.get(field.key) else None
