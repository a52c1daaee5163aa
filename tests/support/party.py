"""The Party side beside the cast: a Party committee and a Party branch that work with the cast's school.

关山 (Guan) leads the Party branch, 石磊 (Shi) sits on its committee, 白云 (Bai) is the Party committee's organiser.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from tests.support.cast import SINCE, Cast
from workflows.domain import identity_numbers, party_links, people, posts, units
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.journal import SYSTEM


@dataclass
class Party:
    """Party units and the people in their posts."""

    committee: Unit
    branch: Unit
    guan: Person
    shi: Person
    bai: Person


def build(session: Session, cast: Cast) -> Party:
    """Found the Party committee and branch, link the branch with the cast's school, and fill their posts."""
    committee = units.add(session, None, code="DW", name="第一中学党委", kind=UnitKind.PARTY_COMMITTEE)
    branch = units.add(session, committee, code="DZ", name="第一中学党支部", kind=UnitKind.PARTY_BRANCH)
    party_links.link(session, party_unit_id=branch.id, league_unit_id=cast.school.id, since=SINCE, actor=SYSTEM)
    at = {
        "关山": (branch, PostKind.PARTY_BRANCH_SECRETARY),
        "石磊": (branch, PostKind.PARTY_BRANCH_COMMITTEE),
        "白云": (committee, PostKind.PARTY_ORGANISER),
    }
    return Party(committee, branch, *(_in_post(session, name, *where) for name, where in at.items()))


def _in_post(session: Session, name: str, unit: Unit, kind: PostKind) -> Person:
    born = SINCE.replace(year=1980)
    person = people.add(
        session, name=name, sex="male", birth_date=born, identity_number=identity_numbers.made_up(born, name)
    )
    posts.assign(session, person_id=person.id, unit_id=unit.id, kind=kind, since=SINCE, actor=SYSTEM)
    return person
