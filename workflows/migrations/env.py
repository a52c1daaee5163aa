"""Alembic's entry: migrations run on the connection handed in by `workflows.migrations`."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from workflows import tables
from workflows.database import Encrypted, UtcDateTime


def _frozen(kind: str, item: Any, _autogen: AutogenContext) -> Any:
    """Write plain SQL types into a revision, so that it means the same when the models have moved on.

    `BigId`, `Json` and `Moment` are defined at the top of each revision by its template.
    """
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "Moment"
    if isinstance(item, Encrypted):
        return "sa.LargeBinary()"
    if isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    if isinstance(item, sa.BigInteger) and "sqlite" in item._variant_mapping:
        return "BigId"
    if isinstance(item, sa.JSON):
        return "Json"
    return False


def run() -> None:
    """Run what was asked for; SQLite migrates in a transaction too, because the engine begins one itself."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=tables.metadata,
        transactional_ddl=True,
        render_as_batch=True,
        render_item=_frozen,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
