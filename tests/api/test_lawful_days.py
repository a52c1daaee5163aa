"""The lawful days of a case, over the API."""

from collections.abc import Callable
from typing import Any

from tests.api.caller import Caller
from tests.support.cast import Cast
from workflows.domain.people import Person

Apply = Callable[..., dict[str, Any]]


def test_a_case_tells_the_lawful_days_of_every_step_to_come(saren: Caller, apply: Apply) -> None:
    case = apply()
    items = saren.get(f"/cases/{case['id']}/lawful-days").json["items"]
    assert [each["day"] for each in items if each["is_now"]] == ["received"]
    talk = next(each for each in items if each["day"] == "talked")
    assert (talk["earliest"]["on"], talk["latest"]["on"], talk["state"]) == ("2020-05-20", "2020-06-20", "")
    assert (talk["latest"]["rule"], talk["latest"]["article"]) == ("派人谈话的期限", "细则：派人谈话")
    assert items[-1]["day"] == "certified"


def test_who_may_not_see_the_case_is_not_told(apply: Apply, signed_in: Callable[[Person], Caller], cast: Cast) -> None:
    case = apply()
    assert signed_in(cast.he).get(f"/cases/{case['id']}/lawful-days").status_code == 404
