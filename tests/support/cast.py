"""The cast: the same people in the same branch, in every test. All of them are invented.

萨仁 (Saren) leads the branch, 林一 (Lin) is its organisation commissioner, 巴特尔 (Bator) guides applicants,
高娃 (Gaowa) and 陈静 (Chen) sit on the school's committee, 赵军 (Zhao) works at the county, 孙河 (Sun) at the region,
何平 (He) administers, 马兰 (Ma) audits. 乌云 (Wuyun) applies; she is a person only once her application is registered.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import identity_numbers, members, people, posts, quotas, units
from workflows.domain.members import Candidate, LeagueMember, MemberStatus
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
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
    """Found the units and put everybody into his post."""
    region = units.add(session, None, code="150000", name="内蒙古自治区团委", kind=UnitKind.REGION)
    city = units.add(session, region, code="150100", name="呼和浩特市团委", kind=UnitKind.PREFECTURE)
    county = units.add(session, city, code="150102", name="新城区团委", kind=UnitKind.COUNTY)
    other_county = units.add(session, city, code="150103", name="回民区团委", kind=UnitKind.COUNTY)
    school = units.add(session, county, code="S1", name="第一中学团委", kind=UnitKind.SCHOOL, field=Field.SENIOR)
    other_school = units.add(session, county, code="S2", name="第二中学团委", kind=UnitKind.SCHOOL, field=Field.JUNIOR)
    branch = units.add(session, school, code="S1-1", name="高一1班团支部", kind=UnitKind.BRANCH)
    small = units.add(session, school, code="S1-2", name="高一2班团支部", kind=UnitKind.BRANCH, has_committee=False)

    def somebody(name: str, unit: Unit, kind: PostKind | None, *, born: date = date(1990, 1, 1)) -> Person:
        home = unit.id if unit.kind == UnitKind.BRANCH else None
        person = people.add(session, name=name, sex="female", birth_date=born, unit_id=home)
        if kind is not None:
            posts.assign(session, person_id=person.id, unit_id=unit.id, kind=kind, since=SINCE, actor=SYSTEM)
        return person

    cast = Cast(
        region=region,
        city=city,
        county=county,
        other_county=other_county,
        school=school,
        other_school=other_school,
        branch=branch,
        small_branch=small,
        saren=somebody("萨仁", branch, PostKind.BRANCH_SECRETARY, born=date(2004, 1, 1)),
        lin=somebody("林一", branch, PostKind.ORG_COMMISSIONER, born=date(2004, 2, 1)),
        bator=somebody("巴特尔", branch, PostKind.MENTOR, born=date(2004, 3, 1)),
        gaowa=somebody("高娃", school, PostKind.GRASSROOTS_COMMITTEE),
        chen=somebody("陈静", school, PostKind.GRASSROOTS_COMMITTEE),
        zhao=somebody("赵军", county, PostKind.COUNTY_COMMITTEE),
        sun=somebody("孙河", region, PostKind.REGION_COMMITTEE),
        he=somebody("何平", region, PostKind.ADMINISTRATOR),
        ma=somebody("马兰", region, PostKind.AUDITOR),
    )
    for person in (cast.saren, cast.lin, cast.bator):
        make_member(session, person, branch)
    return cast


def make_member(session: Session, person: Person, branch: Unit) -> LeagueMember:
    """A member of the branch in good standing."""
    member = LeagueMember(
        person_id=person.id, unit_id=branch.id, joined_on=date(2019, 5, 4), status=MemberStatus.ACTIVE
    )
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


def plan_for_school(session: Session, cast: Cast, places: int, *, total: int = 100) -> Plan:
    """The plan of 2020 with `places` places handed down to the school."""
    plan = quotas.open_plan(session, 2020, total, SYSTEM)
    for above, below in [(cast.region, cast.city), (cast.city, cast.county), (cast.county, cast.school)]:
        quotas.allot(session, plan, above.id, below.id, places, SYSTEM, "测试")
    return plan
