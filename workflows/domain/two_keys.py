"""The rule of two keys: what the League and the Party may do to one recognition, and what becomes of it.

Pure: no table, no clock. A recognition stands only while both keys are signed over the same digest of the same facts.
Whoever may act, when, and over which facts is decided here and nowhere else; `recognitions` keeps what this answers.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from workflows.errors import Refusal


class Side(StrEnum):
    """Whose key it is."""

    LEAGUE = "league"
    PARTY = "party"

    @property
    def label(self) -> str:
        """The Chinese word for this side."""
        return _SIDES[self]

    @property
    def other(self) -> "Side":
        """The side it must agree with."""
        return Side.PARTY if self is Side.LEAGUE else Side.LEAGUE


_SIDES = {Side.LEAGUE: "团组织", Side.PARTY: "党组织"}


class State(StrEnum):
    """What a recognition is, for both sides at once."""

    OPEN = "open"
    RECOGNISED = "recognised"
    SUSPENDED = "suspended"
    """It stood, new facts came, and both sides must look again."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    """It stood once, and one side does not recognise the person after the new facts."""
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """The Chinese word for this state."""
        return _STATES[self]

    @property
    def is_live(self) -> bool:
        """Whether anything can still be done."""
        return self in LIVE


_STATES = {
    State.OPEN: "待双方认定",
    State.RECOGNISED: "双方已认定",
    State.SUSPENDED: "暂停认定，待双方重新核对",
    State.REFUSED: "不予认定",
    State.WITHDRAWN: "已撤回",
    State.REVOKED: "撤销认定",
    State.EXPIRED: "有效期满",
}

LIVE = frozenset({State.OPEN, State.RECOGNISED, State.SUSPENDED})
UNDECIDED = frozenset({State.OPEN, State.SUSPENDED})
"""States in which a side may sign or refuse."""


class RecognitionSettled(Refusal):
    """The recognition does not stand where this act would be possible."""

    code = "recognition.settled"
    sentence = "本项联合认定目前是“{state}”，不能{act}。"
    remedy = "请先看联合认定页上双方办到哪一步；已认定后有新情况的，请报告新情况。"
    rule = "认定与否由党团双方共同决定，一方不得单独改变已有的结果"


class KeyStands(Refusal):
    """This side has signed over these very facts already."""

    code = "recognition.signed_already"
    sentence = "{side}已对这份事实签署，不必重复签署。"
    remedy = "请等待另一方签署；要改变决定的，请撤回或报告新情况。"
    rule = "每一方对同一份事实只签署一次"


class FactsChanged(Refusal):
    """What would be signed is not what the signer was shown."""

    code = "recognition.facts_changed"
    sentence = "您看到的事实已有变动：{changed}。本次签署没有生效。"
    remedy = "请在联合认定页更新事实，按现在的事实重新研究后再签署。"
    rule = "双方须对同一份事实签署；事实变动后，此前的签署不再有效"


class SamePerson(Refusal):
    """Somebody would answer for both keys."""

    code = "recognition.same_person"
    sentence = "另一方的签署由您本人、您代理的人或代理您的人作出，同一人不得签署双方。"
    remedy = "请交由本方担任该职务的另一人签署。"
    rule = "党团双方各自研究决定，一项认定的双方签署不得出自同一人（代理的，连同被代理人）"
    kind = "forbidden"


@dataclass(frozen=True)
class Key:
    """One side's signature: over which facts, by whom in person, and for whom when a substitute signed."""

    digest: str
    by: int
    instead_of: int | None = None

    @property
    def people(self) -> frozenset[int]:
        """Everybody who answers for it."""
        return frozenset({self.by} if self.instead_of is None else {self.by, self.instead_of})


@dataclass(frozen=True)
class TwoKeys:
    """A recognition as the rule sees it."""

    digest: str
    """Of the facts as they are on record now."""
    state: State = State.OPEN
    league: Key | None = None
    party: Key | None = None

    def key_of(self, side: Side) -> Key | None:
        """The side's key, if it stands."""
        return self.league if side is Side.LEAGUE else self.party

    @property
    def agree(self) -> bool:
        """Whether both keys stand over the facts on record."""
        return (
            self.league is not None
            and self.party is not None
            and {self.league.digest, self.party.digest} == {self.digest}
        )


def sign(now: TwoKeys, side: Side, key: Key) -> TwoKeys:
    """The side signs; with the second key over the same facts the recognition stands.

    Raises RecognitionSettled, KeyStands, SamePerson, and FactsChanged (which the caller tells in detail).
    """
    insist(now, UNDECIDED, "签署")
    if key.digest != now.digest:
        raise FactsChanged(changed="内容已更新")
    if now.key_of(side) is not None:
        raise KeyStands(side=side.label)
    other = now.key_of(side.other)
    if other is not None and other.people & key.people:
        raise SamePerson()
    signed = replace(now, league=key) if side is Side.LEAGUE else replace(now, party=key)
    return replace(signed, state=State.RECOGNISED) if signed.agree else signed


def refuse(now: TwoKeys) -> TwoKeys:
    """Either side decides against it; what stood once is revoked. Raises RecognitionSettled."""
    insist(now, UNDECIDED, "作出不予认定的决定")
    return replace(now, state=State.REFUSED if now.state is State.OPEN else State.REVOKED)


def withdraw(now: TwoKeys) -> TwoKeys:
    """Either side takes it back before it stands. Raises RecognitionSettled."""
    insist(now, frozenset({State.OPEN}), "撤回")
    return replace(now, state=State.WITHDRAWN)


def renew(now: TwoKeys, digest: str) -> TwoKeys:
    """The facts are others now: no key stands any more, and what was recognised is suspended for both sides."""
    if digest == now.digest or not now.state.is_live:
        return now
    state = State.OPEN if now.state is State.OPEN else State.SUSPENDED
    return TwoKeys(digest=digest, state=state)


def expire(now: TwoKeys) -> TwoKeys:
    """The recommendation it rests on does not count any longer."""
    return replace(now, state=State.EXPIRED) if now.state.is_live else now


def insist(now: TwoKeys, states: frozenset[State], act: str) -> None:
    """Refuse an act that is not possible where the recognition stands; raises RecognitionSettled."""
    if now.state not in states:
        raise RecognitionSettled(state=now.state.label, act=act)
