"""People: identity numbers are encrypted, looked up by digest, shown masked."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from workflows.domain import identity_numbers, people
from workflows.domain.identity_numbers import IdentityNumberWrong
from workflows.errors import NotFound

BORN = date(2005, 3, 8)
HERS = identity_numbers.made_up(BORN, "Wuyun", "female")


def test_an_identity_number_is_not_readable_in_the_table(session: Session) -> None:
    person = people.add(session, name="乌云", sex="female", birth_date=BORN, identity_number=HERS)
    row = session.execute(text("SELECT * FROM person WHERE id = :id"), {"id": person.id}).one()
    assert not any(
        HERS.encode() in (bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode())
        for value in row
    )
    session.expire(person)
    assert person.identity == HERS


def test_a_person_is_found_by_identity_number(session: Session) -> None:
    person = people.add(session, name="乌云", sex="female", birth_date=BORN, identity_number=HERS)
    assert people.by_identity(session, HERS.lower()) is person
    assert people.by_identity(session, identity_numbers.made_up(BORN, "nobody")) is None


def test_a_person_may_have_no_identity_number_on_record(session: Session) -> None:
    person = people.add(session, name="高娃", sex="female", birth_date=date(1985, 1, 1))
    assert person.masked_identity() == ""
    assert people.get(session, person.id) is person


def test_a_contradiction_is_refused(session: Session) -> None:
    with pytest.raises(IdentityNumberWrong):
        people.add(session, name="乌云", sex="male", birth_date=BORN, identity_number=HERS)


def test_an_identity_number_is_shown_masked(session: Session) -> None:
    person = people.add(session, name="乌云", sex="female", birth_date=BORN, identity_number=HERS)
    assert person.masked_identity() == identity_numbers.mask(HERS)


def test_an_unknown_person_is_said_to_be_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        people.get(session, 10**9)
