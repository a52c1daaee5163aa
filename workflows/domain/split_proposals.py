"""Proposals to split a unit's places: reckoned from head counts, changed by people, confirmed into the ledger.

A proposal never moves a place. Confirming it hands all its lines down at once, with their numbers, or none; the figures
and parameters it was reckoned with stay with it, so that every line can be explained later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import head_counts, numbering, past_shares, quota_split, quotas, ratios, units
from workflows.domain.head_counts import Counts, Line, Standing
from workflows.domain.quota_ledger import Plan, QuotaAccount, QuotaMovement
from workflows.domain.quota_split import Wanting
from workflows.domain.ratios import Limits
from workflows.domain.split_tables import LONGEST_REASON, ProposalState, SplitLine, SplitProposal
from workflows.domain.units import Field, Unit
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

SHORTEST_REASON = 5


class NothingToSplit(Refusal):
    """The unit has no free place, or no unit below."""

    code = "split.nothing"
    sentence = "“{unit}”目前没有可分配的名额或直接下级，不能编制分配方案。"
    remedy = "请先取得名额，或由系统管理员登记下级组织。"
    rule = "名额自治区—盟市—旗县—学校逐级分配"
    article = "内团办发〔2020〕14号"


class ProposalIsOpen(Refusal):
    """A unit has one open proposal at a time."""

    code = "split.open_already"
    sentence = "“{unit}”已有一个待确认的分配方案（第 {id} 号）。"
    remedy = "请先确认或作废它。"
    rule = "同一时间只有一个待确认的分配方案"


class ProposalSettled(Refusal):
    """The proposal has been confirmed or discarded."""

    code = "split.settled"
    sentence = "第 {id} 号分配方案{state}，不能再修改。"
    remedy = "请刷新后查看；仍需分配的，请重新编制。"
    rule = "一个分配方案只确认或作废一次"


class ProposalStale(Refusal):
    """The account has moved since the proposal was reckoned."""

    code = "split.stale"
    sentence = "编制第 {id} 号分配方案之后，“{unit}”的名额发生了变动。"
    remedy = "请作废该方案，按现在的名额重新编制。"
    rule = "依据已过时的内容不得作出决定"
    kind = "stale"


class ProposalChanged(Refusal):
    """Somebody else has changed the proposal since it was opened."""

    code = "split.changed"
    sentence = "您打开之后，他人修改了第 {id} 号分配方案。"
    remedy = "请刷新后核对。"
    rule = "依据已过时的内容不得作出决定"
    kind = "stale"


class SplitWrong(InvalidData):
    """A change of the lines that cannot be kept; `fields` names `amount-<unit>` or `reason-<unit>`."""

    code = "split.wrong"
    sentence = "分配方案有误。"
    remedy = "请按各行的提示修改。"
    rule = "下级之和加本级留存等于可分配总数；改动须说明理由；超限单位名额按规定压减"
    article = "内团办发〔2020〕14号"


@dataclass(frozen=True)
class Change:
    """What a line is to be, and why it differs from what was reckoned."""

    amount: int
    reason: str = ""


def propose(
    session: Session, plan: Plan, unit_id: int, actor: Actor, *, reserve_rate: int | None = None
) -> SplitProposal:
    """Reckon a split of everything the unit can hand down; nothing moves.

    `reserve_rate` in percent, the rule set's when None. Raises NothingToSplit, ProposalIsOpen, SplitWrong, NotFound.
    """
    unit = units.lock(session, unit_id)
    if (standing := open_of(session, plan, unit_id)) is not None:
        raise ProposalIsOpen(unit=unit.name, id=standing.id)
    below, total = units.children(session, unit_id), available(session, plan, unit_id)
    account = quotas.account_of(session, plan.id, unit_id)
    if account is None or not below or total == 0:
        raise NothingToSplit(unit=unit.name)
    own = ratios.limits_for(session, unit_id)
    rate = own.reserve if reserve_rate is None else reserve_rate
    if not 0 <= rate <= 100:
        raise SplitWrong(fields={"reserve_rate": RATE_WRONG})
    as_of = head_counts.day_for(plan.year)
    wanting = _wanting(session, plan, unit, below, as_of)
    found = quota_split.split(total, wanting, rate)
    proposal = SplitProposal(
        plan_id=plan.id,
        unit_id=unit_id,
        state=ProposalState.OPEN,
        total=total,
        reserve=found.reserve,
        left_over=found.left_over,
        as_of=as_of,
        seen_movement=_last_movement(session, account),
        parameters={"reserve_rate": rate, "rule_set": plan.rule_set},
        version=1,
        made_by=actor.person_id,
        made_at=clock.now(),
    )
    session.add(proposal)
    session.flush()
    session.add_all(_line(proposal.id, each, share) for each, share in zip(wanting, found.shares, strict=True))
    session.flush()
    _note(session, Event.SPLIT_PROPOSED, proposal, actor, total=total, reserve=found.reserve, left_over=found.left_over)
    return proposal


def change(
    session: Session, proposal_id: int, changes: Mapping[int, Change], actor: Actor, *, version: int | None = None
) -> SplitProposal:
    """Set lines by hand, all or none; a line that differs from what was reckoned needs a reason.

    `version` is what its reader saw. Raises SplitWrong by line, ProposalSettled, ProposalChanged, NotFound. Each
    changed line is journalled with its amount before and after.
    """
    proposal = _locked(session, proposal_id, version)
    lines = {line.unit_id: line for line in lines_of(session, proposal.id)}
    wrong: dict[str, str] = {}
    changed: list[dict[str, Any]] = []
    for unit_id, wanted in changes.items():
        line, reason = lines.get(unit_id), wanted.reason.strip()
        faults = {f"amount-{unit_id}": NOT_BELOW} if line is None else _faults(line, wanted.amount, reason)
        wrong |= faults
        if line is None or faults:
            continue
        reason = reason if wanted.amount != line.proposed else ""
        if (line.amount, line.reason) != (wanted.amount, reason):
            changed.append({"unit": unit_id, "from": line.amount, "to": wanted.amount, "reason": reason})
            line.amount, line.reason = wanted.amount, reason
            line.changed_by, line.changed_at = actor.person_id, clock.now()
    if sum(line.amount for line in lines.values()) > proposal.total and not wrong:
        wrong = {f"amount-{unit_id}": TOO_MUCH for unit_id in list(changes)[:1]}
    if wrong:
        raise SplitWrong(fields=wrong)
    if changed:
        proposal.version += 1
        session.flush()
        _note(session, Event.SPLIT_CHANGED, proposal, actor, lines=changed)
    return proposal


def confirm(session: Session, proposal_id: int, actor: Actor, *, version: int | None = None) -> list[QuotaMovement]:
    """Hand down every line at once, with its numbers, or none.

    Raises ProposalStale when the account has moved since, ProposalSettled, ProposalChanged, SplitWrong where nothing is
    to be handed down, and whatever `quotas.allot_many` refuses. The editors, the figures and who confirms are kept.
    """
    proposal = _locked(session, proposal_id, version)
    plan = session.get_one(Plan, proposal.plan_id)
    unit = units.get(session, proposal.unit_id)
    account = next(iter(quotas.lock_accounts(session, plan.id, [unit.id])), None)
    if account is None or _last_movement(session, account) != proposal.seen_movement:
        raise ProposalStale(id=proposal.id, unit=unit.name)
    lines = lines_of(session, proposal.id)
    amounts = {line.unit_id: line.amount for line in lines if line.amount}
    if not amounts:
        raise SplitWrong(fields={f"amount-{line.unit_id}": NOTHING_HANDED_DOWN for line in lines[:1]})
    movements = quotas.allot_many(session, plan, unit.id, amounts, actor, REASON.format(id=proposal.id))
    _settle(session, proposal, ProposalState.CONFIRMED, actor)
    _note(session, Event.SPLIT_CONFIRMED, proposal, actor, amounts={str(key): each for key, each in amounts.items()})
    return movements


def discard(session: Session, proposal_id: int, actor: Actor) -> SplitProposal:
    """Put a proposal aside; it stays to be read. Raises ProposalSettled, NotFound."""
    proposal = _locked(session, proposal_id, None)
    _settle(session, proposal, ProposalState.DISCARDED, actor)
    _note(session, Event.SPLIT_DISCARDED, proposal, actor)
    return proposal


def available(session: Session, plan: Plan, unit_id: int) -> int:
    """How many places the unit can hand down: free ones for which it has numbers that were never issued."""
    account = quotas.account_of(session, plan.id, unit_id)
    return min(account.free, numbering.unissued(session, plan.id, unit_id)) if account else 0


def get(session: Session, proposal_id: int) -> SplitProposal:
    """The proposal; raises NotFound."""
    found = session.get(SplitProposal, proposal_id)
    if found is None:
        raise NotFound(what="分配方案")
    return found


def open_of(session: Session, plan: Plan, unit_id: int) -> SplitProposal | None:
    """The unit's open proposal, if there is one."""
    query = select(SplitProposal).where(
        SplitProposal.plan_id == plan.id, SplitProposal.unit_id == unit_id, SplitProposal.state == ProposalState.OPEN
    )
    return session.scalars(query).first()


def proposals_of(session: Session, plan: Plan, unit_id: int, limit: int = 20) -> list[SplitProposal]:
    """The unit's proposals in the plan, newest first."""
    query = select(SplitProposal).where(SplitProposal.plan_id == plan.id, SplitProposal.unit_id == unit_id)
    return list(session.scalars(query.order_by(SplitProposal.id.desc()).limit(limit)))


def lines_of(session: Session, proposal_id: int) -> list[SplitLine]:
    """The lines of a proposal, in the order of the units' codes."""
    query = select(SplitLine).join(Unit, Unit.id == SplitLine.unit_id).where(SplitLine.proposal_id == proposal_id)
    return list(session.scalars(query.order_by(Unit.code)))


def is_stale(session: Session, proposal: SplitProposal) -> bool:
    """Whether the account has moved since an open proposal was reckoned."""
    account = quotas.account_of(session, proposal.plan_id, proposal.unit_id)
    return proposal.state == ProposalState.OPEN and (
        account is None or _last_movement(session, account) != proposal.seen_movement
    )


def counts_of(line: SplitLine) -> Counts:
    """The head counts the line was reckoned from."""
    return Counts(tuple(Line(Field(stage), *rest) for stage, *rest in line.figures), reports=int(bool(line.figures)))


def limits_of(line: SplitLine) -> Limits:
    """The limits the line was reckoned with."""
    return Limits(**line.limits)


def exact_of(line: SplitLine) -> Fraction:
    """The share before it was rounded."""
    return Fraction(line.exact)


def _wanting(session: Session, plan: Plan, unit: Unit, below: Sequence[Unit], as_of: date) -> list[Wanting]:
    standing, limits = Standing(session, unit, as_of), ratios.limits_below(session, unit, below)
    ids = [each.id for each in below]
    had, before = past_shares.in_ledger(session, plan.year, ids), past_shares.of_year(session, plan.year - 1, ids)
    return [
        Wanting(
            each.id,
            standing.of(each),
            limits[each.id],
            had.get(each.id, 0),
            before.get(each.id),
        )
        for each in below
    ]


def _line(proposal_id: int, wanting: Wanting, share: quota_split.Share) -> SplitLine:
    return SplitLine(
        proposal_id=proposal_id,
        unit_id=share.unit_id,
        students=share.students,
        members=share.members,
        applicants=share.applicants,
        had=share.had,
        last_year=wanting.last_year,
        figures=[[str(line.stage), *list(vars(line).values())[1:]] for line in wanting.counts.lines],
        limits=wanting.limits.as_data(),
        need=share.need,
        weight=share.weight,
        ceiling=share.ceiling,
        exact=str(share.exact),
        proposed=share.amount,
        amount=share.amount,
    )


def _faults(line: SplitLine, amount: int, reason: str) -> dict[str, str]:
    if not 0 <= amount <= head_counts.MOST:
        return {f"amount-{line.unit_id}": AMOUNT_WRONG}
    if line.ceiling is not None and amount > line.ceiling:
        return {f"amount-{line.unit_id}": OVER_CEILING}
    if amount != line.proposed and not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        return {f"reason-{line.unit_id}": REASON_WRONG}
    return {}


def _locked(session: Session, proposal_id: int, version: int | None) -> SplitProposal:
    query = select(SplitProposal).where(SplitProposal.id == proposal_id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(what="分配方案")
    if found.state != ProposalState.OPEN:
        raise ProposalSettled(id=found.id, state=found.state.label)
    if version is not None and version != found.version:
        raise ProposalChanged(id=found.id)
    return found


def _last_movement(session: Session, account: QuotaAccount) -> int:
    touched = (QuotaMovement.from_account == account.id) | (QuotaMovement.to_account == account.id)
    return session.scalar(select(func.max(QuotaMovement.id)).where(touched)) or 0


def _settle(session: Session, proposal: SplitProposal, state: ProposalState, actor: Actor) -> None:
    proposal.state, proposal.settled_by, proposal.settled_at = state, actor.person_id, clock.now()
    session.flush()


def _note(session: Session, event: Event, proposal: SplitProposal, actor: Actor, **facts: Any) -> None:
    chain = journal.unit_chain(proposal.unit_id)
    journal.record(session, event, chain=chain, actor=actor, proposal=proposal.id, **facts)


REASON = "分配方案第 {id} 号"
RATE_WRONG = "应为0至100的整数"
NOT_BELOW = "不在本方案之内"
AMOUNT_WRONG = "应为不小于0的整数"
OVER_CEILING = "该单位团学比超过上限，名额须较上年压减，不能多于该行的控制上限"
REASON_WRONG = "与测算数不同的，请说明理由，5至400个字"
TOO_MUCH = "各下级之和超过可分配总数，请减少"
NOTHING_HANDED_DOWN = "方案没有向任何下级分配名额"
WORDS = (RATE_WRONG, NOT_BELOW, AMOUNT_WRONG, OVER_CEILING, REASON_WRONG, TOO_MUCH, NOTHING_HANDED_DOWN)
"""Everything said of a single field."""
