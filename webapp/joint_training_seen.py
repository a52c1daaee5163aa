"""What a reader of either side is shown of a joint training: one look for both, within their rights."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, errors, identity
from workflows import clock
from workflows.domain import joint_training, units
from workflows.domain.joint_training_tables import JointAssessment, JointMentor, JointPlan, JointTraining, ThoughtReport
from workflows.domain.joint_training_tables import TrainingState as State
from workflows.domain.members import LeagueMember
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.two_keys import Side
from workflows.engine import cases
from workflows.engine.tables import Case, WorkItem
from workflows.operations import joint_training as training_work
from workflows.operations.wiring import ENVIRONMENT

MOST = 200
PROCESS = "joint_training"
"""The process by which an activist is trained."""

READERS = tuple(kind for kind in PostKind if kind is not PostKind.ADMINISTRATOR)
"""Posts whose units may have trainings; the administrator reads nothing of people."""

TAGS = {State.RUNNING: "soon", State.READY: "good", State.COMPLETED: "good"}
"""How a state is marked; what has ended otherwise is marked as over."""


@dataclass(frozen=True)
class Guide:
    """A mentor of one side."""

    row: JointMentor
    name: str


@dataclass(frozen=True)
class Open:
    """A step that waits: what, and for whom."""

    label: str
    who: str
    due_on: date | None


@dataclass(frozen=True)
class Line:
    """One training in a list."""

    row: JointTraining
    name: str
    state: str
    tag: str
    league: str
    party: str
    months: int
    is_late: bool


@dataclass(frozen=True)
class Seen:
    """Everything both sides are shown: the plan, the time, the results. Neither side's own papers are among it."""

    line: Line
    earliest_ready: date
    plan: JointPlan | None
    guides: list[tuple[str, list[Guide]]]
    """By side: who guides, those before him after him."""
    assessments: list[JointAssessment]
    """The latest first."""
    reports: list[ThoughtReport]
    names: dict[int, str]
    waits: list[Open]
    elsewhere: str
    """The branch where the person's membership is by now, when that is another one."""


def find(training_id: int) -> JointTraining:
    """The training, for whoever takes part in it or stands above who does; raises OutOfSight, NotFound."""
    row = joint_training.get(database.session(), training_id)
    errors.concerning(unit_id=row.unit_id)
    if not takes_part(row):
        raise identity.OutOfSight(what="联合培养")
    return row


def takes_part(row: JointTraining) -> bool:
    """Whether a post of the reader stands at or above either side's unit, or the reader guides the trainee now."""
    if identity.may_see(row.unit_id) or identity.may_see(row.party_unit_id):
        return True
    me = identity.current_person().id
    return any(each.person_id == me for each in joint_training.current_mentors(database.session(), row.id))


def shares(case: Case) -> bool:
    """Whether the case is of a joint training in which the reader takes part, for whichever side."""
    if case.process != PROCESS:
        return False
    row = joint_training.of_case(database.session(), case.id)
    return row is not None and takes_part(row)


def of_case(session: Session, case: Case) -> Line | None:
    """The training a case works on; None of any other process, and before it has begun."""
    row = joint_training.of_case(session, case.id) if case.process == PROCESS else None
    return _lines(session, [row])[0] if row is not None else None


def listed() -> list[Line]:
    """The trainings of the units that the reader's posts give sight of, and those the reader guides."""
    session = database.session()
    tops = [held.unit_id for held in identity.posts_held() if held.kind is not PostKind.ADMINISTRATOR]
    me = identity.current_person().id
    return _lines(session, joint_training.within(session, tops, mentor=me, limit=MOST))


def to_be_begun() -> list[tuple[Person, int, date]]:
    """The activists of the reader's own branches whose training has not begun: who, of which branch, since when."""
    own = [held.unit_id for held in identity.posts_held() if held.kind is PostKind.BRANCH_SECRETARY]
    found = training_work.to_be_trained(database.session(), own)
    return [(person, person.unit_id, since) for person, since in found if person.unit_id is not None]


def look(row: JointTraining) -> Seen:
    """The training as it stands."""
    session = database.session()
    mentors = joint_training.mentors_of(session, row.id)
    assessments = joint_training.assessments(session, row.id)
    plan = joint_training.plan_of(session, row.id)
    ids = {each.person_id for each in mentors} | {
        by for each in assessments for by in (each.league_by, each.party_by, each.decided_by) if by
    }
    if plan is not None:
        ids |= {by for by in (plan.drafted_by, plan.agreed_by) if by}
    names = _names(session, ids)
    return Seen(
        line=_lines(session, [row])[0],
        earliest_ready=joint_training.earliest_ready(row),
        plan=plan,
        guides=[(gettext(side.label), _guides(mentors, side, names)) for side in Side],
        assessments=assessments[::-1],
        reports=joint_training.reports_of(session, row.id),
        names=names,
        waits=_waits(session, row),
        elsewhere=_elsewhere(session, row),
    )


def as_told(row: JointTraining) -> dict[str, Any]:
    """The same for a machine."""
    seen = look(row)
    return {
        "training": seen.line,
        "earliest_ready": seen.earliest_ready,
        "plan": seen.plan,
        "mentors": [each.row for _side, guides in seen.guides for each in guides],
        "assessments": seen.assessments,
        "reports": seen.reports,
        "waits": seen.waits,
    }


def _lines(session: Session, rows: Iterable[JointTraining]) -> list[Line]:
    rows = list(rows)
    named = _names(session, {row.person_id for row in rows})
    at = {each: units.get(session, each).name for row in rows for each in (row.unit_id, row.party_unit_id)}
    today = clock.today()
    return [
        Line(
            row=row,
            name=named[row.person_id],
            state=gettext(row.state.label),
            tag=TAGS.get(row.state, "overdue"),
            league=at[row.unit_id],
            party=at[row.party_unit_id],
            months=joint_training.months_counted(row, row.ended_on or today),
            is_late=row.next_due_on is not None and row.next_due_on < today,
        )
        for row in rows
    ]


def _guides(mentors: list[JointMentor], side: Side, names: dict[int, str]) -> list[Guide]:
    own = [Guide(each, names[each.person_id]) for each in mentors if each.side is side]
    return sorted(own, key=lambda guide: (guide.row.until is not None, -guide.row.id))


def _waits(session: Session, row: JointTraining) -> list[Open]:
    query = select(WorkItem).where(WorkItem.case_id == row.case_id).order_by(WorkItem.id)
    return [Open(item.label, _who(session, item), item.due_on) for item in session.scalars(query)]


def _who(session: Session, item: WorkItem) -> str:
    unit, post = ENVIRONMENT.directory.describe(session, cases.addressee_of(item))
    named = ENVIRONMENT.directory.person_name(session, item.person_id) if item.person_id is not None else ""
    return " · ".join(part for part in (unit, gettext(post), named) if part)


def _elsewhere(session: Session, row: JointTraining) -> str:
    member = session.get(LeagueMember, row.person_id)
    if not row.state.is_live or member is None or member.unit_id == row.unit_id:
        return ""
    return units.get(session, member.unit_id).name


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())
