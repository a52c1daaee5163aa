"""Why a paper of the stock cannot be moved, given out or counted; each refusal says what to do instead."""

from workflows.errors import InvalidData, Refusal

KEPT_STRICTLY = "内团办发〔2020〕14号"
"""The notice asks for stricter control of forms and cards; how it is kept here is this product's practice."""


class NoStockKept(Refusal):
    """Nobody on the way up keeps a stock of this kind."""

    code = "stock.none_kept"
    sentence = "“{unit}”及其上级没有建立{kind}库存台账。"
    remedy = "请由上级团委先登记入库，或向本单位发放空白件。"
    rule = "入团志愿书、团员证应当登记管理"
    article = KEPT_STRICTLY


class StockExhausted(Refusal):
    """There are not that many blank copies."""

    code = "stock.exhausted"
    sentence = "“{unit}”的空白{kind}只有 {left} 份，需要 {wanted} 份。"
    remedy = "请向上级团委申领，签收后再办理。"
    rule = "发出的份数不得多于在库的空白份数"
    article = KEPT_STRICTLY


class StockAmountWrong(InvalidData):
    """Copies are counted in whole numbers."""

    code = "stock.amount"
    sentence = "份数应为{least}以上的整数。"
    remedy = "请清点后填写份数。"
    rule = "库存按份计算"


class StockReasonMissing(InvalidData):
    """Whoever takes copies out of use says why, and on which paper it stands."""

    code = "stock.reason"
    sentence = "没有写明{what}。"
    remedy = "请写明后再提交，上级清点时据此核对。"
    rule = "作废、遗失和清点差额应有书面说明（本系统做法）"


class NotNextInLine(InvalidData):
    """Copies are handed over between a unit and the one directly above or below it."""

    code = "stock.not_next"
    sentence = "“{to}”不是“{giver}”的直接上级或下级。"
    remedy = "请逐级发放或退回。"
    rule = "入团志愿书、团员证逐级发放"
    article = KEPT_STRICTLY


class SamePersonReceives(Refusal):
    """A handover and a count need two people."""

    code = "stock.same_person"
    sentence = "{act}须由另一人办理，不能由{first}的人自己确认。"
    remedy = "请由“{unit}”的另一位经办人办理。"
    rule = "交接、清点由两人办理（本系统做法）"


class HandoverSettled(Refusal):
    """The handover was confirmed, declined or called back before."""

    code = "stock.handover_settled"
    sentence = "这批{kind}现在的状态是“{state}”，不能再办理。"
    remedy = "请刷新页面查看。"
    rule = "一批交接只签收一次"


class MoreThanSent(InvalidData):
    """Nobody receives more than was signed out."""

    code = "stock.more_than_sent"
    sentence = "发出 {sent} 份，清点到 {counted} 份，不能多于发出的份数。"
    remedy = "请退回这批交接，由发出单位重新清点后再发。"
    rule = "签收的份数不得多于发出的份数"


class FormStillOut(Refusal):
    """A copy with this number is still in somebody's hands."""

    code = "stock.form_still_out"
    sentence = "编号 {number} 的入团志愿书还有一份没有收回（第{copy}份）。"
    remedy = "请先把那一份收回作废，再发新的。"
    rule = "一个编号同一时间只有一份有效的入团志愿书"
    article = KEPT_STRICTLY


class NoCopyOut(Refusal):
    """The candidate has no copy that could be spoilt or lost."""

    code = "stock.no_copy"
    sentence = "该申请人名下没有已发出的{kind}。"
    remedy = "请核对姓名；尚未发放的，先办理发放。"
    rule = "只有发给本人的才能作废或报失"


class NotAMemberYet(Refusal):
    """Cards are for members."""

    code = "stock.not_a_member"
    sentence = "该申请人还没有被批准为团员，不能发放团员证。"
    remedy = "请在审批通过后再发放。"
    rule = "团员证在批准入团后发放"
    article = "团章第五条"


class CardNotIssued(InvalidData):
    """The unit keeps cards, and this one was not given to this member."""

    code = "stock.card_not_issued"
    sentence = "团员证 {number} 不是本单位库存中发给该团员的。"
    remedy = "请先在库存台账中发放团员证，再填写其编号。"
    rule = "团员证编号应与发放登记一致"
    article = KEPT_STRICTLY


class CardCodeWrong(InvalidData):
    """A base committee has a code of three digits for its cards."""

    code = "stock.card_code"
    sentence = "基层团委代号应为3位数字，且没有别的单位使用。"
    remedy = "请按旗县团委编定的代号填写。"
    rule = "团员证编号为8位数字（3位基层团委代号加5位流水号）"


class CardCodeFixed(Refusal):
    """Cards bear the committee's code already."""

    code = "stock.card_code_fixed"
    sentence = "“{unit}”已按代号 {code} 发出 {given} 张团员证，代号不能再改。"
    remedy = "请继续使用这个代号；确有错误的，请向旗县团委报告，由其决定已发团员证如何处理。"
    rule = "团员证编号发出后不再更改，代号只能在发出第一张以前更正（本系统做法）"


class CountChanged(Refusal):
    """Copies moved between the count and its confirmation."""

    code = "stock.count_changed"
    sentence = "清点之后又有收发：清点时账上空白 {expected} 份，现在 {now} 份。"
    remedy = "请重新清点。"
    rule = "清点结果以清点当时的账面为准"


class CountSettled(Refusal):
    """The month was counted and confirmed."""

    code = "stock.count_settled"
    sentence = "{month}的{kind}清点已经确认。"
    remedy = "发现差错的，请在下一次清点中说明。"
    rule = "每月清点一次，确认后不改（本系统做法）"
