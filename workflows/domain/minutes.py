"""What the minutes of a branch meeting say of one candidate: a resolution whose figures follow from the count.

The wording is the product's; what has to be in it (should-attend, present, yes, no, abstain, day) is in the rulebook's
step 11.
"""

from collections.abc import Mapping
from typing import Any

from workflows.domain import majorities, meetings
from workflows.domain.meetings import Decision


def resolution(name: str, meeting: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    """The branch's resolution on one candidate, as a text for the minutes and the 入团志愿书.

    `meeting` and `rules` are what `meetings.decide` takes, and `held_on` (ISO day). Raises MeetingArithmetic.
    """
    decision = meetings.decide(meeting, rules)
    return f"{_attendance(meeting, rules)}{_vote(name, meeting)}{_outcome(name, meeting, rules, decision)}"


def _attendance(meeting: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    written = meeting.get("written_opinions") or 0
    counted = "计入票数" if rules.get("count_written_absent", True) else "不计入票数"
    opinions = f"，会前收到书面意见{written}份（{counted}）" if written else ""
    return f"应到会有表决权的团员{meeting['eligible_voters']}人，实到{meeting['present_voters']}人{opinions}。"


def _vote(name: str, meeting: Mapping[str, Any]) -> str:
    yes, no, abstain = meeting["votes_for"], meeting["votes_against"], meeting["votes_abstain"]
    return f"大会讨论了{name}的入团申请并单独进行无记名投票：赞成{yes}票，反对{no}票，弃权{abstain}票。"


def _outcome(name: str, meeting: Mapping[str, Any], rules: Mapping[str, Any], decision: Decision) -> str:
    if decision.result == "no_quorum":
        share = majorities.in_words(majorities.read(rules["quorum"]))
        return f"到会人数不足{share}（须{decision.present_needed}人），表决无效，须重新召开大会。"
    share = majorities.in_words(majorities.read(rules["pass_rule"]))
    needed = f"通过须有{decision.votes_needed}票（按{share}计）"
    if decision.result == "not_adopted":
        return f"{needed}，大会未通过接收{name}入团。"
    since = f"批准后，入团时间为{meeting['held_on']}"
    return f"{needed}，大会通过接收{name}为中国共产主义青年团团员，报上级团委审批；{since}。"
