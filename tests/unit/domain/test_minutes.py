"""What the minutes say of one candidate."""

import pytest

from workflows.domain import meetings, minutes, rule_sets
from workflows.domain.meetings import MeetingArithmetic

RULES = rule_sets.values("NMG_2020")


def held(present: int, yes: int, no: int, abstain: int, written: int = 0) -> dict[str, object]:
    return {
        "held_on": "2020-07-13",
        "eligible_voters": 30,
        "present_voters": present,
        "written_opinions": written,
        "votes_for": yes,
        "votes_against": no,
        "votes_abstain": abstain,
    }


def test_adopted_names_attendance_votes_what_was_needed_and_the_day() -> None:
    assert minutes.resolution("乌云", held(25, 24, 1, 0), RULES) == (
        "应到会有表决权的团员30人，实到25人。大会讨论了乌云的入团申请并单独进行无记名投票：赞成24票，反对1票，弃权0票。"
        "通过须有16票（按应到会有表决权人数的半数计），大会通过接收乌云为中国共产主义青年团团员，报上级团委审批；"
        "批准后，入团时间为2020-07-13。"
    )


def test_not_adopted_and_no_quorum_say_what_was_missing() -> None:
    told = minutes.resolution("乌云", held(25, 15, 10, 1, written=1), RULES)
    assert told.endswith("通过须有16票（按应到会有表决权人数的半数计），大会未通过接收乌云入团。")
    assert "会前收到书面意见1份（计入票数）" in told
    told = minutes.resolution("乌云", held(15, 15, 0, 0), RULES)
    assert told.endswith("到会人数不足应到会有表决权人数的半数（须16人），表决无效，须重新召开大会。")


def test_another_share_and_base_are_said_in_words() -> None:
    rules = RULES | {"pass_rule": ">=2/3 of ballots", "count_written_absent": False}
    told = minutes.resolution("乌云", held(24, 16, 8, 0, written=2), rules)
    assert "会前收到书面意见2份（不计入票数）" in told
    assert "通过须有16票（按票数的3分之2计），大会通过接收乌云" in told


def test_minutes_are_not_made_of_figures_that_do_not_add_up() -> None:
    with pytest.raises(MeetingArithmetic):
        minutes.resolution("乌云", held(25, 24, 2, 0), RULES)


def test_every_void_ballot_is_told_with_its_reason_and_which_one_counts() -> None:
    first = held(25, 13, 12, 1) | {"void_reason": "miscount", "reason": "多出一张"}
    second = held(25, 12, 12, 1) | {"void_reason": "disputed", "reason": "一张写法不清"}
    earlier = first | {"held_on": "2020-05-04"}
    void: list[dict[str, object]] = []
    for ballot in (earlier, first, second):
        void = meetings.keep_void(ballot, void)
    told = minutes.resolution("乌云", held(25, 16, 9, 0), RULES, void)
    assert (
        "第1次表决赞成13票，反对12票，弃权1票，因票数不符作废，当场再次表决。"
        "第2次表决赞成12票，反对12票，弃权1票，因计票有争议作废，当场再次表决。"
        "以第3次表决为准：赞成16票，反对9票，弃权0票。通过须有16票"
    ) in told
    assert told.count("作废") == 2


def test_the_summary_says_by_itself_that_all_were_voted_on_and_none_adopted() -> None:
    adopted, failed = meetings.decide(held(25, 25, 0, 0), RULES), meetings.decide(held(25, 5, 20, 0), RULES)
    assert minutes.summary([failed, failed]) == "本次大会表决2人，全部未通过。"
    assert minutes.summary([adopted, failed]) == "本次大会表决2人：通过1人，未通过1人。"
    void = meetings.decide(held(15, 15, 0, 0), RULES)
    assert minutes.summary([void]) == "本次大会表决1人：人数不足无效1人。"
