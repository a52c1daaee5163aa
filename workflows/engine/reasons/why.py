"""Why a case has not come further, or why it ended early: everything that keeps it back, with its grounds."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from workflows.engine import bundles, inbox
from workflows.engine.environment import Environment
from workflows.engine.reasons import gates, refused, trouble, waits
from workflows.engine.reasons.on_record import OnRecord
from workflows.engine.reasons.reason import Reason
from workflows.engine.tables import Case


def of_case(
    session: Session, environment: Environment, case: Case, standing_at: Collection[str] | None = None
) -> list[Reason]:
    """What keeps the case back now; for one that has ended, what led it there. Empty when people need only act.

    `standing_at` are the elements at which the case stands, where the caller knows them (`inbox.progress`). He has made
    sure that the reader may see the case; secret values are not in the answer.
    """
    known = OnRecord(session, environment, case, bundles.parsed(session, case.bundle_id))
    positions = frozenset(inbox.progress(session, case.id).current if standing_at is None else standing_at)
    against = refused.decided_against(known)
    told = frozenset(reason.decision for reason in against)
    back = gates.kept_back(known, positions, told)
    return [*against, *back, *trouble.trouble(known), *waits.waits(known, positions)]
