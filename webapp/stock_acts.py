"""Who may act on a unit's forms and cards: its committee; API and pages ask here."""

from flask_babel import gettext

from webapp import database, errors, identity, quota_acts
from workflows.domain import members, stock_handovers, stock_waiting, units
from workflows.domain.stock_handovers import StockHandover
from workflows.domain.stock_ledger import StockKind
from workflows.errors import NotAuthorised, NotFound
from workflows.journal import Actor


def keeping(unit_id: int) -> Actor:
    """The person in the committee post that keeps this very unit's forms and cards; raises NotFound, NotAuthorised."""
    unit = units.get(database.session(), unit_id)
    errors.concerning(unit_id=unit_id)
    if not keeps(unit_id):
        raise NotAuthorised(unit=unit.name, post=gettext("志愿书、团员证经办人"))
    return quota_acts.managing(unit_id)


def keeps(unit_id: int) -> bool:
    """Whether the person keeps this very unit's forms and cards; classes keep none."""
    unit = units.get(database.session(), unit_id)
    return unit.kind not in quota_acts.AT_A_CLASS and quota_acts.manages(unit)


def giving_out(kind: StockKind, case_id: int) -> Actor:
    """The person who keeps the stock that the applicant of the case is given his paper of.

    Raises NotFound (also for a case that is not for this person to know of), NotAuthorised, NoPlaceHeld, NoStockKept.
    """
    session = database.session()
    candidate = members.of_case(session, case_id)
    if candidate is None or not identity.may_see(candidate.unit_id):
        raise NotFound(what=gettext("案卷"))
    return keeping(stock_waiting.giver_of(session, kind, case_id))


def handover_seen(handover_id: int) -> StockHandover:
    """The handover, for who may read one of the units concerned; raises NotFound."""
    found = stock_handovers.get(database.session(), handover_id)
    if not (identity.may_see(found.from_unit_id) or identity.may_see(found.to_unit_id)):
        raise NotFound(what=gettext("交接"))
    return found
