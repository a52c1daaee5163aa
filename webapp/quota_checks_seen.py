"""A check of places as its reader may know it: names and cases within his sight. API and pages ask here."""

from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, identity, places_kept
from workflows.domain import quota_checks, quotas, units
from workflows.domain.quota_checks import QuotaCheck, QuotaCheckLine
from workflows.domain.units import Unit
from workflows.engine.tables import Case
from workflows.operations.quota_checks import in_line


@dataclass(frozen=True)
class SeenLine:
    """One candidate of a check; without name and case for who may not read it."""

    line: QuotaCheckLine
    case_id: int | None
    name: str
    unit: str
    label: str
    rule: str
    article: str
    why: str


def ask(unit_id: int, case_ids: list[int] | None) -> QuotaCheck:
    """Ask for a check as the unit's committee: of these cases, or of everybody who waits; raises NotAuthorised."""
    session, actor = database.session(), places_kept.committee_of(unit_id)
    unit, plan = units.get(session, unit_id), quotas.current_plan(session)
    if case_ids is None:
        case_ids = [each.case_id for each in in_line(session, unit)]
    return quota_checks.ask(session, plan, unit, case_ids, actor)


def seen(check_id: int) -> QuotaCheck:
    """A check of a unit within the person's sight; raises NotFound."""
    check = quota_checks.get(database.session(), check_id)
    identity.insist_on_sight(check.unit_id, gettext("名额核对"))
    return check


def lines(session: Session, check: QuotaCheck) -> list[SeenLine]:
    """The candidates of a check, in its order."""
    found = quota_checks.lines_of(session, check)
    of_cases = select(Case.id, Case.title).where(Case.id.in_([line.case_id for line in found]))
    of_classes = select(Unit.id, Unit.name).where(Unit.id.in_({line.class_id for line in found}))
    titles = dict(session.execute(of_cases).all())
    names = dict(session.execute(of_classes).all())
    sight = {unit_id: identity.may_see(unit_id) for unit_id in names}
    return [_seen(line, sight[line.class_id], titles, names) for line in found]


def _seen(line: QuotaCheckLine, readable: bool, titles: dict[int, str], names: dict[int, str]) -> SeenLine:
    behind = line.verdict.behind
    return SeenLine(
        line=line,
        case_id=line.case_id if readable else None,
        name=titles.get(line.case_id, "") if readable else "",
        unit=names[line.class_id],
        label=gettext(line.verdict.label),
        rule=gettext(behind.rule) if behind else "",
        article=behind.article if behind else "",
        why=line.why(gettext),
    )
