"""突击发展 on the pages: who is warned, with which figures, and that it stops nobody."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support.cast import Cast, make_member
from workflows.domain.people import Person, Sex
from workflows.engine.tables import Bundle


def _join(session: Session, cast: Cast, n: int) -> None:
    for _ in range(n):
        born = date(2005, 1, 1)
        person = Person(name="某人", sex=Sex.FEMALE, ethnic_group="汉族", birth_date=born, nationality="CN")
        session.add(person)
        session.flush()
        make_member(session, person, cast.branch).joined_on = date(2020, 5, 8)
    session.commit()


def test_the_approver_and_the_county_are_warned_and_the_branch_is_not(
    visit: Visit, cast: Cast, admission: Bundle, session: Session, now: datetime
) -> None:
    _join(session, cast, 60)
    told = "2020-05-08 至 2020-05-08（7 天之内）有 60 人通过支部大会"
    inbox = visit(cast.gaowa).open("/inbox")
    assert "突击发展提示" in inbox
    assert told in inbox
    assert "本产品的做法（未核实）" in inbox
    assert told in visit(cast.zhao).open("/cases")
    assert "突击发展" not in visit(cast.saren).open("/inbox")


def test_without_a_rush_nobody_is_warned(
    visit: Visit, cast: Cast, admission: Bundle, session: Session, now: datetime
) -> None:
    _join(session, cast, 4)
    assert "突击发展" not in visit(cast.gaowa).open("/inbox")
