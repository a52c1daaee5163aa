"""Joint training and assessment (联合培养、联合考核) of an activist by the League and the Party together.

Time counts from the day the Party determined the person as activist, wherever the person is since. Both sides keep to
one plan, both give their opinion every half year, and nobody may be recommended as development target before the
least time has been counted and a joint assessment has said so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import joint_training_refusals as refusals
from workflows.domain import party_links, people, recommendations, units
from workflows.domain.joint_training_tables import (
    LIVE,
    LONGEST_DOCUMENT,
    JointAssessment,
    JointMentor,
    JointPlan,
    JointTraining,
    ThoughtReport,
    TrainingState,
    Verdict,
)
from workflows.domain.lawful_dates import add_months
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.two_keys import Side
from workflows.domain.units import Unit
from workflows.errors import NotFound, Told
from workflows.journal import Actor, Event

LEAST_MONTHS, INTERVAL_MONTHS = "joint_training_months_min", "joint_assessment_interval_months"
"""The parameters of the rule set that a training keeps from its beginning."""

PARTY_MENTORS = 2
"""At most; one at least (党员细则：1至2名正式党员)."""


@dataclass(frozen=True)
class Opinion:
    """What one side thinks at an assessment."""

    view: Verdict
    text: str
    given_on: date
    given_by: int | None = None


def begin(
    session: Session, *, person_id: int, case_id: int, unit_id: int, rules: Mapping[str, Any], actor: Actor
) -> JointTraining:
    """Begin the joint training of an activist of the branch; again for the same case, the same.

    Raises NotAnActivist, TrainedAlready, and party_links.NoPartyBranch where no Party branch works with the branch.
    Journalled on the case.
    """
    known = of_case(session, case_id)
    if known is not None:
        return known
    running = live_of(session, person_id)
    if running is not None:
        raise _already(session, running)
    record = recognised(session, person_id)
    if record is None or record.determined_on is None or not _belongs_to(session, person_id, unit_id):
        raise refusals.NotAnActivist(fields={"person": refusals.CHOOSE})
    row = JointTraining(
        person_id=person_id,
        recommendation_id=record.id,
        case_id=case_id,
        unit_id=unit_id,
        party_unit_id=party_links.party_branch_of(session, unit_id).id,
        state=TrainingState.RUNNING,
        recognised_on=record.determined_on,
        least_months=int(rules[LEAST_MONTHS]),
        interval_months=int(rules[INTERVAL_MONTHS]),
        created_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:  # two offices began for the same person in the same moment
        raise refusals.TrainedAlready(unit=units.get(session, unit_id).name) from error
    _journal(session, Event.JOINT_TRAINING_BEGUN, row, actor, recommendation=record.id)
    return row


def name_mentors(
    session: Session, *, case_id: int, side: Side, person_ids: list[int], since: date, actor: Actor
) -> JointTraining:
    """The side's mentors are these from `since` on; who guided for it before does so no longer. Journalled.

    Raises NotFound, TrainingOver, MentorWrong, TrainingDayWrong.
    """
    row = _locked(session, case_id)
    _check_mentors(session, row, side, person_ids)
    now = current_mentors(session, row.id)
    first = max([row.recognised_on, *(each.since for each in now if each.side == side)])
    if not first <= since <= clock.today():
        raise refusals.TrainingDayWrong(fields={"assigned_on": Told(refusals.BETWEEN, first=first)})
    kept = {each.person_id for each in now if each.side == side and each.person_id in person_ids}
    for each in now:
        if each.side == side and each.person_id not in kept:
            each.until = since
    new = [person_id for person_id in person_ids if person_id not in kept]
    session.add_all(JointMentor(training_id=row.id, side=side, person_id=each, since=since) for each in new)
    session.flush()
    _journal(session, Event.JOINT_MENTORS_NAMED, row, actor, happened_on=since, side=side.value, mentors=person_ids)
    return row


def agree_on_plan(
    session: Session,
    *,
    case_id: int,
    goals: str,
    parts: Mapping[Side, str],
    begins_on: date,
    ends_on: date,
    drafted: tuple[date, int | None],
    agreed: tuple[date, int | None],
    actor: Actor,
) -> JointTraining:
    """Both sides hold to these words from now on: drafted by the League's on one day, agreed by the Party's on another.

    Raises NotFound, TrainingOver, TrainingDayWrong. Journalled.
    """
    row = _locked(session, case_id)
    if not row.recognised_on <= drafted[0] <= agreed[0] <= clock.today():
        raise refusals.TrainingDayWrong(fields={"agreed_on": Told(refusals.BETWEEN, first=drafted[0])})
    version = 1 + (session.scalar(select(func.max(JointPlan.version)).where(JointPlan.training_id == row.id)) or 0)
    session.add(
        JointPlan(
            training_id=row.id,
            version=version,
            goals=goals.strip(),
            league_part=parts[Side.LEAGUE].strip(),
            party_part=parts[Side.PARTY].strip(),
            begins_on=begins_on,
            ends_on=ends_on,
            drafted_on=drafted[0],
            drafted_by=drafted[1],
            agreed_on=agreed[0],
            agreed_by=agreed[1],
        )
    )
    if row.next_due_on is None:
        row.next_due_on = _after(row, agreed[0])
    session.flush()
    _journal(session, Event.JOINT_PLAN_AGREED, row, actor, happened_on=agreed[0], version=version)
    return row


def assess(
    session: Session,
    *,
    case_id: int,
    league: Opinion,
    party: Opinion,
    result: Verdict,
    decided_on: date,
    reason: str = "",
    extended_until: date | None = None,
    decided_by: int | None,
    actor: Actor,
) -> JointTraining:
    """Keep one assessment and what follows: when the next is due, whether the person is ready, whether it goes on.

    Raises NotFound, TrainingOver, PlanMissing, TrainingDayWrong, TrainingTooShort. Journalled without the opinions.
    """
    row = _locked(session, case_id)
    if row.next_due_on is None:
        raise refusals.PlanMissing()
    _check_days(row, league, party, result, decided_on, extended_until)
    number = 1 + len(assessments(session, row.id))
    session.add(
        JointAssessment(
            training_id=row.id,
            number=number,
            due_on=row.next_due_on,
            months=months_counted(row, decided_on),
            league_view=league.view,
            league_opinion=league.text,
            league_on=league.given_on,
            league_by=league.given_by,
            party_view=party.view,
            party_opinion=party.text,
            party_on=party.given_on,
            party_by=party.given_by,
            result=result,
            reason=reason.strip(),
            extended_until=extended_until,
            decided_on=decided_on,
            decided_by=decided_by,
        )
    )
    _take_over(row, result, decided_on, extended_until)
    session.flush()
    _journal(session, Event.JOINT_ASSESSED, row, actor, happened_on=decided_on, number=number, result=result.value)
    if result == Verdict.END:
        _end(session, row, TrainingState.NOT_CONTINUED, decided_on, reason, actor)
    return row


def keep_report(session: Session, *, case_id: int, reported_on: date, title: str, actor: Actor) -> ThoughtReport:
    """A report of the trainee's thoughts has come in; only its day and title are kept. Journalled without the title.

    Raises NotFound, TrainingOver, TrainingDayWrong.
    """
    row = _locked(session, case_id)
    if not row.recognised_on <= reported_on <= clock.today():
        raise refusals.TrainingDayWrong(fields={"reported_on": Told(refusals.BETWEEN, first=row.recognised_on)})
    report = ThoughtReport(
        training_id=row.id,
        reported_on=reported_on,
        title=title.strip()[:LONGEST_DOCUMENT],
        entered_by=actor.person_id,
        entered_at=clock.now(),
    )
    session.add(report)
    session.flush()
    _journal(session, Event.JOINT_REPORT_KEPT, row, actor, happened_on=reported_on, report=report.id)
    return report


def move(session: Session, *, case_id: int, to_unit_id: int, moved_on: date, actor: Actor) -> JointTraining:
    """The person goes to another branch and takes everything along; time goes on being counted. Journalled.

    The League's mentors end, and the Party's too where another Party branch works with the new branch. Raises
    NotFound, TrainingOver, party_links.NoPartyBranch.
    """
    row = _locked(session, case_id)
    party_branch = party_links.party_branch_of(session, to_unit_id)
    leaving = {Side.LEAGUE} if party_branch.id == row.party_unit_id else {Side.LEAGUE, Side.PARTY}
    for each in current_mentors(session, row.id):
        if each.side in leaving:
            each.until = max(each.since, moved_on)
    old = row.unit_id
    row.unit_id, row.party_unit_id = to_unit_id, party_branch.id
    people.get(session, row.person_id).unit_id = to_unit_id
    membership = session.get(LeagueMember, row.person_id)
    if membership is not None:
        membership.unit_id = to_unit_id
    session.flush()
    _journal(session, Event.JOINT_TRAINING_MOVED, row, actor, happened_on=moved_on, from_unit=old, to_unit=to_unit_id)
    return row


def determine(session: Session, *, case_id: int, determined_on: date, document: str, actor: Actor) -> JointTraining:
    """The Party has determined the person as development target, and the training has led to what it is for.

    Raises NotFound, TrainingOver, NotReadyYet, TrainingDayWrong where the record of the recommendation says another
    day. Journalled.
    """
    row = _locked(session, case_id)
    if row.state != TrainingState.READY or row.ready_on is None:
        raise refusals.NotReadyYet()
    if not row.ready_on <= determined_on <= clock.today():
        raise refusals.TrainingDayWrong(fields={"determined_on": Told(refusals.BETWEEN, first=row.ready_on)})
    record = recommendations.live_of(session, row.person_id, Product.TARGET)
    if record is not None and record.determined_on not in (None, determined_on):
        told = Told(refusals.ON_RECORD, day=record.determined_on)
        raise refusals.TrainingDayWrong(fields={"determined_on": told})
    row.document = document.strip()[:LONGEST_DOCUMENT]
    return _end(session, row, TrainingState.COMPLETED, determined_on, "", actor)


def leave(
    session: Session, *, case_id: int, state: TrainingState, left_on: date, reason: str, actor: Actor
) -> JointTraining | None:
    """The person withdraws or goes elsewhere; None where nothing had begun. Raises TrainingOver. Journalled."""
    if of_case(session, case_id) is None:
        return None
    return _end(session, _locked(session, case_id), state, left_on, reason, actor)


def recognised(session: Session, person_id: int) -> Recommendation | None:
    """The latest recommendation on which the Party determined the person as activist, valid still or not."""
    query = select(Recommendation).where(
        Recommendation.person_id == person_id,
        Recommendation.product == Product.ACTIVIST,
        Recommendation.state.in_((State.DETERMINED, State.EXPIRED)),
        Recommendation.determined_on.is_not(None),
    )
    return session.scalars(query.order_by(Recommendation.determined_on.desc(), Recommendation.id.desc())).first()


def of_case(session: Session, case_id: int) -> JointTraining | None:
    """The training a case works on, if it has begun."""
    return session.scalars(select(JointTraining).where(JointTraining.case_id == case_id)).first()


def get_of_case(session: Session, case_id: int) -> JointTraining:
    """The training a case works on; raises NotFound."""
    found = of_case(session, case_id)
    if found is None:
        raise NotFound(what="联合培养")
    return found


def get(session: Session, training_id: int) -> JointTraining:
    """The training; raises NotFound."""
    found = session.get(JointTraining, training_id)
    if found is None:
        raise NotFound(what="联合培养")
    return found


def live_of(session: Session, person_id: int) -> JointTraining | None:
    """The person's training that goes on."""
    query = select(JointTraining).where(JointTraining.person_id == person_id, JointTraining.state.in_(LIVE))
    return session.scalars(query).first()


def is_ready(session: Session, person_id: int, on: date) -> bool:
    """Whether a joint assessment has found by that day that the person may be recommended as development target.

    For the eligibility of product B; a training that has ended otherwise than by the Party's determining does not
    count.
    """
    query = select(JointTraining.id).where(
        JointTraining.person_id == person_id,
        JointTraining.ready_on <= on,
        JointTraining.state.in_((TrainingState.READY, TrainingState.COMPLETED)),
    )
    return session.scalars(query.limit(1)).first() is not None


def current_mentors(session: Session, training_id: int) -> list[JointMentor]:
    """Who guides the trainee now, in the order they were named."""
    query = select(JointMentor).where(JointMentor.training_id == training_id, JointMentor.until.is_(None))
    return list(session.scalars(query.order_by(JointMentor.id)))


def assessments(session: Session, training_id: int) -> list[JointAssessment]:
    """Every assessment so far, in order."""
    query = select(JointAssessment).where(JointAssessment.training_id == training_id)
    return list(session.scalars(query.order_by(JointAssessment.number)))


def plan_of(session: Session, training_id: int) -> JointPlan | None:
    """The plan both sides hold to now."""
    query = select(JointPlan).where(JointPlan.training_id == training_id)
    return session.scalars(query.order_by(JointPlan.version.desc()).limit(1)).first()


def mentors_of(session: Session, training_id: int) -> list[JointMentor]:
    """Everybody who guides the trainee or did, in the order they were named."""
    query = select(JointMentor).where(JointMentor.training_id == training_id)
    return list(session.scalars(query.order_by(JointMentor.id)))


def reports_of(session: Session, training_id: int) -> list[ThoughtReport]:
    """The reports that came in, the latest first."""
    query = select(ThoughtReport).where(ThoughtReport.training_id == training_id)
    return list(session.scalars(query.order_by(ThoughtReport.reported_on.desc(), ThoughtReport.id.desc())))


def within(
    session: Session, top_ids: Collection[int], *, mentor: int | None = None, limit: int
) -> Sequence[JointTraining]:
    """Trainings of which either side's unit is one of these or reports to it, and those that `mentor` guides now.

    Those that go on come first, by the last day of their next assessment.
    """
    tops = [units.get(session, each).path for each in sorted(set(top_ids))]
    below = select(Unit.id).where(or_(False, *(Unit.path.startswith(path, autoescape=True) for path in tops)))
    guided = select(JointMentor.training_id).where(JointMentor.person_id == mentor, JointMentor.until.is_(None))
    query = select(JointTraining).where(
        or_(JointTraining.unit_id.in_(below), JointTraining.party_unit_id.in_(below), JointTraining.id.in_(guided))
    )
    order = (JointTraining.state.not_in(LIVE), JointTraining.next_due_on.is_(None), JointTraining.next_due_on)
    return session.scalars(query.order_by(*order, JointTraining.id.desc()).limit(limit)).all()


def months_counted(row: JointTraining, day: date) -> int:
    """The whole months of training until a day, counted from the recognition without a break."""
    months = (day.year - row.recognised_on.year) * 12 + day.month - row.recognised_on.month
    return max(0, months if add_months(row.recognised_on, months) <= day else months - 1)


def earliest_ready(row: JointTraining) -> date:
    """The first day on which an assessment may find the person ready."""
    return max(add_months(row.recognised_on, row.least_months), row.extended_until or row.recognised_on)


def _after(row: JointTraining, day: date) -> date:
    """The last day of the first half year that ends after `day`."""
    number = months_counted(row, day) // row.interval_months + 1
    return add_months(row.recognised_on, number * row.interval_months)


def _take_over(row: JointTraining, result: Verdict, decided_on: date, extended_until: date | None) -> None:
    due = _after(row, max(decided_on, row.next_due_on or decided_on))
    row.next_due_on = due if extended_until is None else min(due, extended_until)
    if result == Verdict.EXTEND:
        row.state, row.ready_on, row.extended_until = TrainingState.RUNNING, None, extended_until
    elif result == Verdict.QUALIFIED and row.ready_on is None:
        row.state, row.ready_on = TrainingState.READY, decided_on


def _check_days(
    row: JointTraining, league: Opinion, party: Opinion, result: Verdict, on: date, extended_until: date | None
) -> None:
    first = max(league.given_on, party.given_on)
    if not first <= on <= clock.today():
        raise refusals.TrainingDayWrong(fields={"decided_on": Told(refusals.BETWEEN, first=first)})
    if result == Verdict.EXTEND and (extended_until is None or extended_until <= on):
        raise refusals.TrainingDayWrong(fields={"extended_until": Told(refusals.LATER_THAN, day=on)})
    earliest = earliest_ready(row)
    if result == Verdict.QUALIFIED and on < earliest:
        months = months_counted(row, on)
        raise refusals.TrainingTooShort(day=on, months=months, least=row.least_months, earliest=earliest)


def _check_mentors(session: Session, row: JointTraining, side: Side, person_ids: list[int]) -> None:
    wrong: dict[str, str] = {}
    key = "mentor" if side is Side.LEAGUE else "party_mentor"
    others = {each.person_id for each in current_mentors(session, row.id) if each.side is side.other}
    if row.person_id in person_ids:
        wrong[key] = refusals.NOT_HIMSELF
    elif len(set(person_ids)) < len(person_ids):
        wrong["second_party_mentor"] = refusals.NAMED_TWICE
    elif others & set(person_ids):
        wrong[key] = refusals.ON_BOTH_SIDES
    if wrong:
        raise refusals.MentorWrong(fields=wrong)


def _end(
    session: Session, row: JointTraining, state: TrainingState, on: date, reason: str, actor: Actor
) -> JointTraining:
    if not row.recognised_on <= on <= clock.today():
        raise refusals.TrainingDayWrong(fields={"left_on": Told(refusals.BETWEEN, first=row.recognised_on)})
    row.state, row.ended_on, row.reason, row.next_due_on = state, on, reason.strip(), None
    for each in current_mentors(session, row.id):
        each.until = max(each.since, on)
    session.flush()
    _journal(session, Event.JOINT_TRAINING_ENDED, row, actor, happened_on=on, state=state.value)
    return row


def _locked(session: Session, case_id: int) -> JointTraining:
    query = select(JointTraining).where(JointTraining.case_id == case_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound(what="联合培养")
    if not row.state.is_live:
        raise refusals.TrainingOver(state=row.state.label)
    return row


def _already(session: Session, running: JointTraining) -> refusals.TrainedAlready:
    return refusals.TrainedAlready(unit=units.get(session, running.unit_id).name)


def _belongs_to(session: Session, person_id: int, unit_id: int) -> bool:
    membership = session.get(LeagueMember, person_id)
    return membership is not None and membership.unit_id == unit_id and membership.status == MemberStatus.ACTIVE


def _journal(
    session: Session, event: Event, row: JointTraining, actor: Actor, happened_on: date | None = None, **facts: Any
) -> None:
    """No name and no opinion: an entry tells which training by number, and what became of it."""
    chain = journal.case_chain(row.case_id)
    journal.record(session, event, chain=chain, actor=actor, happened_on=happened_on, training=row.id, **facts)
