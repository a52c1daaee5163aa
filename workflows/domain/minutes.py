"""What the minutes of a branch meeting say of one candidate: a resolution whose figures follow from the count.

The wording is the product's; what has to be in it (should-attend, present, yes, no, abstain, day) is in the rulebook's
step 11. Ballots that were declared void are told before the one that counts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from workflows.domain import majorities, meetings, rule_sets
from workflows.domain.meetings import WHY_VOID, Decision

_BALLOTS = rule_sets.CYL_2023.parameters["ballot"].words


def resolution(
    name: str, meeting: Mapping[str, Any], rules: Mapping[str, Any], void: Sequence[Mapping[str, Any]] = ()
) -> str:
    """The branch's resolution on one candidate, as a text for the minutes and the 入团志愿书.

    `meeting` and `rules` are what `meetings.decide` takes, and `held_on` (ISO day); `void` are the ballots on the
    candidate that were declared void, as `meetings.keep_void` keeps them, of which those of the same day are told.
    Raises MeetingArithmetic.
    """
    decision = meetings.decide(meeting, rules)
    before = void_on(meeting, void)
    told = "".join(_void(number, each) for number, each in enumerate(before, 1))
    discussed = f"大会讨论了{name}的入团申请并单独进行{_BALLOTS[rules.get('ballot', 'secret')]}"
    way = f"{discussed}。{told}以第{len(before) + 1}次表决为准：" if before else f"{discussed}："
    return f"{_attendance(meeting, rules)}{way}{figures(meeting)}。{_outcome(name, meeting, rules, decision)}"


def void_on(meeting: Mapping[str, Any], void: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The void ballots of the day of the meeting, in the order in which they were cast."""
    return [each for each in void if each.get("held_on") == meeting.get("held_on")]


def summary(decisions: Sequence[Decision]) -> str:
    """How a meeting ended for all its candidates; that nobody was adopted is said by itself."""
    results = [each.result for each in decisions]
    if results and set(results) == {"not_adopted"}:
        return f"本次大会表决{len(results)}人，全部未通过。"
    counted = {word: results.count(result) for result, word in _RESULTS}
    return f"本次大会表决{len(results)}人：" + "，".join(f"{word}{n}人" for word, n in counted.items() if n) + "。"


_RESULTS: tuple[tuple[meetings.Result, str], ...] = (
    ("adopted", "通过"),
    ("not_adopted", "未通过"),
    ("no_quorum", "人数不足无效"),
)


def _attendance(meeting: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
    written = meeting.get("written_opinions") or 0
    counted = "计入票数" if rules.get("count_written_absent", True) else "不计入票数"
    opinions = f"，会前收到书面意见{written}份（{counted}）" if written else ""
    return f"应到会有表决权的团员{meeting['eligible_voters']}人，实到{meeting['present_voters']}人{opinions}。"


def figures(ballot: Mapping[str, Any]) -> str:
    """The votes of one ballot."""
    return f"赞成{ballot['votes_for']}票，反对{ballot['votes_against']}票，弃权{ballot['votes_abstain']}票"


def _void(number: int, ballot: Mapping[str, Any]) -> str:
    return f"第{number}次表决{figures(ballot)}，因{WHY_VOID[ballot['void_reason']]}作废，当场再次表决。"


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
