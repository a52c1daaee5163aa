"""The tables of split proposals: what was proposed, on which figures, what people changed in it, and who confirmed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflows.database import Base, BigId, Json
from workflows.domain.columns import reference, word

LONGEST_REASON = 400

_OPEN = text("state = 'open'")


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"

    @property
    def label(self) -> str:
        """The Chinese word for this state."""
        return {"open": "待确认", "confirmed": "已确认", "discarded": "已作废"}[self.value]


class SplitProposal(Base):
    """One unit's places as they are proposed to be split; at most one is open for a unit and plan.

    `seen_movement` is the last movement of the account the figures were read after, `parameters` what the split was
    reckoned with, `version` grows with every change of a line.
    """

    __tablename__ = "split_proposal"
    __table_args__ = (
        CheckConstraint("total >= 0 AND reserve >= 0 AND left_over >= 0", name="amounts"),
        Index(
            "uq_split_proposal_open",
            "plan_id",
            "unit_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    unit_id: Mapped[int] = reference("unit.id")
    state: Mapped[ProposalState] = mapped_column(word(ProposalState))
    total: Mapped[int]
    reserve: Mapped[int]
    left_over: Mapped[int]
    as_of: Mapped[date] = mapped_column(Date)
    seen_movement: Mapped[int] = mapped_column(BigId)
    parameters: Mapped[dict[str, Any]] = mapped_column(Json)
    version: Mapped[int] = mapped_column(default=1)
    made_by: Mapped[int | None] = mapped_column(BigId)
    made_at: Mapped[datetime]
    settled_by: Mapped[int | None] = mapped_column(BigId)
    settled_at: Mapped[datetime | None]


class SplitLine(Base):
    """One unit's line: the figures behind it, what was reckoned, and what stands now, by whom and why if changed.

    `had` are places it had of this plan already, `exact` the share before rounding as a fraction `n/d`.
    """

    __tablename__ = "split_line"
    __table_args__ = (
        UniqueConstraint("proposal_id", "unit_id"),
        CheckConstraint("proposed >= 0 AND amount >= 0", name="amounts"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    proposal_id: Mapped[int] = reference("split_proposal.id", index=False)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    students: Mapped[int]
    members: Mapped[int]
    applicants: Mapped[int | None]
    had: Mapped[int]
    last_year: Mapped[int | None]
    figures: Mapped[list[Any]] = mapped_column(Json)
    limits: Mapped[dict[str, Any]] = mapped_column(Json)
    need: Mapped[int]
    weight: Mapped[int]
    ceiling: Mapped[int | None]
    exact: Mapped[str] = mapped_column(String(60))
    proposed: Mapped[int]
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    changed_by: Mapped[int | None] = mapped_column(BigId)
    changed_at: Mapped[datetime | None]
