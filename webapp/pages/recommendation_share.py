"""The share of recommended people (推优率): a unit's, of those below it, and the people whose matter is open."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from webapp import database, identity, party_kept, rules_told
from webapp import recommendation_share_seen as seen
from webapp.pages.quota_places import SPREADSHEET, as_csv, as_workbook, harmless
from webapp.pages.units_seen import own_units
from workflows import clock
from workflows.domain import ratios, units
from workflows.domain import recommendation_share as share
from workflows.domain.recommendation_share import Limits
from workflows.domain.units import Unit

bp = Blueprint("recommendation_share", __name__, url_prefix="/recommendation-share")

PAGE = 50
BATCH = 1_000
"""People read at once for a file."""


@bp.get("")
@identity.post_needed(*party_kept.READERS)
def show() -> str:
    """The figures of a unit and of those below it, and one page of its people."""
    session, unit, year = database.session(), _unit(), _year()
    limits, group = share.limits_of(session, year), request.args.get("people", "open")
    group = group if group in seen.GROUPS else "open"
    after = request.args.get("after", 0, type=int)
    found = share.people_of(session, unit, year, limits, only=seen.GROUPS[group], after=after, limit=PAGE + 1)
    kept: dict[str, Any] = {"unit": unit.id, "year": year, "people": group}
    return render_template(
        "recommendation_share/show.html",
        unit=unit,
        above=[each for each in units.line_of(session, unit.id)[:-1] if party_kept.reads(each)],
        own=own_units(session, *party_kept.READERS),
        year=year,
        years=share.years(session),
        seen=share.overview(session, unit, year, limits),
        limits=limits,
        confidence=rules_told.CONFIDENCE,
        left_out=seen.left_out,
        tone_of=seen.tone_of,
        percent=ratios.percent,
        people=seen.people(session, found[:PAGE]),
        group=group,
        groups=seen.GROUP_TITLES,
        first_page=url_for("recommendation_share.show", **kept) if after else None,
        next_page=url_for("recommendation_share.show", **kept, after=found[PAGE - 1].event.id)
        if len(found) > PAGE
        else None,
    )


@bp.get("/<any(units, people):what>.<any(csv, xlsx):kind>")
@identity.post_needed(*party_kept.READERS)
def download(what: str, kind: str) -> Response:
    """The same figures, or everybody accepted in the unit's scope, as a file."""
    unit, year = _unit(), _year()
    limits = share.limits_of(database.session(), year)
    rows = _figures(unit, year, limits) if what == "units" else [_heading(), *_people(unit, year, limits)]
    body = as_csv(rows) if kind == "csv" else as_workbook(rows, gettext("推优率"))
    response = Response(body, mimetype="text/csv" if kind == "csv" else SPREADSHEET)
    name = f"recommendation-share-{what}-{year}-{unit.code}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _unit() -> Unit:
    wanted = request.args.get("unit", type=int)
    if wanted is None:
        return own_units(database.session(), *party_kept.READERS)[0]
    return party_kept.read_of(wanted)


def _year() -> int:
    this = clock.today().year
    asked = request.args.get("year", this, type=int)
    return asked if share.FIRST_YEAR <= asked <= this else this


def _figures(unit: Unit, year: int, limits: Limits) -> list[list[str]]:
    found = share.overview(database.session(), unit, year, limits)
    named = [(found.whole.unit.name, found.whole.share), *((each.unit.name, each.share) for each in found.below)]
    if found.below and found.here.everybody:
        named.append((gettext("%(unit)s本级", unit=unit.name), found.here))
    heading = [
        *(gettext("组织"), gettext("接收团员"), gettext("经推优"), gettext("推荐为发展对象"), gettext("未经推优")),
        *(gettext("应听取意见"), gettext("已听取意见"), gettext("全部接收"), gettext("推优率"), gettext("发展对象率")),
    ]
    rows = []
    for name, one in named:
        numbers = (one.accepted, one.recommended, one.as_target, one.without, one.to_be_heard, one.heard, one.everybody)
        shares = (ratios.percent(one.share), ratios.percent(one.target_share))
        rows.append([harmless(name), *(str(each) for each in numbers), *shares])
    return [heading, *rows]


def _heading() -> list[str]:
    return [
        *(gettext("姓名"), gettext("接收日期"), gettext("当日周岁"), gettext("团组织"), gettext("党支部")),
        *(gettext("情况"), gettext("原因"), gettext("由谁办理"), gettext("办理")),
    ]


def _people(unit: Unit, year: int, limits: Limits) -> Iterator[list[str]]:
    session, after = database.session(), 0
    while found := share.people_of(session, unit, year, limits, after=after, limit=BATCH):
        for one in seen.people(session, found):
            at = one.accepted
            cells = [at.person.name, at.event.happened_on.isoformat(), str(one.age), at.league.name, at.party.name]
            yield [harmless(cell) for cell in (*cells, one.label, one.why, one.who, one.work)]
        after = found[-1].event.id
