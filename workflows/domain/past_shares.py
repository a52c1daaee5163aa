"""What a unit was allotted in the year before, where the system has no plan of that year: entered from paper or a file.

The cut of a unit over its ratio is reckoned from last year's places. A figure of the system's own ledger always goes
first; an entered one is used where there is none. A figure is never changed: a later one of the same unit and year
takes its place, and both stay to be read.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain.columns import reference
from workflows.domain.quota_ledger import Plan, QuotaAccount
from workflows.errors import InvalidData
from workflows.journal import Actor, Event

MOST = 999_999
"""A plan has no more numbers than that."""

LONGEST_SOURCE = 120

OLDEST_YEAR = 2016
"""Plans and numbers exist since 中青发〔2016〕6号."""


class PastShare(Base):
    """What a unit was allotted in one year, as somebody entered it; the latest stands. Never changed or deleted."""

    __tablename__ = "past_share"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_past_share_unit", "unit_id", "year"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    year: Mapped[int]
    unit_id: Mapped[int] = reference("unit.id", index=False)
    amount: Mapped[int]
    source: Mapped[str] = mapped_column(String(LONGEST_SOURCE))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(BigId)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)


class SharesWrong(InvalidData):
    """Figures of last year that cannot be taken over."""

    code = "past_shares.wrong"
    sentence = "上年名额填报有误。"
    remedy = "请按各栏的提示修改后再提交。"
    rule = "团学比超限的单位，名额较上年压减；上年名额以系统账目为准，系统没有的方可补录"
    article = "内团办发〔2020〕14号"


def record(session: Session, *, year: int, amounts: Mapping[int, int], source: str, actor: Actor) -> list[PastShare]:
    """Keep what units (by id) were allotted in a year, all or none; a figure that stands already is not entered again.

    Raises SharesWrong by unit (`amount-<id>`): no whole number, or known to the ledger. Journalled on each.
    """
    _check(session, year, amounts, source)
    standing = standing_of(session, year, amounts)
    found = []
    for unit_id, amount in sorted(amounts.items()):
        before = standing.get(unit_id)
        if before is not None and (before.amount, before.source) == (amount, source.strip()):
            continue
        row = PastShare(
            year=year,
            unit_id=unit_id,
            amount=amount,
            source=source.strip(),
            recorded_at=clock.now(),
            recorded_by=actor.person_id,
            post_id=actor.post_id,
            for_person_id=actor.for_person_id,
        )
        session.add(row)
        session.flush()
        journal.record(
            session,
            Event.PAST_SHARES_ENTERED,
            chain=journal.unit_chain(unit_id),
            actor=actor,
            share=row.id,
            year=year,
            amount=amount,
            source=row.source,
            corrects=before.id if before else None,
        )
        found.append(row)
    return found


def standing_of(session: Session, year: int, unit_ids: Collection[int]) -> dict[int, PastShare]:
    """The entered figure that stands for each of the units, by id; units without one are left out."""
    latest = (
        select(func.max(PastShare.id))
        .where(PastShare.year == year, PastShare.unit_id.in_(list(unit_ids)))
        .group_by(PastShare.unit_id)
    )
    return {row.unit_id: row for row in session.scalars(select(PastShare).where(PastShare.id.in_(latest)))}


def in_ledger(session: Session, year: int, unit_ids: Collection[int]) -> dict[int, int]:
    """What each of the units was allotted in the system's own plan of a year; units without an account are left out."""
    query = (
        select(QuotaAccount.unit_id, QuotaAccount.allotted_in)
        .join(Plan, Plan.id == QuotaAccount.plan_id)
        .where(Plan.year == year, QuotaAccount.unit_id.in_(list(unit_ids)))
    )
    return dict(session.execute(query).all())


def of_year(session: Session, year: int, unit_ids: Collection[int]) -> dict[int, int]:
    """What each of the units was allotted in a year: by the ledger, else as entered. Unknown units are left out.

    A unit that the ledger's plan of that year passed over had nothing, where any of the units asked for had something.
    """
    kept = in_ledger(session, year, unit_ids)
    entered = {key: row.amount for key, row in standing_of(session, year, set(unit_ids) - set(kept)).items()}
    nothing = dict.fromkeys(unit_ids, 0) if kept else {}
    return nothing | entered | kept


def _check(session: Session, year: int, amounts: Mapping[int, int], source: str) -> None:
    wrong: dict[str, str] = {}
    if not OLDEST_YEAR <= year < clock.today().year + 1:
        wrong["year"] = YEAR_WRONG
    if not 2 <= len(source.strip()) <= LONGEST_SOURCE:
        wrong["source"] = SOURCE_WRONG
    if not amounts:
        wrong["amounts"] = NOTHING
    known = in_ledger(session, year, amounts)
    for unit_id, amount in amounts.items():
        if unit_id in known:
            wrong[f"amount-{unit_id}"] = KNOWN
        elif isinstance(amount, bool) or not 0 <= amount <= MOST:
            wrong[f"amount-{unit_id}"] = AMOUNT_WRONG
    if wrong:
        raise SharesWrong(fields=wrong)


YEAR_WRONG = "应为2016年以来、不晚于今年的年度"
SOURCE_WRONG = "请写明数据来源，2至120个字，例如：上年名额分配文件及文号"
NOTHING = "请至少填报一个单位"
KNOWN = "系统中有该单位这一年度的名额，以系统账目为准"
AMOUNT_WRONG = "应为0至999999的整数"
WORDS = (YEAR_WRONG, SOURCE_WRONG, NOTHING, KNOWN, AMOUNT_WRONG)
"""Everything said of a single field."""
