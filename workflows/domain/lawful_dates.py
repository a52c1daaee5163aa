"""Which days are lawful for each step of an admission: the earliest and the latest, with the rule behind each.

Everything follows from the dates on record, the birth date and the values of the rule set. A *rule of order* says that
one day must not come before another, or only so much later; it binds. A *deadline* says by when a day should come; to
miss it is to be late, not unlawful. The latest lawful day of a step leaves room for what has to come after it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from workflows.domain import working_days
from workflows.domain.members import may_apply_from

ONE_DAY = timedelta(days=1)
LONGEST_MONTH = 31
DAYS_TO_A_WORKING_DAY = 2
"""With a month on top no number of working days takes longer, whatever holidays lie between."""


class Day(StrEnum):
    """The days of an admission in their lawful order; a drawing's forms say which of their dates is which."""

    APPLIED = "applied"
    RECEIVED = "received"
    TALKED = "talked"
    PROPOSED = "proposed"
    APPROVED_AS_ACTIVIST = "approved_as_activist"
    ACTIVIST_POSTED = "activist_posted"
    ACTIVIST_NOTICE_CLOSED = "activist_notice_closed"
    MENTOR_NAMED = "mentor_named"
    FIRST_CLASS = "first_class"
    ASSESSED = "assessed"
    RECOMMENDED = "recommended"
    PRE_REVIEWED = "pre_reviewed"
    POSTED = "posted"
    NOTICE_CLOSED = "notice_closed"
    INTRODUCERS_NAMED = "introducers_named"
    FORM_FILLED = "form_filled"
    FORM_CHECKED = "form_checked"
    INTRODUCERS_WROTE = "introducers_wrote"
    RESOLVED = "resolved"
    ADMITTED = "admitted"
    MEMBER_POSTED = "member_posted"
    MEMBER_NOTICE_CLOSED = "member_notice_closed"
    COUNTY_FILED = "county_filed"
    TOLD = "told"
    SWORN = "sworn"
    ARCHIVED = "archived"
    CERTIFIED = "certified"

    @property
    def label(self) -> str:
        """What people call this day."""
        return _LABELS[self]


_LABELS = {
    Day.APPLIED: "申请入团",
    Day.RECEIVED: "收到申请书",
    Day.TALKED: "派人谈话",
    Day.PROPOSED: "支委会确定入团积极分子",
    Day.APPROVED_AS_ACTIVIST: "批准入团积极分子",
    Day.ACTIVIST_POSTED: "积极分子公示张贴",
    Day.ACTIVIST_NOTICE_CLOSED: "积极分子公示结果认定",
    Day.MENTOR_NAMED: "指定培养联系人",
    Day.FIRST_CLASS: "第一次团课",
    Day.ASSESSED: "教育培养考察期满",
    Day.RECOMMENDED: "推荐发展对象",
    Day.PRE_REVIEWED: "预审发展对象",
    Day.POSTED: "公示张贴",
    Day.NOTICE_CLOSED: "公示结果认定",
    Day.INTRODUCERS_NAMED: "确定入团介绍人",
    Day.FORM_FILLED: "填写入团志愿书",
    Day.FORM_CHECKED: "支委会审查志愿书",
    Day.INTRODUCERS_WROTE: "介绍人填写意见",
    Day.RESOLVED: "支部大会决议",
    Day.ADMITTED: "上级团委审批",
    Day.MEMBER_POSTED: "新团员公示张贴",
    Day.MEMBER_NOTICE_CLOSED: "新团员公示结果认定",
    Day.COUNTY_FILED: "县级团委备案",
    Day.TOLD: "审批结果告知本人",
    Day.SWORN: "入团仪式",
    Day.ARCHIVED: "录入智慧团建",
    Day.CERTIFIED: "电子档案认证",
}

ORDER = list(Day)
HELD_NOTICES = (
    ("notice_activist_days", Day.ACTIVIST_POSTED, Day.ACTIVIST_NOTICE_CLOSED),
    ("notice_target_working_days", Day.POSTED, Day.NOTICE_CLOSED),
    ("notice_admitted_days", Day.MEMBER_POSTED, Day.MEMBER_NOTICE_CLOSED),
)
"""Which parameter says for how many working days a notice hangs, with the days of its posting and of its result."""

AT_ONE_TIME = frozenset({Day.SWORN, Day.ARCHIVED, Day.CERTIFIED})
"""Ceremony and file run beside each other."""

IN_SEQUENCE = "后一步不得早于前一步"
STRICTLY = "志愿书各处日期须前后有序、互不相同，日期相同的后移一天"
NOT_BEFORE_FOURTEEN = "年满14周岁当日及以后方可申请和参加团课学习"
BEFORE_TWENTY_EIGHT = "申请和表决当日须未满28周岁"
EXTENDED = "延长考察期满以后"
NOTICE_OVER = "公示期满之后方可认定结果"

RULES = [IN_SEQUENCE, STRICTLY, NOT_BEFORE_FOURTEEN, BEFORE_TWENTY_EIGHT, EXTENDED, NOTICE_OVER]
"""Sentences a page shows; those of parameters are their titles."""

STATUTE_AGE = "团章第一条"
BOOKLET = "入团志愿书填写要求"
DETAILED_RULES = "《发展团员工作细则》"
NOTICES = "地方“三公示”做法"


class Unit(StrEnum):
    """In what a span is counted."""

    DAYS = "days"
    MONTHS = "months"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True)
class Span:
    """So much time; `then` are plain days after it: what may happen only once a notice is over."""

    n: int = 0
    unit: Unit = Unit.DAYS
    then: int = 0


AddWorkingDays = Callable[[date, int], date]


@dataclass(frozen=True)
class Facts:
    """What is known of one admission.

    `known` are the days that stand. `again` are days of steps that must be done once more: a talk that did not suit, a
    meeting that did not adopt. `not_before` are days that were set: an extension, the day after a notice that
    objections interrupted. `rules` are the values the case keeps.
    """

    known: Mapping[Day, date]
    birth: date | None
    rules: Mapping[str, Any]
    again: Mapping[Day, date] = field(default_factory=dict)
    not_before: Mapping[Day, date] = field(default_factory=dict)
    add_working_days: AddWorkingDays = working_days.add_working_days

    def after(self, day: date, span: Span) -> date:
        """The day that lies a span after another; months end on the last day of a shorter month."""
        match span.unit:
            case Unit.MONTHS:
                day = add_months(day, span.n)
            case Unit.WORKING_DAYS if span.n:
                day = self.add_working_days(day, span.n)
            case Unit.DAYS:
                day += timedelta(days=span.n)
        return day + timedelta(days=span.then)

    def before(self, day: date, span: Span) -> date:
        """The last day from which a span still ends by `day`."""
        if span.unit is Unit.DAYS:
            return day - timedelta(days=span.n + span.then)
        if span.unit is Unit.MONTHS:
            return _months_before(day - timedelta(days=span.then), span.n)
        low, high = day - timedelta(days=span.then + span.n * DAYS_TO_A_WORKING_DAY + LONGEST_MONTH), day
        while low < high:
            middle = low + (high - low + ONE_DAY) // 2
            if self.after(middle, span) <= day:
                low = middle
            else:
                high = middle - ONE_DAY
        return low


@dataclass(frozen=True)
class Link:
    """How two days hang together: `later` at least, or (a deadline) at most, so long after `earlier`."""

    later: Day
    earlier: Day
    span: Span
    rule: str = IN_SEQUENCE
    article: str = ""
    parameter: str = ""


@dataclass(frozen=True)
class Bound:
    """One end of the lawful days of a step, and why.

    `counted_from` is the day it is counted from, with its date; that day is itself to come where `is_estimate`.
    `parameter` names the value of the rule set behind it; the article then stands there. Without either, no published
    text is behind it.
    """

    on: date
    rule: str
    article: str = ""
    parameter: str = ""
    counted_from: Day | None = None
    counted_on: date | None = None
    is_estimate: bool = False
    for_the_sake_of: Day | None = None
    """The later step whose limit this leaves room for."""


@dataclass(frozen=True)
class Window:
    """The lawful days of one step; `latest` counts deadlines too, `barred_after` only what binds."""

    day: Day
    earliest: Bound | None
    latest: Bound | None
    barred_after: Bound | None

    @property
    def is_empty(self) -> bool:
        """Whether no day is left that is both lawful and in time."""
        return bool(self.earliest and self.latest and self.latest.on < self.earliest.on)

    def proposed(self, today: date) -> date:
        """Today where that is lawful, else the nearest lawful day; nobody's date is moved, this is only offered."""
        first = max(today, self.earliest.on) if self.earliest else today
        return min(first, self.barred_after.on) if self.barred_after else first

    def refused(self, on: date) -> Bound | None:
        """The bound that forbids this day; None where it is lawful, though it may be late."""
        if self.earliest and on < self.earliest.on:
            return self.earliest
        return self.barred_after if self.barred_after and on > self.barred_after.on else None


def add_months(day: date, n: int) -> date:
    """The same day of the month `n` months later, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - ONE_DAY).day))


def _months_before(day: date, n: int) -> date:
    """The last day that lies at least `n` months before; up to three days fall on the end of a shorter month."""
    found = add_months(day, -n)
    while add_months(found + ONE_DAY, n) <= day:
        found += ONE_DAY
    return found


def birthday(birth: date, age: int) -> date:
    """The day on which somebody turns `age`; born on 29 February, that is 1 March of other years."""
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 3, 1)


def standing(done: Mapping[Day, date], unfinished: Mapping[Day, date], now: Collection[Day]) -> Facts:
    """Which days on record still stand where a case is at `now`; the others are to be done (again).

    `done` are the days of steps that led on, `unfinished` of those that did not.
    """
    at = min((ORDER.index(day) for day in now), default=len(ORDER))

    def stands(day: Day) -> bool:
        beside = day in AT_ONE_TIME and set(now) <= AT_ONE_TIME and day not in now
        return ORDER.index(day) < at or beside

    known = {day: on for day, on in done.items() if stands(day)}
    again = {day: on for day, on in {**done, **unfinished}.items() if day not in known}
    return Facts(known=known, birth=None, rules={}, again=again)


def windows(facts: Facts) -> dict[Day, Window]:
    """The lawful days of every step that has not been done yet, in their order."""
    minimums = _minimums(facts)
    earliest = _earliest(facts, minimums)
    barred = _latest(facts, minimums, [])
    latest = _latest(facts, minimums, list(_deadlines(facts)))
    return {
        day: Window(day, earliest.get(day), latest.get(day), barred.get(day))
        for day in _steps_of(facts)
        if day not in facts.known
    }


def binding(facts: Facts, day: Day) -> Window:
    """Only what forbids a date of one step; by when it should be done is left out."""
    minimums = _minimums(facts)
    return Window(day, _earliest(facts, minimums).get(day), None, _latest(facts, minimums, []).get(day))


def _steps_of(facts: Facts) -> list[Day]:
    left_out = {Day.APPROVED_AS_ACTIVIST} if facts.rules.get("activist_confirmation") == "FILE" else set()
    for parameter, posted, closed in HELD_NOTICES:
        if posted is not Day.POSTED and not _number(facts.rules, parameter):
            left_out |= {posted, closed}
    return [day for day in ORDER if day not in left_out]


def activist_day(rules: Mapping[str, Any]) -> Day:
    """The day from which training counts: the approval, or the committee's decision where the list is only filed."""
    return Day.PROPOSED if rules.get("activist_confirmation") == "FILE" else Day.APPROVED_AS_ACTIVIST


def _minimums(facts: Facts) -> tuple[Link, ...]:
    """What has to come before what, and how long before."""
    notices = tuple(_number(facts.rules, parameter) for parameter, _, _ in HELD_NOTICES)
    return _links(activist_day(facts.rules), _number(facts.rules, "training_min_months"), notices)


@lru_cache(maxsize=64)
def _links(activist: Day, months: int, notices: tuple[int, ...]) -> tuple[Link, ...]:
    return (*_each_link(activist, months), *_notice_links(activist, notices))


def _notice_links(activist: Day, notices: tuple[int, ...]) -> Iterator[Link]:
    """A notice may be closed on the day after its last one; what follows on it comes no earlier."""
    around = ((activist, (Day.MENTOR_NAMED,)), (None, ()), (Day.ADMITTED, (Day.COUNTY_FILED, Day.TOLD)))
    for days, (parameter, posted, closed), (before, behind) in zip(notices, HELD_NOTICES, around, strict=True):
        if days:
            yield Link(closed, posted, Span(days, Unit.WORKING_DAYS, then=1), parameter=parameter)
            if before:
                yield Link(posted, before, Span())
            for following in behind:
                yield Link(following, closed, Span())


def _each_link(activist: Day, months: int) -> Iterator[Link]:
    strictly = Span(1)
    yield Link(Day.RECEIVED, Day.APPLIED, Span())
    yield Link(Day.TALKED, Day.APPLIED, Span(), article=DETAILED_RULES)
    yield Link(Day.PROPOSED, Day.TALKED, Span(), article=DETAILED_RULES)
    if activist is Day.APPROVED_AS_ACTIVIST:
        yield Link(activist, Day.PROPOSED, Span(), article=DETAILED_RULES)
    yield Link(Day.MENTOR_NAMED, activist, Span(), article=DETAILED_RULES)
    yield Link(Day.FIRST_CLASS, activist, Span(), article=DETAILED_RULES)
    if months:
        yield Link(Day.ASSESSED, activist, Span(months, Unit.MONTHS), parameter="training_min_months")
    yield Link(Day.ASSESSED, Day.MENTOR_NAMED, Span())
    yield Link(Day.ASSESSED, Day.FIRST_CLASS, Span())
    yield Link(Day.RECOMMENDED, Day.ASSESSED, Span(), article=DETAILED_RULES)
    yield Link(Day.PRE_REVIEWED, Day.RECOMMENDED, Span(), article=DETAILED_RULES)
    yield Link(Day.POSTED, Day.PRE_REVIEWED, Span())
    yield Link(Day.INTRODUCERS_NAMED, Day.NOTICE_CLOSED, Span(), article=DETAILED_RULES)
    yield Link(Day.FORM_FILLED, Day.INTRODUCERS_NAMED, Span())
    yield Link(Day.FORM_FILLED, Day.ASSESSED, strictly, STRICTLY, BOOKLET)
    yield Link(Day.FORM_CHECKED, Day.FORM_FILLED, Span(), article=DETAILED_RULES)
    yield Link(Day.INTRODUCERS_WROTE, Day.FORM_FILLED, strictly, STRICTLY, BOOKLET)
    yield Link(Day.RESOLVED, Day.FORM_CHECKED, Span(), article=DETAILED_RULES)
    yield Link(Day.RESOLVED, Day.INTRODUCERS_WROTE, strictly, STRICTLY, BOOKLET)
    yield Link(Day.ADMITTED, Day.RESOLVED, strictly, STRICTLY, BOOKLET)
    yield Link(Day.COUNTY_FILED, Day.ADMITTED, Span(), article=DETAILED_RULES)
    yield Link(Day.TOLD, Day.ADMITTED, Span(), article=DETAILED_RULES)
    yield Link(Day.SWORN, Day.ADMITTED, Span(), article="团章第五条")
    yield Link(Day.ARCHIVED, Day.ADMITTED, Span(), article="智慧团建操作指引（2020）")
    yield Link(Day.CERTIFIED, Day.ARCHIVED, Span(), article="智慧团建操作指引（2020）")


DEADLINES = (
    ("talk_deadline", Day.TALKED, Day.APPLIED),
    ("prereview_meeting_max", Day.RESOLVED, Day.PRE_REVIEWED),
    ("approval_target", Day.ADMITTED, Day.RESOLVED),
    ("feedback", Day.TOLD, Day.ADMITTED),
    ("ceremony", Day.SWORN, Day.ADMITTED),
    ("archive_close", Day.CERTIFIED, Day.ADMITTED),
    ("zhtj_entry_after_approval", Day.ARCHIVED, Day.ADMITTED),
)
"""Parameters that say by when: which day, counted from which."""

COUNTED_ANEW = frozenset({Day.TALKED, Day.SWORN})
"""Days whose deadline runs again from the last time they were tried."""


def _deadlines(facts: Facts) -> Iterator[Link]:
    for parameter, later, earlier in DEADLINES:
        span = duration(facts.rules.get(parameter))
        if span is not None:
            yield Link(later, earlier, span, parameter=parameter)


def duration(text: Any) -> Span | None:
    """A span as rule sets write it, P30D or P3M; None for anything else."""
    if not isinstance(text, str) or text[:1] != "P" or text[-1:] not in ("D", "M") or not text[1:-1].isdigit():
        return None
    return Span(int(text[1:-1]), Unit.DAYS if text[-1] == "D" else Unit.MONTHS)


def _number(rules: Mapping[str, Any], name: str) -> int:
    value = rules.get(name)
    return value if isinstance(value, int) else 0


def _earliest(facts: Facts, minimums: Sequence[Link]) -> dict[Day, Bound]:
    found: dict[Day, Bound] = {}
    leading: dict[Day, list[Link]] = {}
    for link in minimums:
        leading.setdefault(link.later, []).append(link)
    for day in _steps_of(facts):
        bounds = [*_set_days(facts, day)]
        for link in leading.get(day, ()):
            since = facts.known.get(link.earlier) or (found[link.earlier].on if link.earlier in found else None)
            if since is not None:
                on = facts.after(since, link.span)
                bounds.append(_counted(link, on, since, is_estimate=link.earlier not in facts.known))
        if bounds:
            found[day] = max(bounds, key=lambda bound: (bound.on, bound.counted_from is not None, bool(bound.article)))
    return found


def _set_days(facts: Facts, day: Day) -> Iterator[Bound]:
    """What holds of a day by itself: age, an extension, three more months after a meeting that did not adopt."""
    if facts.birth is not None and day in (Day.APPLIED, Day.FIRST_CLASS):
        yield Bound(may_apply_from(facts.birth), NOT_BEFORE_FOURTEEN, STATUTE_AGE)
    if day in facts.not_before:
        notice = day in {closed for _, _, closed in HELD_NOTICES}
        rule, article = (NOTICE_OVER, NOTICES) if notice else (EXTENDED, DETAILED_RULES)
        yield Bound(facts.not_before[day], rule, article)
    meeting, months = facts.again.get(Day.RESOLVED), _number(facts.rules, "training_min_months")
    if day is Day.ASSESSED and meeting is not None and months:
        on = add_months(meeting, months)
        yield Bound(on, IN_SEQUENCE, "", "training_min_months", Day.RESOLVED, meeting)


def _latest(facts: Facts, minimums: Sequence[Link], deadlines: Sequence[Link]) -> dict[Day, Bound]:
    """The latest days; each round carries a limit one step further, so as many rounds as there are days suffice."""
    found = dict(_by_age(facts))
    for _ in ORDER:
        before = dict(found)
        for link in deadlines:
            _hold(facts, found, link.later, _deadline(facts, found, link))
        for link in reversed(minimums):
            limit = found.get(link.later)
            if limit is not None and link.later not in facts.known:
                _hold(facts, found, link.earlier, _room(facts, link, limit))
        if found == before:
            break
    return found


def _hold(facts: Facts, found: dict[Day, Bound], day: Day, bound: Bound | None) -> None:
    if bound is not None and day not in facts.known and (day not in found or bound.on < found[day].on):
        found[day] = bound


def _by_age(facts: Facts) -> Iterator[tuple[Day, Bound]]:
    if facts.birth is not None and (age := _number(facts.rules, "apply_age_max_exclusive")):
        last = birthday(facts.birth, age) - ONE_DAY
        for day in (Day.APPLIED, Day.RESOLVED):
            if day not in facts.known:
                yield day, Bound(last, BEFORE_TWENTY_EIGHT, STATUTE_AGE)


def _deadline(facts: Facts, found: Mapping[Day, Bound], link: Link) -> Bound | None:
    since = facts.again.get(link.later) if link.later in COUNTED_ANEW else None
    if since is not None:
        return replace(_counted(link, facts.after(since, link.span), since, is_estimate=False), counted_from=link.later)
    known = facts.known.get(link.earlier)
    since = known or (found[link.earlier].on if link.earlier in found else None)
    if since is None:
        return None
    return _counted(link, facts.after(since, link.span), since, is_estimate=known is None)


def _room(facts: Facts, link: Link, limit: Bound) -> Bound:
    """The last day of the earlier step that leaves room for the later one, with the rule that limits the later one."""
    sake = limit.for_the_sake_of or link.later
    return replace(limit, on=facts.before(limit.on, link.span), for_the_sake_of=sake)


def _counted(link: Link, on: date, since: date, *, is_estimate: bool) -> Bound:
    return Bound(on, link.rule, link.article, link.parameter, link.earlier, since, is_estimate)
