"""A case in one look, over the API."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from tests.support.training import in_training
from workflows import clock
from workflows.domain.people import Person
from workflows.engine.tables import Bundle, DueTimer
from workflows.operations import reservations

Apply = Callable[..., dict[str, Any]]


def test_a_case_tells_its_step_whose_turn_it_is_and_its_days(saren: Caller, apply: Apply) -> None:
    case = apply()
    found = saren.get(f"/cases/{case['id']}/summary").json
    assert (found["number"], found["of"], found["state"], found["overdue_since"]) == (1, 15, "", None)
    [turn] = found["turns"]
    assert (turn["who"], turn["mine"], turn["papers"]) == ("团支部书记 萨仁", True, ["收到申请书日期"])
    assert [each["day"] for each in found["next_days"]] == ["received"]
    assert found["place_until"] is None


def test_until_when_the_place_is_kept_is_told(saren: Caller, apply: Apply, session: Session) -> None:
    case = apply()
    over = clock.start_of(date(2020, 12, 20))
    named = {"step": reservations.ENDS, "label": "", "attached_to": "admission"}
    session.add(DueTimer(case_id=case["id"], task=99, due_at=over, **named))
    session.commit()
    assert saren.get(f"/cases/{case['id']}/summary").json["place_until"] == "2020-12-19"


@ON_SQLITE
def test_what_the_evidence_lacks_is_told_with_figures_and_article(
    saren: Caller, session: Session, cast: Cast, admission: Bundle
) -> None:
    with clock.standing_at(datetime(2020, 6, 17, 2, tzinfo=UTC)):
        case = in_training(session, cast)
        found = saren.get(f"/cases/{case.id}/summary").json
    hours = next(each for each in found["lacks"] if each["name"] == "class_hours")
    assert (hours["have"], hours["need"], hours["said"]) == (0, 8, "还缺 8 学时")
    assert (hours["article"], hours["confidence"]) == ("细则：团课学习", "rule")


@ON_SQLITE
def test_who_may_not_see_the_case_is_not_told(apply: Apply, signed_in: Callable[[Person], Caller], cast: Cast) -> None:
    case = apply()
    assert signed_in(cast.he).get(f"/cases/{case['id']}/summary").status_code == 404
