"""`python -m workflows.migrations "what changes"` drafts a revision from the models against a fresh database."""

import sys

from sqlalchemy.pool import StaticPool

from workflows.database import new_engine
from workflows.migrations import draft, upgrade


def main() -> None:
    """Draft a revision; it must be read, and tested on both databases, before it is committed."""
    if len(sys.argv) != 2:
        raise SystemExit('usage: python -m workflows.migrations "what changes"')
    engine = new_engine("sqlite://", poolclass=StaticPool)
    upgrade(engine)
    draft(engine, sys.argv[1])


if __name__ == "__main__":
    main()
