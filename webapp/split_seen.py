"""What is shown of a proposal to split places: its lines, how each was reckoned, and what the whole comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext
from sqlalchemy import select

from webapp import database, past_shares_seen
from webapp.past_shares_seen import ShareSeen
from workflows.domain import ratios, split_proposals
from workflows.domain.head_counts import STAGES, Line
from workflows.domain.quota_ledger import Plan
from workflows.domain.ratios import Limits, Mark, Scope
from workflows.domain.split_tables import SplitLine, SplitProposal
from workflows.domain.units import Unit


@dataclass(frozen=True)
class Ratios:
    """The ratio of one scope of a unit as a reader sees it."""

    label: str
    now: str
    limit: int
    mark: Mark


@dataclass(frozen=True)
class LineSeen:
    """One line with its unit, its ratios, and the way from the figures to the amount in sentences."""

    row: SplitLine
    unit: Unit
    ratios: list[Ratios]
    mark: Mark
    way: list[str]

    @property
    def counted(self) -> bool:
        """Whether any head count stands behind the line."""
        return bool(self.row.figures)


def lines_of(proposal: SplitProposal) -> list[LineSeen]:
    """Every line of a proposal, in the order of the units' codes."""
    session = database.session()
    rows = split_proposals.lines_of(session, proposal.id)
    ids = [row.unit_id for row in rows]
    known = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    year = session.get_one(Plan, proposal.plan_id).year - 1
    before = past_shares_seen.of_year(session, year, ids)
    return [_seen(row, known[row.unit_id], before[row.unit_id]) for row in rows]


def given_out(lines: Sequence[LineSeen]) -> int:
    """What all lines come to."""
    return sum(line.row.amount for line in lines)


def _seen(row: SplitLine, unit: Unit, before: ShareSeen) -> LineSeen:
    counts, limits = split_proposals.counts_of(row), split_proposals.limits_of(row)
    found = []
    for scope in Scope:
        ratio = ratios.of_scope(counts, scope, limits)
        if ratio.students:
            found.append(Ratios(gettext(scope.label), ratios.percent(ratio.now), ratio.limit, ratio.mark_now))
    return LineSeen(row, unit, found, ratios.worst([each.mark for each in found]), _way(row, limits, before))


def _way(row: SplitLine, limits: Limits, before: ShareSeen) -> list[str]:
    """How the amount was reckoned, step by step."""
    counts = split_proposals.counts_of(row)
    if not counts.lines:
        return [gettext("还没有填报人数，无法测算，名额由经办人填写并说明理由。"), *_changed(row)]
    said = [_need(line, limits) for line in counts.lines]
    if row.had:
        said.append(gettext("本年度已有名额 %(had)s 个，从需求中扣除。", had=row.had))
    said.append(gettext("需求 %(need)s，加权 %(weight)s。", need=row.need, weight=_hundredth(row.weight)))
    if before.entered is not None and before.amount == row.last_year:
        said.append(gettext("上年名额 %(last)s 个，%(origin)s。", last=row.last_year, origin=before.origin))
    if row.ceiling is not None:
        said.append(
            gettext(
                "毕业班团学比超过上限，名额较上年 %(last)s 个压减 %(rate)s%%，本次最多 %(most)s 个。",
                last=row.last_year,
                rate=limits.reduction,
                most=row.ceiling,
            )
        )
    said.append(_rounded(row))
    return [*said, *_changed(row)]


def _need(line: Line, limits: Limits) -> str:
    facts: dict[str, Any] = {"stage": gettext(STAGES[line.stage]), "students": line.students, "members": line.members}
    factor = limits.factor(line.stage, is_graduating=line.is_graduating)
    if not factor:
        return gettext("%(stage)s毕业班：学生 %(students)s，团员 %(members)s；权重为 0，不计需求。", **facts)
    facts |= {"target": limits.target(line.stage), "factor": _hundredth(factor)}
    missing = max(0, facts["target"] * line.students // 100 - line.members)
    facts["need"] = missing
    if line.applicants is not None and line.applicants < missing:
        return gettext(
            "%(stage)s：%(target)s%% × 学生 %(students)s − 团员 %(members)s = %(need)s，"
            "不超过申请人 %(applicants)s；权重 %(factor)s。",
            applicants=line.applicants,
            **facts,
        )
    return gettext(
        "%(stage)s：%(target)s%% × 学生 %(students)s − 团员 %(members)s，得 %(need)s；权重 %(factor)s。", **facts
    )


def _rounded(row: SplitLine) -> str:
    exact = split_proposals.exact_of(row)
    facts: dict[str, Any] = {"exact": _decimal(exact), "amount": row.proposed}
    limit = row.need if row.ceiling is None else min(row.need, row.ceiling)
    if row.proposed == limit and row.proposed:
        return gettext("按比例应得 %(exact)s，已达本行上限，测算 %(amount)s 个。", **facts)
    if exact.denominator == 1:
        return gettext("按比例应得 %(exact)s，测算 %(amount)s 个。", **facts)
    if row.proposed > exact:
        return gettext("按比例应得 %(exact)s，余数较大，进位为 %(amount)s 个。", **facts)
    return gettext("按比例应得 %(exact)s，余数较小，舍去为 %(amount)s 个。", **facts)


def _changed(row: SplitLine) -> list[str]:
    if row.amount == row.proposed:
        return []
    return [gettext("由 %(before)s 改为 %(after)s：%(why)s", before=row.proposed, after=row.amount, why=row.reason)]


def _hundredth(value: int) -> str:
    return _decimal(Fraction(value, 100))


def _decimal(value: Fraction) -> str:
    """A number to two places, without idle zeros."""
    exact = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.01"))
    return f"{exact:f}".rstrip("0").rstrip(".") if exact else "0"
