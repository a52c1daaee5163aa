"""Triggers that keep the rows of a table as they were written: the journal and the ledger are append-only."""

from alembic import op

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""


def protect(*tables: str) -> None:
    """Refuse UPDATE and DELETE (and on PostgreSQL TRUNCATE) on each table, whoever asks."""
    if _on_postgresql():
        op.execute(_FUNCTION)
    for table in tables:
        for name, statement in _triggers(table).items():
            op.execute(f"CREATE TRIGGER {name} {statement}")


def unprotect(*tables: str) -> None:
    """Take the triggers away again; for a downgrade that drops the tables."""
    for table in tables:
        for name in _triggers(table):
            op.execute(f"DROP TRIGGER {name} ON {table}" if _on_postgresql() else f"DROP TRIGGER {name}")


def forget() -> None:
    """Drop what `protect` left in the database beside the triggers; for the downgrade of the first revision."""
    if _on_postgresql():
        op.execute("DROP FUNCTION refuse_change()")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _triggers(table: str) -> dict[str, str]:
    if _on_postgresql():
        row = f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        whole = f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        return {f"{table}_append_only": row, f"{table}_not_emptied": whole}
    told = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return {f"{table}_no_{act.lower()}": f"BEFORE {act} ON {table} {told}" for act in ("UPDATE", "DELETE")}
