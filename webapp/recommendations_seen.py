"""Rounds and recommendations as people and programs see them, and who may do what with them; API and pages ask here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp import database, errors, identity
from workflows.domain import members, people, recommendation_rounds, recommendations, rules_in_force, units
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import RecommendationRound, RoundPlaces
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.units import APPROVING, Unit, UnitKind
from workflows.engine.tables import Case
from workflows.errors import NotAuthorised, NotFound
from workflows.journal import Actor

SHARE = "recommend_share"
"""The rule by which places are proposed."""

BRANCHES = (UnitKind.BRANCH, UnitKind.GENERAL_BRANCH)


@dataclass(frozen=True)
class Places:
    """The places of one branch in a round."""

    unit: Unit
    row: RoundPlaces


@dataclass(frozen=True)
class Round:
    """A round with the places that the reader may see."""

    row: RecommendationRound
    lines: list[Places]

    @property
    def places(self) -> int:
        """All places seen."""
        return sum(line.row.places for line in self.lines)

    @property
    def taken(self) -> int:
        """All places taken among those seen."""
        return sum(line.row.taken for line in self.lines)


@dataclass(frozen=True)
class Told:
    """One recommendation of a person, in words."""

    row: Recommendation
    unit: str
    tone: str
    counted: str
    party: str

    @property
    def is_valid(self) -> bool:
        """Whether it counts today."""
        return self.row.state in recommendations.VALID and not recommendations.is_over(self.row)


def committee_of(unit: Unit) -> Unit:
    """The committee whose rounds concern a unit: its own, or the one above a branch. Raises NothingAbove."""
    return units.ancestor(database.session(), unit.id, *APPROVING)


def keeper(committee_id: int) -> Actor:
    """The person in the post that keeps the rounds of this committee; raises NotFound, NotAuthorised."""
    errors.concerning(unit_id=committee_id)
    committee = units.get(database.session(), committee_id)
    if not keeps(committee):
        raise NotAuthorised(unit=committee.name, post=gettext(PostKind.GRASSROOTS_COMMITTEE.label))
    held = next(held for held in identity.posts_held() if _is_post_of(held, committee_id))
    return identity.as_actor(held)


def keeps(committee: Unit) -> bool:
    """Whether the person keeps the rounds of this committee."""
    return any(_is_post_of(held, committee.id) for held in identity.posts_held())


def _is_post_of(held: Any, committee_id: int) -> bool:
    return bool(held.unit_id == committee_id and held.kind == PostKind.GRASSROOTS_COMMITTEE)


def share_of(session: Session, committee_id: int) -> int:
    """The share of members, in per cent, that the rules allow the branches of a committee."""
    return int(rules_in_force.of_unit(session, committee_id).values[SHARE].value)


def rounds_of(session: Session, committee: Unit) -> list[Round]:
    """The committee's rounds, the latest first, with the places of the branches the person may see."""
    return [shown(session, row) for row in recommendation_rounds.of_committee(session, committee.id)]


def shown(session: Session, row: RecommendationRound) -> Round:
    """A round with the places of the branches the person may see."""
    lines = [
        Places(units.get(session, each.unit_id), each) for each in recommendation_rounds.places_of(session, row.id)
    ]
    return Round(row, [line for line in lines if _sees(line.unit)])


def seen_round(round_id: int) -> RecommendationRound:
    """The round, when it concerns the person: a post at its committee, above it, or at one of its branches."""
    session = database.session()
    found = recommendation_rounds.get(session, round_id)
    if not shown(session, found).lines and not _sees(units.get(session, found.committee_id)):
        raise NotFound(what=gettext("推优批次"))
    return found


def seen_branch(unit_id: int) -> Unit:
    """The branch, when the person may see its members; raises NotFound for what is no branch of his."""
    errors.concerning(unit_id=unit_id)
    identity.insist_on_sight(unit_id, gettext("团支部"))
    unit = units.get(database.session(), unit_id)
    if unit.kind not in BRANCHES:
        raise NotFound(what=gettext("团支部"))
    return unit


def _sees(unit: Unit) -> bool:
    line = set(unit.line())
    return any(held.unit_id in line for held in identity.posts_held())


def of_case(session: Session, case: Case) -> list[Told]:
    """What the case's page shows: every recommendation of the person it is about, the latest first.

    Of an admission the person counts, of any other case the recommendation it works on. Nothing for whom it never was.
    """
    own = recommendations.of_case(session, case.id)
    candidate = members.of_case(session, case.id) if own is None else None
    person_id = own.person_id if own else candidate.person_id if candidate else None
    return told(session, recommendations.of_person(session, person_id)) if person_id is not None else []


def told(session: Session, rows: Sequence[Recommendation]) -> list[Told]:
    """Recommendations in words."""
    return [
        Told(
            row=row,
            unit=units.get(session, row.unit_id).name,
            tone=_TONES.get(row.state, ""),
            counted=_counted(row.votes),
            party=units.get(session, row.party_unit_id).name if row.party_unit_id else "",
        )
        for row in rows
    ]


_TONES = {State.LISTED: "soon", State.RECOMMENDED: "soon", State.KEPT: "soon", State.DETERMINED: "good"}


def _counted(votes: dict[str, Any] | None) -> str:
    """The vote as minutes say it, with the rate of the ballots, which is not the threshold."""
    if not votes:
        return ""
    figures = {key: int(votes.get(key) or 0) for key in ("eligible_voters", "present_voters", "votes_for")}
    figures |= {key: int(votes.get(key) or 0) for key in ("votes_against", "votes_abstain")}
    ballots = figures["votes_for"] + figures["votes_against"] + figures["votes_abstain"]
    rate = f"{100 * figures['votes_for'] / ballots:.1f}" if ballots else "0"
    return gettext(
        "应到%(eligible_voters)s人，实到%(present_voters)s人，赞成%(votes_for)s、反对%(votes_against)s、"
        "弃权%(votes_abstain)s，得票率%(rate)s%%（按票数）",
        **figures,
        rate=rate,
    )


def unit_of(person_id: int) -> int | None:
    """The branch where a person is now."""
    return people.get(database.session(), person_id).unit_id
