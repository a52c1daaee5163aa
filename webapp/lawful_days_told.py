"""The lawful days of a case in the reader's language: from when, until when, and by which rule."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext

from workflows import clock
from workflows.domain.lawful_dates import Bound, Day, Window
from workflows.engine.bundles import ParsedBundle
from workflows.operations import lawful_days
from workflows.operations.wiring import ENVIRONMENT

TAGS = {
    "local": lazy_gettext("地方做法"),
    "seed": lazy_gettext("自治区通知"),
    "unverified": lazy_gettext("未核实"),
}
"""What must be said of a bound that no national rule gives."""


@dataclass(frozen=True)
class ToldBound:
    """One end of the lawful days: the day, how it comes about, the rule, the article, and what must be said of it."""

    on: date
    why: str
    rule: str
    article: str
    tag: str
    is_estimate: bool


@dataclass(frozen=True)
class ToldDay:
    """The lawful days of one step. `state` is `early`, `overdue`, `closed` or empty; `words` says it."""

    day: Day
    label: str
    is_now: bool
    earliest: ToldBound | None
    latest: ToldBound | None
    barred_after: date | None
    proposed: date
    state: str
    words: str


def told(bundle: ParsedBundle, data: Mapping[str, Any], nodes: Collection[str]) -> list[ToldDay]:
    """Every step still to come of a case that stands at these elements, those it stands at first."""
    now = lawful_days.where(bundle, nodes)
    found = lawful_days.windows(bundle.dated_fields, data, now)
    days = [_day(window, data, window.day in now) for window in found.values()]
    return sorted(days, key=lambda one: not one.is_now)


def _day(window: Window, data: Mapping[str, Any], is_now: bool) -> ToldDay:
    today = clock.today()
    state, words = _state(window, today) if is_now else ("", "")
    return ToldDay(
        day=window.day,
        label=gettext(window.day.label),
        is_now=is_now,
        earliest=_bound(window.earliest, data),
        latest=_bound(window.latest, data),
        barred_after=window.barred_after.on if window.barred_after else None,
        proposed=window.proposed(today),
        state=state,
        words=words,
    )


def _state(window: Window, today: date) -> tuple[str, str]:
    if window.barred_after and today > window.barred_after.on:
        return "closed", gettext("已过最晚日期，不能再办理")
    if window.earliest and today < window.earliest.on:
        return "early", gettext("还早 %(n)s 天", n=(window.earliest.on - today).days)
    if window.latest and today > window.latest.on:
        return "overdue", gettext("已逾期 %(n)s 天", n=(today - window.latest.on).days)
    return "", ""


def _bound(bound: Bound | None, data: Mapping[str, Any]) -> ToldBound | None:
    if bound is None:
        return None
    grounds = lawful_days.grounds_of(bound, data, ENVIRONMENT.origin)
    return ToldBound(
        on=bound.on,
        why=_why(bound),
        rule=gettext(grounds.rule),
        article=grounds.article,
        tag=str(TAGS.get(grounds.confidence, "")),
        is_estimate=bound.is_estimate,
    )


def _why(bound: Bound) -> str:
    parts = []
    if bound.counted_from and bound.counted_on:
        counted = {"day": gettext(bound.counted_from.label), "on": bound.counted_on.isoformat()}
        about = gettext("从“%(day)s”（预计 %(on)s）起算", **counted)
        parts.append(about if bound.is_estimate else gettext("从“%(day)s”%(on)s 起算", **counted))
    if bound.for_the_sake_of:
        parts.append(gettext("须给“%(day)s”留出时间", day=gettext(bound.for_the_sake_of.label)))
    return "，".join(parts)
