"""Idempotency keys: the same request twice has the answer of once; another request under the same key is refused."""

import pytest
from sqlalchemy.orm import Session

from workflows import idempotency

REQUEST = idempotency.digest_of_request("POST", "/api/v1/cases", {"a": 1, "b": 2})


def answered(session: Session) -> None:
    assert idempotency.claim(session, 7, "k", REQUEST) is True
    idempotency.answer(session, 7, "k", 201, {"id": 4})


def test_a_new_key_has_no_answer_yet(session: Session) -> None:
    assert idempotency.earlier_answer(session, 7, "k", REQUEST) is None


def test_the_same_request_gets_the_same_answer(session: Session) -> None:
    answered(session)
    same = idempotency.digest_of_request("POST", "/api/v1/cases", {"b": 2, "a": 1})
    assert idempotency.earlier_answer(session, 7, "k", same) == (201, {"id": 4})


def test_another_request_under_the_same_key_is_refused(session: Session) -> None:
    answered(session)
    other = idempotency.digest_of_request("POST", "/api/v1/cases", {"a": 2})
    with pytest.raises(idempotency.KeyUsedDifferently):
        idempotency.earlier_answer(session, 7, "k", other)


def test_keys_of_two_people_do_not_meet(session: Session) -> None:
    answered(session)
    assert idempotency.earlier_answer(session, 8, "k", REQUEST) is None


def test_a_key_is_claimed_once_by_each_person(session: Session) -> None:
    answered(session)
    assert idempotency.claim(session, 7, "k", REQUEST) is False
    assert idempotency.claim(session, 8, "k", REQUEST) is True
