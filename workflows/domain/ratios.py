"""The two ratios by which places are controlled: members to students in graduating classes, members to youth in all.

团学比 = members / students of the graduating classes of a stage on 31 December of the year before the plan, limits 30 %
(junior) and 60 % (senior stage). 团青比 = members / people from 14 to 28. Everything is counted exactly: a ratio is a
fraction, and a limit is met when members x 100 <= limit x students.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import rules_in_force
from workflows.domain.head_counts import Counts
from workflows.domain.rule_sets import Parameter
from workflows.domain.rules_in_force import InForce
from workflows.domain.units import Field, Unit


class Scope(StrEnum):
    """What one limit is for: the graduating classes of a stage."""

    JUNIOR = "junior"
    SENIOR = "senior"

    @property
    def label(self) -> str:
        """The Chinese name of these classes."""
        return _LABELS[self]

    @property
    def stages(self) -> tuple[Field, ...]:
        """The stages whose graduating classes are measured together."""
        return _STAGES[self]


_LABELS = {Scope.JUNIOR: "初中毕业班", Scope.SENIOR: "高中阶段毕业班"}
_STAGES = {Scope.JUNIOR: (Field.JUNIOR,), Scope.SENIOR: (Field.SENIOR, Field.VOCATIONAL)}


class Mark(StrEnum):
    """How a ratio stands to its limit; `none` where nothing was counted."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    NONE = "none"

    @property
    def label(self) -> str:
        """What a person reads beside the colour."""
        return {"green": "正常", "amber": "接近上限", "red": "超过上限", "none": "未填报"}[self.value]


@dataclass(frozen=True)
class Limits:
    """The values of the plan that hold for a unit, in percent; `origins` says where each stands."""

    junior: int
    senior: int
    margin: int
    reduction: int
    youth_goal: int
    reserve: int
    vocational: int
    graduating: int
    origins: Mapping[str, Parameter] = field(default_factory=dict, compare=False, repr=False)

    def as_data(self) -> dict[str, int]:
        """The values alone, to be kept with what was reckoned with them."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def of(self, scope: Scope) -> int:
        """The limit of a scope."""
        return self.junior if scope is Scope.JUNIOR else self.senior

    def target(self, stage: Field) -> int:
        """The ratio up to which a stage is in need of places: its limit, else the goal for all youth."""
        scope = scope_of(stage)
        return self.youth_goal if scope is None else self.of(scope)

    def factor(self, stage: Field, *, is_graduating: bool) -> int:
        """How much one place of need weighs in a split."""
        if is_graduating:
            return self.graduating
        return self.vocational if stage is Field.VOCATIONAL else 100


_PARAMETERS = {
    "junior": "ratio_limit_junior",
    "senior": "ratio_limit_senior",
    "margin": "ratio_amber_points",
    "reduction": "quota_reduction_rate",
    "youth_goal": "member_youth_goal",
    "reserve": "split_reserve_rate",
    "vocational": "split_factor_vocational",
    "graduating": "split_factor_graduating",
}


def limits_for(session: Session, unit_id: int) -> Limits:
    """What holds for the unit today, tightened by itself and by the units above it."""
    return _limits(rules_in_force.of_unit(session, unit_id).values)


def limits_below(session: Session, unit: Unit, below: Sequence[Unit]) -> dict[int, Limits]:
    """What holds today for each unit that reports to `unit` directly, by its id; with few statements for many."""
    today, line = clock.today(), unit.line()
    rule_set = rules_in_force.set_on(session, today)
    held = rules_in_force.holding(session, [*line, *(each.id for each in below)], today, today)
    found: dict[int, Limits] = {}
    for each in below:
        theirs = [one for one in held if one.unit.id == each.id or one.unit.id in line]
        found[each.id] = _limits(rules_in_force.strictest(rule_set, theirs))
    return found


def _limits(rules: Mapping[str, InForce]) -> Limits:
    origins = {name: rules[parameter].parameter for name, parameter in _PARAMETERS.items()}
    return Limits(**{name: int(rules[each].value) for name, each in _PARAMETERS.items()}, origins=origins)


def scope_of(stage: Field) -> Scope | None:
    """The scope a stage belongs to; None where no limit is set."""
    return next((scope for scope in Scope if stage in scope.stages), None)


@dataclass(frozen=True)
class Ratio:
    """Members to students of one scope, with what is planned: `members + admissions - leavers` of `students`."""

    students: int
    members: int
    limit: int
    margin: int
    admissions: int = 0
    leavers: int = 0

    @property
    def members_next(self) -> int:
        """Members when everything planned has happened."""
        return max(0, self.members + self.admissions - self.leavers)

    @property
    def now(self) -> Fraction | None:
        """The ratio as counted; None without students."""
        return Fraction(self.members, self.students) if self.students else None

    @property
    def next(self) -> Fraction | None:
        """The forecast: (members + planned admissions - leavers) / students."""
        return Fraction(self.members_next, self.students) if self.students else None

    @property
    def most(self) -> int:
        """The greatest number of members within the limit."""
        return self.limit * self.students // 100

    @property
    def room(self) -> int:
        """How many more may be admitted; below zero says how many there are too many."""
        return self.most - self.members_next

    @property
    def mark_now(self) -> Mark:
        """How the ratio as counted stands to the limit."""
        return mark(self.now, self.limit, self.margin)

    @property
    def mark_next(self) -> Mark:
        """How the forecast stands to the limit."""
        return mark(self.next, self.limit, self.margin)


def mark(share: Fraction | None, limit: int, margin: int) -> Mark:
    """Red above the limit, amber from `margin` points below it up to the limit itself."""
    if share is None:
        return Mark.NONE
    if share * 100 > limit:
        return Mark.RED
    return Mark.AMBER if share * 100 >= limit - margin else Mark.GREEN


def of_scope(counts: Counts, scope: Scope, limits: Limits, *, admissions: int = 0, leavers: int = 0) -> Ratio:
    """The ratio of one scope in what stands for a unit."""
    lines = [line for line in counts.lines if line.is_graduating and line.stage in scope.stages]
    students, members = sum(line.students for line in lines), sum(line.members for line in lines)
    return Ratio(students, members, limits.of(scope), limits.margin, admissions, leavers)


def of_youth(counts: Counts) -> Fraction | None:
    """团青比: members to people from 14 to 28; None where the youth was not counted."""
    return Fraction(counts.members, counts.youth) if counts.youth else None


def worst(marks: list[Mark]) -> Mark:
    """The mark that speaks for several scopes."""
    return max(marks, key=[Mark.NONE, Mark.GREEN, Mark.AMBER, Mark.RED].index, default=Mark.NONE)


def percent(share: Fraction | None) -> str:
    """A ratio as people write it, to a tenth of a percent: `58.3%`; a dash without one."""
    if share is None:
        return "—"
    exact = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return f"{exact.quantize(Decimal('0.1'), ROUND_HALF_UP)}%"
