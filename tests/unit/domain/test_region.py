"""The real tree of Inner Mongolia."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import region, units
from workflows.domain.units import Unit, UnitKind


def test_the_region_has_12_leagues_and_cities_103_counties_and_10_direct_units(session: Session) -> None:
    top = region.install(session)
    kinds = Counter(unit.kind for unit in session.scalars(select(Unit)))
    assert kinds == {UnitKind.REGION: 1, UnitKind.PREFECTURE: 12, UnitKind.COUNTY: 103, UnitKind.DIRECT: 10}
    assert len(units.subtree_ids(session, top.id)) == 126


def test_the_counties_are_of_the_five_sorts_the_law_knows() -> None:
    last = Counter(
        name.removesuffix("自治旗") if name.endswith("自治旗") else name[-1] for _, name in region.counties()
    )
    autonomous = sum(1 for _, name in region.counties() if name.endswith("自治旗"))
    assert (last["区"], last["市"], last["县"], last["旗"], autonomous) == (23, 11, 17, 49, 3)


def test_manzhouli_and_erenhot_report_to_the_region_and_lie_elsewhere(session: Session) -> None:
    top = region.install(session)
    for code, lies_in in [("150781", "1507"), ("152501", "1525")]:
        city = units.by_code(session, code)
        assert city.parent_id == top.id
        assert city.division_code == code
        assert city.division_code.startswith(lies_in)
        assert city not in units.children(session, units.by_code(session, f"{lies_in}00").id)


def test_every_other_county_reports_to_the_city_it_lies_in(session: Session) -> None:
    region.install(session)
    codes = {unit.id: unit.code for unit in session.scalars(select(Unit))}
    for county in session.scalars(select(Unit).where(Unit.kind == UnitKind.COUNTY)):
        if county.code not in region.REPORTING_TO_THE_REGION:
            assert codes[county.parent_id or 0] == f"{county.code[:4]}00"


def test_installing_twice_changes_nothing(session: Session) -> None:
    first = region.install(session)
    assert region.install(session) is first
    assert len(list(session.scalars(select(Unit.id)))) == 126


def test_names_are_those_of_committees_with_a_short_name_for_display(session: Session) -> None:
    region.install(session)
    hohhot = units.by_code(session, "150100")
    assert (hohhot.name, hohhot.short_name) == ("共青团呼和浩特市委员会", "呼和浩特市")
