"""What every page shows around its content: navigation, the posts of the signed-in person, language, dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request, url_for
from flask import session as cookie
from flask_babel import gettext

from webapp import database, identity, quota_waiting, rules_seen
from workflows.clock import OFFICE_ZONE
from workflows.domain.posts import OF_THE_PARTY, Held, PostKind
from workflows.engine import inbox
from workflows.engine.tables import WorkItem

AT_A_BRANCH = (PostKind.BRANCH_SECRETARY, PostKind.ORG_COMMISSIONER)
COMMITTEES = (
    PostKind.GRASSROOTS_COMMITTEE,
    PostKind.COUNTY_COMMITTEE,
    PostKind.PREFECTURE_COMMITTEE,
    PostKind.REGION_COMMITTEE,
)
KEEPERS = (PostKind.ADMINISTRATOR,)

REACHED_FROM = {
    "work_items": "inbox",
    "batches": "inbox",
    "new_case": "board",
    "evidence": "cases",
    "evidence_files": "cases",
    "lessons": "cases",
    "transfers": "cases",
    "leaving": "cases",
    "holidays": "quota",
    "quota_split": "quota",
    "head_counts": "quota",
    "ratios": "quota",
    "quota_changes": "quota",
    "quota_checks": "quota",
    "quota_corrections": "quota",
    "past_shares": "quota",
    "quota_places": "quota",
    "numbers": "quota",
    "branches": "quota",
    "stock": "quota",
    "moves": "processes",
    "party_lists": "party_events",
}
"""Pages without an entry of their own in the navigation, and the entry they are reached by."""


@dataclass(frozen=True)
class NavigationItem:
    """One entry of the main navigation."""

    label: str
    url: str
    active: bool
    count: int = 0


def init_app(app: Flask) -> None:
    """Register filters and what every template may use."""
    app.jinja_env.filters.update(moment=moment, day=day, figure=figure)
    app.context_processor(_everywhere)


def _everywhere() -> dict[str, Any]:
    return {
        "navigation": navigation() if identity.is_signed_in() else [],
        "language": chosen_language(),
        "languages": current_app.config["LANGUAGES"],
        "post_title": post_title,
        "here": here(),
    }


def here() -> str:
    """Where a link or a change of language leads back to: this page, or the page above a form's address."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    path, pages = request.path, current_app.create_url_adapter(request)
    while pages and path and not pages.test(path, "GET"):
        path = path.rpartition("/")[0]
    return path or url_for("home.start")


def chosen_language() -> str:
    """The reader's language, as the application names it."""
    chosen = str(cookie.get("language", ""))
    return chosen if chosen in current_app.config["LANGUAGES"] else str(current_app.config["BABEL_DEFAULT_LOCALE"])


def navigation() -> list[NavigationItem]:
    """The main navigation, by the posts the person exercises."""
    entries: list[tuple[str, str, int]] = []
    if identity.holds(*AT_A_BRANCH):
        entries.append((gettext("工作台"), "board.show", 0))
    if not identity.holds(*KEEPERS, PostKind.AUDITOR) or identity.holds(*AT_A_BRANCH, *COMMITTEES, *OF_THE_PARTY):
        entries.append((gettext("待办"), "inbox.show", waiting_count()))
    if identity.holds(*AT_A_BRANCH, *COMMITTEES, *OF_THE_PARTY, PostKind.AUDITOR):
        entries.append((gettext("案卷"), "cases.every", 0))
    if identity.holds(*AT_A_BRANCH, *COMMITTEES, PostKind.AUDITOR):
        entries.append((gettext("名额"), "quota.show", quota_waiting.count()))
    if identity.holds(*AT_A_BRANCH, PostKind.GRASSROOTS_COMMITTEE, PostKind.COUNTY_COMMITTEE):
        entries.append((gettext("推优"), "recommendations.show", 0))
    if identity.holds(*COMMITTEES, *OF_THE_PARTY, PostKind.AUDITOR):
        entries.append((gettext("推优率"), "recommendation_share.show", 0))
    if identity.holds(*OF_THE_PARTY):
        entries.append((gettext("联合认定"), "recognitions.every", 0))
        entries.append((gettext("联合培养"), "joint_training.every", 0))
        entries.append((gettext("党组织信息"), "party_events.show", 0))
    entries.append((gettext("规则"), "rule_sets.show", rules_seen.waiting_count()))
    if identity.holds(*OF_THE_PARTY, *KEEPERS):
        entries.append((gettext("党团组织"), "party_units.show", 0))
    if identity.holds(*KEEPERS, PostKind.AUDITOR):
        entries.append((gettext("流程"), "processes.every", 0))
    if identity.holds(*KEEPERS, *COMMITTEES, PostKind.AUDITOR, PostKind.PARTY_ORGANISER):
        entries.append((gettext("异常"), "incidents.every", 0))
    entries.append((gettext("通知"), "home.notices", 0))
    blueprint = request.blueprint or ""
    marked = REACHED_FROM.get(blueprint, blueprint)
    return [
        NavigationItem(label, url_for(endpoint), endpoint.split(".")[0] == marked, count)
        for label, endpoint, count in entries
    ]


def waiting_count() -> int:
    """How many work items wait for the signed-in person."""
    counts = inbox.counts(database.session(), identity.engine_posts(), identity.current_person().id)
    return sum(count.count for count in counts)


def post_title(held: Held) -> str:
    """A post's title as it is shown beside a name, and "代 A" for a substitute."""
    title = gettext(held.kind.label)
    if held.for_name is None:
        return title
    return gettext("%(post)s（代 %(name)s）", post=title, name=held.for_name)


def acts_as(items: Sequence[WorkItem]) -> dict[int, str]:
    """In which post the person would do each work item; nothing for who holds a single post and need not be told."""
    held = {each.post_id: each for each in identity.posts_held()}
    if len(held) < 2:
        return {}
    return {item.id: post_title(held[post]) for item in items if (post := identity.acting_for(item).post_id)}


def moment(value: datetime | None) -> str:
    """A moment as the office writes it, to the minute."""
    return value.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M") if value else ""


def day(value: date | datetime | None) -> str:
    """A day as the office writes it."""
    if isinstance(value, datetime):
        value = value.astimezone(OFFICE_ZONE).date()
    return value.isoformat() if value else ""


def figure(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


def safe_next(wanted: str | None) -> str | None:
    """A path of our own to go to next; None for an address that leads elsewhere."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return None
    parts = urlsplit(wanted)
    return None if parts.scheme or parts.netloc else wanted
