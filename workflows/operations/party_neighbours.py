"""The rehearsal's Party units: a Party branch beside the branches of either school, with everybody they need.

`DZ` under the committee `DW` works with the rehearsal's branch and the one beside it, `DZ2` under `DW2` with the branch
of the other school. The parts of the second are named like the first's with `_away` behind.
"""

from datetime import date

from sqlalchemy.orm import Session

from workflows.domain import party_links, posts, units
from workflows.domain.people import Person, Sex
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.journal import SYSTEM

PARTY_COMMITTEE, PARTY_BRANCH = "DW", "DZ"
"""The codes of the Party units that work with the rehearsal's own branch."""

PARTS = (
    ("party_secretary", PARTY_BRANCH, PostKind.PARTY_BRANCH_SECRETARY),
    ("party_committee_member", PARTY_BRANCH, PostKind.PARTY_BRANCH_COMMITTEE),
    ("party_organiser", PARTY_COMMITTEE, PostKind.PARTY_ORGANISER),
)


def found(
    session: Session, schools: tuple[Unit, Unit], branches: tuple[list[Unit], list[Unit]], since: date
) -> dict[str, int]:
    """Found a Party committee and a Party branch for each school, linked with its branches; answers who is who."""
    cast: dict[str, int] = {}
    for school, below, behind, number in zip(schools, branches, ("", "_away"), ("", "2"), strict=True):
        name = f"{school.name.removesuffix('团委')}"
        committee = units.add(
            session, None, code=f"{PARTY_COMMITTEE}{number}", name=f"{name}党委", kind=UnitKind.PARTY_COMMITTEE
        )
        branch = units.add(
            session, committee, code=f"{PARTY_BRANCH}{number}", name=f"{name}党支部", kind=UnitKind.PARTY_BRANCH
        )
        for party, league in [(committee, school), *((branch, each) for each in below)]:
            party_links.link(session, party_unit_id=party.id, league_unit_id=league.id, since=since, actor=SYSTEM)
        at = {PARTY_COMMITTEE: committee, PARTY_BRANCH: branch}
        for part, where, kind in PARTS:
            cast[f"{part}{behind}"] = _officer(session, f"{part}{behind}", at[where], kind, since)
    return cast


def _officer(session: Session, part: str, unit: Unit, kind: PostKind, since: date) -> int:
    person = Person(name=f"演练·{part}", sex=Sex.MALE, birth_date=date(1980, 1, 1), ethnic_group="汉族")
    session.add(person)
    session.flush()
    posts.assign(session, person_id=person.id, unit_id=unit.id, kind=kind, since=since, actor=SYSTEM)
    return person.id
