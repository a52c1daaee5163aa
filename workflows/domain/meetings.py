"""What a branch meeting decided, by exact arithmetic: quorum, ballots, majority.

Quorum and majority are shares of a base, both parameters of the rule set (`majorities`). A written opinion handed in
before the meeting is a ballot where the rule set counts it, and never makes a quorum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from workflows.domain import majorities
from workflows.domain.majorities import Base
from workflows.errors import InvalidData

Result = Literal["adopted", "not_adopted", "no_quorum"]

_LABELS = {
    "eligible_voters": "应到会有表决权人数",
    "present_voters": "实到会有表决权人数",
    "written_opinions": "书面意见数",
    "votes_for": "赞成票",
    "votes_against": "反对票",
    "votes_abstain": "弃权票",
}


COUNTED = tuple(_LABELS)
"""The figures of a vote, as forms and records name them."""


class MeetingArithmetic(InvalidData):
    """The numbers of the meeting contradict one another."""

    code = "meeting.arithmetic"
    sentence = "支部大会的人数与票数不相符：{sum}。"
    remedy = "请对照会议记录更正。"
    rule = "赞成、反对、弃权之和等于收回票数，收回票数等于实到会人数加计入的书面意见数，且不超过应到会人数"
    article = "细则-2023 支部大会讨论；书面意见计票按党的规定类推（未核实）"


@dataclass(frozen=True)
class Decision:
    """The result, how many had to be present and vote yes for it (persons), and the number the majority is taken of."""

    result: Result
    present_needed: int
    votes_needed: int
    base: int

    def as_data(self) -> dict[str, Any]:
        """The decision as JSON values."""
        return asdict(self)


def decide(meeting: Mapping[str, Any], rules: Mapping[str, Any]) -> Decision:
    """Count one vote of a branch meeting; raises MeetingArithmetic naming the field and the sum that does not hold.

    `meeting` has `eligible_voters`, `present_voters`, `written_opinions`, `votes_for`, `votes_against` and
    `votes_abstain` (persons; a missing number of written opinions is none). `rules` are values of a rule set:
    `quorum` and `pass_rule` are shares, `count_written_absent` says whether written opinions are ballots.
    """
    eligible, present, written, yes, no, abstain = (_count(meeting, field) for field in _LABELS)
    if eligible < 1:
        raise _does_not_hold("eligible_voters", "应到会有表决权人数至少为1")
    if present > eligible:
        raise _does_not_hold("present_voters", f"实到 {present} 人，多于应到 {eligible} 人")
    if present + written > eligible:
        told = f"实到 {present} + 书面意见 {written} = {present + written}，多于应到 {eligible} 人"
        raise _does_not_hold("written_opinions", told)
    ballots = present + (written if rules.get("count_written_absent", True) else 0)
    if yes + no + abstain != ballots:
        told = f"赞成 {yes} + 反对 {no} + 弃权 {abstain} = {yes + no + abstain}，应等于票数 {ballots}"
        raise _does_not_hold("votes_for", told, "votes_against", "votes_abstain")
    people: dict[Base, int] = {"should-attend": eligible, "present": present, "ballots": ballots}
    quorum, majority = majorities.read(rules["quorum"]), majorities.read(rules["pass_rule"])
    present_needed, votes_needed = quorum.needed(people), majority.needed(people)
    result: Result = "adopted" if yes >= votes_needed else "not_adopted"
    if present < present_needed:
        result = "no_quorum"
    return Decision(result, present_needed, votes_needed, people[majority.base])


WHY_VOID = {"miscount": "票数不符", "disputed": "计票有争议", "procedure": "表决程序有误"}
"""For what a ballot may be declared void; that its result displeases somebody is no ground."""


def keep_void(meeting: Mapping[str, Any], kept: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The void ballots on one candidate with one more: every figure as it was counted, the day, and why it is void.

    Figures of a void ballot need not add up: that may be why it is void. Raises MeetingArithmetic for what is no number
    of persons, and InvalidData without a known ground.
    """
    if meeting.get("void_reason") not in WHY_VOID:
        raise InvalidData(fields={"void_reason": "请写明表决作废的原因"})
    ballot = {field: _count(meeting, field) for field in _LABELS}
    told = {key: meeting.get(key) for key in ("held_on", "void_reason", "reason")}
    return [*map(dict, kept), {**told, **ballot}]


def _count(meeting: Mapping[str, Any], field: str) -> int:
    value = meeting.get(field)
    if value is None and field == "written_opinions":
        return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _does_not_hold(field, f"{_LABELS[field]}应为不小于0的整数")
    return value


def _does_not_hold(field: str, told: str, *others: str) -> MeetingArithmetic:
    return MeetingArithmetic(sum=told, fields=dict.fromkeys((field, *others), told))
