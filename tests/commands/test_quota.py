"""`tuancheng quota audit` says what it checked, and names the account that does not add up."""

from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.support import cast
from workflows.domain import stock_handovers
from workflows.domain.stock_ledger import StockKind
from workflows.journal import SYSTEM

Tuancheng = Callable[..., Result]

both = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)


@both
def test_a_ledger_that_adds_up_is_found_right(tuancheng: Tuancheng, its_database: Engine) -> None:
    _allot(its_database)
    answer = tuancheng("quota", "audit")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "名额账户" in answer.output


@both
def test_an_altered_balance_is_named(tuancheng: Tuancheng, its_database: Engine) -> None:
    _allot(its_database)
    with its_database.begin() as connection:
        connection.execute(text("UPDATE quota_account SET free = free - 1, used = used + 1 WHERE free > 0"))
    answer = tuancheng("quota", "audit")
    assert answer.exit_code == 1
    assert "第一中学团委" in answer.stderr


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
def test_a_stock_altered_by_hand_is_named(tuancheng: Tuancheng, its_database: Engine) -> None:
    with Session(its_database) as session, session.begin():
        county = cast.build(session).county.id
        stock_handovers.receive(session, StockKind.FORM, county, 5, document="出库单1号", actor=SYSTEM)
    assert tuancheng("quota", "audit").exit_code == 0
    with its_database.begin() as connection:
        connection.execute(text("UPDATE stock_account SET blank = blank + 1, taken_in = taken_in + 1"))
    answer = tuancheng("quota", "audit")
    assert answer.exit_code == 1
    assert "新城区团委·入团志愿书：账上 blank 为 6，按流水应为 5" in answer.stderr


def _allot(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        cast.plan_for_school(session, cast.build(session), places=3)
