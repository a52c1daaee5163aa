"""What a scenario writes after `because`, compared with what keeps the case back."""

from datetime import date

import pytest

from workflows.engine.reasons.reason import Condition, Fact, Gate, Kind, Reason, Remedy, Source, SourceKind, Way
from workflows.engine.reasons.told import difference

HOURS = Fact("learn.hours", "学时", 5, Source(SourceKind.FORM, "learn"))
TOO_FEW = Reason(
    Kind.DECISION,
    "check",
    "核对",
    article="第1条",
    rule="few",
    decision="enough",
    facts=(HOURS,),
    remedies=(Remedy("many", ((Condition("few", "学时", "learn.hours", "< 8", (HOURS,)),),)),),
    earliest=date(2020, 5, 10),
)
SENT_BACK = Reason(Kind.GATE, "judge", "审核", gate=Gate("verdict", "结论", Way("back", "退回", None), ()))


@pytest.mark.parametrize(
    "written",
    [
        {"decision": "enough", "rule": "few", "article": "第1条", "from": date(2020, 5, 10)},
        {"from": "2020-05-10"},
        {"facts": {"learn.hours": 5}},
        {"needs": ["learn.hours"]},
        {"kind": "gate", "step": "judge", "gate": "verdict", "way": "退回"},
    ],
)
def test_what_agrees_with_one_of_the_reasons_makes_no_difference(written: dict[str, object]) -> None:
    assert difference([SENT_BACK, TOO_FEW], written) is None


@pytest.mark.parametrize(
    "written,said",
    [
        ({"rule": "many"}, "{'rule': 'few'}"),
        ({"from": date(2020, 5, 11)}, "2020, 5, 10"),
        ({"facts": {"learn.hours": 6}}, "{'learn.hours': 5}"),
        ({"needs": []}, "['learn.hours']"),
        ({"decision": "enough", "step": "judge"}, "实为"),
        ({"becuase": 1}, "不认识 becuase"),
    ],
)
def test_a_difference_is_told_with_what_was_found(written: dict[str, object], said: str) -> None:
    assert said in (difference([TOO_FEW, SENT_BACK], written) or "")


def test_a_case_that_nothing_keeps_back_differs_from_every_reason() -> None:
    assert "没有理由" in (difference([], {"rule": "few"}) or "")
