"""Why a tightening is refused, each with the rule behind it and what may be done instead."""

from workflows.errors import InvalidData, Refusal

SHORTEST_REASON = 5


class RuleFixed(Refusal):
    """Only the authority that made the rule may change the value."""

    code = "rule.fixed"
    sentence = "“{title}”由上级统一规定（依据：{basis}），各级不得自行改变。"
    remedy = "请另选一项。"
    rule = "统一规定的条件，各级不得增减"


class RuleLoosened(Refusal):
    """A unit asks for less than the rule set does."""

    code = "rule.loosened"
    sentence = "“{title}”现行要求为{value}（依据：{basis}），“{asked}”比它宽。"
    remedy = "请改填更严的值。"
    rule = "下级只能从严，不得放宽"


class RuleNotTighter(Refusal):
    """A unit asks for what holds anyway."""

    code = "rule.not_tighter"
    sentence = "“{title}”现行要求就是{value}（依据：{basis}），无须再提。"
    remedy = "如要从严，请填更严的值。"
    rule = "从严的值须严于现行要求"


class BeyondLimit(InvalidData):
    """A unit asks for more than the product lets through; a slip of the pen must not stop every case."""

    code = "rule.beyond_limit"
    sentence = "“{title}”最严可定为{limit}（本产品的限度，防止误填）。"
    remedy = "请改填。"
    rule = "从严不得超过本产品的限度"


class LooserThanAbove(Refusal):
    """A unit above has tightened the same parameter further for some of these days."""

    code = "rule.looser_than_above"
    sentence = "“{unit}”已将“{title}”从严为{value}（{since}至{until}），下级不得比它宽。"
    remedy = "请改填更严的值，或另选日期。"
    rule = "下级从严不得宽于上级已定的要求"


class RuleValueWrong(InvalidData):
    """The value is none that the parameter can have."""

    code = "rule.value"
    sentence = "所填的值不是此项可用的值。"
    remedy = "请按此项的单位填写整数，或从选项中选择。"
    rule = "各项只取规则集所定的取值"


class TighteningPending(Refusal):
    """The unit has asked for this already and waits for the answer."""

    code = "rule.pending"
    sentence = "本组织对“{title}”已有一项从严申请待批。"
    remedy = "请等待审批，或先撤回它。"
    rule = "同一组织对同一项要求一次只提一项申请"


class BeginsInThePast(InvalidData):
    """Nothing is tightened backwards."""

    code = "rule.begins_in_the_past"
    sentence = "起始日期不能早于今天。"
    remedy = "请填写今天或以后的日期。"
    rule = "从严不溯及既往"


class BeginsTooLate(InvalidData):
    """The first day lies so far ahead that it must be a slip of the pen."""

    code = "rule.begins_too_late"
    sentence = "起始日期应在一年以内。"
    remedy = "请改填一年以内的日期。"
    rule = "从严不得提得过早"


class EndsBeforeItBegins(InvalidData):
    """The last day lies before the first."""

    code = "rule.ends_early"
    sentence = "截止日期不能早于起始日期。"
    remedy = "请填写不早于起始日期的截止日期。"
    rule = "从严须有起止日期"


class TermTooLong(InvalidData):
    """A tightening is always for a time."""

    code = "rule.term_too_long"
    sentence = "从严的期限最长两年。"
    remedy = "请缩短期限，期满可重新提出。"
    rule = "从严有期限，期满自动失效"


class ReasonNeeded(InvalidData):
    """Who asks for more, or says no, says why."""

    code = "rule.reason"
    sentence = "理由须为5至400个字。"
    remedy = "请说明理由。"
    rule = "从严须说明理由"


class OwnProposal(Refusal):
    """Nobody decides on what he has proposed himself, in whatever post."""

    code = "rule.own_proposal"
    sentence = "这项申请是您本人提出的，您不能审批。"
    remedy = "请由审批机关的其他人审批。"
    rule = "提出与审批职责分离"
    kind = "forbidden"


class TighteningSettled(Refusal):
    """It has been decided on or withdrawn by now."""

    code = "rule.settled"
    sentence = "该项申请{state}，不能再办理。"
    remedy = "请刷新后查看。"
    rule = "一项申请只审批一次"


class TighteningOver(Refusal):
    """Its last day has passed."""

    code = "rule.over"
    sentence = "该项从严已于{until}期满，不能再办理。"
    remedy = "如仍需要，请重新提出。"
    rule = "从严有期限，期满自动失效"
