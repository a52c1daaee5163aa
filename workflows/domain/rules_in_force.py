"""Which values hold for a unit on a day: its rule set, tightened by the unit and by the units above it.

A tightening is a dated row. It counts once it is approved, from its first day to its last, both included, and no longer
from the day on which it is withdrawn. Where several touch one parameter the strictest counts; it can never be looser
than the rule set or than what holds for the unit above. A case keeps what held when it began.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Date, Index, Select, String, and_, bindparam, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock
from workflows.database import Base, BigId, Json
from workflows.domain import quota_ledger, rule_sets, units
from workflows.domain.columns import reference, word
from workflows.domain.quota_ledger import NoPlan
from workflows.domain.rule_sets import Parameter, RuleSet
from workflows.domain.strictness import Direction, Rank
from workflows.domain.units import Unit

LONGEST_REASON = 400


class State(StrEnum):
    """What has become of a tightening; the days of an approved one may be over."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The Chinese word for this state."""
        return _LABELS[self]


_LABELS = {
    State.PROPOSED: "待批",
    State.APPROVED: "已批准",
    State.DECLINED: "未批准",
    State.WITHDRAWN: "已撤回",
}


class Tightening(Base):
    """A stricter value for one parameter in the subtree of a unit, from `since` to `until`; never deleted.

    `approver_unit_id` is the level above that decides. `decided_at` of a withdrawn one tells that it had been approved.
    """

    __tablename__ = "rule_tightening"
    __table_args__ = (
        CheckConstraint("until >= since", name="term"),
        Index("ix_rule_tightening_waiting", "approver_unit_id", "state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = reference("unit.id")
    parameter: Mapped[str] = mapped_column(String(60))
    value: Mapped[Any] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    state: Mapped[State] = mapped_column(word(State))
    approver_unit_id: Mapped[int] = reference("unit.id", index=False)
    proposed_by: Mapped[int] = mapped_column(BigId)
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(BigId)
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    withdrawn_by: Mapped[int | None] = mapped_column(BigId)
    withdrawn_on: Mapped[date | None] = mapped_column(Date)


@dataclass(frozen=True)
class Held:
    """A tightening and the unit it stands at."""

    row: Tightening
    unit: Unit


@dataclass(frozen=True)
class InForce:
    """One parameter with the value that holds, and by which tightening; None where the rule set's own value holds."""

    parameter: Parameter
    value: Any
    by: Held | None = None


@dataclass(frozen=True)
class Rules:
    """Everything that holds for a unit on a day, by the name of the parameter."""

    rule_set: RuleSet
    values: dict[str, InForce]

    def tightened(self) -> list[InForce]:
        """What a unit has tightened, in the order of the rule set."""
        return [each for each in self.values.values() if each.by is not None]


def set_on(session: Session, day: date) -> RuleSet:
    """The rule set a case that begins on `day` works under: that of the open plan, else that of the year."""
    if day.year <= clock.today().year:
        try:
            return rule_sets.get(quota_ledger.current_plan(session).rule_set)
        except NoPlan:
            pass
    return rule_sets.for_plan_year(day.year)


def named_or_of_year(name: str | None, year: int) -> RuleSet:
    """The rule set of this name, such as the open plan's; without one, that of the year."""
    return rule_sets.for_plan_year(year) if name is None else rule_sets.get(name)


def of_unit(session: Session, unit_id: int, day: date | None = None, *, rule_set: RuleSet | None = None) -> Rules:
    """What holds for the unit on `day` (default today); raises NotFound for an unknown unit.

    `rule_set` is that of the day, where the caller knows it.
    """
    day = day or clock.today()
    rule_set = rule_set or set_on(session, day)
    return Rules(rule_set, strictest(rule_set, holding(session, units.get(session, unit_id).line(), day, day)))


def strictest(rule_set: RuleSet, held: Iterable[Held]) -> dict[str, InForce]:
    """The value of every parameter: the rule set's own, or the strictest of the tightenings that are stricter.

    Of two that are equally strict the first one given counts: `holding` gives the highest unit's first.
    """
    found = {name: InForce(parameter, parameter.value) for name, parameter in rule_set.parameters.items()}
    for each in held:
        known = found.get(each.row.parameter)
        if known is None:
            continue
        here, before = rank_of(known.parameter, each.row.value), rank_of(known.parameter, known.value)
        if here is not None and before is not None and here > before:
            found[each.row.parameter] = InForce(known.parameter, each.row.value, each)
    return found


def rank_of(parameter: Parameter, value: Any) -> Rank | None:
    """How strict the value is; None where the parameter is fixed in this rule set or the value does not fit it."""
    if parameter.direction is Direction.FIXED:
        return None
    try:
        return parameter.rank(value)
    except ValueError:
        return None


def holding(session: Session, line: Sequence[int], first: date, last: date) -> list[Held]:
    """The tightenings of these units that count on some day from `first` to `last`, the highest unit's first."""
    found = session.execute(_HOLDING, {"line": list(line), "first": first, "last": last})
    return [Held(row, unit) for row, unit in found]


def select_held() -> Select[Tightening, Unit]:
    """Tightenings with their units, the highest unit's first and each unit's in the order they were proposed."""
    found = select(Tightening, Unit).join(Unit, Unit.id == Tightening.unit_id)
    return found.order_by(func.length(Unit.path), Unit.id, Tightening.id)


def held_by(session: Session, query: Select[Tightening, Unit]) -> list[Held]:
    """What such a query finds."""
    return [Held(row, unit) for row, unit in session.execute(query)]


def _counts() -> ColumnElement[bool]:
    first, last = bindparam("first", type_=Date), bindparam("last", type_=Date)
    withdrawn_later = and_(
        Tightening.state == State.WITHDRAWN, Tightening.decided_at.is_not(None), Tightening.withdrawn_on > first
    )
    approved = or_(Tightening.state == State.APPROVED, withdrawn_later)
    return and_(Tightening.since <= last, Tightening.until >= first, approved)


_HOLDING = select_held().where(Tightening.unit_id.in_(bindparam("line", expanding=True)), _counts())


def for_a_case(session: Session, unit_id: int) -> tuple[dict[str, Any], list[int]]:
    """What a case that begins today at the unit keeps in its data, and the ids of the tightenings in it.

    `rule_set` is the set's name, `rules` every value of cases by name, `tightenings` by whose decision which of
    them are stricter than the set's; without any, there is no such entry.
    """
    rules = of_unit(session, unit_id)
    kept: dict[str, Any] = {
        "rule_set": rules.rule_set.name,
        "rules": {name: each.value for name, each in rules.values.items() if not each.parameter.of_plan},
    }
    tightened = [each for each in rules.tightened() if not each.parameter.of_plan]
    by = {each.parameter.name: each.by for each in tightened if each.by is not None}
    if by:
        kept["tightenings"] = {name: _as_data(each) for name, each in by.items()}
    return kept, sorted(each.row.id for each in by.values())


def _as_data(held: Held) -> dict[str, Any]:
    return {
        "id": held.row.id,
        "unit": held.unit.name,
        "since": held.row.since.isoformat(),
        "until": held.row.until.isoformat(),
    }
