"""Rushed admissions in words: for the school's committee, the county above it, and whoever approves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp import identity
from workflows import clock
from workflows.domain import rush, units
from workflows.domain.posts import PostKind
from workflows.domain.rush import Rush
from workflows.engine import bundles, cases
from workflows.engine.tables import WorkItem
from workflows.operations import rushes

WARNED = (PostKind.GRASSROOTS_COMMITTEE, PostKind.COUNTY_COMMITTEE)


@dataclass(frozen=True)
class ToldRush:
    """What is to be said of rushed admissions; nothing where there are none."""

    schools: list[str] = field(default_factory=list)
    pressed: str = ""
    """Of the cases in hand, those that were done on the first lawful day throughout."""


def for_reader(session: Session, in_hand: Mapping[int, Sequence[date]] | None = None) -> ToldRush:
    """The rushes of the schools that the signed-in person approves for, or that are below his county."""
    tops = {held.unit_id for held in identity.posts_held() if held.kind in WARNED}
    found = [one for top in sorted(tops) for one in rush.below(session, units.get(session, top), in_hand=in_hand)]
    return ToldRush([_said(one) for one in {one.unit_id: one for one in found}.values()])


def for_approval(session: Session, items: Sequence[WorkItem]) -> ToldRush:
    """The same with the cases in hand, loaded with their states; nothing where the step approves nobody."""
    bundle = bundles.parsed(session, items[0].case.bundle_id)
    if not rushes.approves(bundle.dated_fields, items[0].step):
        return ToldRush()
    in_hand: dict[int, list[date]] = {}
    pressed = []
    for item in items:
        data = cases.data_of(item.case)
        if day := rushes.resolved_on(bundle.dated_fields, data):
            in_hand.setdefault(item.case.unit_id, []).append(day)
        if rushes.is_pressed(bundle.dated_fields, data):
            pressed.append(item.case.title)
    limits = rush.limits_on(session, clock.today()) if pressed else None
    said = ""
    if limits and len(pressed) >= limits.least:
        said = gettext("其中 %(n)s 人每一步都在最早的合法日期办理，请核对材料是否真实。", n=len(pressed))
    return ToldRush(for_reader(session, in_hand).schools, said)


def _said(one: Rush) -> str:
    figures = {"unit": one.unit, "first": one.first.isoformat(), "last": one.last.isoformat(), "n": one.count}
    limits = {"days": one.limits.days, "limit": one.limits.share, "share": one.share, "total": one.year_total}
    return gettext(
        "%(unit)s：%(first)s 至 %(last)s（%(days)s 天之内）有 %(n)s 人通过支部大会，占全年 %(total)s 人的 %(share)s%%，"
        "超过 %(limit)s%%。",
        **figures,
        **limits,
    )
