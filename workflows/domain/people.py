"""People: whoever acts in the product or is the subject of a case. Identity numbers are encrypted and shown masked."""

from datetime import date
from enum import StrEnum

from sqlalchemy import Boolean, Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows.database import Base, BigId, Encrypted
from workflows.domain import identity_numbers
from workflows.domain.columns import reference, word
from workflows.errors import NotFound


class Sex(StrEnum):
    """As the identity card has it."""

    MALE = "male"
    FEMALE = "female"


class Person(Base):
    """One person. `unit_id` is the branch the person belongs to, None for officers above the branches."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    sex: Mapped[Sex] = mapped_column(word(Sex))
    birth_date: Mapped[date] = mapped_column(Date)
    ethnic_group: Mapped[str] = mapped_column(String(40))
    nationality: Mapped[str] = mapped_column(String(8), default="CN")
    identity: Mapped[str | None] = mapped_column(Encrypted)
    identity_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    unit_id: Mapped[int | None] = reference("unit.id", nullable=True)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)

    def identify(self, number: str | None) -> None:
        """Keep `number` encrypted, with the digest it is looked up by."""
        self.identity = None if number is None else identity_numbers.normal(number)
        self.identity_digest = None if number is None else identity_numbers.digest(number)

    def masked_identity(self) -> str:
        """The identity number as it may be shown; empty when none is kept."""
        return identity_numbers.mask(self.identity) if self.identity else ""


def get(session: Session, person_id: int) -> Person:
    """The person; raises NotFound."""
    found = session.get(Person, person_id)
    if found is None:
        raise NotFound(what="人员")
    return found


def by_identity(session: Session, number: str) -> Person | None:
    """The person with this identity number, if the product knows one."""
    return session.scalars(select(Person).where(Person.identity_digest == identity_numbers.digest(number))).first()


def add(
    session: Session,
    *,
    name: str,
    sex: str,
    birth_date: date,
    ethnic_group: str = "汉族",
    nationality: str = "CN",
    identity_number: str | None = None,
    unit_id: int | None = None,
    is_demo: bool = False,
) -> Person:
    """Enter a person; raises IdentityNumberWrong when the number contradicts birth date or sex."""
    if identity_number is not None:
        identity_number = identity_numbers.verify(
            identity_number, birth_date=birth_date, sex=sex, nationality=nationality
        )
    person = Person(
        name=name,
        sex=Sex(sex),
        birth_date=birth_date,
        ethnic_group=ethnic_group,
        nationality=nationality,
        unit_id=unit_id,
        is_demo=is_demo,
    )
    person.identify(identity_number)
    session.add(person)
    session.flush()
    return person
