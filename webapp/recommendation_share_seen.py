"""The share of recommended people in words, and whose work a missing recommendation is; API and pages ask here."""

from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session

from webapp.who_acts import WhoActs
from workflows.domain import members
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_share import OPEN, YOUNG, Accepted, Counted, Limits, Share, Why
from workflows.domain.units import Unit, UnitKind
from workflows.engine.environment import Addressee

GROUPS = {"open": OPEN, "young": YOUNG, "all": tuple(Counted)}
"""Which people are listed: whose matter is open, who is in the denominator, everybody."""

GROUP_TITLES = {
    "open": lazy_gettext("需查明的"),
    "young": lazy_gettext("计入推优率的"),
    "all": lazy_gettext("全部接收的"),
}

_COUNTED = {
    Counted.TARGET: lazy_gettext("经推优，推荐为发展对象"),
    Counted.ACTIVIST: lazy_gettext("经推优，推荐为入党积极分子"),
    Counted.WITHOUT: lazy_gettext("未经推优"),
    Counted.HEARD: lazy_gettext("已听取团组织意见"),
    Counted.NOT_HEARD: lazy_gettext("未登记听取团组织意见"),
    Counted.CADRE: lazy_gettext("超龄团干部，不计"),
    Counted.NO_MEMBER: lazy_gettext("非团员，不计"),
    Counted.OLDER: lazy_gettext("年龄较大，不计"),
}

_TONES = {Counted.TARGET: "good", Counted.ACTIVIST: "good", Counted.HEARD: "good", Counted.WITHOUT: "overdue"}

_WHY = {
    Why.NONE: lazy_gettext("没有推优记录"),
    Why.SAME_DAY: lazy_gettext("推优大会与接收在同一天，不算在前"),
    Why.AFTERWARDS: lazy_gettext("推优大会晚于接收"),
    Why.RUN_OUT: lazy_gettext("接收时推优已过有效期"),
    Why.UNFINISHED: lazy_gettext("推优没有办完"),
    Why.ENDED: lazy_gettext("推优没有成立或已撤回"),
    Why.PASSED_LATE: lazy_gettext("接收以后才向党组织推荐"),
}

_WORK = {
    Why.NONE: lazy_gettext("查明没有推优的原因，报上级团委；接收信息有误的，请党支部更正"),
    Why.SAME_DAY: lazy_gettext("与党支部核对两个日期；接收日期有误的，请党支部更正"),
    Why.AFTERWARDS: lazy_gettext("与党支部核对两个日期；接收日期有误的，请党支部更正"),
    Why.RUN_OUT: lazy_gettext("查明为什么没有在有效期内接收或重新推优"),
    Why.UNFINISHED: lazy_gettext("查明推优为什么没有办完；不再办理的，撤回"),
    Why.ENDED: lazy_gettext("与党支部核对接收的依据，把原因报上级团委"),
    Why.PASSED_LATE: lazy_gettext("与党支部核对推荐和接收的日期，把原因报上级团委"),
}

_KEEPER = {
    UnitKind.BRANCH: PostKind.BRANCH_SECRETARY,
    UnitKind.GENERAL_BRANCH: PostKind.BRANCH_SECRETARY,
    UnitKind.SCHOOL: PostKind.GRASSROOTS_COMMITTEE,
    UnitKind.DIRECT: PostKind.GRASSROOTS_COMMITTEE,
    UnitKind.COUNTY: PostKind.COUNTY_COMMITTEE,
    UnitKind.PREFECTURE: PostKind.PREFECTURE_COMMITTEE,
    UnitKind.REGION: PostKind.REGION_COMMITTEE,
    UnitKind.PARTY_BRANCH: PostKind.PARTY_BRANCH_SECRETARY,
    UnitKind.PARTY_COMMITTEE: PostKind.PARTY_ORGANISER,
}
"""Whose work it is at a unit of each level."""


@dataclass(frozen=True)
class PersonSeen:
    """One accepted person as read: what he counts as, why, and who has to do what about it (empty: nobody)."""

    accepted: Accepted
    age: int
    label: str
    tone: str
    why: str
    who: str
    work: str


def people(session: Session, found: list[Accepted]) -> list[PersonSeen]:
    """The persons in words; who acts is read for all of them at once."""
    addressees = {one.event.id: _addressee(one) for one in found if one.counted in OPEN}
    acts = WhoActs(session, addressees.values())
    return [_person(one, acts, addressees.get(one.event.id)) for one in found]


def tone_of(share: Share, limits: Limits) -> str:
    """How a share is marked: good when the aim is reached, else warned of; nothing of nobody."""
    return {None: "", True: "good", False: "soon"}[share.reaches(limits.aim)]


def left_out(share: Share, limits: Limits) -> list[str]:
    """Who is in no figure, in words; empty when there is nobody."""
    first, last = limits.below.value, limits.heard_until.value
    told = {
        Counted.NO_MEMBER: gettext("%(age)s周岁以下非团员", age=first),
        Counted.CADRE: gettext("%(first)s至%(last)s周岁团干部", first=first, last=last),
        Counted.OLDER: gettext("超过%(age)s周岁", age=last),
    }
    return [
        gettext("%(who)s %(n)s 人", who=who, n=share.counts[kind]) for kind, who in told.items() if share.counts[kind]
    ]


def _person(one: Accepted, acts: WhoActs, addressee: Addressee | None) -> PersonSeen:
    return PersonSeen(
        accepted=one,
        age=members.age_on(one.person.birth_date, one.event.happened_on),
        label=str(_COUNTED[one.counted]),
        tone=_TONES.get(one.counted, "soon" if one.counted in OPEN else ""),
        why=str(_WHY[one.why]) if one.counted is Counted.WITHOUT else "",
        who=acts.line(addressee) if addressee else "",
        work=_work(one),
    )


def _work(one: Accepted) -> str:
    if one.counted is Counted.WITHOUT:
        return str(_WORK[one.why])
    return gettext("听取过的，登记日期；没有听取的，说明原因") if one.counted is Counted.NOT_HEARD else ""


def _addressee(one: Accepted) -> Addressee:
    unit: Unit = one.league if one.counted is Counted.WITHOUT else one.party
    return Addressee(unit.id, str(_KEEPER[unit.kind]), None)
