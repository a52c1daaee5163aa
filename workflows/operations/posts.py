"""What the engine asks about posts: which post a lane names for a case's unit, and who exercises it."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import party_links, people, posts, units
from workflows.domain.posts import PostKind
from workflows.domain.units import APPROVING, FILING, Unit, UnitKind
from workflows.engine import repairs
from workflows.engine.environment import Addressee
from workflows.errors import Refusal
from workflows.journal import Actor


class MentorNotNamed(Refusal):
    """A step of the mentor was reached before a mentor was named."""

    code = "mentor.not_named"
    sentence = "还没有指定培养联系人。"
    remedy = "请先完成“指定培养联系人”。"
    rule = "培养联系人由团组织指定，人数按规则集"
    article = "《发展团员工作细则》"


Lane = Callable[[Session, int, Mapping[str, Any]], Addressee]
"""Who does the steps of a lane, from the unit of the case and the case's data."""


def _at_the_branch(kind: PostKind) -> Lane:
    return lambda _session, unit_id, _data: Addressee(unit_id, kind)


def _above(levels: tuple[UnitKind, ...], kind: PostKind) -> Lane:
    return lambda session, unit_id, _data: Addressee(units.ancestor(session, unit_id, *levels).id, kind)


def _branch_committee(session: Session, unit_id: int, _data: Mapping[str, Any]) -> Addressee:
    """A branch of fewer than seven members has no committee: its secretary records what the meeting decides."""
    has_committee = units.get(session, unit_id).has_committee
    return Addressee(unit_id, PostKind.ORG_COMMISSIONER if has_committee else PostKind.BRANCH_SECRETARY)


def is_between_mentors(data: Mapping[str, Any]) -> bool:
    """Whether the case has moved to another branch, which has not named a mentor of its own yet."""
    return bool((data.get("transfer") or {}).get("mentor_open"))


def mentors_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form in which the mentors of the case were named last; empty while it has none."""
    if is_between_mentors(data):
        return {}
    return data.get("reassign_mentor") or data.get("assign_mentor") or {}


def _receiving_branch(_session: Session, unit_id: int, data: Mapping[str, Any]) -> Addressee:
    """The branch that is asked to take the candidate over; without a transfer, the case's own."""
    return Addressee(int((data.get("transfer") or {}).get("to_unit") or unit_id), PostKind.BRANCH_SECRETARY)


def _mentor(_session: Session, unit_id: int, data: Mapping[str, Any]) -> Addressee:
    if is_between_mentors(data):
        return Addressee(unit_id, PostKind.MENTOR)
    entered = data.get("mentors") or mentors_in(data)
    named = entered.get("mentor") or entered.get("party_mentor")
    if named is None:
        raise MentorNotNamed()
    return Addressee(unit_id, PostKind.MENTOR, int(named))


def _branch_meeting(session: Session, unit_id: int, data: Mapping[str, Any]) -> Addressee:
    """The secretary records the meeting, unless the committee above was authorised to take its place."""
    if (data.get("authorise_meeting") or {}).get("outcome") == "committee":
        return Addressee(units.ancestor(session, unit_id, *APPROVING).id, PostKind.GRASSROOTS_COMMITTEE)
    return Addressee(unit_id, PostKind.BRANCH_SECRETARY)


def _at_the_party_branch(kind: PostKind) -> Lane:
    """At the Party branch linked with the League unit of the case, or at the Party branch whose case it is."""
    return lambda session, unit_id, _data: Addressee(party_links.party_branch_of(session, unit_id).id, kind)


def _party_organiser(session: Session, unit_id: int, _data: Mapping[str, Any]) -> Addressee:
    return Addressee(party_links.party_committee_of(session, unit_id).id, PostKind.PARTY_ORGANISER)


def _party_mentor(session: Session, unit_id: int, data: Mapping[str, Any]) -> Addressee:
    """The Party's mentor named in the case, first by a step of the Party's own."""
    branch = party_links.party_branch_of(session, unit_id)
    if (data.get("transfer") or {}).get("party_mentor_open"):
        return Addressee(branch.id, PostKind.PARTY_MENTOR)
    now = (data.get("mentors") or {}).get("party_mentor")
    named = now or (data.get("assign_party_mentor") or {}).get("party_mentor") or mentors_in(data).get("party_mentor")
    if named is None:
        raise MentorNotNamed()
    return Addressee(branch.id, PostKind.PARTY_MENTOR, int(named))


LANES: dict[str, Lane] = {
    "申请人（书记代录）": _at_the_branch(PostKind.BRANCH_SECRETARY),
    "团支部书记": _at_the_branch(PostKind.BRANCH_SECRETARY),
    "接收团支部书记": _receiving_branch,
    "支委会": _branch_committee,
    "支部大会": _branch_meeting,
    "培养联系人": _mentor,
    "基层团委": _above(APPROVING, PostKind.GRASSROOTS_COMMITTEE),
    "县级团委": _above(FILING, PostKind.COUNTY_COMMITTEE),
    "党支部书记": _at_the_party_branch(PostKind.PARTY_BRANCH_SECRETARY),
    "党支部委员会": _at_the_party_branch(PostKind.PARTY_BRANCH_COMMITTEE),
    "党委组织员": _party_organiser,
    "党员培养联系人": _party_mentor,
}
"""The post each lane names, relative to the unit of the case; the Party's are those of the linked Party units."""

LEVELS: dict[str, int] = dict.fromkeys(LANES, 0) | {
    "基层团委": 1,
    "县级团委": 2,
    "党支部书记": 1,
    "党支部委员会": 1,
    "党委组织员": 2,
}
"""How high the post of each lane stands: a branch proposes, the committee above approves, the county keeps file.

The Party branch decides on what the League recommends, and its committee above keeps file of that.
"""

IN_PLACE_OF = {
    (
        "支委会",
        PostKind.BRANCH_SECRETARY,
    ): "本支部未设支委会，由团支部书记代行支委会职责；入团积极分子由支部大会表决决定。",
    (
        "支部大会",
        PostKind.GRASSROOTS_COMMITTEE,
    ): "本支部有表决权的团员不足3人，经授权由上级委员会代行支部大会；登记人不得再审批本案。",
}
"""What is said to whoever does a step because the body that its lane names is not there (细则)."""


def in_place_of(lane: str, post_kind: str) -> str:
    """Why a step of a lane is another's than the lane says; empty where it is not."""
    return IN_PLACE_OF.get((lane, PostKind(post_kind)), "")


_READS_NOTHING = frozenset({PostKind.ADMINISTRATOR})
"""Posts that keep the product running and have no business with candidates' data (三员分立)."""


_REPAIRING = (
    (PostKind.GRASSROOTS_COMMITTEE, APPROVING),
    (PostKind.COUNTY_COMMITTEE, FILING),
    (PostKind.PARTY_ORGANISER, (UnitKind.PARTY_COMMITTEE,)),
)


def repairers(session: Session, act: str, unit_id: int) -> list[Addressee]:
    """Who may put right what cannot go on in a case of the unit.

    Correcting what was submitted, or going on without a step, is for the committees that approve and file the case; the
    administrators, who read no candidates' data, may try again and no more (三员分立). A committee that does not stand
    above the unit is left out: its absence may be the very cause. A case of the Party is put right by the Party
    committee's organiser; the administrators who may try it again are the region's, as for every case.
    """
    line = units.line_of(session, unit_id)
    committees = [(kind, [unit for unit in line if unit.kind in levels]) for kind, levels in _REPAIRING]
    found = [Addressee(above[-1].id, kind) for kind, above in committees if above]
    if act == repairs.RETRY:
        found += [Addressee(unit.id, PostKind.ADMINISTRATOR) for unit in _regions_of(session, line)]
    return found


def _regions_of(session: Session, line: list[Unit]) -> list[Unit]:
    """The region above the unit; for a Party unit, which reports to none, the only one there is."""
    if line[0].kind.is_party:
        return list(session.scalars(select(Unit).where(Unit.kind == UnitKind.REGION).order_by(Unit.id)))
    return [unit for unit in line if unit.kind == UnitKind.REGION]


def keeps_processes(session: Session, actor: Actor) -> bool:
    """Whether the actor exercises today a post of administrator; the very one named, when one is."""
    if actor.person_id is None:
        return False
    held = posts.held_by(session, actor.person_id)
    return any(post.kind == PostKind.ADMINISTRATOR and actor.post_id in (None, post.post_id) for post in held)


class PostDirectory:
    """The engine's view of units and posts; see `workflows.engine.environment.Directory`."""

    def lanes(self) -> frozenset[str]:
        """The lane names a drawing may use."""
        return frozenset(LANES)

    def addressee(self, session: Session, lane: str, unit_id: int, data: Mapping[str, Any]) -> Addressee:
        """Who must do a step in `lane` for a case of the unit."""
        return LANES[lane](session, unit_id, data)

    def may_act(self, session: Session, actor: Actor, addressee: Addressee) -> bool:
        """Whether the actor exercises the post today; a post that is not the actor's own choice does not count."""
        if actor.person_id is None:
            return False
        if addressee.person_id is not None:
            return actor.person_id == addressee.person_id
        kind = PostKind(addressee.post_kind)
        return posts.exercises(session, actor.person_id, addressee.unit_id, kind, post_id=actor.post_id)

    def may_see(self, session: Session, actor: Actor, unit_id: int) -> bool:
        """Whether a post of the actor stands at the unit or above it; administrators read no candidates' data."""
        if actor.person_id is None:
            return False
        above = {unit.id for unit in units.line_of(session, unit_id)}
        held = posts.held_by(session, actor.person_id)
        return any(post.unit_id in above and post.kind not in _READS_NOTHING for post in held)

    def describe(self, session: Session, addressee: Addressee) -> tuple[str, str]:
        """The unit's and the post's Chinese names."""
        return units.get(session, addressee.unit_id).name, PostKind(addressee.post_kind).label

    def person_name(self, session: Session, person_id: int) -> str:
        """The person's name."""
        return people.get(session, person_id).name
