"""Transfers: whom a branch has handed over, and the list of papers that goes along with a candidate."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_babel import gettext
from sqlalchemy import select

from webapp import database, evidence_seen, identity, sight
from webapp.evidence_seen import Requirement
from webapp.pages import dossier, furniture
from webapp.pages.units_seen import chosen_unit, units_below
from workflows import clock
from workflows.domain import members, people, transfers, units
from workflows.domain.evidence import Evidence, standing_of
from workflows.domain.evidence_forms import MINUTES_IN_AN_HOUR, Kind
from workflows.domain.members import Candidate
from workflows.domain.people import Person
from workflows.domain.transfers import Transfer
from workflows.domain.units import Unit
from workflows.engine import bundles
from workflows.errors import NotFound

bp = Blueprint("transfers", __name__)

PAGE = 100


@dataclass(frozen=True)
class Line:
    """One candidate a branch has handed over: of the case no more than this is told to the old branch."""

    name: str
    from_name: str
    transfer: Transfer


@dataclass(frozen=True)
class Entry:
    """One row of evidence on the hand-over record."""

    row: Evidence
    kind: str
    amount: str


@bp.get("/transfers")
@identity.post_needed(*furniture.AT_A_BRANCH, *furniture.COMMITTEES)
def every() -> str:
    """Whom the branches below one of the person's posts have handed over, or have asked to."""
    session = database.session()
    top = chosen_unit(session, *furniture.AT_A_BRANCH, *furniture.COMMITTEES)
    found = transfers.from_units(session, units_below(session, top), limit=PAGE)
    names = dict(
        session.execute(
            select(Candidate.id, Person.name)
            .join(Person, Person.id == Candidate.person_id)
            .where(Candidate.id.in_({each.candidate_id for each in found}))
        ).all()
    )
    handing_over = {each.from_unit_id for each in found}
    branches = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(handing_over))).all())
    lines = [Line(names[each.candidate_id], branches[each.from_unit_id], each) for each in found]
    return render_template("transfers/every.html", lines=lines, top=top, most=PAGE)


@bp.get("/cases/<id:case_id>/hand-over")
@identity.signed_in_needed
def record(case_id: int) -> str:
    """The hand-over record (移交清单), for whoever sees the case: what the new organisation is given, to be signed."""
    session, case = database.session(), sight.case(case_id)
    candidate = members.of_case(session, case.id)
    if candidate is None:
        raise NotFound(what=gettext("申请人"))
    moves = transfers.of_case(session, case.id)
    latest = moves[-1] if moves else None
    seen = evidence_seen.of_case(case_id)
    return render_template(
        "transfers/record.html",
        case=case,
        candidate=candidate,
        person=people.get(session, candidate.person_id),
        unit=units.get(session, latest.from_unit_id if latest else case.unit_id),
        latest=latest,
        filed=_papers(dossier.filed(session, case, bundles.parsed(session, case.bundle_id))),
        entries=[_entry(row) for row in standing_of(seen.on_file.rows)],
        totals=[each for each in seen.requirements if _is_number(each)],
        today=clock.today(),
    )


def _papers(filed: list[dossier.Filed]) -> list[dossier.Filed]:
    """The papers of the admission itself, the first first; who asked for the transfer is not one of them."""
    return [each for each in reversed(filed) if each.number]


def _is_number(total: Requirement) -> bool:
    return not isinstance(total.have, bool)


def _entry(row: Evidence) -> Entry:
    amount = ""
    if row.kind == Kind.VOLUNTEER_HOURS and row.minutes:
        amount = gettext("%(n)s 小时", n=f"{row.minutes / MINUTES_IN_AN_HOUR:g}")
    elif row.minutes:
        amount = gettext("%(n)s 分钟", n=row.minutes)
    return Entry(row, gettext(row.kind.label), amount)
