"""Head counts: how many students and members a unit has on 31 December of the year before a plan.

A report is never changed; a later report of the same unit and day takes its place, and both stay to be read. A class
reports one line. What a unit reports itself counts for everything below it; without a report of its own, the sum of
what reports to it counts. So a county that keeps no classes here hands in its totals, and a school its classes.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, Index, Select, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import units
from workflows.domain.columns import reference, word
from workflows.domain.units import Field, Unit, UnitKind
from workflows.errors import InvalidData
from workflows.journal import Actor, Event

MOST = 10_000_000
"""No unit has more people; whatever is larger is a slip of the pen."""

LONGEST_SOURCE = 120

STAGES = {
    Field.JUNIOR: "初中",
    Field.SENIOR: "普通高中",
    Field.VOCATIONAL: "中职",
    Field.UNIVERSITY: "高校",
    Field.SOCIETY: "社会",
}
"""The stages a line may be of, as people call them; for 社会 the young people of a unit stand in place of students."""


class HeadCountReport(Base):
    """What one unit reported for one day; the latest stands. Triggers refuse to change or delete it.

    `youth` is the number of people from 14 to 28 in the unit's area, where it is known.
    """

    __tablename__ = "head_count_report"
    __table_args__ = (
        CheckConstraint("youth >= 0", name="youth"),
        Index("ix_head_count_report_unit", "unit_id", "as_of"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    as_of: Mapped[date] = mapped_column(Date)
    youth: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(LONGEST_SOURCE))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(BigId)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)


class HeadCount(Base):
    """One line of a report. Triggers refuse to change or delete it."""

    __tablename__ = "head_count"
    __table_args__ = (
        UniqueConstraint("report_id", "stage", "is_graduating"),
        CheckConstraint("students >= 0 AND members >= 0 AND members <= students", name="members"),
        CheckConstraint("applicants >= 0 AND applicants <= students - members", name="applicants"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = reference("head_count_report.id", index=False)
    stage: Mapped[Field] = mapped_column(word(Field))
    is_graduating: Mapped[bool] = mapped_column(Boolean)
    students: Mapped[int]
    members: Mapped[int]
    applicants: Mapped[int | None]


class CountsWrong(InvalidData):
    """A report that cannot be true."""

    code = "head_counts.wrong"
    sentence = "填报的人数有误。"
    remedy = "请按各栏的提示修改后再提交。"
    rule = "团员数、申请人数之和不超过学生数；人数截至上年12月31日"


@dataclass(frozen=True)
class Line:
    """Students and members of one stage, graduating or not; `applicants` is None where nobody has counted them."""

    stage: Field
    is_graduating: bool
    students: int
    members: int
    applicants: int | None = None


@dataclass(frozen=True)
class Counts:
    """What stands for a unit: its lines, summed by stage and graduating, and its youth where that is known.

    `reports` says how many reports went into it, `own` whether it is the unit's own. Without any, `lines` is empty.
    """

    lines: tuple[Line, ...] = ()
    youth: int | None = None
    reports: int = 0
    own: bool = False

    @property
    def students(self) -> int:
        """Students of all lines."""
        return sum(line.students for line in self.lines)

    @property
    def members(self) -> int:
        """Members of all lines."""
        return sum(line.members for line in self.lines)

    @property
    def applicants(self) -> int | None:
        """Applicants of all lines; None where one of them is not known."""
        return _sum_known([line.applicants for line in self.lines])


def day_for(year: int) -> date:
    """The day whose counts a plan of `year` is measured by (内团办发〔2020〕14号: the end of the year before)."""
    return date(year - 1, 12, 31)


def record(
    session: Session,
    *,
    unit_id: int,
    as_of: date,
    lines: Sequence[Line],
    source: str,
    actor: Actor,
    youth: int | None = None,
) -> HeadCountReport:
    """Keep what a unit reports for a day; what stands already with the same figures is answered again.

    Raises CountsWrong, which names a field of the n-th line as `<field>-<n>`, and NotFound. Journalled on the unit.
    """
    unit = units.lock(session, unit_id)
    source = source.strip()
    _check(unit, as_of, lines, source, youth)
    standing = standing_of(session, unit_id, as_of)
    if standing is not None and (standing.youth, set(lines_of(session, standing.id))) == (youth, set(lines)):
        return standing
    report = HeadCountReport(
        unit_id=unit_id,
        as_of=as_of,
        youth=youth,
        source=source,
        recorded_at=clock.now(),
        recorded_by=actor.person_id,
        post_id=actor.post_id,
        for_person_id=actor.for_person_id,
    )
    session.add(report)
    session.flush()
    session.add_all(HeadCount(report_id=report.id, **vars(line)) for line in lines)
    session.flush()
    journal.record(
        session,
        Event.HEAD_COUNTS_ENTERED,
        chain=journal.unit_chain(unit_id),
        actor=actor,
        report=report.id,
        as_of=as_of.isoformat(),
        corrects=standing.id if standing else None,
        students=sum(line.students for line in lines),
        members=sum(line.members for line in lines),
    )
    return report


def standing_of(session: Session, unit_id: int, as_of: date, *, lock: bool = False) -> HeadCountReport | None:
    """The report of the unit that stands for the day; `lock` keeps others from measuring by it until the end."""
    query = select(HeadCountReport).where(HeadCountReport.unit_id == unit_id, HeadCountReport.as_of == as_of)
    query = query.order_by(HeadCountReport.id.desc()).limit(1)
    return session.scalars(query.with_for_update() if lock else query).first()


def reports_of(session: Session, unit_id: int, limit: int = 20) -> list[HeadCountReport]:
    """The unit's own reports, newest first, those corrected as well."""
    query = select(HeadCountReport).where(HeadCountReport.unit_id == unit_id)
    return list(session.scalars(query.order_by(HeadCountReport.id.desc()).limit(limit)))


def lines_of(session: Session, report_id: int) -> list[Line]:
    """The lines of one report, by stage."""
    query = select(HeadCount).where(HeadCount.report_id == report_id).order_by(HeadCount.id)
    return [
        Line(row.stage, row.is_graduating, row.students, row.members, row.applicants) for row in session.scalars(query)
    ]


class Standing:
    """What stands for a day in the subtree of a unit; read once, then asked for any unit in it."""

    def __init__(self, session: Session, top: Unit, as_of: date) -> None:
        self._lines: dict[str, list[Line]] = {}
        self._youth: dict[str, int] = {}
        for path, youth, line in session.execute(_standing_lines(top.path, as_of)):
            if youth is not None:
                self._youth[path] = youth
            if line is not None:
                told = Line(line.stage, line.is_graduating, line.students, line.members, line.applicants)
                self._lines.setdefault(path, []).append(told)
        self._paths, self._youth_paths = sorted(self._lines), sorted(self._youth)

    def of(self, unit: Unit) -> Counts:
        """The unit's own report, or the sum of what stands below it."""
        chosen = _topmost(self._paths, unit.path)
        youth = [self._youth[path] for path in _topmost(self._youth_paths, unit.path)]
        lines = _summed([line for path in chosen for line in self._lines[path]])
        return Counts(lines, sum(youth) if youth else None, len(chosen), chosen == [unit.path])


def _topmost(paths: list[str], below: str) -> list[str]:
    """Of the sorted paths those within `below` that have no other of them above."""
    found: list[str] = []
    # A path ends with "/", and "0" is the character after it: what is between begins with `below`.
    for path in paths[bisect_left(paths, below) : bisect_left(paths, f"{below[:-1]}0")]:
        if not found or not path.startswith(found[-1]):
            found.append(path)
    return found


def _summed(lines: list[Line]) -> tuple[Line, ...]:
    together: dict[tuple[Field, bool], list[Line]] = {}
    for line in lines:
        together.setdefault((line.stage, line.is_graduating), []).append(line)
    return tuple(
        Line(
            stage,
            is_graduating,
            sum(each.students for each in some),
            sum(each.members for each in some),
            _sum_known([each.applicants for each in some]),
        )
        for (stage, is_graduating), some in sorted(together.items(), key=lambda one: _order(*one[0]))
    )


def _order(stage: Field, is_graduating: bool) -> tuple[int, bool]:
    return list(STAGES).index(stage), is_graduating


def _sum_known(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _standing_lines(path: str, as_of: date) -> Select[str, int | None, HeadCount]:
    latest = (
        select(func.max(HeadCountReport.id).label("id"))
        .join(Unit, Unit.id == HeadCountReport.unit_id)
        .where(HeadCountReport.as_of == as_of, Unit.path.startswith(path, autoescape=True))
        .group_by(HeadCountReport.unit_id)
        .subquery()
    )
    return (
        select(Unit.path, HeadCountReport.youth, HeadCount)
        .join(latest, latest.c.id == HeadCountReport.id)
        .join(Unit, Unit.id == HeadCountReport.unit_id)
        .outerjoin(HeadCount, HeadCount.report_id == HeadCountReport.id)
    )


def _check(unit: Unit, as_of: date, lines: Sequence[Line], source: str, youth: int | None) -> None:
    wrong: dict[str, str] = {}
    if (as_of.month, as_of.day) != (12, 31) or as_of > clock.today():
        wrong["as_of"] = AS_OF_WRONG
    if not 2 <= len(source) <= LONGEST_SOURCE:
        wrong["source"] = SOURCE_WRONG
    if youth is not None and not 0 <= youth <= MOST:
        wrong["youth"] = NUMBER_WRONG
    if unit.kind == UnitKind.BRANCH and len(lines) != 1:
        wrong["lines"] = ONE_LINE
    if not lines and youth is None:
        wrong["lines"] = NOTHING
    kinds = [(line.stage, line.is_graduating) for line in lines]
    if len(set(kinds)) != len(kinds):
        wrong["lines"] = TWICE
    for number, line in enumerate(lines):
        wrong |= {f"{key}-{number}": why for key, why in line_faults(line).items()}
    if wrong:
        raise CountsWrong(fields=wrong)


def line_faults(line: Line) -> dict[str, str]:
    """What is wrong with a line, by field."""
    if not 0 <= line.students <= MOST:
        return {"students": NUMBER_WRONG}
    if not 0 <= line.members <= line.students:
        return {"members": TOO_MANY_MEMBERS}
    if line.applicants is not None and not 0 <= line.applicants <= line.students - line.members:
        return {"applicants": TOO_MANY_APPLICANTS}
    return {}


AS_OF_WRONG = "应为已过去的某年12月31日"
SOURCE_WRONG = "请写明数据来源，2至120个字，例如：学籍系统与智慧团建"
NUMBER_WRONG = "应为0至10000000的整数"
ONE_LINE = "一个班级填报一行"
NOTHING = "请至少填报一行人数"
TWICE = "同一阶段、同为毕业班或非毕业班的只填一行"
TOO_MANY_MEMBERS = "团员数应为0至学生数之间的整数"
TOO_MANY_APPLICANTS = "申请人数与团员数之和不能超过学生数"
WORDS = (
    *(AS_OF_WRONG, SOURCE_WRONG, NUMBER_WRONG, ONE_LINE, NOTHING, TWICE, TOO_MANY_MEMBERS, TOO_MANY_APPLICANTS),
    *STAGES.values(),
)
"""Everything said of a single field, and what the stages are called."""
