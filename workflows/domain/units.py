"""Units: the organisation tree of the League as it reports, which is not always as the map divides the land.

The reporting parent and the administrative division are two independent fields: 满洲里 and 二连浩特 report to the
region although their division codes lie in 呼伦贝尔 and 锡林郭勒. Places and numbers follow the reporting parent.

Party units stand in trees of their own, beside the League's: nobody sees from one tree into the other by rank, and no
figure of the League counts them. `workflows.domain.party_links` says which works with which.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Boolean, Select, String, bindparam, func, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from workflows.database import Base, BigId, kept
from workflows.domain.columns import PathText, reference, word
from workflows.errors import InvalidData, NotFound, Refusal


class UnitKind(StrEnum):
    """The levels of the tree; `direct` reports to the region without being a league or city.

    The last two are the Party's.
    """

    REGION = "region"
    PREFECTURE = "prefecture"
    COUNTY = "county"
    DIRECT = "direct"
    SCHOOL = "school"
    GENERAL_BRANCH = "general_branch"
    BRANCH = "branch"
    PARTY_COMMITTEE = "party_committee"
    PARTY_BRANCH = "party_branch"

    @property
    def label(self) -> str:
        """The Chinese word for this level."""
        return _KIND_LABELS[self]

    @property
    def is_party(self) -> bool:
        """Whether units of this level are the Party's, and so none of the League's."""
        return self in PARTY


class Field(StrEnum):
    """The field of work a unit belongs to, as the yearly plan distinguishes them."""

    JUNIOR = "junior"
    SENIOR = "senior"
    VOCATIONAL = "vocational"
    UNIVERSITY = "university"
    SOCIETY = "society"


_KIND_LABELS = {
    UnitKind.REGION: "自治区团委",
    UnitKind.PREFECTURE: "盟市团委",
    UnitKind.COUNTY: "旗县团委",
    UnitKind.DIRECT: "直属团组织",
    UnitKind.SCHOOL: "基层团委",
    UnitKind.GENERAL_BRANCH: "团总支",
    UnitKind.BRANCH: "团支部",
    UnitKind.PARTY_COMMITTEE: "党委",
    UnitKind.PARTY_BRANCH: "党支部",
}

PARTY = (UnitKind.PARTY_COMMITTEE, UnitKind.PARTY_BRANCH)
"""The levels of the Party's trees, the higher one first."""


class Unit(Base):
    """One organisation. `path` lists the ids of all reporting ancestors and of the unit itself: `/1/14/201/`."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(60))
    name_mn: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[UnitKind] = mapped_column(word(UnitKind))
    field: Mapped[Field | None] = mapped_column(word(Field))
    division_code: Mapped[str | None] = mapped_column(String(6), index=True)
    parent_id: Mapped[int | None] = reference("unit.id", nullable=True)
    path: Mapped[str] = mapped_column(PathText, index=True)
    has_committee: Mapped[bool] = mapped_column(Boolean, default=True)
    is_temporary: Mapped[bool] = mapped_column(Boolean, default=False)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)

    def line(self) -> list[int]:
        """The ids from the top of the tree down to this unit."""
        return [int(step) for step in self.path.split("/") if step]


APPROVING = (UnitKind.SCHOOL, UnitKind.DIRECT)
"""Levels whose committee approves admissions: a school's, or that of a unit reporting directly to the region."""

FILING = (UnitKind.COUNTY, UnitKind.DIRECT)
"""Levels that keep the filing of approved admissions (县级以上团委备案)."""


class NothingAbove(Refusal):
    """There is no unit of the wanted level above this one."""

    code = "unit.nothing_above"
    sentence = "“{unit}”的上级中没有{kind}。"
    remedy = "请管理员检查组织关系。"
    rule = "每一步由组织树上对应层级的组织办理"


class UnitCodeTaken(InvalidData):
    """Two units may not share a code."""

    code = "unit.code_taken"
    sentence = "组织代码“{taken}”已被使用。"
    remedy = "请换一个。"
    rule = "一个组织代码只属于一个组织"


class TreesApart(InvalidData):
    """Units of the Party and of the League do not report to each other."""

    code = "unit.trees_apart"
    sentence = "“{unit}”不能隶属于“{parent}”。"
    remedy = "党委的上级只能是党委，党支部须隶属于一个党委；党组织与团组织之间的关系，请用“党团组织对应”登记。"
    rule = "党组织与团组织各有隶属关系，互不隶属"
    article = "《中国共产主义青年团章程》（团的组织由同级党组织和上级团组织领导；条号未核实）"


def get(session: Session, unit_id: int) -> Unit:
    """The unit; raises NotFound."""
    found = session.get(Unit, unit_id)
    if found is None:
        raise NotFound(what="组织")
    _keep(session, [found])
    return found


def lock(session: Session, unit_id: int) -> Unit:
    """The unit, its row locked until the transaction ends; rows may still be added that refer to it."""
    query = select(Unit).where(Unit.id == unit_id).with_for_update(key_share=True)
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(what="组织")
    return found


def by_code(session: Session, code: str) -> Unit:
    """The unit with this code (`150102` for a county, `region` codes end in 0000); raises NotFound."""
    found = session.scalars(select(Unit).where(Unit.code == code)).first()
    if found is None:
        raise NotFound(what="组织")
    return found


def ancestor(session: Session, unit_id: int, *kinds: UnitKind) -> Unit:
    """The nearest unit of one of `kinds` above `unit_id` in the reporting line, itself included.

    Raises NothingAbove.
    """
    line = line_of(session, unit_id)
    found = next((unit for unit in reversed(line) if unit.kind in kinds), None)
    if found is None:
        raise NothingAbove(unit=line[-1].name, kind="或".join(kind.label for kind in kinds))
    return found


def line_of(session: Session, unit_id: int) -> list[Unit]:
    """All units from the top of the tree down to `unit_id`; raises NotFound."""
    line = _kept_line(session, unit_id) or list(session.scalars(_LINE, {"unit": unit_id}))
    if not line:
        raise NotFound(what="组织")
    _keep(session, line)
    return line


_MOST_KEPT = 500
"""An act asks about a handful of units; whoever looks at a whole region in one transaction is not to hold all of it."""


def _keep(session: Session, found: Sequence[Unit]) -> None:
    units = kept(session, "units")
    if len(units) > _MOST_KEPT:
        units.clear()
    units.update((unit.id, unit) for unit in found)


def _kept_line(session: Session, unit_id: int) -> list[Unit]:
    """The line as this transaction has read it already; empty where a unit of it was not read."""
    units: dict[int, Unit] = kept(session, "units")
    line = [units.get(each) for each in units[unit_id].line()] if unit_id in units else []
    return [] if None in line else [unit for unit in line if unit is not None]


def _line() -> Select[Unit]:
    below = select(Unit).where(Unit.id == bindparam("unit")).cte("line", recursive=True)
    # Whole rows on the way up: PostgreSQL would read every unit there is to join a handful of ids.
    line = aliased(Unit, below.union_all(select(Unit).join(below, Unit.id == below.c.parent_id)))
    return select(line).order_by(func.length(line.path))


_LINE = _line()


def children(session: Session, unit_id: int) -> list[Unit]:
    """The units that report to `unit_id` directly, by code."""
    return list(session.scalars(select(Unit).where(Unit.parent_id == unit_id).order_by(Unit.code)))


def subtree_ids(session: Session, unit_id: int) -> list[int]:
    """The ids of `unit_id` and of everything that reports to it, directly or not."""
    top = get(session, unit_id)
    return list(session.scalars(select(Unit.id).where(Unit.path.startswith(top.path, autoescape=True))))


def is_within(session: Session, unit_id: int, top_id: int) -> bool:
    """Whether `unit_id` is `top_id` or reports to it; an unknown unit is within nothing."""
    unit = session.get(Unit, unit_id)
    return unit is not None and top_id in unit.line()


def add(
    session: Session,
    parent: Unit | None,
    *,
    code: str,
    name: str,
    kind: UnitKind,
    short_name: str = "",
    name_mn: str | None = None,
    field: Field | None = None,
    division_code: str | None = None,
    has_committee: bool = True,
    is_demo: bool = False,
) -> Unit:
    """Found a unit under `parent` (None only for the top of a tree); raises UnitCodeTaken, TreesApart."""
    if session.scalar(select(Unit.id).where(Unit.code == code)) is not None:
        raise UnitCodeTaken(taken=code, fields={"code": f"组织代码“{code}”已被使用"})
    unit = Unit(
        code=code,
        name=name,
        short_name=short_name or name,
        name_mn=name_mn,
        kind=kind,
        field=field,
        division_code=division_code,
        has_committee=has_committee,
        is_demo=is_demo,
    )
    add_all(session, [(parent, unit)])
    return unit


def add_all(session: Session, founded: Sequence[tuple[Unit | None, Unit]]) -> None:
    """Found many units, each under a parent that stands already, with few statements; raises TreesApart."""
    for parent, unit in founded:
        _insist_on_one_tree(parent, unit)
        unit.parent_id = None if parent is None else parent.id
        unit.path = ""
        session.add(unit)
    session.flush()
    for parent, unit in founded:
        unit.path = f"{'/' if parent is None else parent.path}{unit.id}/"
    session.flush()


def _insist_on_one_tree(parent: Unit | None, unit: Unit) -> None:
    """A Party committee stands alone or under another, a Party branch under a committee; the League's never there."""
    if parent is None:
        fits = unit.kind != UnitKind.PARTY_BRANCH
    else:
        fits = (parent.kind == UnitKind.PARTY_COMMITTEE) if unit.kind.is_party else not parent.kind.is_party
    if not fits:
        above = "—" if parent is None else parent.name
        raise TreesApart(unit=unit.name, parent=above, fields={"parent_id": PARENT_WRONG})


PARENT_WRONG = "请选择上级党委"
