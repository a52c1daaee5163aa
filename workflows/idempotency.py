"""Idempotency keys: the same request sent twice has the effect, and the answer, of once."""

import hashlib
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import String, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock
from workflows.database import Base, BigId, Json, table_of
from workflows.errors import Refusal

PENDING = 0
"""The status of a key whose request is still being worked on; such a row is never committed."""


class KeyUsedDifferently(Refusal):
    """The same Idempotency-Key came with another request."""

    code = "idempotency.reused"
    sentence = "这个 Idempotency-Key 已用于另一项请求，请换一个新的。"
    rule = "一个 Idempotency-Key 只对应一项请求"
    kind = "invalid"


class IdempotencyKey(Base):
    """One key of one person, the request it came with and the answer that was given."""

    __tablename__ = "idempotency_key"

    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(index=True)


def digest_of_request(method: str, path: str, body: Any) -> str:
    """What makes two requests the same one."""
    return hashlib.sha256(orjson.dumps([method, path, body], option=orjson.OPT_SORT_KEYS)).hexdigest()


def earlier_answer(session: Session, person_id: int, key: str, request: str) -> tuple[int, dict[str, Any]] | None:
    """The status and body given to this key before; None when the key is new.

    Raises KeyUsedDifferently when the key came with another request.
    """
    query = select(IdempotencyKey).where(IdempotencyKey.person_id == person_id, IdempotencyKey.key == key)
    found = session.scalars(query).first()
    if found is None:
        return None
    if found.request != request:
        raise KeyUsedDifferently()
    return found.status, found.answer


def claim(session: Session, person_id: int, key: str, request: str) -> bool:
    """Keep the key for a request that is being worked on, without an answer; False when it was used before.

    Whoever sends the same key at the same time waits here for this transaction, and then finds its answer.
    """
    values = {
        "person_id": person_id,
        "key": key,
        "request": request,
        "status": PENDING,
        "answer": {},
        "created_at": clock.now(),
    }
    return session.scalar(_CLAIMED[session.get_bind().dialect.name], values) is not None


def answer(session: Session, person_id: int, key: str, status: int, answered: dict[str, Any]) -> None:
    """Keep the answer with the effect, in the transaction that claimed the key."""
    session.execute(_ANSWERED, {"of_person": person_id, "of_key": key, "status": status, "answer": answered})


_KEYS = table_of(IdempotencyKey)
_CLAIMED = {
    name: dialect.insert(_KEYS).on_conflict_do_nothing().returning(_KEYS.c.key)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_ANSWERED = (
    update(_KEYS)
    .where(_KEYS.c.person_id == bindparam("of_person"), _KEYS.c.key == bindparam("of_key"))
    .values(status=bindparam("status"), answer=bindparam("answer"))
)
