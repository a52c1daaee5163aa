"""Operations on recommendations for Party membership: examine, list, count, pass on, settle, travel, expire."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import journal
from workflows.domain import (
    meetings,
    party_links,
    people,
    postings,
    recommendation_facts,
    recommendations,
    transfers,
)
from workflows.domain.members import LeagueMember
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_facts import Entered
from workflows.domain.recommendation_refusals import OwnCase
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import State
from workflows.domain.transfers import ReceiverUnknown
from workflows.engine import due_times
from workflows.engine.environment import Addressee, Call, Choice
from workflows.engine.tables import Case
from workflows.journal import Event
from workflows.operations import notices
from workflows.operations.postings import put_up_for

ABOUT = "members_to_recommend"
"""The source of choices of a process that is about one member of the branch."""

PLACE = "推优名额"
NOTICE_KINDS = {
    Product.ACTIVIST: postings.Kind.RECOMMENDED_ACTIVIST,
    Product.TARGET: postings.Kind.RECOMMENDED_TARGET,
}


def examine(call: Call) -> dict[str, Any]:
    """What eligibility is decided on, from the record and from what the branch entered; the case takes the name.

    The day is the one on which the branch committee proposed.
    """
    nomination, rules = call.parameters["nomination"], call.parameters["rules"]
    person_id, product = int(nomination["person"]), Product(nomination["product"])
    found = recommendation_facts.of_member(
        call.session,
        person_id=person_id,
        product=product,
        unit_id=call.unit_id,
        on=date.fromisoformat(nomination["decided_on"]),
        rules=rules,
        entered=entered(nomination),
    )
    name = people.get(call.session, person_id).name
    call.named |= {"title": f"{name}（{product.label}）", "subject_id": person_id}
    return found | {"name": name, "is_elsewhere": _is_elsewhere(call, person_id)}


def entered(nomination: Mapping[str, Any]) -> Entered:
    """What of a nomination's form the facts are made of."""

    def day(key: str) -> date | None:
        return date.fromisoformat(nomination[key]) if nomination.get(key) else None

    return Entered(day("applied_on"), nomination.get("punishment"), day("punishment_revoked_on"))


def _is_elsewhere(call: Call, person_id: int) -> bool:
    """Whether another case of this process that still runs is about the same person."""
    process = select(Case.process).where(Case.id == call.case_id).scalar_subquery()
    query = select(Case.id).where(Case.process == process, Case.subject_id == person_id, Case.ended_at.is_(None))
    return call.session.scalar(query.where(Case.id != call.case_id).limit(1)) is not None


def recuse(call: Call) -> dict[str, Any]:
    """Make sure that whoever acted is not the candidate, nor acts for him; raises OwnCase."""
    _insist_on_another(call, int(call.parameters["person"]))
    return {}


def _insist_on_another(call: Call, person_id: int) -> None:
    if person_id in (call.actor.person_id, call.actor.for_person_id):
        raise OwnCase()


def list_candidate(call: Call) -> dict[str, Any]:
    """Put the nominated member on the round's list and take a place."""
    nomination = call.parameters["nomination"]
    _insist_on_another(call, int(nomination["person"]))
    row = recommendations.list_candidate(
        call.session,
        person_id=int(nomination["person"]),
        product=Product(nomination["product"]),
        unit_id=call.unit_id,
        case_id=call.case_id,
        actor=call.actor,
    )
    return {"id": row.id, "round": row.round_id}


def count(call: Call) -> dict[str, Any]:
    """What the recommendation meeting decided, by its own thresholds; see `deliberations.decide` for the days."""
    meeting, rules = call.parameters["meeting"], call.parameters["rules"]
    own = {**rules, "quorum": rules["recommend_quorum"], "pass_rule": rules["recommend_pass_rule"]}
    found = meetings.decide(meeting, own).as_data()
    held_on = date.fromisoformat(meeting["held_on"])
    again_by = held_on + due_times.duration(rules.get("meeting_reconvene") or "P14D")
    ballots = sum(int(meeting[key]) for key in ("votes_for", "votes_against", "votes_abstain"))
    rate = round(100 * int(meeting["votes_for"]) / ballots, 1) if ballots else 0.0
    return found | {"held_on": meeting["held_on"], "reconvene_by": again_by.isoformat(), "rate": rate}


def put_up(call: Call) -> dict[str, Any]:
    """Put the public notice up; see `operations.postings.put_up` for what is answered."""
    return _count(call, date.fromisoformat(call.parameters["notice"]["posted_on"]))


def resume(call: Call) -> dict[str, Any]:
    """The objection is dismissed: the notice runs on for the working days that were left."""
    return _count(call, date.fromisoformat(call.parameters["settled_on"]))


def remove(call: Call) -> dict[str, Any]:
    """The candidate comes off the list before the recommendation was passed on; the place is free again."""
    return _end(call, State(call.parameters["state"]))


def pass_on(call: Call) -> dict[str, Any]:
    """The committee above has passed the recommendation to the Party: from now on it is valid for some years.

    Answers `valid_until`, its last day, and `over_on`, the first day on which it is no longer valid.
    """
    passed, meeting, rules = (call.parameters[key] for key in ("passed", "meeting", "rules"))
    _insist_on_another(call, recommendations.locked_of_case(call.session, call.case_id).person_id)
    row = recommendations.recommend(
        call.session,
        case_id=call.case_id,
        recommended_on=date.fromisoformat(meeting["held_on"]),
        votes={key: meeting.get(key) for key in meetings.COUNTED},
        passed_on=date.fromisoformat(passed["passed_on"]),
        document=str(passed.get("document") or ""),
        years=int(rules["recommend_validity_years"]),
        party_unit_id=party_links.party_branch_of(call.session, call.unit_id).id,
        actor=call.actor,
    )
    assert row.valid_until is not None  # noqa: S101 - `recommend` has just set it
    over_on = row.valid_until + timedelta(days=1)
    until = {"valid_until": row.valid_until.isoformat(), "over_on": over_on.isoformat()}
    return {"id": row.id, "state": "recommended", "person": row.person_id, "product": row.product.value} | until


def determine(call: Call) -> dict[str, Any]:
    """The Party has determined the person."""
    determined_on = date.fromisoformat(call.parameters["determined_on"])
    recommendations.determine(call.session, case_id=call.case_id, determined_on=determined_on, actor=call.actor)
    return {"state": "determined"}


def look(call: Call) -> dict[str, Any]:
    """What the record says now, after the joint recognition behind it has changed: its state, and determined when."""
    row = recommendations.locked_of_case(call.session, call.case_id)
    return {"state": row.state.value, "on": row.determined_on and row.determined_on.isoformat()}


def keep(call: Call) -> dict[str, Any]:
    """The Party has not determined the person for now; the recommendation stays valid."""
    reason, decided_on = str(call.parameters["reason"]), date.fromisoformat(call.parameters["decided_on"])
    recommendations.keep(call.session, case_id=call.case_id, reason=reason, decided_on=decided_on, actor=call.actor)
    return {"decided_on": decided_on.isoformat()}


def end(call: Call) -> dict[str, Any]:
    """A recommendation that was passed on ends: not accepted, withdrawn, or run out, as `state` says."""
    return _end(call, State(call.parameters["state"]))


def _end(call: Call, state: State) -> dict[str, Any]:
    reason = str(call.parameters.get("reason") or "")
    recommendations.end(call.session, case_id=call.case_id, state=state, reason=reason, actor=call.actor)
    postings.take_down(call.session, call.case_id, postings.Why.CASE_ENDED, call.actor)
    return {"state": state.value}


def _count(call: Call, began_on: date) -> dict[str, Any]:
    nominated = call.data["found"]
    activist_on = nominated.get("activist_on")
    named = postings.Named(
        name=nominated["name"],
        applied_on=date.fromisoformat(nominated["applied_on"]),
        activist_on=date.fromisoformat(activist_on) if activist_on else None,
    )
    days = int(call.parameters["days"])
    return put_up_for(call, began_on, days, NOTICE_KINDS[Product(nominated["product"])], named)


def ask_move(call: Call) -> dict[str, Any]:
    """The member goes to another branch: ask it to take over the membership and, with it, the recommendation."""
    asked = call.parameters["transfer"]
    receiver = transfers.receiver_called(call.session, str(asked["to_unit"]))
    if receiver.id == call.unit_id:
        raise ReceiverUnknown(fields={"to_unit": "团员就在这个团支部"})
    party_links.party_branch_of(call.session, receiver.id)
    _journal_move(call, Event.TRANSFER_ASKED, receiver.id, date.fromisoformat(asked["asked_on"]))
    return {"state": "asked", "to_unit": receiver.id, "to_name": receiver.name, "from_unit": call.unit_id}


def accept_move(call: Call) -> dict[str, Any]:
    """Membership, case and recommendation go on at the receiving branch; who issued the recommendation stays."""
    transfer = call.data["transfer"]
    to_unit = int(transfer["to_unit"])
    row = recommendations.locked_of_case(call.session, call.case_id)
    member = call.session.get_one(LeagueMember, row.person_id)
    member.unit_id = to_unit
    people.get(call.session, row.person_id).unit_id = to_unit
    row.party_unit_id = party_links.party_branch_of(call.session, to_unit).id
    call.session.flush()
    _journal_move(call, Event.TRANSFER_ACCEPTED, to_unit, date.fromisoformat(call.parameters["answered_on"]))
    call.named["unit_id"], call.readdress = to_unit, True
    return {**transfer, "state": "accepted"}


def refuse_move(call: Call) -> dict[str, Any]:
    """The receiving branch does not take the member over; the branch that asked is told why."""
    transfer = call.data["transfer"]
    answered_on = date.fromisoformat(call.parameters["answered_on"])
    _journal_move(call, Event.TRANSFER_REFUSED, int(transfer["to_unit"]), answered_on)
    text = f"“{transfer['to_name']}”未接收团员组织关系：{call.parameters['reason']}"
    notices.post(call.session, Addressee(call.unit_id, PostKind.BRANCH_SECRETARY), text, call.case_id)
    return {**transfer, "state": "refused"}


def _journal_move(call: Call, event: Event, to_unit: int, on: date) -> None:
    chain = journal.case_chain(call.case_id)
    journal.record(
        call.session, event, chain=chain, actor=call.actor, happened_on=on, from_unit=call.unit_id, to_unit=to_unit
    )


def members_to_recommend(session: Session, unit_id: int) -> list[Choice]:
    """The members of the branch, for a form field."""
    return [
        Choice(str(person.id), f"{person.name}（{_tail(person.masked_identity())}）")
        for person in recommendation_facts.members_of(session, unit_id)
    ]


def _tail(masked: str) -> str:
    return f"证件尾号 {masked[-2:]}" if masked else "证件未登记"
