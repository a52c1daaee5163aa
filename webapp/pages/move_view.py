"""Plans of moves and differences between versions, as an administrator reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp.pages.furniture import moment
from workflows.domain import units
from workflows.engine.differences import Difference
from workflows.engine.moving.planning import Moment, Plan


@dataclass(frozen=True)
class PlanView:
    """One case on the page of moves; no candidate's name: administrators read none."""

    plan: Plan
    unit: str
    changes: Sequence[str]
    why_not: str
    checked: bool


def plan_view(session: Session, plan: Plan, ticked: set[int] | None) -> PlanView:
    """One case with its changes in words; ticked when it can be moved and nobody has chosen yet."""
    movable = plan.refusal is None
    return PlanView(
        plan=plan,
        unit=units.get(session, plan.unit_id).short_name,
        changes=_changes(plan),
        why_not=plan.refusal.message(gettext) if plan.refusal else "",
        checked=movable and (ticked is None or plan.case_id in ticked),
    )


def _changes(plan: Plan) -> list[str]:
    told = [
        (gettext("将新等待：%(what)s"), plan.placed),
        (gettext("不再等待：%(what)s"), plan.dropped),
        (gettext("须重新办理：%(what)s"), plan.redone),
        (gettext("新版本没有这些步骤，记录保留：%(what)s"), plan.lost),
        (gettext("不再等待消息：%(what)s"), plan.no_longer_awaited),
        (gettext("取消后台步骤：%(what)s"), plan.jobs_dropped),
        (gettext("表单有变化：%(what)s"), plan.forms_changed),
        (gettext("移动时立即执行，不能撤销：%(what)s"), plan.at_once),
    ]
    found = [sentence % {"what": gettext("、").join(what)} for sentence, what in told if what]
    found += [_deadline(each) for each in plan.moments]
    found += [
        gettext("“%(step)s”改由%(who)s办理（原为%(before)s）", step=each.label, who=each.after, before=each.before)
        for each in plan.asked
        if each.before and each.after
    ]
    if plan.incidents:
        found.append(gettext("有 %(n)s 项未解决的异常", n=plan.incidents))
    return found


def _deadline(change: Moment) -> str:
    if change.after is None:
        return gettext("取消期限“%(name)s”（%(was)s）", name=change.label, was=moment(change.before))
    if change.before is None:
        told = gettext("新增期限“%(name)s”：%(now)s", name=change.label, now=moment(change.after))
    else:
        was, now = moment(change.before), moment(change.after)
        told = gettext("期限“%(name)s”由 %(was)s 改为 %(now)s", name=change.label, was=was, now=now)
    return gettext("%(told)s，移动后立即到期", told=told) if change.passed else told


def kinds() -> Mapping[str, str]:
    """What is said of an element that differs."""
    return {"added": gettext("新增"), "removed": gettext("删除"), "changed": gettext("修改")}


def aspects() -> Mapping[str, str]:
    """What about an element may differ."""
    return {
        "label": gettext("名称"),
        "lane": gettext("办理人"),
        "form": gettext("表单"),
        "timer": gettext("期限"),
        "timer_kind": gettext("期限的种类"),
        "since": gettext("起算日"),
        "grace": gettext("宽限"),
        "calendar": gettext("日历"),
        "event": gettext("事件"),
        "decision": gettext("决策表"),
        "operation": gettext("操作"),
        "parameters": gettext("参数"),
        "properties": gettext("属性"),
        "condition": gettext("条件"),
        "source": gettext("起点"),
        "target": gettext("终点"),
        "default": gettext("默认分支"),
        "rules": gettext("规则"),
        "inputs": gettext("输入"),
        "outputs": gettext("输出"),
        "repeat": gettext("重复"),
        "attached_to": gettext("所贴步骤"),
        "interrupting": gettext("是否中断"),
        "inside": gettext("所在子流程"),
    }


def of_elements(found: Sequence[Difference]) -> tuple[list[Difference], list[Difference]]:
    """Elements and tables first, flows apart: a reader looks for the steps."""
    flows = [each for each in found if each.what == "sequenceFlow"]
    return [each for each in found if each.what != "sequenceFlow"], flows
