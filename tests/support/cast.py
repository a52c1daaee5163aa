"""The cast: the same people in the same branch, in every test. All of them are invented.

萨仁 (Saren) leads the branch, 林一 (Lin) is its organisation commissioner, 巴特尔 (Bator) guides applicants,
高娃 (Gaowa) and 陈静 (Chen) sit on the school's committee, 赵军 (Zhao) works at the county, 孙河 (Sun) at the region,
何平 (He) administers, 马兰 (Ma) audits. 乌云 (Wuyun) applies; she is a person only once her application is registered.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import identity_numbers, members, quotas, units
from workflows.domain.members import Candidate, LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.domain.posts import Post, PostKind
from workflows.domain.quota_ledger import Plan
from workflows.domain.units import Field, Unit, UnitKind
from workflows.journal import SYSTEM, Actor

SINCE = date(2019, 9, 1)
BORN = date(2005, 3, 8)
APPLIED = date(2020, 5, 10)


@dataclass
class Cast:
    """Units and people of the tests."""

    region: Unit
    city: Unit
    county: Unit
    other_county: Unit
    school: Unit
    other_school: Unit
    branch: Unit
    small_branch: Unit
    saren: Person
    lin: Person
    bator: Person
    gaowa: Person
    chen: Person
    zhao: Person
    sun: Person
    he: Person
    ma: Person

    def actor(self, person: Person) -> Actor:
        """The person, acting for himself."""
        return Actor(person_id=person.id)


def build(session: Session) -> Cast:
    """Found the units and put everybody into his post; with few statements, because almost every test begins so."""
    tree = _found(session)
    branch, school, region = tree["branch"], tree["school"], tree["region"]
    places: dict[str, tuple[str, Unit, PostKind, date]] = {
        "saren": ("萨仁", branch, PostKind.BRANCH_SECRETARY, date(2004, 1, 1)),
        "lin": ("林一", branch, PostKind.ORG_COMMISSIONER, date(2004, 2, 1)),
        "bator": ("巴特尔", branch, PostKind.MENTOR, date(2004, 3, 1)),
        "gaowa": ("高娃", school, PostKind.GRASSROOTS_COMMITTEE, date(1985, 4, 1)),
        "chen": ("陈静", school, PostKind.GRASSROOTS_COMMITTEE, date(1986, 5, 1)),
        "zhao": ("赵军", tree["county"], PostKind.COUNTY_COMMITTEE, date(1987, 6, 1)),
        "sun": ("孙河", region, PostKind.REGION_COMMITTEE, date(1988, 7, 1)),
        "he": ("何平", region, PostKind.ADMINISTRATOR, date(1989, 8, 1)),
        "ma": ("马兰", region, PostKind.AUDITOR, date(1990, 9, 1)),
    }
    everybody = {key: _person(name, unit, born) for key, (name, unit, _, born) in places.items()}
    session.add_all(everybody.values())
    session.flush()
    session.add_all(
        Post(person_id=everybody[key].id, unit_id=unit.id, kind=kind, since=SINCE)
        for key, (_, unit, kind, _) in places.items()
    )
    for key in ("saren", "lin", "bator"):
        session.add(_member(everybody[key], branch))
    session.flush()
    return Cast(**tree, **everybody)


def _found(session: Session) -> dict[str, Unit]:
    def unit(code: str, name: str, kind: UnitKind, field: Field | None = None, *, committee: bool = True) -> Unit:
        return Unit(
            code=code, name=name, short_name=name, kind=kind, field=field, has_committee=committee, is_demo=False
        )

    tree = {
        "region": unit("150000", "内蒙古自治区团委", UnitKind.REGION),
        "city": unit("150100", "呼和浩特市团委", UnitKind.PREFECTURE),
        "county": unit("150102", "新城区团委", UnitKind.COUNTY),
        "other_county": unit("150103", "回民区团委", UnitKind.COUNTY),
        "school": unit("S1", "第一中学团委", UnitKind.SCHOOL, Field.SENIOR),
        "other_school": unit("S2", "第二中学团委", UnitKind.SCHOOL, Field.JUNIOR),
        "branch": unit("S1-1", "高一1班团支部", UnitKind.BRANCH),
        "small_branch": unit("S1-2", "高一2班团支部", UnitKind.BRANCH, committee=False),
    }
    levels = [
        {"region": None},
        {"city": "region"},
        {"county": "city", "other_county": "city"},
        {"school": "county", "other_school": "county"},
        {"branch": "school", "small_branch": "school"},
    ]
    for level in levels:
        units.add_all(session, [(tree[above] if above else None, tree[key]) for key, above in level.items()])
    return tree


def _person(name: str, unit: Unit, born: date) -> Person:
    home = unit.id if unit.kind == UnitKind.BRANCH else None
    return Person(
        name=name, sex=Sex.FEMALE, birth_date=born, ethnic_group="汉族", nationality="CN", unit_id=home, is_demo=False
    )


def _member(person: Person, branch: Unit) -> LeagueMember:
    return LeagueMember(
        person_id=person.id,
        unit_id=branch.id,
        joined_on=date(2019, 5, 4),
        status=MemberStatus.ACTIVE,
        may_vote=True,
        may_introduce=True,
        is_party_member=False,
    )


def make_member(session: Session, person: Person, branch: Unit) -> LeagueMember:
    """A member of the branch in good standing."""
    member = _member(person, branch)
    session.add(member)
    session.flush()
    return member


def application(**changes: Any) -> dict[str, Any]:
    """Wuyun's application, as `members.register` takes it, with changes."""
    given: dict[str, Any] = {
        "name": "乌云",
        "sex": "female",
        "ethnic_group": "蒙古族",
        "birth_date": BORN,
        "identity_number": identity_numbers.made_up(BORN, "Wuyun", "female"),
        "nationality": "CN",
        "applied_on": APPLIED,
    }
    return given | changes


def apply(session: Session, cast: Cast, case_id: int, who: int = 0) -> Candidate:
    """Register the application of somebody new for the case; `who` tells applicants apart."""
    number = identity_numbers.made_up(BORN, f"applicant {case_id} {who}", "female")
    given = application(name=f"申请人{case_id}", identity_number=number)
    return members.register(session, unit_id=cast.branch.id, case_id=case_id, **given)


def plan_for_school(session: Session, cast: Cast, places: int, *, total: int = 100, year: int = 2020) -> Plan:
    """The plan of a year with `places` places handed down to the school."""
    plan = quotas.open_plan(session, year, total, SYSTEM)
    for above, below in [(cast.region, cast.city), (cast.city, cast.county), (cast.county, cast.school)]:
        quotas.allot(session, plan, above.id, below.id, places, SYSTEM, "测试")
    return plan
