"""Tightening a rule: a unit proposes a stricter value for its subtree, the level above decides, a person for each.

Loosening is refused, by whomever. Whoever proposes does not decide. What has been decided counts for cases that begin
afterwards; running cases keep what they began with. Every act is journalled in the chain of the proposing unit.
"""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import posts, rule_sets, rules_in_force, units
from workflows.domain import tightening_refusals as refusals
from workflows.domain.posts import PostKind
from workflows.domain.rule_sets import Parameter, RuleSet
from workflows.domain.rules_in_force import LONGEST_REASON, Held, State, Tightening, rank_of
from workflows.domain.strictness import Direction
from workflows.domain.units import Unit, UnitKind
from workflows.errors import InvalidData, NotAuthorised, NotFound
from workflows.journal import Actor, Event

LONGEST_YEARS = 2
"""A tightening ends after so many years at the latest; then it is proposed anew, with the reasons of that day."""

PROPOSERS: dict[UnitKind, tuple[PostKind, ...]] = {
    UnitKind.SCHOOL: (PostKind.GRASSROOTS_COMMITTEE,),
    UnitKind.DIRECT: (PostKind.GRASSROOTS_COMMITTEE, PostKind.COUNTY_COMMITTEE),
    UnitKind.COUNTY: (PostKind.COUNTY_COMMITTEE,),
    UnitKind.PREFECTURE: (PostKind.PREFECTURE_COMMITTEE,),
}
"""Whose committee may propose for its own unit."""

APPROVERS: dict[UnitKind, PostKind] = {
    UnitKind.COUNTY: PostKind.COUNTY_COMMITTEE,
    UnitKind.DIRECT: PostKind.COUNTY_COMMITTEE,
    UnitKind.PREFECTURE: PostKind.PREFECTURE_COMMITTEE,
    UnitKind.REGION: PostKind.REGION_COMMITTEE,
}
"""Who decides at the next of these levels above the unit that proposes."""


def propose(
    session: Session,
    *,
    unit_id: int,
    parameter: str,
    value: Any,
    reason: str,
    since: date,
    until: date,
    actor: Actor,
) -> Tightening:
    """Ask the level above for a stricter value in the unit's subtree; journalled.

    Raises NotAuthorised, NothingAbove, and every refusal of `tightening_refusals` that concerns a proposal. The unit's
    row is locked, so that two of its officers do not ask for the same at once.
    """
    unit = units.lock(session, unit_id)
    insist_on_proposer(session, actor, unit)
    above = approver_of(session, unit)
    _check_term(since, until)
    reason = _checked_reason(reason, "reason")
    rule_set = rules_in_force.set_on(session, since)
    found = _known(rule_set, parameter)
    _check_value(found, value)
    _check_against_above(session, unit, found, value, since, until)
    if _is_waiting(session, unit_id, parameter):
        raise refusals.TighteningPending(title=found.title)
    row = Tightening(
        unit_id=unit_id,
        parameter=parameter,
        value=value,
        reason=reason,
        since=since,
        until=until,
        state=State.PROPOSED,
        approver_unit_id=above.id,
        proposed_by=actor.person_id,
        proposed_at=clock.now(),
    )
    session.add(row)
    session.flush()
    _journal(session, Event.RULE_TIGHTENING_PROPOSED, row, actor)
    return row


def decide(session: Session, *, tightening_id: int, approve: bool, answer: str = "", actor: Actor) -> Tightening:
    """Approve or decline what a unit below has proposed; declining needs an `answer`. Journalled.

    Raises NotFound, NotAuthorised, OwnProposal, TighteningSettled, TighteningOver, LooserThanAbove. Nothing begins
    before it is approved: where the first day has passed by then, the day of the decision is the first.
    """
    row = _locked(session, tightening_id)
    approver, unit = units.get(session, row.approver_unit_id), units.get(session, row.unit_id)
    _insist_on_post(session, actor, approver, (APPROVERS[approver.kind],))
    if actor.person_id == row.proposed_by:
        raise refusals.OwnProposal()
    if row.state is not State.PROPOSED:
        raise refusals.TighteningSettled(state=row.state.label)
    today = clock.today()
    if approve:
        if row.until < today:
            raise refusals.TighteningOver(until=row.until.isoformat())
        row.since = max(row.since, today)
        found = _known(rules_in_force.set_on(session, row.since), row.parameter)
        _check_value(found, row.value)
        _check_against_above(session, unit, found, row.value, row.since, row.until)
    row.answer = _checked_reason(answer, "answer", least=0 if approve else refusals.SHORTEST_REASON)
    row.state = State.APPROVED if approve else State.DECLINED
    row.decided_by, row.decided_at = actor.person_id, clock.now()
    session.flush()
    _journal(session, Event.RULE_TIGHTENING_APPROVED if approve else Event.RULE_TIGHTENING_DECLINED, row, actor)
    return row


def withdraw(session: Session, *, tightening_id: int, actor: Actor) -> Tightening:
    """Take back the unit's own tightening, proposed or approved; from today on it no longer counts. Journalled.

    Raises NotFound, NotAuthorised, TighteningSettled, TighteningOver.
    """
    row = _locked(session, tightening_id)
    unit = units.get(session, row.unit_id)
    insist_on_proposer(session, actor, unit)
    if row.state not in (State.PROPOSED, State.APPROVED):
        raise refusals.TighteningSettled(state=row.state.label)
    if row.until < clock.today():
        raise refusals.TighteningOver(until=row.until.isoformat())
    row.state, row.withdrawn_by, row.withdrawn_on = State.WITHDRAWN, actor.person_id, clock.today()
    session.flush()
    _journal(session, Event.RULE_TIGHTENING_WITHDRAWN, row, actor)
    return row


def insist_on_proposer(session: Session, actor: Actor, unit: Unit) -> None:
    """Raises NotAuthorised unless the actor exercises a post that may tighten rules of this very unit."""
    _insist_on_post(session, actor, unit, PROPOSERS.get(unit.kind, ()))


def approver_of(session: Session, unit: Unit) -> Unit:
    """The unit that decides on what `unit` proposes: the next level above it that decides; raises NothingAbove."""
    if unit.parent_id is None:
        raise units.NothingAbove(unit=unit.name, kind="审批机关")
    return units.ancestor(session, unit.parent_id, *APPROVERS)


def waiting_at(session: Session, unit_ids: list[int]) -> list[Held]:
    """What waits for a decision by these units and is not over yet, in the order it was proposed."""
    query = rules_in_force.select_held().where(*_waiting_for(unit_ids)).order_by(None).order_by(Tightening.id)
    return rules_in_force.held_by(session, query)


def count_waiting(session: Session, unit_ids: list[int]) -> int:
    """How many of them there are."""
    return session.scalar(select(func.count(Tightening.id)).where(*_waiting_for(unit_ids))) or 0


def _waiting_for(unit_ids: list[int]) -> list[Any]:
    return [
        Tightening.approver_unit_id.in_(unit_ids),
        Tightening.state == State.PROPOSED,
        Tightening.until >= clock.today(),
    ]


def get(session: Session, tightening_id: int) -> Tightening:
    """The tightening; raises NotFound."""
    found = session.get(Tightening, tightening_id)
    if found is None:
        raise NotFound(what="从严事项")
    return found


def _locked(session: Session, tightening_id: int) -> Tightening:
    query = select(Tightening).where(Tightening.id == tightening_id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(what="从严事项")
    return found


def _insist_on_post(session: Session, actor: Actor, unit: Unit, kinds: tuple[PostKind, ...]) -> None:
    for kind in kinds:
        if actor.person_id and posts.exercises(session, actor.person_id, unit.id, kind, post_id=actor.post_id):
            return
    raise NotAuthorised(unit=unit.name, post="或".join(kind.label for kind in kinds) or "审批机关")


def _known(rule_set: RuleSet, name: str) -> Parameter:
    found = rule_set.parameters.get(name)
    if found is None:
        raise InvalidData(fields={"parameter": "请从列表中选择"})
    if found.direction is Direction.FIXED:
        raise refusals.RuleFixed(title=found.title, basis=found.article, fields={"parameter": refusals.RuleFixed.rule})
    return found


def _check_value(parameter: Parameter, value: Any) -> None:
    """Whether the value fits, is stricter than the rule set's and within the bound."""
    asked, own = rank_of(parameter, value), parameter.rank(parameter.value)
    if asked is None:
        raise refusals.RuleValueWrong(fields={"value": refusals.RuleValueWrong.sentence})
    words = {
        "title": parameter.title,
        "value": rule_sets.in_words(parameter, parameter.value),
        "asked": rule_sets.in_words(parameter, value),
        "basis": parameter.article,
    }
    if asked < own:
        raise refusals.RuleLoosened(**words, fields={"value": refusals.RuleLoosened.rule})
    if asked == own:
        raise refusals.RuleNotTighter(**words, fields={"value": refusals.RuleNotTighter.rule})
    if asked > parameter.rank(parameter.limit):
        limit = rule_sets.in_words(parameter, parameter.limit)
        raise refusals.BeyondLimit(title=parameter.title, limit=limit, fields={"value": refusals.BeyondLimit.rule})


def _check_against_above(
    session: Session, unit: Unit, parameter: Parameter, value: Any, since: date, until: date
) -> None:
    """Nothing that a unit above has tightened may be undercut on any day of the term."""
    asked = parameter.rank(value)
    for held in rules_in_force.holding(session, unit.line()[:-1], since, until):
        theirs = rank_of(parameter, held.row.value) if held.row.parameter == parameter.name else None
        if theirs is not None and theirs > asked:
            raise refusals.LooserThanAbove(
                unit=held.unit.name,
                title=parameter.title,
                value=rule_sets.in_words(parameter, held.row.value),
                since=held.row.since.isoformat(),
                until=held.row.until.isoformat(),
                fields={"value": refusals.LooserThanAbove.rule},
            )


def _check_term(since: date, until: date) -> None:
    today = clock.today()
    if since < today:
        raise refusals.BeginsInThePast(fields={"since": refusals.BeginsInThePast.sentence})
    if since > _years_after(today, 1):
        raise refusals.BeginsTooLate(fields={"since": refusals.BeginsTooLate.sentence})
    if until < since:
        raise refusals.EndsBeforeItBegins(fields={"until": refusals.EndsBeforeItBegins.sentence})
    if until >= _years_after(since, LONGEST_YEARS):
        raise refusals.TermTooLong(fields={"until": refusals.TermTooLong.sentence})


def _years_after(day: date, years: int) -> date:
    """The same day of a later year; 1 March for 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28) + timedelta(days=1)


def _checked_reason(text: str, field: str, least: int = refusals.SHORTEST_REASON) -> str:
    text = text.strip()
    if not least <= len(text) <= LONGEST_REASON:
        raise refusals.ReasonNeeded(fields={field: refusals.ReasonNeeded.sentence})
    return text


def _is_waiting(session: Session, unit_id: int, parameter: str) -> bool:
    query = select(Tightening.id).where(
        Tightening.unit_id == unit_id,
        Tightening.parameter == parameter,
        Tightening.state == State.PROPOSED,
        Tightening.until >= clock.today(),
    )
    return session.scalar(query.limit(1)) is not None


def _journal(session: Session, event: Event, row: Tightening, actor: Actor) -> None:
    chain = journal.unit_chain(row.unit_id)
    term = [row.since.isoformat(), row.until.isoformat()]
    facts = {"tightening": row.id, "parameter": row.parameter, "value": row.value, "term": term}
    journal.record(session, event, chain=chain, actor=actor, **facts)
