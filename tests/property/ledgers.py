"""What the tests of the ledgers share: one database with the cast, and how many orders of acts are tried.

`TUANCHENG_LEDGER_EXAMPLES` says how many; the night takes hundreds.
"""

import os

from sqlalchemy import Engine, StaticPool
from sqlalchemy.orm import Session

from tests.support import cast as people
from workflows import tables
from workflows.database import new_engine

EXAMPLES = int(os.environ.get("TUANCHENG_LEDGER_EXAMPLES", "8"))

_founded: list[tuple[Engine, people.Cast]] = []


def founded() -> tuple[Engine, people.Cast]:
    """One database for all runs; every run works in a transaction of its own that is rolled back."""
    if not _founded:
        engine = new_engine("sqlite://", poolclass=StaticPool)
        tables.metadata.create_all(engine)
        with Session(engine, expire_on_commit=False) as session:
            cast = people.build(session)
            session.commit()
            session.expunge_all()
        _founded.append((engine, cast))
    return _founded[0]
