"""How much is kept for a case: the values of its rows in every table that names the case, without indexes and padding.

The same rule on every database: text in UTF-8 bytes, JSON as it is written without blanks, bytes as they are, 8 for a
number, a date or a moment, 1 for a truth, nothing for NULL. What a person's own record needs is not a case's.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Engine, LargeBinary, Table, select, type_coerce
from sqlalchemy.orm import Session

from workflows import journal, tables
from workflows.database import Encrypted, only_reading
from workflows.engine.tables import Case
from workflows.journal import JournalChain, JournalEntry


def of_case(engine: Engine, case_id: int) -> int:
    """Bytes of the case in all tables but the journal's."""
    with only_reading(), Session(engine) as session:
        return sum(_in_table(session, table, named == case_id) for table, named in _naming_a_case())


def by_table(engine: Engine, case_id: int) -> dict[str, int]:
    """The same, table by table."""
    with only_reading(), Session(engine) as session:
        found = {table.name: _in_table(session, table, named == case_id) for table, named in _naming_a_case()}
    return {name: size for name, size in sorted(found.items()) if size}


def of_journal(engine: Engine, case_id: int) -> int:
    """Bytes of the case's own chain."""
    chain = journal.case_chain(case_id)
    with only_reading(), Session(engine) as session:
        return sum(
            _in_table(session, table, table.c.chain == chain) for table in (_table(JournalEntry), _table(JournalChain))
        )


def _naming_a_case() -> list[tuple[Table, ColumnElement[Any]]]:
    own = _table(Case)
    others = [table for table in tables.metadata.sorted_tables if "case_id" in table.c]
    return [(own, own.c.id), *((table, table.c.case_id) for table in others)]


def _table(mapped: Any) -> Table:
    table: Table = mapped.__table__
    return table


def _in_table(session: Session, table: Table, which: ColumnElement[bool]) -> int:
    # Encrypted columns as they lie there.
    columns = [type_coerce(each, LargeBinary) if isinstance(each.type, Encrypted) else each for each in table.c]
    return sum(_row(row) for row in session.execute(select(*columns).where(which)))


def _row(row: Sequence[Any]) -> int:
    return sum(map(_value, row))


def _value(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool):
        return 1
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes | memoryview):
        return len(value)
    return len(orjson.dumps(value)) if isinstance(value, dict | list) else 8
