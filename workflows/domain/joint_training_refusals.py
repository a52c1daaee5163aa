"""What joint training refuses, each with the rule behind it and what would let it pass."""

from workflows.errors import InvalidData, Refusal

PARTY_RULES = "《中国共产党发展党员工作细则》"


class NotAnActivist(InvalidData):
    """Joint training is for somebody whom the Party has determined as activist."""

    code = "joint_training.not_an_activist"
    sentence = "该人员没有已由党组织确定为入党积极分子的推优记录。"
    remedy = "请先办完推荐入党积极分子，党组织确定并登记确定时间后再发起联合培养。"
    rule = "联合培养考察的对象为已确定的入党积极分子"
    article = PARTY_RULES


class TrainedAlready(Refusal):
    """One joint training at a time; time counted goes on in it."""

    code = "joint_training.running"
    sentence = "该人员正在“{unit}”联合培养，不能再发起一次。"
    remedy = "请在原案卷继续办理；已换团支部的，由原支部在案卷上办理转接，培养时间连续计算。"
    rule = "一人同一时间只有一项联合培养，培养时间连续计算"


class MentorWrong(InvalidData):
    """Mentors are other people than the trainee, and each of them is one person."""

    code = "joint_training.mentor"
    sentence = "培养联系人有误。"
    remedy = "请按提示修改。"
    rule = "团组织指定培养联系人，党组织指定1至2名正式党员作培养联系人"
    article = PARTY_RULES


class TrainingDayWrong(InvalidData):
    """A day lies in the future, or before the day it must follow."""

    code = "joint_training.day"
    sentence = "日期有误。"
    remedy = "请按提示修改。"
    rule = "计划、考核、确定的日期须前后有序，不晚于今天"


class TrainingTooShort(Refusal):
    """Nobody may be recommended as development target before the least time has been counted."""

    code = "joint_training.too_short"
    sentence = "培养考察至{day}满{months}个月，没有满{least}个月或者没有到延长之日，不能作出“可推荐为发展对象”的结论。"
    remedy = "请选择“继续培养”，最早可在{earliest}作出这一结论。"
    rule = "入党积极分子须经过规定时间的培养教育和考察，方可列为发展对象"
    article = PARTY_RULES


class NotReadyYet(Refusal):
    """Target determination follows on a joint assessment that says so."""

    code = "joint_training.not_ready"
    sentence = "联合考核还没有得出“可推荐为发展对象”的结论。"
    remedy = "请先完成联合考核；党组织已另行确定的，请核对确定时间。"
    rule = "列为发展对象须经联合考核认为具备条件"
    article = PARTY_RULES


class PlanMissing(Refusal):
    """There is no plan on which both sides agree."""

    code = "joint_training.no_plan"
    sentence = "双方还没有共同的培养计划。"
    remedy = "请先由团支部拟订培养计划，党支部确认。"
    rule = "联合培养按双方共同确认的计划进行"


class TrainingOver(Refusal):
    """What has ended stays as it is."""

    code = "joint_training.over"
    sentence = "联合培养目前是“{state}”，不能办理这一步。"
    remedy = "请刷新后查看；重新确定为入党积极分子的，重新发起。"
    rule = "联合培养结束后不再变动"


CHOOSE = "请选择本支部已确定的入党积极分子"
NOT_HIMSELF = "不能由本人担任"
NAMED_TWICE = "两名党员培养联系人不得为同一人"
ON_BOTH_SIDES = "团组织和党组织的培养联系人不得为同一人"
BETWEEN = "应在{first}至今天之间"
LATER_THAN = "应晚于{day}"
ON_RECORD = "推优记录上的确定时间是{day}"
WORDS = (CHOOSE, NOT_HIMSELF, NAMED_TWICE, ON_BOTH_SIDES, BETWEEN, LATER_THAN, ON_RECORD)
"""Everything said of a single field."""
