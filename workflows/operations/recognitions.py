"""Operations of joint recognition: ask for it, look, answer, report, withdraw; begin the other side's case; tell it.

Each side's process only acts and looks; what stands is the one row of `workflows.domain.recognitions`. A message says
nothing but that the row has changed: whoever gets it looks. So a message that is lost and sent again, doubled, late or
overtaken by another does no harm.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from workflows import outbox
from workflows.domain import recognitions, recommendations
from workflows.domain.recognition_tables import Recognition
from workflows.domain.two_keys import UNDECIDED, Side, State
from workflows.engine import cases, mailbox, persistence
from workflows.engine.environment import Addressee, Call, Choice, Environment
from workflows.engine.tables import Case
from workflows.errors import Refusal
from workflows.journal import SYSTEM, Actor
from workflows.operations import notices
from workflows.operations.posts import LANES

BEGIN = "recognition.begin"
"""The outbox kind that begins the Party's case."""

ABOUT = "to_be_recognised"
"""The source of choices from which a recommendation is taken."""

PROCESS = {Side.LEAGUE: "joint_recognition_league", Side.PARTY: "joint_recognition_party"}

MESSAGE = {Side.LEAGUE: "联合认定有变动（致团组织）", Side.PARTY: "联合认定有变动（致党组织）"}
"""What each side's case waits for, with the recognition's id as its correlation value."""

SIGNING = {Side.LEAGUE: "基层团委", Side.PARTY: "党支部书记"}
"""The lane that signs for each side."""

AT_WORK = {Side.LEAGUE: ("团支部书记", "基层团委"), Side.PARTY: ("党支部书记", "党委组织员")}
"""The lanes of both drawings."""

CLOSED = "联合认定结果"
"""What the case of the recommendation may wait for, with the recommendation's id as its correlation value."""


class NotBegunByHand(Refusal):
    """The Party's case of a recognition is begun by the League's."""

    code = "recognition.not_by_hand"
    sentence = "联合认定（党组织一方）不能单独发起。"
    remedy = "请由团支部先提请联合认定，党组织一方随即自动开始。"
    rule = "联合认定由团组织在推优之后提请"


def open_(call: Call) -> dict[str, Any]:
    """Open the recognition of a recommendation; the Party's case begins after the commit."""
    asked = call.parameters["asked"]
    recommendation = int(asked["recommendation"])
    row = recognitions.begin(call.session, recommendation_id=recommendation, case_id=call.case_id, actor=call.actor)
    outbox.post(call.session, BEGIN, recognition=row.id)
    call.named["title"] = _title(call.session, row)
    return _about(row)


def begin_party_case(session: Session, environment: Environment, payload: Mapping[str, Any]) -> Case | None:
    """Begin the Party's case at its branch; None when it has begun already: asked twice it begins once."""
    row = recognitions.lock(session, payload["recognition"])
    if row.party_case_id is not None:
        return None
    case = cases.begin_for(
        session,
        environment,
        process=PROCESS[Side.PARTY],
        unit_id=row.party_unit_id,
        sender_case_id=row.league_case_id or 0,
        data={"recognition": _about(row)},
    )
    row.party_case_id = case.id
    case.title = _title(session, row)
    session.flush()
    if case.ended_at is not None:  # the League has taken it back meanwhile; the case did not know yet whose it is
        settle(session, case.id)
    return case


def look(call: Call) -> dict[str, Any]:
    """What stands now, and what this side has to do about it."""
    return _standing(call, _locked(call), changed=False)


def answer(call: Call) -> dict[str, Any]:
    """Sign or refuse, as the form says; signed is what the signer was shown."""
    row, form = _locked(call), call.parameters["answer"]
    side, before = row.side_of_case(call.case_id), row.state
    if form["outcome"] == "sign":
        recognitions.sign(call.session, row.id, side, seen=str(call.parameters["seen"]), actor=call.actor)
    else:
        decided_on = date.fromisoformat(form["decided_on"])
        recognitions.refuse(
            call.session, row.id, side, reason=str(form["reason"]), decided_on=decided_on, actor=call.actor
        )
    return _after(call, row, before)


def report(call: Call) -> dict[str, Any]:
    """Put something new on record; what was signed over the old facts does not stand any more, on either side."""
    row, form = _locked(call), call.parameters["report"]
    before = row.state
    recognitions.report(
        call.session,
        row.id,
        row.side_of_case(call.case_id),
        reported=str(form["reported"]),
        document=str(form["document"]),
        happened_on=date.fromisoformat(form["happened_on"]),
        actor=call.actor,
    )
    return _after(call, row, before, changed=True)


def withdraw(call: Call) -> dict[str, Any]:
    """Take it back before it stands."""
    row = _locked(call)
    before, reason = row.state, str(call.parameters["withdrawal"]["reason"])
    recognitions.withdraw(call.session, row.id, row.side_of_case(call.case_id), reason=reason, actor=call.actor)
    return _after(call, row, before)


def expire(call: Call) -> dict[str, Any]:
    """The last day of the recommendation has passed."""
    row = _locked(call)
    before = row.state
    recognitions.expire(call.session, row.id, actor=call.actor)
    return _after(call, row, before)


def renew(session: Session, recognition_id: int, actor: Actor = SYSTEM) -> list[str]:
    """Gather the facts again, outside either case, and have both sides look; answers what differs, in words."""
    row = recognitions.lock(session, recognition_id)
    before = row.state
    changed = recognitions.renew(session, row.id, actor=actor)
    if changed:
        _carry(session, row, before, actor)
        for side in Side:
            leave_word(session, row, side)
    return changed


def signer(session: Session, row: Recognition, side: Side) -> Addressee:
    """Whose key the side's is."""
    unit_id = row.league_unit_id if side is Side.LEAGUE else row.party_unit_id
    return LANES[SIGNING[side]](session, unit_id, {})


def at_work(session: Session, row: Recognition) -> list[Addressee]:
    """Everybody who works on the recognition, of the League first."""
    where = {Side.LEAGUE: row.league_unit_id, Side.PARTY: row.party_unit_id}
    return [LANES[lane](session, where[side], {}) for side in Side for lane in AT_WORK[side]]


def leave_word(session: Session, row: Recognition, side: Side) -> None:
    """Have a side's case look, in the name of the other side's where that has begun."""
    cases_of = [row.party_case_id, row.league_case_id]
    sender = next(each for each in (cases_of if side is Side.LEAGUE else reversed(cases_of)) if each is not None)
    mailbox.leave(session, MESSAGE[side], _key(row), {}, sender_case_id=sender)


def settle(session: Session, case_id: int) -> None:
    """A case has ended: what is still on its way to it is of no use to anybody."""
    row = recognitions.of_case(session, case_id)
    if row is not None:
        mailbox.forget(session, MESSAGE[row.side_of_case(case_id)], _key(row))


def to_be_recognised(session: Session, unit_id: int) -> list[Choice]:
    """The branch's recommendations that are with the Party and have no recognition yet, for a form field."""
    return [
        Choice(str(row.id), f"{name}（{row.product.label}，{row.recommended_on}推荐）")
        for row, name in recognitions.open_recommendations(session, unit_id)
    ]


def _locked(call: Call) -> Recognition:
    found = (call.data.get("recognition") or {}).get("id")
    if found is None:
        raise NotBegunByHand()
    return recognitions.lock(call.session, int(found))


def _after(call: Call, row: Recognition, before: State, *, changed: bool = False) -> dict[str, Any]:
    _carry(call.session, row, before, call.actor)
    return _standing(call, row, changed=changed or row.state is not before)


def _standing(call: Call, row: Recognition, *, changed: bool) -> dict[str, Any]:
    """What the drawing goes by. `changed` says that the other side must look."""
    side = row.side_of_case(call.case_id)
    signs = row.state in UNDECIDED and row.keys().key_of(side) is None
    return {
        "state": row.state.value,
        "todo": "sign" if signs else "wait" if row.state.is_live else "end",
        "digest": row.digest,
        "changed": changed,
    }


def _about(row: Recognition) -> dict[str, Any]:
    """What a case knows of its recognition from the beginning: which it is, and the last day on which it counts."""
    return {"id": row.id, "valid_until": str(row.valid_until)}


def _carry(session: Session, row: Recognition, before: State, actor: Actor) -> None:
    """The record of the recommendation says in the same transaction what the recognition says."""
    recommendation = recommendations.get(session, row.recommendation_id)
    if row.state is before or recommendation.case_id is None:
        return
    if before is State.RECOGNISED and row.state is State.EXPIRED:
        return  # it stood to its last day: what was determined, and when, stays on record
    # Its case first, then its record: in the order in which its own acts take them.
    persistence.lock(session, recommendation.case_id)
    if row.state is State.RECOGNISED and row.recognised_on is not None:
        case_id, day = recommendation.case_id, row.recognised_on
        recommendations.determine(session, case_id=case_id, determined_on=day, actor=actor)
    elif before is State.RECOGNISED:
        recommendations.take_back(session, case_id=recommendation.case_id, reason=row.state.label, actor=actor)
    _tell_recommendation(session, row, recommendation.case_id)


def _tell_recommendation(session: Session, row: Recognition, case_id: int) -> None:
    key = mailbox.key_of({"recommendation": row.recommendation_id})
    mailbox.forget(session, CLOSED, key)  # a result that its case has not taken yet does not hold any more
    if not mailbox.is_awaited(session, CLOSED, key):
        _tell_who_recorded_it(session, row, session.get_one(Case, case_id))
        return
    reason = next((act.text for act in reversed(recognitions.acts_of(session, row.id)) if act.text), "")
    told = {"state": row.state.value, "reason": reason, "on": row.recognised_on and row.recognised_on.isoformat()}
    mailbox.leave(session, CLOSED, key, told, sender_case_id=row.league_case_id or case_id)


def _tell_who_recorded_it(session: Session, row: Recognition, case: Case) -> None:
    """The case has ended with the result entered elsewhere: whoever entered it must enter the change too."""
    if case.ended_at is None or recommendations.get(session, row.recommendation_id).state not in recommendations.VALID:
        return
    text = f"联合认定在案卷办结以后有变动，现为“{row.state.label}”。请在智慧团建中作相应更改，并告知本人。"
    notices.post(session, LANES["团支部书记"](session, case.unit_id, {}), text, case.id)


def _title(session: Session, row: Recognition) -> str:
    return f"{recognitions.name_of(session, row)}（{row.product.label}）"


def _key(row: Recognition) -> str:
    return mailbox.key_of({"recognition": row.id})
