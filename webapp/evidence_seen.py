"""What is shown of a candidate's evidence of training, and who enters it. API and pages ask here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext

from webapp import database, errors, identity, reasons_told, sight
from workflows.domain.evidence import Evidence, standing_of
from workflows.domain.evidence_count import Counted, Standing, Why
from workflows.domain.evidence_forms import MINUTES_IN_AN_HOUR, Kind
from workflows.engine import cases
from workflows.engine.tables import Case
from workflows.journal import Actor
from workflows.operations import evidence
from workflows.operations.evidence import OnFile
from workflows.operations.evidence_files import Fault
from workflows.operations.wiring import ENVIRONMENT

UNITS = {
    "class_hours": lazy_gettext("学时"),
    "volunteer_hours": lazy_gettext("小时"),
    "talks": lazy_gettext("次"),
}
ASKED = (
    ("class_hours", "class_hours_min", lazy_gettext("团课学时")),
    ("volunteer_hours", "volunteer_hours_min", lazy_gettext("志愿服务时长")),
    ("ideology_passed", "ideology_assessment_required", lazy_gettext("思政考评合格")),
    ("talks", "mentor_min_talks", lazy_gettext("谈心谈话")),
)
"""Each total, the value of the rule set it is held against, and what people call it."""

NO_LAW = frozenset({"unverified", "own"})
"""How sure a value is behind which no published text stands; then no article is named."""


@dataclass(frozen=True)
class Requirement:
    """One total against what the case's rules ask for; without `is_required` it is only recorded."""

    name: str
    label: str
    have: int | float | bool
    need: int | float | bool
    is_required: bool
    is_met: bool
    article: str
    confidence: str
    tag: str

    @property
    def have_said(self) -> str:
        """What there is, with its unit."""
        return _said(self.name, self.have)

    @property
    def need_said(self) -> str:
        """What is asked for, with its unit."""
        return _said(self.name, self.need)

    @property
    def missing_said(self) -> str:
        """What is missing, with its unit; empty where nothing is."""
        if self.is_met:
            return ""
        if isinstance(self.need, bool):
            return gettext("缺合格的考评")
        return gettext("还缺 %(what)s", what=_said(self.name, round(self.need - self.have, 1)))


def _said(name: str, value: int | float | bool) -> str:
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    return f"{value:g} {UNITS[name]}"


@dataclass(frozen=True)
class Seen:
    """A case's evidence as the signed-in person may read it."""

    case: Case
    on_file: OnFile
    requirements: list[Requirement]
    may_enter: bool
    replaced: list[Evidence]
    """Rows that were corrected or struck out, and the rows that struck them out, the latest first."""


def of_case(case_id: int) -> Seen:
    """The evidence of a case the person may see, or whose candidate he guides; raises NotFound."""
    case = case_in_sight(case_id)
    session, data = database.session(), cases.data_of(case)
    found = evidence.on_file(session, case)
    standing = {row.id for row in standing_of(found.rows)}
    return Seen(
        case=case,
        on_file=found,
        requirements=requirements(data, found.counted),
        may_enter=case.ended_at is None and evidence.may_enter(session, case, identity.actor()),
        replaced=sorted((row for row in found.rows if row.id not in standing), key=lambda row: -row.id),
    )


def case_in_sight(case_id: int) -> Case:
    """The case with its state; a mentor sees his own candidate's also while it waits for somebody else."""
    try:
        return sight.case(case_id)
    except identity.OutOfSight:
        case = database.session().get_one(Case, case_id)
        if not evidence.may_enter(database.session(), case, identity.actor()):
            raise
        return case


def keeper(case: Case) -> Actor:
    """The person in the post by which he enters evidence for the case; the operation refuses whoever has none."""
    errors.concerning(case_id=case.id, unit_id=case.unit_id)
    return identity.actor(*evidence.ENTERED_BY, unit_id=case.unit_id)


def takes_files(unit_id: int) -> bool:
    """Whether the person keeps the records of the unit, and may take over files."""
    return any(held.unit_id == unit_id and held.kind in evidence.ENTERED_BY for held in identity.posts_held())


def requirements(data: Mapping[str, Any], counted: Counted) -> list[Requirement]:
    """Every total against what the rules of the case ask for, with where that comes from."""
    rules, totals = data.get("rules") or {}, counted.as_data()
    asked = [each for each in ASKED if each[1] in rules]
    return [_requirement(data, name, rule, str(label), totals[name], rules[rule]) for name, rule, label in asked]


def _requirement(
    data: Mapping[str, Any], name: str, rule: str, label: str, have: int | float | bool, need: int | float | bool
) -> Requirement:
    origin = ENVIRONMENT.origin(data, f"rules.{rule}")
    confidence = origin.confidence if origin else "unverified"
    return Requirement(
        name=name,
        label=label,
        have=have,
        need=need,
        is_required=bool(need),
        is_met=have >= need,
        article=origin.article if origin and confidence not in NO_LAW else "",
        confidence=confidence,
        tag=str(reasons_told.CONFIDENCE.get(confidence, "")),
    )


def counted_said(standing: Standing) -> str:
    """What a row counts for, in words."""
    if standing.row.kind == Kind.CLASS_HOURS:
        return f"{standing.counted} {UNITS['class_hours']}"
    if standing.row.kind == Kind.VOLUNTEER_HOURS:
        return f"{standing.counted / MINUTES_IN_AN_HOUR:g} {UNITS['volunteer_hours']}"
    return gettext("计入") if standing.counted else ""


def why_said(why: Why | None) -> str:
    """Why a row does not count, or not in full; empty when it does."""
    return gettext(why.sentence) if why else ""


def fault_said(fault: Fault) -> str:
    """What is wrong with a row of a file, in words."""
    if fault.refusal is not None:
        return fault.refusal.message(gettext)
    said = f"{gettext(fault.label)}：{gettext(fault.text)}" if fault.label else gettext(fault.text)
    return f"{fault.cell} {said}" if fault.cell else said
