"""Through whose hands numbers have passed, proved number by number: the passages make an unbroken chain of custody.

A number starts where the plan brought it, each passage begins where the one before it ended, and it ends where its
block or its place stands now.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain.numbering import PROVINCE, NumberBlock, NumberPassage, Place
from workflows.domain.quota_ledger import Plan

NOBODY = 0


class _Custody:
    """Who holds each serial of one plan, as the passages tell it."""

    def __init__(self, plan: Plan) -> None:
        self.base = int(f"{plan.year:04d}{PROVINCE}000000")
        self.holder: list[int] = [NOBODY] * (plan.total + 1)

    def span(self, first: str, last: str) -> slice:
        return slice(int(first) - self.base, int(last) - self.base + 1)

    def receive(self, first: str, last: str, unit_id: int) -> None:
        """The run is in the unit's hands now; a run that is none of the plan's has been named as a fault already."""
        span = self.span(first, last)
        if self.knows(span):
            self.holder[span] = [unit_id] * (int(last) - int(first) + 1)

    def knows(self, span: slice) -> bool:
        """Whether the serials are all within the plan."""
        return bool(0 < span.start < span.stop <= len(self.holder))

    def held_by_others(self, first: str, last: str, unit_id: int) -> bool:
        """Whether any number of the run is in other hands than the unit's, or is no number of the plan."""
        span = self.span(first, last)
        held = self.holder[span] if self.knows(span) else []
        return held.count(unit_id) != int(last) - int(first) + 1


def faults(session: Session, plans: Mapping[int, Plan], names: Mapping[int, str]) -> Iterator[str]:
    """Every break in the chain of custody, in words."""
    custody = {plan_id: _Custody(plan) for plan_id, plan in plans.items()}
    passages = select(
        NumberPassage.plan_id,
        NumberPassage.from_unit_id,
        NumberPassage.to_unit_id,
        NumberPassage.first,
        NumberPassage.last,
    )
    for plan_id, source, target, first, last in session.execute(passages.order_by(NumberPassage.id)):
        held = custody[plan_id]
        if held.held_by_others(first, last, source or NOBODY):
            giver = names.get(source, "—") if source else "计划"
            yield f"编号 {first}–{last} 由{giver}交给{names.get(target, '—')}时，并不都在其手中"
        held.receive(first, last, target)
    yield from _blocks_elsewhere(session, custody, names)
    yield from _places_elsewhere(session, custody, names)


def _blocks_elsewhere(session: Session, custody: Mapping[int, _Custody], names: Mapping[int, str]) -> Iterator[str]:
    for block in session.scalars(select(NumberBlock).where(NumberBlock.first <= NumberBlock.last)):
        if block.left > 0 and custody[block.plan_id].held_by_others(block.next, block.last, block.unit_id):
            yield f"号段 {block.next}–{block.last} 记在{names.get(block.unit_id, '—')}名下，与交接记录不符"


def _places_elsewhere(session: Session, custody: Mapping[int, _Custody], names: Mapping[int, str]) -> Iterator[str]:
    owners: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for plan_id, number, unit_id in session.execute(select(Place.plan_id, Place.number, Place.unit_id)):
        owners[plan_id][number].add(unit_id)
    for plan_id, numbers in owners.items():
        for number, unit_ids in numbers.items():
            for unit_id in unit_ids:
                if custody[plan_id].held_by_others(number, number, unit_id):
                    yield f"编号 {number} 曾由{names.get(unit_id, '—')}发出，与交接记录不符"
