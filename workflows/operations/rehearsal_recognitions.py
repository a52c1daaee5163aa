"""The rehearsal's other side of a joint recognition: it acts on the same row, and leaves word for the case played.

A scenario's step `message: 联合认定有变动（致团组织）` (or `…（致党组织）`) says under `with` what the other side
did: `act: sign` (`by` names another person of the cast), `refuse`, `withdraw` (both with `reason`), `report` (with
`reported`), or `correct`: the recommendation's document is corrected and the facts are gathered again. With `act: slip`
it is corrected and nobody is told. `message: recognition_opened` begins the Party's case.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import party_links, recognitions, recommendations
from workflows.domain.members import LeagueMember
from workflows.domain.recognition_tables import Recognition
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.two_keys import Side
from workflows.engine.environment import Environment
from workflows.engine.scenarios import ScenarioFault
from workflows.journal import SYSTEM, Actor
from workflows.operations import recognitions as joint

RECOMMENDATION = "recommendation"
"""The part under which scenarios name a recommendation that is with the Party."""

OPENED = "recognition_opened"

SIGNER = {Side.LEAGUE: "approver", Side.PARTY: "party_secretary"}


def recommend(session: Session, unit_id: int, person_id: int) -> int:
    """A recommendation of the person that was passed to the Party ten days ago; the same when asked again."""
    known = session.scalars(select(Recommendation.id).where(Recommendation.person_id == person_id)).first()
    if known is not None:
        return known
    today = clock.today()
    met_on = today - timedelta(days=30)
    row = Recommendation(
        person_id=person_id,
        product=Product.ACTIVIST,
        unit_id=unit_id,
        state=State.RECOMMENDED,
        holds_place=False,
        recommended_on=met_on,
        votes={"eligible_voters": 30, "present_voters": 28, "votes_for": 26, "votes_against": 1, "votes_abstain": 1},
        passed_on=today - timedelta(days=10),
        document="演练团发〔1〕号",
        party_unit_id=party_links.party_branch_of(session, unit_id).id,
        valid_until=recommendations.end_of_validity(met_on, 2),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row.id


def other_side(
    session: Session,
    environment: Environment,
    cast: Mapping[str, int],
    case_id: int | None,
    message: str,
    values: Mapping[str, Any],
) -> int:
    """Do what the step says; answers the case that is played. Raises ScenarioFault for an unknown message or act."""
    if case_id is None and message == OPENED:
        return _begin(session, environment, cast)
    if case_id is None:
        raise ScenarioFault("案件还没有开始，第一步应是 do")
    row = recognitions.of_case(session, case_id)
    if row is None or message != joint.MESSAGE[row.side_of_case(case_id)]:
        raise ScenarioFault(f"流程不接收消息 {message}")
    side = row.side_of_case(case_id)
    told = _act(session, row, side.other, cast, values)
    if told:
        joint.leave_word(session, row, side)
    return case_id


def _begin(session: Session, environment: Environment, cast: Mapping[str, int]) -> int:
    member = session.get_one(LeagueMember, cast["member1"])
    asked = recommend(session, member.unit_id, member.person_id)
    row = recognitions.begin(session, recommendation_id=asked, case_id=None, actor=SYSTEM)
    case = joint.begin_party_case(session, environment, {"recognition": row.id})
    if case is None:
        raise ScenarioFault("党组织一方已经开始")
    return case.id


def _act(session: Session, row: Recognition, side: Side, cast: Mapping[str, int], values: Mapping[str, Any]) -> bool:
    """Whether the side played must look."""
    before, act = row.state, values.get("act")
    actor = Actor(person_id=int(values.get("by") or cast[SIGNER[side]]))
    if act == "sign":
        recognitions.sign(session, row.id, side, seen=row.digest, actor=actor)
        return row.state is not before
    if act == "refuse":
        recognitions.refuse(session, row.id, side, reason=str(values["reason"]), actor=actor)
    elif act == "withdraw":
        recognitions.withdraw(session, row.id, side, reason=str(values["reason"]), actor=actor)
    elif act == "report":
        recognitions.report(
            session,
            row.id,
            side,
            reported=str(values["reported"]),
            document="演练材料",
            happened_on=clock.today(),
            actor=actor,
        )
    elif act in ("correct", "slip"):
        recommendations.get(session, row.recommendation_id).document += "（更正）"
        session.flush()
        if act == "correct":
            joint.renew(session, row.id)
        return False
    else:
        raise ScenarioFault(f"另一方不会 {act}")
    return True
