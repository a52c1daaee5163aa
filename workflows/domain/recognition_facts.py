"""The facts of a recognition: gathered from the records in one canonical form, so that both sides sign the same digest.

Values are plain strings and names are fixed words, so that the digest is the same wherever it is worked out and a
difference can be told in words. What follows from the recognition itself (that somebody was determined, or filed) is no
fact it rests on. The person's branch is not among them either: a recommendation travels with the person.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date

import orjson
from sqlalchemy.orm import Session

from workflows.domain import party_events, people
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.party_events import PartyEventKind
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import VALID, Recommendation

TITLES = {
    "product": "推荐为",
    "birth_date": "出生日期",
    "joined_on": "入团时间",
    "membership": "团籍",
    "applied_to_party_on": "递交入党申请书日期",
    "activist_on": "确定为入党积极分子并备案日期",
    "recommended_on": "推优大会日期",
    "votes": "推优大会表决",
    "passed_on": "向党组织推荐日期",
    "document": "推荐文号",
    "recommendation": "推荐是否有效",
    "valid_until": "推荐有效期至",
    "reported": "双方报告的情况",
}
"""What people call each fact, in the order in which they are shown; `reported` stands for every reported one."""

NOTHING = "（无）"

COUNTED = {
    "eligible_voters": "应到会有表决权",
    "present_voters": "实到",
    "votes_for": "赞成",
    "votes_against": "反对",
    "votes_abstain": "弃权",
}
"""What of a minuted vote belongs to the facts."""

MEMBERSHIP = {MemberStatus.ACTIVE: "在籍", MemberStatus.LEFT: "已离团"}

SHORT = 12
"""Characters of the digest people compare by eye."""


def gather(session: Session, recommendation: Recommendation, reported: Iterable[str]) -> dict[str, str]:
    """The facts as the records hold them now; `reported` are the texts both sides have put on record, oldest first."""
    person = people.get(session, recommendation.person_id)
    member = session.get(LeagueMember, recommendation.person_id)
    standing = "有效" if recommendation.state in VALID else recommendation.state.label
    facts = {
        "product": recommendation.product.label,
        "birth_date": _day(person.birth_date),
        "joined_on": _day(member.joined_on if member else None),
        "membership": MEMBERSHIP[member.status] if member else NOTHING,
        "applied_to_party_on": _day(party_events.day_of(session, person.id, PartyEventKind.PARTY_APPLICATION)),
        "recommended_on": _day(recommendation.recommended_on),
        "votes": _votes(recommendation.votes or {}),
        "passed_on": _day(recommendation.passed_on),
        "document": recommendation.document or NOTHING,
        "recommendation": standing,
        "valid_until": _day(recommendation.valid_until),
    }
    if recommendation.product is Product.TARGET:
        facts["activist_on"] = _day(party_events.day_of(session, person.id, PartyEventKind.ACTIVIST_FILED))
    return facts | {f"reported.{number}": text for number, text in enumerate(reported, 1)}


def digest_of(facts: Mapping[str, str]) -> str:
    """SHA-256 over the facts in canonical form: sorted names, UTF-8, no blanks."""
    return hashlib.sha256(orjson.dumps(dict(facts), option=orjson.OPT_SORT_KEYS)).hexdigest()


def title_of(name: str) -> str:
    """What people call a fact."""
    return TITLES[name.partition(".")[0]]


def in_order(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Titles and values, in the order in which people read them."""
    order = list(TITLES)
    names = sorted(facts, key=lambda name: (order.index(name.partition(".")[0]), len(name), name))
    return [(title_of(name), facts[name]) for name in names]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What differs, in words; empty for the same facts."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [
        f"{title_of(name)}由“{before.get(name, NOTHING)}”变为“{after.get(name, NOTHING)}”"
        for name in sorted(names, key=lambda name: (list(TITLES).index(name.partition(".")[0]), name))
    ]


def _day(day: date | None) -> str:
    return day.isoformat() if day else NOTHING


def _votes(votes: Mapping[str, object]) -> str:
    told = [f"{title}{votes[name]}" for name, title in COUNTED.items() if votes.get(name) is not None]
    return "，".join(told) or NOTHING
