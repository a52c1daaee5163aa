"""What of the changes of places waits for a unit's answer: requests in its line, offers and corrections to confirm."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from workflows.domain.quota_corrections import CorrectionState, QuotaCorrection
from workflows.domain.quota_requests import QuotaRequest, RequestState
from workflows.domain.quota_transfers import QuotaTransfer, TransferState


@dataclass(frozen=True)
class Waiting:
    """How many of each kind wait for one unit. What was put further up waits there, not here."""

    requests: int = 0
    transfers: int = 0
    corrections: int = 0

    @property
    def total(self) -> int:
        """All kinds together."""
        return self.requests + self.transfers + self.corrections


def at_units(session: Session, unit_ids: Collection[int]) -> dict[int, Waiting]:
    """What waits for each of the units, by id; units without anything are left out. One statement."""
    if not unit_ids:
        return {}
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for kind, unit_id, number in session.execute(
        union_all(
            _count("requests", QuotaRequest.asked_unit_id, QuotaRequest.state == RequestState.WAITING, unit_ids),
            _count("transfers", QuotaTransfer.over_unit_id, QuotaTransfer.state == TransferState.OFFERED, unit_ids),
            _count(
                "corrections", QuotaCorrection.over_unit_id, QuotaCorrection.state == CorrectionState.ENTERED, unit_ids
            ),
        )
    ):
        found[unit_id][kind] = number
    return {unit_id: Waiting(**numbers) for unit_id, numbers in found.items()}


def _count(kind: str, unit: Any, condition: Any, unit_ids: Collection[int]) -> Select[str, int, int]:
    return select(literal(kind), unit, func.count()).where(unit.in_(unit_ids), condition).group_by(unit)
