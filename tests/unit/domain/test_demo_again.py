"""The demo beside what stood before: its people come from the seed, its password does not, and a plan is left alone."""

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import accounts, demo, quotas, region
from workflows.journal import SYSTEM

SECRETARY_OF_THE_DEFAULT_SEED = "演示·陈十"


def test_a_plan_that_stands_is_left_alone_and_the_seed_decides_on_names_only(session: Session) -> None:
    region.install(session)
    quotas.open_plan(session, clock.today().year, 10, SYSTEM)
    logins = demo.install(session)
    assert quotas.current_plan(session).total == 10
    assert logins[0].name == SECRETARY_OF_THE_DEFAULT_SEED
    password = logins[0].password
    assert password is not None
    accounts.check_strength(password)
