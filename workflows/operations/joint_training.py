"""Operations on joint training: begin, name mentors, agree on the plan, assess, keep reports, travel, end."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import journal
from workflows.domain import joint_training, party_links, people, transfers
from workflows.domain.joint_training import Opinion
from workflows.domain.joint_training_tables import JointTraining, TrainingState, Verdict
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.transfers import ReceiverUnknown
from workflows.domain.two_keys import Side
from workflows.engine.environment import Addressee, Call, Choice
from workflows.engine.tables import StepRecord
from workflows.journal import Event
from workflows.operations import notices

ABOUT = "activists_of_branch"
"""The source of choices of a process that is about an activist of the branch."""

LEAGUE_STEP, PARTY_STEP, RESULT_STEP = "league_opinion", "party_opinion", "settle_assessment"
DRAFT_STEP, AGREE_STEP = "draft_plan", "confirm_plan"
"""The steps of the drawing by whose records is told who drafted, agreed, assessed."""


def begin(call: Call) -> dict[str, Any]:
    """Begin the training; the case takes the person's name."""
    row = joint_training.begin(
        call.session,
        person_id=int(call.parameters["person"]),
        case_id=call.case_id,
        unit_id=call.unit_id,
        rules=call.parameters["rules"],
        actor=call.actor,
    )
    call.named |= {"title": people.get(call.session, row.person_id).name, "subject_id": row.person_id}
    return _told(row)


def name_mentors(call: Call) -> dict[str, Any]:
    """Both sides have named their mentors; who must do what is addressed to them from now on."""
    league, party = call.parameters["league"], call.parameters["party"]
    for side, form in ((Side.LEAGUE, league), (Side.PARTY, party)):
        _name(call, side, form)
    return _mentors(league, party)


def replace_mentor(call: Call) -> dict[str, Any]:
    """One side has named other mentors; what waits for the old ones is addressed to the new ones."""
    side, form = Side(call.parameters["side"]), call.parameters["named"]
    _name(call, side, form)
    call.readdress = True
    now = dict(call.data.get("mentors") or {})
    return now | ({"mentor": form["mentor"]} if side is Side.LEAGUE else {"party_mentor": form["party_mentor"]})


def agree_on_plan(call: Call) -> dict[str, Any]:
    """Both sides hold to the plan; answers when the next assessment is due."""
    plan, agreed = call.parameters["plan"], call.parameters["agreed"]
    row = joint_training.agree_on_plan(
        call.session,
        case_id=call.case_id,
        goals=plan["goals"],
        parts={Side.LEAGUE: plan["league_part"], Side.PARTY: plan["party_part"]},
        begins_on=date.fromisoformat(plan["begins_on"]),
        ends_on=date.fromisoformat(plan["ends_on"]),
        drafted=(date.fromisoformat(plan["drafted_on"]), _done_by(call, DRAFT_STEP)),
        agreed=(date.fromisoformat(agreed["agreed_on"]), _done_by(call, AGREE_STEP)),
        actor=call.actor,
    )
    return _told(row)


def assess(call: Call) -> dict[str, Any]:
    """Keep the assessment with both opinions; answers what follows from it."""
    settled = call.parameters["settled"]
    until = settled.get("extended_until")
    row = joint_training.assess(
        call.session,
        case_id=call.case_id,
        league=_opinion(call, call.parameters["league"], LEAGUE_STEP),
        party=_opinion(call, call.parameters["party"], PARTY_STEP),
        result=Verdict(settled["outcome"]),
        decided_on=date.fromisoformat(settled["decided_on"]),
        reason=str(settled.get("reason") or ""),
        extended_until=date.fromisoformat(until) if until and settled["outcome"] == Verdict.EXTEND else None,
        decided_by=_done_by(call, RESULT_STEP),
        actor=call.actor,
    )
    return _told(row)


def keep_report(call: Call) -> dict[str, Any]:
    """A report of the trainee's thoughts has come in."""
    report = call.parameters["report"]
    reported_on = date.fromisoformat(report["reported_on"])
    row = joint_training.keep_report(
        call.session, case_id=call.case_id, reported_on=reported_on, title=report["title"], actor=call.actor
    )
    return {"id": row.id}


def ask_move(call: Call) -> dict[str, Any]:
    """The trainee goes to another branch: ask it to take the membership over and go on with the training.

    Raises ReceiverUnknown, and party_links.NoPartyBranch where no Party branch could go on with it there.
    """
    asked = call.parameters["transfer"]
    receiver = transfers.receiver_called(call.session, str(asked["to_unit"]))
    if receiver.id == call.unit_id:
        raise ReceiverUnknown(fields={"to_unit": "本人就在这个团支部"})
    party_links.party_branch_of(call.session, receiver.id)
    _journal_move(call, Event.TRANSFER_ASKED, receiver.id, asked["asked_on"])
    return {"state": "asked", "to_unit": receiver.id, "to_name": receiver.name}


def accept_move(call: Call) -> dict[str, Any]:
    """Case and training go on at the receiving branch, which names its mentor, and so does its Party branch."""
    asked = call.data["transfer"]
    before = _of(call).party_unit_id
    row = joint_training.move(
        call.session,
        case_id=call.case_id,
        to_unit_id=int(asked["to_unit"]),
        moved_on=date.fromisoformat(call.parameters["answer"]["answered_on"]),
        actor=call.actor,
    )
    call.named["unit_id"], call.readdress = row.unit_id, True
    has_mentors = call.data.get("mentors") is not None
    opened = {"mentor_open": has_mentors, "party_mentor_open": has_mentors and row.party_unit_id != before}
    return {**asked, "state": "accepted"} | opened


def refuse_move(call: Call) -> dict[str, Any]:
    """The trainee stays; the branch that asked is told why."""
    asked, answer = call.data["transfer"], call.parameters["answer"]
    _journal_move(call, Event.TRANSFER_REFUSED, int(asked["to_unit"]), answer["answered_on"])
    text = f"“{asked['to_name']}”不予接收，仍由本支部联合培养：{answer['examined']}"
    notices.post(call.session, Addressee(call.unit_id, PostKind.BRANCH_SECRETARY), text, call.case_id)
    return {**asked, "state": "refused"}


def mentors_named(call: Call) -> dict[str, Any]:
    """After a transfer every side that had to has named its mentor, and what waits is addressed to them."""
    call.readdress = True
    return {**(call.data.get("transfer") or {}), "mentor_open": False, "party_mentor_open": False}


def determine(call: Call) -> dict[str, Any]:
    """The Party has determined the person as development target."""
    determined = call.parameters["determined"]
    row = joint_training.determine(
        call.session,
        case_id=call.case_id,
        determined_on=date.fromisoformat(determined["determined_on"]),
        document=str(determined["document"]),
        actor=call.actor,
    )
    return {**_told(row), "document": row.document}


def leave(call: Call) -> dict[str, Any]:
    """The person withdraws, or goes to a unit that is not in the tree, as `state` says."""
    left = call.parameters["left"]
    row = joint_training.leave(
        call.session,
        case_id=call.case_id,
        state=TrainingState(call.parameters["state"]),
        left_on=date.fromisoformat(left["left_on"]),
        reason=str(left["reason"]),
        actor=call.actor,
    )
    return _told(row) if row else {}


def activists_of_branch(session: Session, unit_id: int) -> list[Choice]:
    """The activists among the members of the branch who are not being trained yet, for a form field."""
    return [
        Choice(str(person.id), f"{person.name}（{since}确定）") for person, since in to_be_trained(session, [unit_id])
    ]


def to_be_trained(session: Session, unit_ids: list[int]) -> list[tuple[Person, date]]:
    """The activists among the members of some branches whose joint training has not begun, and since when."""
    trained = select(JointTraining.id).where(
        JointTraining.person_id == Person.id, JointTraining.recommendation_id == Recommendation.id
    )
    query = (
        select(Person, Recommendation.determined_on)
        .join(LeagueMember, LeagueMember.person_id == Person.id)
        .join(Recommendation, Recommendation.person_id == Person.id)
        .where(
            LeagueMember.unit_id.in_(unit_ids),
            LeagueMember.status == MemberStatus.ACTIVE,
            Recommendation.product == Product.ACTIVIST,
            Recommendation.state == State.DETERMINED,
            Recommendation.determined_on.is_not(None),
            ~trained.exists(),
        )
        .order_by(Recommendation.determined_on, Person.id)
    )
    return [(person, since) for person, since in session.execute(query) if since]


def _told(row: JointTraining) -> dict[str, Any]:
    """What the drawing goes by; days as texts."""
    return {
        "id": row.id,
        "state": row.state.value,
        "recognised_on": row.recognised_on.isoformat(),
        "earliest_ready": joint_training.earliest_ready(row).isoformat(),
        "due_on": row.next_due_on.isoformat() if row.next_due_on else None,
    }


def _of(call: Call) -> JointTraining:
    return joint_training.get_of_case(call.session, call.case_id)


def _name(call: Call, side: Side, form: Mapping[str, Any]) -> None:
    keys = ("mentor",) if side is Side.LEAGUE else ("party_mentor", "second_party_mentor")
    joint_training.name_mentors(
        call.session,
        case_id=call.case_id,
        side=side,
        person_ids=[int(form[key]) for key in keys if form.get(key)],
        since=date.fromisoformat(form["assigned_on"]),
        actor=call.actor,
    )


def _mentors(league: Mapping[str, Any], party: Mapping[str, Any]) -> dict[str, Any]:
    return {"mentor": league["mentor"], "party_mentor": party["party_mentor"]}


def _opinion(call: Call, form: Mapping[str, Any], step: str) -> Opinion:
    return Opinion(
        view=Verdict(form["outcome"]),
        text=form["opinion"],
        given_on=date.fromisoformat(form["given_on"]),
        given_by=_done_by(call, step),
    )


def _done_by(call: Call, step: str) -> int | None:
    """Who did the step last in this case."""
    query = select(StepRecord.person_id).where(StepRecord.case_id == call.case_id, StepRecord.step == step)
    return call.session.scalar(query.order_by(StepRecord.id.desc()).limit(1))


def _journal_move(call: Call, event: Event, to_unit: int, on: str) -> None:
    journal.record(
        call.session,
        event,
        chain=journal.case_chain(call.case_id),
        actor=call.actor,
        happened_on=date.fromisoformat(on),
        from_unit=call.unit_id,
        to_unit=to_unit,
    )
