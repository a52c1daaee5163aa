"""Who may tighten a rule of a unit, who decides, and what is shown of it to whom. API and pages ask here."""

from flask import g
from sqlalchemy import and_, or_

from webapp import database, errors, identity
from workflows.domain import rules_in_force, tightening, units
from workflows.domain.rules_in_force import Held, State, Tightening
from workflows.domain.units import Unit
from workflows.journal import Actor

PROPOSING = frozenset(kind for kinds in tightening.PROPOSERS.values() for kind in kinds)
APPROVING = frozenset(tightening.APPROVERS.values())


def proposer(unit_id: int) -> Actor:
    """The person in a post that proposes at this very unit, else in no post: the domain refuses then."""
    errors.concerning(unit_id=units.get(database.session(), unit_id).id)
    return identity.actor(*PROPOSING, unit_id=unit_id)


def approver(row: Tightening) -> Actor:
    """The person in a post that decides on the tightening, else in no post: the domain refuses then."""
    errors.concerning(unit_id=row.unit_id)
    return identity.actor(*APPROVING, unit_id=row.approver_unit_id)


def may_propose(unit: Unit) -> bool:
    """Whether the person may tighten rules of the unit."""
    kinds = tightening.PROPOSERS.get(unit.kind, ())
    return any(held.unit_id == unit.id and held.kind in kinds for held in identity.posts_held())


def one(tightening_id: int) -> Tightening:
    """The tightening, when the person sees its unit; raises NotFound, or OutOfSight, which reads the same."""
    row = tightening.get(database.session(), tightening_id)
    errors.concerning(unit_id=row.unit_id)
    identity.insist_on_sight(row.unit_id, "从严事项")
    return row


def waiting() -> list[Held]:
    """What waits for a decision by the units whose approving posts the person exercises."""
    units_of_mine = _deciding_for()
    return tightening.waiting_at(database.session(), units_of_mine) if units_of_mine else []


def waiting_count() -> int:
    """How many of them there are; asked once for each request."""
    if "rules_waiting" not in g:
        units_of_mine = _deciding_for()
        g.rules_waiting = tightening.count_waiting(database.session(), units_of_mine) if units_of_mine else 0
    return int(g.rules_waiting)


def _deciding_for() -> list[int]:
    kinds = set(tightening.APPROVERS.values())
    return [held.unit_id for held in identity.posts_held() if held.kind in kinds]


def recorded(unit: Unit, *, before: int | None = None, limit: int) -> list[Held]:
    """Tightenings that concern the unit, newest first: of units above only what was approved, of itself and below all.

    What a person has no sight of is left out. `before` is the id after which the list goes on.
    """
    sees = identity.may_see(unit.id)
    above = unit.line()[:-1] if sees else unit.line()
    approved = or_(Tightening.state == State.APPROVED, Tightening.decided_at.is_not(None))
    mine = and_(Tightening.unit_id.in_(above), approved, Tightening.state != State.DECLINED)
    if sees:
        mine = or_(mine, Unit.path.startswith(unit.path, autoescape=True))
    query = rules_in_force.select_held().where(mine).order_by(None).order_by(Tightening.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Tightening.id < before)
    return rules_in_force.held_by(database.session(), query)


def unit_shown(wanted: int | None) -> Unit | None:
    """The unit named, as `unit_named`; without a name the person's own; None for who has none."""
    if wanted is not None:
        return unit_named(wanted)
    posts, home = identity.posts_held(), identity.current_person().unit_id
    own = posts[0].unit_id if posts else home
    return None if own is None else units.get(database.session(), own)


def unit_named(unit_id: int) -> Unit:
    """The unit, when the person sees it, holds a post there or belongs to it.

    Raises NotFound, or OutOfSight, which reads the same.
    """
    unit = units.get(database.session(), unit_id)
    own = {held.unit_id for held in identity.posts_held()} | {identity.current_person().unit_id}
    if unit_id not in own:
        identity.insist_on_sight(unit_id, "组织")
    return unit


def held(row: Tightening) -> Held:
    """The tightening with its unit."""
    return Held(row, units.get(database.session(), row.unit_id))
