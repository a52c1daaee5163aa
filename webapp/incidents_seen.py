"""Which incidents the signed-in person may read, and what he may do about one. API and pages ask here."""

from flask_babel import gettext, lazy_gettext
from sqlalchemy import Select, or_, select

from webapp import database, errors, identity
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit
from workflows.engine import bundles, incidents, repairs
from workflows.engine.job_tables import Incident, IncidentStatus
from workflows.engine.tables import StepRecord
from workflows.errors import InvalidData
from workflows.journal import Actor
from workflows.operations.wiring import ENVIRONMENT

READERS = (
    PostKind.ADMINISTRATOR,
    PostKind.GRASSROOTS_COMMITTEE,
    PostKind.COUNTY_COMMITTEE,
    PostKind.PREFECTURE_COMMITTEE,
    PostKind.REGION_COMMITTEE,
    PostKind.AUDITOR,
    PostKind.PARTY_ORGANISER,
)

AWAY_FROM_THE_FORM = {InvalidData.code: lazy_gettext("填写的内容有误，该步骤不能自动办理，须更正后重试。")}
"""Sentences that speak of the form on the page, said where there is no form."""


def reads_everywhere() -> bool:
    """An administrator reads every incident, which name nobody, though no case."""
    return identity.holds(PostKind.ADMINISTRATOR)


def units_in_sight() -> Select[int] | None:
    """The units whose incidents the person may read; None for all."""
    if reads_everywhere():
        return None
    posts = {held.unit_id for held in identity.posts_held() if held.kind in READERS}
    paths = database.session().scalars(select(Unit.path).where(Unit.id.in_(posts)))
    return select(Unit.id).where(or_(*(Unit.path.startswith(path, autoescape=True) for path in paths)))


def one(incident_id: int) -> Incident:
    """The incident; raises NotFound, or OutOfSight, which reads the same and is kept in the case's journal."""
    identity.insist_on_post(*READERS)
    incident = incidents.find(database.session(), incident_id)
    errors.concerning(case_id=incident.case_id)
    if not (reads_everywhere() or identity.may_see(incident.unit_id)):
        raise identity.OutOfSight(what="异常")
    return incident


def message(incident: Incident) -> str:
    """What happened, in the reader's language."""
    return str(AWAY_FROM_THE_FORM.get(incident.code) or incidents.message(incident, gettext))


def acting(act: str, incident: Incident) -> Actor:
    """Who acts on the incident, in the first of his posts that may; without one, in no post: the engine refuses."""
    for addressee in ENVIRONMENT.repairers(database.session(), act, incident.unit_id):
        actor = identity.acting_for(addressee)
        if actor.post_id is not None:
            return actor
    return identity.actor()


def open_acts(incident: Incident) -> list[str]:
    """What the person may do about the incident now: those of `retry`, `correct`, `skip` that are not refused him."""
    if incident.status != IncidentStatus.OPEN:
        return []
    session = database.session()
    allowed = {
        act: repairs.may(session, ENVIRONMENT, act, incident, acting(act, incident))
        for act in (repairs.RETRY, repairs.CORRECT, repairs.SKIP)
    }
    bundle = bundles.parsed(session, incident.case.bundle_id)
    allowed[repairs.CORRECT] = allowed[repairs.CORRECT] and bool(correctable(incident))
    allowed[repairs.SKIP] = allowed[repairs.SKIP] and repairs.may_skip(bundle, incident)
    return [act for act, may in allowed.items() if may]


def correctable(incident: Incident) -> dict[str, StepRecord]:
    """The forms the incident's step reads, by step; only their names are for everybody who reads the incident."""
    session = database.session()
    return repairs.last_records(session, bundles.parsed(session, incident.case.bundle_id), incident)
