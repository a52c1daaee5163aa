"""Operations on transfers of a candidate: ask another branch, move the case there, leave it, or let the person go."""

from datetime import date
from typing import Any

from workflows.domain import transfers, units
from workflows.domain.posts import PostKind
from workflows.engine.environment import Addressee, Call
from workflows.operations import notices
from workflows.operations.posts import LANES

TELLING = {kind: post for kinds, post in notices.LEVELS.values() for kind in kinds}
"""The post that is told at each level that may be the common superior of two branches."""

UNANSWERED = (
    "“{old}”提出把申请人转往“{new}”，对方逾期未答复。请督促接收团支部审查并答复；未答复以前，申请人仍由原支部培养。"
)


def ask(call: Call) -> dict[str, Any]:
    """Ask the branch that the form names; answers where to and whether its mentor will have to be named anew."""
    asked = call.parameters["transfer"]
    asked_on = date.fromisoformat(asked["asked_on"])
    found = transfers.ask(
        call.session, case_id=call.case_id, to=str(asked["to_unit"]), asked_on=asked_on, actor=call.actor
    )
    return {"state": "asked", "to_unit": found.to_unit_id, "to_name": found.to_name}


def accept(call: Call) -> dict[str, Any]:
    """The case goes on at the receiving branch: its open steps are addressed anew, and its mentor is no longer one."""
    answered_on = date.fromisoformat(call.parameters["answer"]["answered_on"])
    found = transfers.accept(
        call.session,
        case_id=call.case_id,
        answered_on=answered_on,
        adopted=(call.data.get("meeting") or {}).get("result") == "adopted",
        actor=call.actor,
    )
    call.named["unit_id"] = found.to_unit_id
    call.readdress = True
    left = {**(call.data.get("transfer") or {}), "state": "accepted", "from_name": _name(call, found.from_unit_id)}
    return {**left, "mentor_open": call.data.get("assign_mentor") is not None}


def refuse(call: Call) -> dict[str, Any]:
    """The candidate stays; the branch that asked is told why."""
    answer = call.parameters["answer"]
    reason = str(answer.get("examined") or "")
    answered_on = date.fromisoformat(answer["answered_on"])
    found = transfers.refuse(
        call.session, case_id=call.case_id, answered_on=answered_on, reason=reason, actor=call.actor
    )
    addressee = Addressee(found.from_unit_id, PostKind.BRANCH_SECRETARY)
    notices.post(call.session, addressee, f"“{found.to_name}”不予接收，申请人仍由本支部培养：{reason}", call.case_id)
    return {**(call.data.get("transfer") or {}), "state": "refused"}


def mentor_named(call: Call) -> dict[str, Any]:
    """The receiving branch has named a mentor: what waits for the mentor is addressed to the new one."""
    call.readdress = True
    return {**(call.data.get("transfer") or {}), "mentor_open": False}


def report(call: Call) -> dict[str, Any]:
    """Tell the nearest committee above both branches, and the one that asked, that there is still no answer."""
    found = transfers.asked(call.session, call.case_id)
    if found is None or found.to_unit_id is None:
        return {}
    superior = transfers.common_superior(call.session, found.from_unit_id, found.to_unit_id, tuple(TELLING))
    told = UNANSWERED.format(old=_name(call, found.from_unit_id), new=found.to_name)
    for addressee in (
        Addressee(superior.id, TELLING[superior.kind]),
        LANES["团支部书记"](call.session, found.from_unit_id, call.data),
    ):
        notices.post(call.session, addressee, told, call.case_id)
    return {}


def leave(call: Call) -> dict[str, Any]:
    """The candidate goes to a unit that is not in the tree; the hand-over record goes along on paper."""
    leaving = call.parameters["leaving"]
    left_on = date.fromisoformat(leaving["left_on"])
    transfers.leave(call.session, case_id=call.case_id, to=str(leaving["to_name"]), left_on=left_on, actor=call.actor)
    return {"state": "gone", "to_name": leaving["to_name"]}


def _name(call: Call, unit_id: int) -> str:
    return units.get(call.session, unit_id).name
