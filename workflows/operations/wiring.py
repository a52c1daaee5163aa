"""The product's environment: the posts, operations and choices that its drawings may name."""

from collections.abc import Mapping
from functools import partial
from typing import Any, get_args

from sqlalchemy.orm import Session

from workflows import journal
from workflows.domain import calendars, meetings, members, party_links, posts, rule_sets, rules_in_force
from workflows.domain import postings as public
from workflows.domain import transfers as moves
from workflows.domain.calendars import Days
from workflows.domain.members import CandidateStatus
from workflows.domain.posts import PostKind
from workflows.domain.rule_sets import Confidence
from workflows.engine.environment import Calendar, Call, Choice, Environment, Operation, Origin, Scarce
from workflows.journal import Event
from workflows.operations import (
    branches,
    candidates,
    corrections,
    deliberations,
    evidence,
    joint_training,
    lawful_days,
    notices,
    places,
    postings,
    recognitions,
    recommendations,
    sources,
    transfers,
)
from workflows.operations.posts import LEVELS, PostDirectory, keeps_processes, repairers

PLACE = "名额与编号"


def apply_correction(call: Call) -> dict[str, Any]:
    """Change the record, and with it the cases of the person: their titles, and what running ones go by."""
    return corrections.apply(call, ENVIRONMENT)


OPERATIONS = [
    Operation("candidates.register", "登记申请人", candidates.register, ("application",)),
    Operation("members.admit", "登记新团员", candidates.admit, ("joined_on",), approved=True),
    Operation("members.close_file", "登记团员证与电子档案", candidates.close_file, ("card_number", "entered_on")),
    Operation(
        "evidence.count", "核对培养材料", evidence.count, ("activist_on", "assessed_on", "rules"), repeatable=True
    ),
    Operation(
        "quota.reserve",
        "预留名额与编号",
        places.reserve,
        (),
        ("quota.exhausted",),
        scarce=Scarce("take", PLACE),
        results={"state": places.HELD},
    ),
    Operation("quota.use", "核销名额", places.use, scarce=Scarce("use", PLACE), approved=True),
    Operation(
        "quota.use_in_year",
        "核销入团年度的名额",
        places.use_in_year,
        ("joined_on",),
        ("numbers.other_year",),
        scarce=Scarce("use", PLACE),
        approved=True,
    ),
    Operation(
        "quota.reserve_of_year",
        "预留入团年度的名额与编号",
        places.reserve_of_year,
        ("joined_on",),
        ("quota.exhausted",),
        scarce=Scarce("take", PLACE),
        results={"state": places.HELD},
    ),
    Operation(
        "quota.release",
        "退回名额",
        places.release,
        ("reason",),
        scarce=Scarce("give_back", PLACE),
        results={"state": places.GIVEN_BACK},
    ),
    Operation(
        "meetings.decide",
        "计票",
        deliberations.decide,
        ("meeting", "rules"),
        results={"result": get_args(meetings.Result)},
        repeatable=True,
    ),
    Operation("meetings.keep_void", "留存作废的表决", deliberations.keep_void, ("meeting", "kept"), repeatable=True),
    Operation(
        "calendar.notice_end",
        "计算公示期",
        deliberations.notice_end,
        ("posted_on", "working_days"),
        repeatable=True,
    ),
    Operation(
        "postings.put_up", "张贴公示", postings.put_up, ("notice", "working_days", "activist_on"), repeatable=True
    ),
    *(
        Operation(
            f"postings.put_up_{kind}",
            title,
            partial(postings.put_up, kind=kind),
            ("notice", "working_days", "activist_on"),
            repeatable=True,
        )
        for kind, title in ((public.Kind.ACTIVIST, "张贴入团积极分子公示"), (public.Kind.MEMBER, "张贴新团员公示"))
    ),
    Operation(
        "postings.stop",
        "中止公示计时",
        postings.stop,
        ("began_on", "raised_on", "ends_on", "working_days"),
        ("notice.over",),
        repeatable=True,
    ),
    Operation(
        "postings.resume",
        "恢复公示计时",
        postings.resume,
        ("notice", "settled_on", "days_left", "activist_on"),
        repeatable=True,
    ),
    Operation("postings.take_down", "撤下公示", postings.take_down, repeatable=True),
    Operation("branches.describe", "查明支部设置", branches.describe, repeatable=True),
    Operation("corrections.propose", "登记更正内容", corrections.propose, ("person", "proposal", "rules")),
    Operation("corrections.compare", "比对两人所填的号码", corrections.compare, ("confirmation",), repeatable=True),
    Operation("corrections.apply", "更正登记", apply_correction, approved=True),
    Operation("corrections.end", "终止更正", corrections.end, ("status",)),
    Operation(
        "recommendations.examine", "查明推优条件", recommendations.examine, ("nomination", "rules"), repeatable=True
    ),
    Operation("recommendations.recuse", "核对回避", recommendations.recuse, ("person",), repeatable=True),
    Operation(
        "recommendations.list",
        "列入候选人",
        recommendations.list_candidate,
        ("nomination",),
        scarce=Scarce("take", recommendations.PLACE),
        approved=True,
    ),
    Operation(
        "recommendations.count",
        "推优大会计票",
        recommendations.count,
        ("meeting", "rules"),
        results={"result": get_args(meetings.Result)},
        repeatable=True,
    ),
    Operation("recommendations.put_up", "张贴推优公示", recommendations.put_up, ("notice", "days"), repeatable=True),
    Operation(
        "recommendations.resume",
        "恢复推优公示",
        recommendations.resume,
        ("notice", "settled_on", "days"),
        repeatable=True,
    ),
    Operation(
        "recommendations.remove",
        "移出候选人并退回名额",
        recommendations.remove,
        ("state", "reason"),
        scarce=Scarce("give_back", recommendations.PLACE),
    ),
    Operation(
        "recommendations.pass_on",
        "登记推荐结果",
        recommendations.pass_on,
        ("passed", "meeting", "rules"),
        scarce=Scarce("use", recommendations.PLACE),
        results={"state": ("recommended",)},
        approved=True,
    ),
    Operation(
        "recommendations.determine",
        "登记党组织确定",
        recommendations.determine,
        ("determined_on",),
        results={"state": ("determined",)},
    ),
    Operation("recommendations.look", "查看推荐现状", recommendations.look, repeatable=True),
    Operation("recommendations.keep", "登记暂未确定", recommendations.keep, ("reason", "decided_on")),
    Operation("recommendations.end", "推荐终止", recommendations.end, ("state", "reason")),
    Operation("recommendations.ask_move", "向接收团支部转出", recommendations.ask_move, ("transfer",)),
    Operation("recommendations.accept_move", "推荐随组织关系转入", recommendations.accept_move, ("answered_on",)),
    Operation("recommendations.refuse_move", "不予接收", recommendations.refuse_move, ("answered_on", "reason")),
    Operation("notices.remind", "催办", notices.remind, ("step", "text"), repeatable=True),
    Operation("transfers.ask", "提出转接", transfers.ask, ("transfer",)),
    Operation("transfers.accept", "转入接收团支部", transfers.accept, ("answer",)),
    Operation("transfers.refuse", "不予接收", transfers.refuse, ("answer",)),
    Operation("transfers.mentor_named", "改由新培养联系人办理", transfers.mentor_named, repeatable=True),
    Operation("transfers.report", "报告共同上级", transfers.report, repeatable=True),
    Operation("transfers.leave", "转出到系统外", transfers.leave, ("leaving",)),
    Operation("recognitions.open", "提请联合认定，汇集事实", recognitions.open_, ("asked",)),
    Operation("recognitions.look", "查看双方现状", recognitions.look, repeatable=True),
    Operation("recognitions.answer", "落实签署", recognitions.answer, ("answer", "seen")),
    Operation("recognitions.report", "记入新情况", recognitions.report, ("report",)),
    Operation("recognitions.withdraw", "撤回联合认定", recognitions.withdraw, ("withdrawal",)),
    Operation("joint_training.begin", "登记联合培养", joint_training.begin, ("person", "rules")),
    Operation("joint_training.name_mentors", "登记双方联系人", joint_training.name_mentors, ("league", "party")),
    Operation("joint_training.replace_mentor", "登记更换联系人", joint_training.replace_mentor, ("side", "named")),
    Operation("joint_training.agree_on_plan", "双方计划生效", joint_training.agree_on_plan, ("plan", "agreed")),
    Operation("joint_training.assess", "登记联合考核结果", joint_training.assess, ("league", "party", "settled")),
    Operation("joint_training.keep_report", "登记思想汇报", joint_training.keep_report, ("report",)),
    Operation("joint_training.ask_move", "向接收团支部转出", joint_training.ask_move, ("transfer",)),
    Operation("joint_training.accept_move", "联合培养随组织关系转入", joint_training.accept_move, ("answer",)),
    Operation("joint_training.refuse_move", "不予接收", joint_training.refuse_move, ("answer",)),
    Operation("joint_training.mentors_named", "改由新联系人办理", joint_training.mentors_named, repeatable=True),
    Operation("joint_training.determine", "登记确定为发展对象", joint_training.determine, ("determined",)),
    Operation("joint_training.leave", "登记退出或转出", joint_training.leave, ("left", "state")),
    Operation("recognitions.expire", "联合认定期满", recognitions.expire, repeatable=True),
    Operation("notices.tell", "告知", notices.tell, ("to", "text"), repeatable=True),
    Operation("notices.escalate", "逾期报告上级", notices.escalate, ("step", "to"), repeatable=True),
]
"""Every operation, with its Chinese title, parameters and the error codes it offers to the drawing."""


def rules_at_beginning(session: Session, process: str, unit_id: int) -> dict[str, Any]:
    """A new case keeps the rules that hold for its unit on this day, under the plan it will draw its place from.

    Which units' tightenings are among them is journalled in the chain of the case's unit.
    """
    kept, tightenings = rules_in_force.for_a_case(session, unit_id)
    if tightenings:
        facts = {"process": process, "rule_set": kept["rule_set"], "tightenings": tightenings}
        journal.record(session, Event.RULES_TAKEN, chain=journal.unit_chain(unit_id), **facts)
    return kept


def origin_of(data: Mapping[str, Any], name: str) -> Origin | None:
    """Where a value of the case's rules comes from, by its name in drawings: `rules.class_hours_min`.

    What a unit has tightened is local, and no published rule: the unit is told beside the article it goes beyond.
    """
    root, _, parameter = name.partition(".")
    rule_set = rule_sets.ALL.get(str(data.get("rule_set")))
    if root != "rules" or rule_set is None or parameter not in rule_set.parameters:
        return None
    found = rule_set.parameters[parameter]
    by = data.get("tightenings", {}).get(parameter)
    if by is not None:
        article = f"{by['unit']}从严（{by['since']}至{by['until']}），原依据：{found.article}"
        return Origin(found.title, article, str(Confidence.LOCAL), found.unit)
    sure = found.confidence if found.confidence.is_law else Confidence.UNVERIFIED
    return Origin(found.title, found.article, str(sure), found.unit)


def value_in_words(data: Mapping[str, Any], name: str) -> str | None:
    """How people say a value of the case's rules, by its name in drawings: `3 个月`, `大于应到会有表决权人数的半数`."""
    root, _, parameter = name.partition(".")
    rule_set, held = rule_sets.ALL.get(str(data.get("rule_set"))), data.get("rules") or {}
    if root != "rules" or rule_set is None or parameter not in rule_set.parameters or parameter not in held:
        return None
    return rule_sets.in_words(rule_set.parameters[parameter], held[parameter])


def settle_candidate(session: Session, case_id: int, result: str | None) -> None:
    """A case has ended: write on the candidate how; a notice that still hangs is taken down."""
    public.take_down(session, case_id, public.Why.CASE_ENDED)
    moves.drop(session, case_id)
    recognitions.settle(session, case_id)
    if result in set(CandidateStatus):
        members.settle(session, case_id, CandidateStatus(result))


def _branch_members(session: Session, unit_id: int) -> list[Choice]:
    return [Choice(str(person.id), person.name) for person in members.eligible_guides(session, unit_id)]


def _party_mentors(session: Session, unit_id: int) -> list[Choice]:
    """Those who hold the post at the branch, and those of the Party branch that works with it."""
    held = posts.holders(session, unit_id, [PostKind.PARTY_MENTOR])
    linked = party_links.linked_branch(session, unit_id)
    if linked is not None and linked.id != unit_id:
        known = {person.id for person in held}
        held += [each for each in posts.holders(session, linked.id, [PostKind.PARTY_MENTOR]) if each.id not in known]
    return [Choice(str(person.id), person.name) for person in held]


def _counting(days: Days) -> Calendar:
    return lambda session, unit_id, day, n: calendars.add_working_days(session, unit_id, day, n, days)


ENVIRONMENT = Environment(
    directory=PostDirectory(),
    operations={operation.name: operation for operation in OPERATIONS},
    choices={
        "party_mentors": _party_mentors,
        "branch_members": _branch_members,
        corrections.ABOUT: corrections.people_of_branch,
        joint_training.ABOUT: joint_training.activists_of_branch,
        recognitions.ABOUT: recognitions.to_be_recognised,
        recommendations.ABOUT: recommendations.members_to_recommend,
    },
    beginning=rules_at_beginning,
    origin=origin_of,
    value_in_words=value_in_words,
    entries=sources.entries,
    repairers=repairers,
    keeps=keeps_processes,
    levels=LEVELS,
    calendars={str(days): _counting(days) for days in Days},
    forbidden_day=partial(lawful_days.forbidden_day, origin_of),
    upset_by=partial(lawful_days.upset_by, origin_of),
    ended=settle_candidate,
)
