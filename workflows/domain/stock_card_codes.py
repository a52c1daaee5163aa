"""The three digits with which the numbers of a base committee's cards begin (团员证编号前3位).

The county draws the codes up and the committee enters its own. It is on every card that was given out, so that it may
be corrected before the first card and not after.
"""

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflows import journal
from workflows.domain import stock_ledger, units
from workflows.domain.stock_copies import StockCopy
from workflows.domain.stock_ledger import StockAccount, StockKind
from workflows.domain.stock_refusals import CardCodeFixed, CardCodeWrong
from workflows.journal import Actor, Event

CODE_DIGITS = 3


def set_card_code(session: Session, unit_id: int, code: str, *, actor: Actor) -> StockAccount:
    """Give a base committee's stock of cards its code; again, nothing happens.

    Raises CardCodeWrong (not three digits, or another committee's), CardCodeFixed (cards bear the code it has).
    """
    wrong = CardCodeWrong(fields={"prefix": CardCodeWrong.sentence})
    if len(code) != CODE_DIGITS or not (code.isascii() and code.isdigit()):
        raise wrong
    account = stock_ledger.lock_or_open(session, StockKind.CARD, unit_id)
    before = account.prefix
    if before == code:
        return account
    given = issued(session, account)
    if given:
        name = units.get(session, unit_id).name
        told = {"prefix": f"已按代号{before}发出{given}张团员证"}
        raise CardCodeFixed(unit=name, code=before, given=given, fields=told)
    try:
        with session.begin_nested():
            account.prefix = code
            session.flush()
    except IntegrityError as error:
        raise wrong from error
    journal.record(session, Event.CARD_CODE_SET, chain=account.chain, actor=actor, code=code, before=before)
    return account


def issued(session: Session, account: StockAccount) -> int:
    """How many cards were given out of the account, whatever became of them."""
    of_account = (StockCopy.account_id == account.id, StockCopy.kind == StockKind.CARD)
    return session.scalar(select(func.count()).select_from(StockCopy).where(*of_account)) or 0
