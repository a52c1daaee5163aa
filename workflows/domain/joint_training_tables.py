"""The tables of joint training (联合培养): trainings, their plans, mentors, assessments and reports of thoughts."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflows.database import Base, BigId
from workflows.domain.columns import reference, word
from workflows.domain.two_keys import Side

LONGEST_DOCUMENT = 120


class TrainingState(StrEnum):
    """How far a joint training has come, or how it ended."""

    RUNNING = "running"
    READY = "ready"
    """Both sides' assessment says that the person may be recommended as development target; training goes on."""
    COMPLETED = "completed"
    """The Party has determined the person as development target."""
    NOT_CONTINUED = "not_continued"
    WITHDRAWN = "withdrawn"
    GONE = "gone"
    """The person has gone to a unit that this product does not know."""

    @property
    def label(self) -> str:
        """The Chinese word for this state."""
        return _STATES[self]

    @property
    def is_live(self) -> bool:
        """Whether the training goes on."""
        return self in LIVE


LIVE = (TrainingState.RUNNING, TrainingState.READY)
_LIVE_SQL = "state IN ('running', 'ready')"

_STATES = {
    TrainingState.RUNNING: "培养考察中",
    TrainingState.READY: "可推荐为发展对象",
    TrainingState.COMPLETED: "已确定为发展对象",
    TrainingState.NOT_CONTINUED: "不再继续培养",
    TrainingState.WITHDRAWN: "本人退出",
    TrainingState.GONE: "已转出",
}


class Verdict(StrEnum):
    """What an assessment comes to, or what one side thinks it should."""

    CONTINUE = "continue"
    EXTEND = "extend"
    QUALIFIED = "qualified"
    END = "end"

    @property
    def label(self) -> str:
        """The Chinese word for this verdict."""
        return _VERDICTS[self]


_VERDICTS = {
    Verdict.CONTINUE: "继续培养",
    Verdict.EXTEND: "延长培养",
    Verdict.QUALIFIED: "可推荐为发展对象",
    Verdict.END: "不再继续培养",
}


class JointTraining(Base):
    """One person's joint training; `unit_id` is where the person is now, `party_unit_id` the Party branch there.

    Time counts from `recognised_on`, the day the Party determined the person as activist, wherever the person has
    been since. `least_months` and `interval_months` are those of the rules the case began with.
    """

    __tablename__ = "joint_training"
    __table_args__ = (
        Index(
            "uq_joint_training_live",
            "person_id",
            unique=True,
            sqlite_where=text(_LIVE_SQL),
            postgresql_where=text(_LIVE_SQL),
        ),
        CheckConstraint("ended_on IS NULL OR ended_on >= recognised_on", name="ended"),
        CheckConstraint("state NOT IN ('ready', 'completed') OR ready_on IS NOT NULL", name="ready"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = reference("person.id")
    recommendation_id: Mapped[int] = reference("recommendation.id")
    case_id: Mapped[int] = mapped_column(BigId, unique=True)
    unit_id: Mapped[int] = reference("unit.id")
    party_unit_id: Mapped[int] = reference("unit.id")
    state: Mapped[TrainingState] = mapped_column(word(TrainingState))
    recognised_on: Mapped[date] = mapped_column(Date)
    least_months: Mapped[int]
    interval_months: Mapped[int]
    extended_until: Mapped[date | None] = mapped_column(Date)
    ready_on: Mapped[date | None] = mapped_column(Date)
    """The day of the assessment that found the person ready."""
    next_due_on: Mapped[date | None] = mapped_column(Date)
    """The last day of the next assessment; None before there is a plan and after the end."""
    ended_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text, default="")
    document: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT), default="")
    created_at: Mapped[datetime]


class JointPlan(Base):
    """One version of the plan both sides share; the latest one is the plan."""

    __tablename__ = "joint_plan"
    __table_args__ = (UniqueConstraint("training_id", "version"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    training_id: Mapped[int] = reference("joint_training.id", index=False)
    version: Mapped[int]
    goals: Mapped[str] = mapped_column(Text)
    league_part: Mapped[str] = mapped_column(Text)
    party_part: Mapped[str] = mapped_column(Text)
    begins_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    drafted_on: Mapped[date] = mapped_column(Date)
    drafted_by: Mapped[int | None] = mapped_column(BigId)
    agreed_on: Mapped[date] = mapped_column(Date)
    agreed_by: Mapped[int | None] = mapped_column(BigId)


class JointMentor(Base):
    """Somebody who guides the trainee for one of the sides, from a day to another."""

    __tablename__ = "joint_mentor"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="until"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    training_id: Mapped[int] = reference("joint_training.id")
    side: Mapped[Side] = mapped_column(word(Side))
    person_id: Mapped[int] = reference("person.id")
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)


class JointAssessment(Base):
    """One half-yearly assessment: what each side thinks and what came of it. Nothing of it is changed afterwards."""

    __tablename__ = "joint_assessment"
    __table_args__ = (UniqueConstraint("training_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    training_id: Mapped[int] = reference("joint_training.id", index=False)
    number: Mapped[int]
    due_on: Mapped[date] = mapped_column(Date)
    """Its last day by the schedule."""
    months: Mapped[int]
    """The whole months counted on the day of the result."""
    league_view: Mapped[Verdict] = mapped_column(word(Verdict))
    league_opinion: Mapped[str] = mapped_column(Text)
    league_on: Mapped[date] = mapped_column(Date)
    league_by: Mapped[int | None] = mapped_column(BigId)
    party_view: Mapped[Verdict] = mapped_column(word(Verdict))
    party_opinion: Mapped[str] = mapped_column(Text)
    party_on: Mapped[date] = mapped_column(Date)
    party_by: Mapped[int | None] = mapped_column(BigId)
    result: Mapped[Verdict] = mapped_column(word(Verdict))
    reason: Mapped[str] = mapped_column(Text, default="")
    extended_until: Mapped[date | None] = mapped_column(Date)
    decided_on: Mapped[date] = mapped_column(Date)
    decided_by: Mapped[int | None] = mapped_column(BigId)


class ThoughtReport(Base):
    """A report of the trainee's thoughts (思想汇报) that came in; the paper itself is in the Party's file."""

    __tablename__ = "thought_report"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    training_id: Mapped[int] = reference("joint_training.id")
    reported_on: Mapped[date] = mapped_column(Date)
    title: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    entered_by: Mapped[int | None] = mapped_column(BigId)
    entered_at: Mapped[datetime]
