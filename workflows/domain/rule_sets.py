"""Rule sets: the thresholds an authority may change, as data. A case keeps the rule set it began with.

Every value carries the article it comes from and how sure it is. Durations are ISO 8601 strings (P1M, P30D); all
values are JSON, so that a drawing can read them as `rules.<name>`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workflows.errors import NotFound


class Confidence(StrEnum):
    """Where a value comes from."""

    RULE = "rule"
    """A published rule."""
    LOCAL = "local"
    """One school's, county's or province's rule: a default that may be changed."""
    SEED = "seed"
    """The notice 内团办发〔2020〕14号."""
    UNVERIFIED = "unverified"
    """A working default; no published text was seen."""


@dataclass(frozen=True)
class Parameter:
    """One threshold: its value, the article behind it, how sure that is, and the unit it is counted in."""

    value: Any
    article: str
    confidence: Confidence
    unit: str = ""


@dataclass(frozen=True)
class RuleSet:
    """All parameters of one preset."""

    name: str
    title: str
    parameters: dict[str, Parameter] = field(default_factory=dict)


def _rule(value: Any, article: str, unit: str = "") -> Parameter:
    return Parameter(value, article, Confidence.RULE, unit)


def _local(value: Any, article: str, unit: str = "") -> Parameter:
    return Parameter(value, article, Confidence.LOCAL, unit)


def _seed(value: Any, unit: str = "") -> Parameter:
    return Parameter(value, "内团办发〔2020〕14号", Confidence.SEED, unit)


def _unverified(value: Any, unit: str = "") -> Parameter:
    return Parameter(value, "未核实的默认值", Confidence.UNVERIFIED, unit)


_COMMON = {
    "apply_age_min": _rule(14, "团章第一条", "周岁"),
    "apply_age_max_exclusive": _rule(28, "团章第一条", "周岁"),
    "talk_deadline": _rule("P1M", "细则：派人谈话"),
    "mentor_count_min": _rule(1, "细则：培养联系人", "人"),
    "mentor_count_max": _rule(2, "细则：培养联系人", "人"),
    "training_min_months": _rule(3, "细则：培养教育考察", "个月"),
    "class_hours_min": _rule(8, "细则：团课学习", "学时"),
    "minutes_per_hour": _rule(45, "细则：团课学习", "分钟"),
    "online_hours_cap": _local(0, "各校做法（细则：团课为面授）", "学时"),
    "volunteer_year": _unverified("last_12_months"),
    "prereview_required": _rule(True, "细则：预审"),
    "result_in_writing": _rule(True, "细则：预审"),
    "notice_target_working_days": _local(5, "“三公示”做法", "工作日"),
    "notice_activist_days": _local(0, "“三公示”做法", "工作日"),
    "notice_admitted_days": _local(0, "“三公示”做法", "工作日"),
    "introducers": _rule(2, "团章第四条", "人"),
    "quorum": _rule(">1/2 of should-attend", "细则：支部大会讨论"),
    "pass_rule": _unverified(">1/2 of should-attend"),
    "count_written_absent": _unverified(True),
    "ballot": _rule("secret", "细则：支部大会讨论"),
    "prereview_meeting_max": _unverified("P30D"),
    "meeting_submit": _unverified("P10D"),
    "approval_target": _unverified("P30D"),
    "approval_hard": _unverified("P90D"),
    "feedback": _unverified("P7D"),
    "ceremony": _rule("P3M", "细则：入团仪式"),
    "zhtj_entry_after_approval": _rule("P30D", "智慧团建操作指引（2020）"),
    "archive_close": _rule("P30D", "智慧团建操作指引（2020）"),
    "number_use_rate_year_end": _local(100, "年度考核做法", "%"),
    "pdf_pages": _rule(12, "入团志愿书电子档案要求", "页"),
    "pdf_max_mb": _rule(20, "入团志愿书电子档案要求", "MB"),
}

NMG_2020 = RuleSet(
    "NMG_2020",
    "内蒙古2020年（细则-2016与内团办发〔2020〕14号）",
    {
        **_COMMON,
        "activist_confirmation": _rule("FILE", "细则-2016：入团积极分子备案"),
        "mentor_may_be_party_member": _rule(False, "细则-2016：培养联系人"),
        "mentor_min_talks": _local(0, "各校做法", "次"),
        "volunteer_hours_min": _seed(20, "小时/年"),
        "ideology_assessment_required": _seed(True),
    },
)

CYL_2023 = RuleSet(
    "CYL_2023",
    "全国2023年（细则-2023）",
    {
        **_COMMON,
        "activist_confirmation": _rule("APPROVE", "细则-2023：入团积极分子批准"),
        "mentor_may_be_party_member": _rule(True, "细则-2023：培养联系人"),
        "mentor_min_talks": _local(2, "各校做法", "次"),
        "volunteer_hours_min": _rule(0, "细则-2023：志愿服务只作记录，不作门槛", "小时/年"),
        "ideology_assessment_required": _local(False, "由各地决定"),
    },
)

TITLES = {
    "apply_age_min": "申请入团的最低周岁",
    "apply_age_max_exclusive": "申请入团的周岁上限（不含）",
    "talk_deadline": "派人谈话的期限",
    "mentor_count_min": "培养联系人最少人数",
    "mentor_count_max": "培养联系人最多人数",
    "mentor_may_be_party_member": "培养联系人可否为党员",
    "mentor_min_talks": "谈心谈话最少次数",
    "training_min_months": "培养考察最短期限",
    "class_hours_min": "团课最少学时",
    "minutes_per_hour": "每学时分钟数",
    "online_hours_cap": "网络团课最多计入学时",
    "volunteer_hours_min": "志愿服务最少时长",
    "volunteer_year": "志愿服务按哪一年度累计",
    "ideology_assessment_required": "是否必须思政考评",
    "activist_confirmation": "积极分子的备案或批准",
    "prereview_required": "是否必须预审",
    "result_in_writing": "预审结果是否须书面通知",
    "notice_target_working_days": "发展对象公示的工作日数",
    "notice_activist_days": "积极分子公示的工作日数",
    "notice_admitted_days": "新团员公示的工作日数",
    "introducers": "入团介绍人人数",
    "quorum": "支部大会到会人数要求",
    "pass_rule": "支部大会通过的票数要求",
    "count_written_absent": "缺席者的书面意见是否计票",
    "ballot": "支部大会表决方式",
    "prereview_meeting_max": "预审后召开支部大会的期限",
    "meeting_submit": "支部大会决议上报的期限",
    "approval_target": "审批的期限",
    "approval_hard": "审批的最长期限",
    "feedback": "反馈结果的期限",
    "ceremony": "举行入团仪式的期限",
    "zhtj_entry_after_approval": "批准后录入智慧团建的期限",
    "archive_close": "电子档案归档的期限",
    "number_use_rate_year_end": "年底编号使用率",
    "pdf_pages": "电子档案页数",
    "pdf_max_mb": "电子档案大小上限",
}
"""What a person calls each parameter."""

ALL = {rule_set.name: rule_set for rule_set in (NMG_2020, CYL_2023)}

FIRST_YEAR_OF_2023_RULES = 2023


def get(name: str) -> RuleSet:
    """The rule set of this name; raises NotFound."""
    if name not in ALL:
        raise NotFound(what="规则集")
    return ALL[name]


def values(name: str) -> dict[str, Any]:
    """Name and value of every parameter, as the `rules` of a case."""
    return {key: parameter.value for key, parameter in get(name).parameters.items()}


def for_plan_year(year: int) -> RuleSet:
    """The rule set under which a plan of `year` is worked: before 2023 the rules of 2016 with the notice of 2020."""
    return NMG_2020 if year < FIRST_YEAR_OF_2023_RULES else CYL_2023
