from collections.abc import Callable

from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from tests.unit.domain.test_split_proposals import counted
from workflows.domain.head_counts import Line
from workflows.domain.people import Person
from workflows.domain.units import Field

Call = Callable[[Person], Caller]


def test_ratios_are_told_for_a_unit_and_those_below(signed_in: Call, cast: Cast, now: object, session: Session) -> None:
    counted(session, cast.branch, Line(Field.SENIOR, True, 50, 29))
    counted(session, cast.county, youth=1000)
    session.commit()
    found = signed_in(cast.zhao).get("/ratios", unit_id=cast.county.id, admissions=2).json
    assert found["tiles"] == {"used": 0, "reserved": 0, "free": 3, "filed": 0, "admitted": 0, "days_left": 213}
    county, school, other = found["items"]
    assert (county["scopes"][0]["next"], county["scopes"][0]["mark_next"], county["youth"]) == ("62.0%", "red", "2.9%")
    assert (school["scopes"][0]["now"], school["scopes"][0]["room"], school["mark"]) == ("58.0%", 1, "amber")
    assert (other["scopes"], other["mark"], other["counted"]) == ([], "none", False)
    told = [(each["unit_id"], each["classes"], each["all_classes"]) for each in found["uncounted"]]
    assert told == [(cast.school.id, 1, 2), (cast.other_school.id, 0, 0)]


@ON_SQLITE
def test_an_exception_is_granted_by_a_county_and_not_by_the_school(
    signed_in: Call, cast: Cast, now: object, session: Session
) -> None:
    counted(session, cast.branch, Line(Field.SENIOR, True, 50, 31))
    session.commit()
    here, sent = f"/ratios/{cast.branch.id}/exceptions", {"extra": 1, "reason": "转入应届生事迹突出，经研究同意"}
    assert signed_in(cast.gaowa).post(here, sent).status_code == 403
    assert signed_in(cast.zhao).post(here, sent).json["granted_by"] == cast.zhao.id
    refused = signed_in(cast.zhao).post(here, {**sent, "extra": 0})
    assert wrong_fields(refused) == {"extra": "应为1至200的整数"}
