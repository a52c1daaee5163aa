"""Head counts entered by people: by whom, for which units, from a form or from a file, all of it or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import head_count_files, head_counts, posts, units
from workflows.domain.head_count_files import FileRow
from workflows.domain.head_counts import HeadCountReport, Line
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.errors import NotAuthorised, Refusal
from workflows.journal import Actor

ENTERED_BY = (
    PostKind.GRASSROOTS_COMMITTEE,
    PostKind.COUNTY_COMMITTEE,
    PostKind.PREFECTURE_COMMITTEE,
    PostKind.REGION_COMMITTEE,
)
"""Posts that enter head counts, for their own unit and for those that report to it."""

UNKNOWN = "没有这个组织，请填写组织代码，或核对名称"
SEVERAL = "有同名的组织，请填写组织代码"
FAULTS = (UNKNOWN, SEVERAL)
"""What is said of a line about nobody."""


class CountRowsWrong(Refusal):
    """Some lines cannot be taken over, so none is."""

    code = "head_counts.file_rows_wrong"
    sentence = "文件中有 {n} 行不能采用，一行也没有采用。"
    remedy = "请按各行的说明更正文件后重新导入。"
    rule = "一个文件要么全部采用，要么一行也不采用"


@dataclass(frozen=True)
class CheckedRow:
    """One line of the file, the unit it is about, and why it cannot be taken over (empty when it can)."""

    row: FileRow
    unit: Unit | None
    fault: str = ""


def insist(session: Session, unit_id: int, actor: Actor) -> Unit:
    """The unit; raises NotAuthorised unless the actor holds a committee's post at it or above it, and NotFound."""
    unit = units.get(session, unit_id)
    if actor.person_id is None or not any(
        posts.exercises(session, actor.person_id, above, kind) for above in unit.line() for kind in ENTERED_BY
    ):
        raise NotAuthorised(unit=unit.name, post="或上级团委经办人")
    return unit


def enter(
    session: Session,
    *,
    unit_id: int,
    as_of: date,
    lines: Sequence[Line],
    source: str,
    actor: Actor,
    youth: int | None = None,
) -> HeadCountReport:
    """Record what one unit reports; raises NotAuthorised, and what `head_counts.record` raises."""
    insist(session, unit_id, actor)
    return head_counts.record(
        session, unit_id=unit_id, as_of=as_of, lines=lines, source=source, actor=actor, youth=youth
    )


def check_file(session: Session, *, unit_id: int, text: str, actor: Actor) -> list[CheckedRow]:
    """Every line of a file with the unit at or below `unit_id` it is about; nothing is kept.

    Raises NotAuthorised, and CountsUnreadable for what is no table.
    """
    top = insist(session, unit_id, actor)
    known = units_by_name(session, top)
    seen: set[tuple[int, object, object]] = set()
    return [_checked(row, known, seen) for row in head_count_files.read(text)]


def take_file(
    session: Session, *, unit_id: int, as_of: date, text: str, source: str, actor: Actor
) -> list[HeadCountReport]:
    """Record a report for every unit the file is about; raises CountRowsWrong when one line is wrong, then none is."""
    rows = check_file(session, unit_id=unit_id, text=text, actor=actor)
    if wrong := [row for row in rows if row.fault]:
        raise CountRowsWrong(n=len(wrong))
    by_unit: dict[int, list[Line]] = {}
    for row in rows:
        if row.unit is not None and row.row.counted is not None:
            by_unit.setdefault(row.unit.id, []).append(row.row.counted)
    return [
        head_counts.record(session, unit_id=key, as_of=as_of, lines=lines, source=source, actor=actor)
        for key, lines in sorted(by_unit.items())
    ]


def units_by_name(session: Session, top: Unit) -> dict[str, list[Unit]]:
    """The units at or below `top` by code, name and short name."""
    found: dict[str, list[Unit]] = {}
    for unit in session.scalars(select(Unit).where(Unit.path.startswith(top.path, autoescape=True))):
        for name in {unit.code, unit.name, unit.short_name}:
            found.setdefault(name, []).append(unit)
    return found


def _checked(row: FileRow, known: dict[str, list[Unit]], seen: set[tuple[int, object, object]]) -> CheckedRow:
    found = known.get(row.unit, [])
    if len(found) != 1:
        return CheckedRow(row, None, SEVERAL if found else UNKNOWN)
    unit, line = found[0], row.counted
    if line is None:
        return CheckedRow(row, unit, row.fault)
    faults = head_counts.line_faults(line)
    kind = (unit.id, None, None) if unit.kind == UnitKind.BRANCH else (unit.id, line.stage, line.is_graduating)
    if kind in seen:
        faults["lines"] = head_counts.ONE_LINE if unit.kind == UnitKind.BRANCH else head_counts.TWICE
    seen.add(kind)
    return CheckedRow(row, unit, next(iter(faults.values()), ""))
