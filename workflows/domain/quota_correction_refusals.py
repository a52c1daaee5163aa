"""Why the book of a closed year cannot be corrected; each refusal says what to do instead."""

from workflows.errors import InvalidData, Refusal

TWO_PEOPLE = "年度计划关闭后不再改账，只作更正：一人提出，上级另一人确认，并写明依据文件（本系统做法）"


class PlanStillOpen(Refusal):
    """While the year runs, places move in the ordinary ways."""

    code = "quota_correction.plan_open"
    sentence = "{year}年度的计划还没有关闭，不用年后更正。"
    remedy = "请用下达、退回或横向调剂办理。"
    rule = TWO_PEOPLE


class CorrectionWrong(InvalidData):
    """Two units, and a paper that shows what is right."""

    code = "quota_correction.wrong"
    sentence = "年后更正填写有误。"
    remedy = "请按各栏的提示修改后再提交。"
    rule = TWO_PEOPLE


class CorrectionOfOthers(Refusal):
    """A unit corrects what touches it."""

    code = "quota_correction.of_others"
    sentence = "“{unit}”不是这项更正的调出、调入单位，也不是两者的共同上级。"
    remedy = "请由有关单位或其共同上级提出。"
    rule = "名额的更正由有关单位提出，上级确认（本系统做法）"


class TooFewExpired(Refusal):
    """The giver has fewer expired places than are to be written to another unit."""

    code = "quota_correction.too_few"
    sentence = (
        "“{unit}”在{year}年度失效的名额有 {expired} 个，其中可更正的（编号未曾发出）{left} 个，不能更正 {wanted} 个。"
    )
    remedy = "请核对依据文件，减少更正的个数；已发出过的编号留在原单位。"
    rule = "更正不能超出账上的失效名额，编号随名额更正"


class CorrectionSettled(Refusal):
    """It has been confirmed, declined or withdrawn."""

    code = "quota_correction.settled"
    sentence = "这项更正现在的状态是“{state}”，不能再办理。"
    remedy = "请刷新页面查看；仍有错误的，另提一项更正。"
    rule = "一项更正只办结一次，不修改、不删除"


class CorrectedByOne(Refusal):
    """Whoever entered a correction does not confirm it."""

    code = "quota_correction.same_person"
    sentence = "提出更正的人不能自己确认。"
    remedy = "请由“{unit}”的另一位经办人办理。"
    rule = TWO_PEOPLE


DOCUMENT_MISSING = "请写明依据文件的名称或文号，2至200个字"
DAY_WRONG = "请填写依据文件的日期，不能晚于今天"
SAME_UNIT = "调出和调入单位不能相同"
WORDS = (DOCUMENT_MISSING, DAY_WRONG, SAME_UNIT)
"""Everything said of a single field."""
