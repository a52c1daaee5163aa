"""The tables of joint recognition: the row both sides read, what the facts were, and what was done.

The row holds the keys in force themselves, so that the database can watch over the rule of two keys: it refuses a
recognition that is not signed by both over the facts on record, and both keys in one hand.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflows.database import Base, BigId
from workflows.domain.columns import reference, word
from workflows.domain.recommendation_rounds import Product
from workflows.domain.two_keys import Key, Side, State, TwoKeys

DIGEST = 64
LONGEST_DOCUMENT = 120

_LIVE_SQL = "state IN ('open', 'recognised', 'suspended')"
_AGREE_SQL = (
    "league_digest IS NOT NULL AND party_digest IS NOT NULL AND league_digest = digest AND party_digest = digest"
)


class ActKind(StrEnum):
    """What was done to a recognition."""

    OPENED = "opened"
    SIGNED = "signed"
    RENEWED = "renewed"
    REPORTED = "reported"
    RECOGNISED = "recognised"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """The Chinese word for this act."""
        return _ACTS[self]


_ACTS = {
    ActKind.OPENED: "提请联合认定",
    ActKind.SIGNED: "签署",
    ActKind.RENEWED: "事实有变动，此前的签署失效",
    ActKind.REPORTED: "报告情况",
    ActKind.RECOGNISED: "双方认定",
    ActKind.REFUSED: "不予认定",
    ActKind.WITHDRAWN: "撤回",
    ActKind.EXPIRED: "有效期满",
}


class Recognition(Base):
    """One recognition; the keys that do not stand any more are only acts."""

    __tablename__ = "recognition"
    __table_args__ = (
        CheckConstraint(f"state <> 'recognised' OR ({_AGREE_SQL})", name="two_keys"),
        CheckConstraint("league_signed_by IS NULL OR league_signed_by <> party_signed_by", name="two_people"),
        Index(
            "uq_recognition_live",
            "recommendation_id",
            unique=True,
            sqlite_where=text(_LIVE_SQL),
            postgresql_where=text(_LIVE_SQL),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recommendation_id: Mapped[int] = reference("recommendation.id")
    person_id: Mapped[int] = reference("person.id")
    product: Mapped[Product] = mapped_column(word(Product))
    league_unit_id: Mapped[int] = reference("unit.id")
    party_unit_id: Mapped[int] = reference("unit.id")
    league_case_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    party_case_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    state: Mapped[State] = mapped_column(word(State), index=True)
    digest: Mapped[str] = mapped_column(String(DIGEST))
    league_digest: Mapped[str | None] = mapped_column(String(DIGEST))
    league_signed_by: Mapped[int | None] = mapped_column(BigId)
    league_signed_for: Mapped[int | None] = mapped_column(BigId)
    party_digest: Mapped[str | None] = mapped_column(String(DIGEST))
    party_signed_by: Mapped[int | None] = mapped_column(BigId)
    party_signed_for: Mapped[int | None] = mapped_column(BigId)
    valid_until: Mapped[date | None] = mapped_column(Date)
    """The last day on which the recommendation it rests on counts."""
    recognised_on: Mapped[date | None] = mapped_column(Date)
    """The day of the second key; empty while the recognition does not stand."""
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    def keys(self) -> TwoKeys:
        """The row as the rule of two keys sees it."""
        return TwoKeys(
            digest=self.digest,
            state=self.state,
            league=_key(self.league_digest, self.league_signed_by, self.league_signed_for),
            party=_key(self.party_digest, self.party_signed_by, self.party_signed_for),
        )

    def side_of_case(self, case_id: int) -> Side:
        """Which side's process the case is."""
        return Side.LEAGUE if case_id == self.league_case_id else Side.PARTY


class RecognitionFacts(Base):
    """What the facts were at one time; a version is never changed, so that it stays to be read what was signed."""

    __tablename__ = "recognition_facts"
    __table_args__ = (UniqueConstraint("recognition_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recognition_id: Mapped[int] = reference("recognition.id", index=False)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(DIGEST))
    facts: Mapped[dict[str, Any]]
    gathered_at: Mapped[datetime]


class RecognitionAct(Base):
    """One act of one side (None: of the product itself), in the order in which both sides may read them."""

    __tablename__ = "recognition_act"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recognition_id: Mapped[int] = reference("recognition.id")
    kind: Mapped[ActKind] = mapped_column(word(ActKind))
    side: Mapped[Side | None] = mapped_column(word(Side))
    digest: Mapped[str] = mapped_column(String(DIGEST))
    person_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    post_id: Mapped[int | None] = mapped_column(BigId)
    happened_on: Mapped[date | None] = mapped_column(Date)
    document: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


def _key(digest: str | None, by: int | None, instead_of: int | None) -> Key | None:
    return None if digest is None or by is None else Key(digest, by, instead_of)
