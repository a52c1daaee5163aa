"""The cast, for every unit test that asks for it."""

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.cast import Cast


@pytest.fixture
def cast(session: Session) -> Cast:
    """Units and people, founded in the test's own transaction."""
    return people.build(session)
