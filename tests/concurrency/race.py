"""Running acts at the same moment, each in a transaction of its own."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from workflows.database import polite_when_busy
from workflows.domain.quota_ledger import QuotaAccount
from workflows.errors import Busy, Refusal

Act = Callable[[Session], object]

ATTEMPTS = 10
"""A busy machine may let a lock wait run out; then the office tries again, as the product asks it to."""


def at_once(engine: Engine, *acts: Act) -> list[object]:
    """What each act answered or raised; all begin together, and each commits for itself."""
    start = Barrier(len(acts))

    def run(act: Act) -> object:
        start.wait()
        for _ in range(ATTEMPTS):
            try:
                with polite_when_busy(), Session(engine, expire_on_commit=False) as session:
                    answer = act(session)
                    session.commit()
                    return answer
            except Busy:
                continue
            except (Refusal, SQLAlchemyError) as error:
                return error
        raise AssertionError("busy for ever")

    with ThreadPoolExecutor(len(acts)) as threads:
        return [future.result() for future in [threads.submit(run, act) for act in acts]]


def look_without_locking(session: Session, plan_id: int, unit_ids: Collection[int]) -> list[QuotaAccount]:
    """What stands in place of the lock when a test takes it away."""
    query = select(QuotaAccount).where(QuotaAccount.plan_id == plan_id, QuotaAccount.unit_id.in_(unit_ids))
    return list(session.scalars(query.order_by(QuotaAccount.id)))


def kinds(answers: Sequence[object]) -> list[str]:
    """The types of the answers, in a stable order."""
    return sorted(type(answer).__name__ for answer in answers)
