"""The tree of Inner Mongolia: the region, 12 leagues and cities, 103 counties, and what reports to the region directly.

Divisions are those of GB/T 2260 as packaged in `data/nm_area.csv`; the direct reporting units are the addressees of
the notice 内团办发〔2020〕14号. Universities and enterprises are founded one by one by the administrator, under two
gathering units, because the notice names the kinds and not the houses.
"""

import csv
from collections.abc import Sequence
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import units
from workflows.domain.units import Field, Unit, UnitKind

REGION_CODE = "150000"

PREFECTURES = {
    "150100": "呼和浩特市",
    "150200": "包头市",
    "150300": "乌海市",
    "150400": "赤峰市",
    "150500": "通辽市",
    "150600": "鄂尔多斯市",
    "150700": "呼伦贝尔市",
    "150800": "巴彦淖尔市",
    "150900": "乌兰察布市",
    "152200": "兴安盟",
    "152500": "锡林郭勒盟",
    "152900": "阿拉善盟",
}

REPORTING_TO_THE_REGION = ("150781", "152501")
"""满洲里 and 二连浩特 lie in 呼伦贝尔 and 锡林郭勒 by division and report to the region by organisation."""

DIRECT_UNITS = {
    "15D01": ("内蒙古自治区高等院校团委（归口）", "高等院校", Field.UNIVERSITY),
    "15D02": ("内蒙古自治区大厂矿企业团委（归口）", "大厂矿企业", Field.SOCIETY),
    "15D03": ("内蒙古自治区直属机关团工委", "区直机关", Field.SOCIETY),
    "15D04": ("内蒙古金融团工委", "金融", Field.SOCIETY),
    "15D05": ("内蒙古非公经济组织团工委", "非公经济组织", Field.SOCIETY),
    "15D06": ("内蒙古军区政治工作局", "内蒙古军区", Field.SOCIETY),
    "15D07": ("内蒙古公安厅政治部人事处", "公安厅", Field.SOCIETY),
    "15D08": ("内蒙古出入境边防检查总站政治部组织处", "边检总站", Field.SOCIETY),
    "15D09": ("内蒙古消防救援总队政治部组织处", "消防救援", Field.SOCIETY),
    "15D10": ("内蒙古森林消防总队政治部组织科", "森林消防", Field.SOCIETY),
}


def install(session: Session) -> Unit:
    """Found whatever of the tree is missing, and answer the region. Done twice it changes nothing."""
    standing = {unit.code: unit for unit in session.scalars(select(Unit))}
    region = standing.get(REGION_CODE) or units.add(
        session,
        None,
        code=REGION_CODE,
        name="共青团内蒙古自治区委员会",
        short_name="内蒙古自治区",
        kind=UnitKind.REGION,
        division_code=REGION_CODE,
    )
    standing[REGION_CODE] = region
    first = [(region, _committee(code, name, UnitKind.PREFECTURE)) for code, name in PREFECTURES.items()]
    first += [(region, _direct_unit(code)) for code in DIRECT_UNITS]
    _add_missing(session, standing, first)
    _add_missing(session, standing, [(standing[_parent_code(code)], _county(code, name)) for code, name in counties()])
    return region


def counties() -> list[tuple[str, str]]:
    """Code and name of the 103 county-level divisions, by code."""
    text = resources.files("workflows.domain").joinpath("data", "nm_area.csv").read_text(encoding="utf-8")
    return [(row[0], row[1]) for row in csv.reader(text.splitlines()) if row]


def _parent_code(code: str) -> str:
    return REGION_CODE if code in REPORTING_TO_THE_REGION else f"{code[:4]}00"


def _county(code: str, name: str) -> Unit:
    return _committee(code, name, UnitKind.COUNTY)


def _committee(code: str, name: str, kind: UnitKind) -> Unit:
    return Unit(
        code=code,
        name=f"共青团{name}委员会",
        short_name=name,
        kind=kind,
        division_code=code,
        has_committee=True,
        is_demo=False,
    )


def _direct_unit(code: str) -> Unit:
    name, short_name, field = DIRECT_UNITS[code]
    return Unit(
        code=code,
        name=name,
        short_name=short_name,
        kind=UnitKind.DIRECT,
        field=field,
        has_committee=True,
        is_demo=False,
    )


def _add_missing(session: Session, standing: dict[str, Unit], wanted: Sequence[tuple[Unit, Unit]]) -> None:
    missing = [(parent, unit) for parent, unit in wanted if unit.code not in standing]
    units.add_all(session, missing)
    standing.update((unit.code, unit) for _, unit in missing)
