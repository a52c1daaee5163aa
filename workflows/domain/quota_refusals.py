"""Why places cannot be moved, taken or used; each refusal says what to do instead."""

from workflows.errors import InvalidData, Refusal

YEARLY_PLAN = "中青发〔2016〕6号"
LEVEL_BY_LEVEL = "内团办发〔2020〕14号"


class QuotaExhausted(Refusal):
    """The unit has no free place."""

    code = "quota.exhausted"
    sentence = "“{unit}”没有空余的发展团员名额（空余 {free} 个，需要 {wanted} 个）。"
    remedy = "请向上级团委申请追加，或待有名额释放后再办理。"
    rule = "发展团员不得超出下达的名额"
    article = f"{YEARLY_PLAN}；{LEVEL_BY_LEVEL}"


class NumbersExhausted(QuotaExhausted):
    """The unit has places, and no number to go with them."""

    code = "numbers.exhausted"
    sentence = "“{unit}”可划出的发展团员编号只有 {left} 个，需要 {wanted} 个。"
    remedy = "请联系上级团委核对号段；已发出后释放的编号只能在本单位再次使用。"
    rule = "一个名额对应一个编号，编号取自本单位的号段"
    article = YEARLY_PLAN


class NoPlaceHeld(Refusal):
    """The case holds no place, so none can be used."""

    code = "quota.no_place"
    sentence = "该申请人没有预留的名额与编号。"
    remedy = "请先完成预审并预留名额。"
    rule = "没有编号不得接收为团员"
    article = YEARLY_PLAN


class PlaceIsUsed(Refusal):
    """A used place cannot be released: its number belongs to a member for good."""

    code = "quota.place_used"
    sentence = "该名额与编号已用于接收团员，不能再释放。"
    remedy = "如接收有误，请联系上级团委核查。"
    rule = "已使用的编号永不重用"


class NotDirectBelow(InvalidData):
    """Places pass one level at a time."""

    code = "quota.not_below"
    sentence = "名额只能逐级分配给直接下级，“{unit}”不是“{above}”的直接下级。"
    remedy = "请分配给直接下级，由其再往下分配。"
    rule = "名额自治区—盟市—旗县—学校逐级分配"
    article = LEVEL_BY_LEVEL


class AmountWrong(InvalidData):
    """An amount of places is a whole number of at least one."""

    code = "quota.amount"
    sentence = "名额数应为不小于1的整数。"
    remedy = "请填写1以上的整数。"
    rule = "名额按个计算"


class ReasonMissing(InvalidData):
    """Whoever asks for places, or refuses them, says why."""

    code = "quota.reason"
    sentence = "没有写明理由。"
    remedy = "请写明理由，对方据此办理，并记入日志。"
    rule = "名额的追加、调剂与不予批准应说明理由（本系统做法）"


class PlanExists(InvalidData):
    """A year has one plan."""

    code = "quota.plan_exists"
    sentence = "{year}年度的计划已经下达。"
    remedy = "追加名额请用“年中追加”，另给一段新号段。"
    rule = "一个年度一个计划，追加名额另编号段"
    article = YEARLY_PLAN


class SerialsExhausted(InvalidData):
    """A year's numbers have six digits of serial, and no more."""

    code = "numbers.serials"
    sentence = "编号的流水号为6位，{year}年度最多还能追加 {left} 个。"
    remedy = "请减少追加的个数。"
    rule = "发展团员编号为12位：年份4位、省级代码2位、流水号6位"
    article = YEARLY_PLAN


class ClosedTooEarly(Refusal):
    """A plan is closed at the end of its year."""

    code = "quota.closed_too_early"
    sentence = "{year}年度的计划可在{from_day}起关闭。"
    remedy = "此前请用退回、横向调剂让未用名额发挥作用。"
    rule = "年度名额在年终清理（本系统做法：12月1日起）"
    article = YEARLY_PLAN


class RequestOpen(Refusal):
    """A unit waits in the line once."""

    code = "quota.request_open"
    sentence = "“{unit}”已有一份待办的追加申请（{amount} 个）。"
    remedy = "请等待答复，或先撤回再重新申请。"
    rule = "同一单位同一时间只排队一次（本系统做法）"


class RequestAnswered(Refusal):
    """Somebody else has answered, or the asker has withdrawn."""

    code = "quota.request_answered"
    sentence = "这份申请现在的状态是“{state}”，不能再办理。"
    remedy = "请刷新页面查看。"
    rule = "一份申请只答复一次"


class NothingToAskAbove(Refusal):
    """The region's places come with the plan; nobody above it is in the tree."""

    code = "quota.nothing_above"
    sentence = "“{unit}”没有上级团委可以申请，自治区的名额由年度计划下达。"
    remedy = "追加请用“年中追加”。"
    rule = "名额自治区—盟市—旗县—学校逐级分配"
    article = LEVEL_BY_LEVEL


class TransferWithinLine(InvalidData):
    """Up and down the line there are allotting and giving back."""

    code = "quota.transfer_within_line"
    sentence = "横向调剂在两个互不隶属的单位之间办理。"
    remedy = "对上级请用退回，对下级请用下达。"
    rule = "横向调剂经共同上级确认"
    article = LEVEL_BY_LEVEL


class SamePersonConfirms(Refusal):
    """Who offers places does not also confirm the transfer."""

    code = "quota.same_person"
    sentence = "提出调剂的人不能自己确认。"
    remedy = "请由“{unit}”的另一位经办人办理。"
    rule = "提出与确认由不同的人办理（本系统做法）"


class NumberOfAnotherYear(Refusal):
    """The number's first four digits are not the year of the admission."""

    code = "numbers.other_year"
    sentence = "编号 {number} 属于 {year} 年度的计划，不能用于 {joined} 年接收的团员。"
    remedy = "请先释放这个名额，再从 {joined} 年度的计划预留。"
    rule = "2019年起，编号的前四位应与接收为团员的年份一致（2017、2018年可以互通）"
    article = f"{YEARLY_PLAN}；智慧团建录入规则"


class NumberIsVoid(Refusal):
    """The form that bears the number was spoilt and no other bears it yet."""

    code = "numbers.void"
    sentence = "编号 {number} 的入团志愿书已作废。"
    remedy = "请先换发新的志愿书并登记，再继续办理。"
    rule = "志愿书作废后编号保留，只换发给同一申请人"


class NumberUnknown(InvalidData):
    """This is no number of any plan."""

    code = "numbers.unknown"
    sentence = "“{number}”不是已下达计划中的编号。"
    remedy = "编号为12位数字：年份4位、省级代码15、流水号6位。请核对后重新输入。"
    rule = "发展团员编号为12位：年份4位、省级代码2位、流水号6位"
    article = YEARLY_PLAN
    kind = "missing"


def check_amount(amount: object, field: str = "amount") -> None:
    """Raise AmountWrong, on the named field, unless `amount` is a whole number of at least one."""
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
        raise AmountWrong(fields={field: AmountWrong.sentence})


def check_reason(reason: str, field: str = "reason") -> str:
    """The reason without blanks around it; raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing(fields={field: ReasonMissing.sentence})
    return reason.strip()
