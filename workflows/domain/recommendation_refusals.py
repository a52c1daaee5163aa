"""What rounds and records of recommendation refuse, each with the rule behind it and what would let it pass."""

from workflows.errors import InvalidData, Refusal

MEASURES = "《共青团推优入党工作实施办法（试行）》（中青发〔2019〕9号）"


class TermWrong(InvalidData):
    """A round has a term and rests on something written."""

    code = "recommendation.term"
    sentence = "没有写明学期或依据。"
    remedy = "请写明学期（如“2026年秋季学期”）和依据（党组织年度计划、通知文号）。"
    rule = "推优按学期分批进行，与党组织的年度计划相衔接"
    article = MEASURES


class RoundOpenAlready(Refusal):
    """One round of a product after the other."""

    code = "recommendation.round_running"
    sentence = "推荐{product}的上一批次还没有结束。"
    remedy = "请先结束上一批次，再开新的批次。"
    rule = "同一团委同一时间只有一个同类批次"


class RoundNotDraft(Refusal):
    """Places are confirmed once."""

    code = "recommendation.round_confirmed"
    sentence = "本批次的名额已经确认。"
    remedy = "需要调整的，直接修改各支部名额。"
    rule = "名额确认后各支部方可推荐"


class RoundOver(Refusal):
    """A closed round stays closed."""

    code = "recommendation.round_over"
    sentence = "本批次已经结束。"
    remedy = "请开新的批次。"
    rule = "批次结束后不再变动名额"


class PlacesWrong(InvalidData):
    """A number of places is a whole number and belongs to a branch of the round."""

    code = "recommendation.places"
    sentence = "名额有误。"
    remedy = "请按提示修改。"
    rule = "名额分配到本批次的各支部"


class OverTheShare(InvalidData):
    """No branch gets more places than the share of its members."""

    code = "recommendation.over_share"
    sentence = "名额超过本支部团员数的{share}%。"
    remedy = "请减少名额；团员人数有误的，先更正团员登记，再开新的批次。"
    rule = "每个支部推优人数不超过团员数的规定比例"
    article = MEASURES


class LessThanTaken(InvalidData):
    """What is taken cannot be taken away by a smaller number."""

    code = "recommendation.less_than_taken"
    sentence = "名额不能少于已经占用的数。"
    remedy = "请先由支部撤回候选人，再减少名额。"
    rule = "已占用的名额随候选人案卷办结或退回"


class NoRoundOpen(Refusal):
    """The committee above has no open round."""

    code = "recommendation.no_round"
    sentence = "上级团委目前没有开放推荐{product}的批次。"
    remedy = "请等上级团委开出批次并确认名额后再列入候选人。"
    rule = "推优按学期分批进行，名额由基层团委分配"
    article = MEASURES


class NoPlaceInRound(Refusal):
    """All places of the branch are taken."""

    code = "recommendation.no_place"
    sentence = "“{unit}”在“{term}”批次的{places}个名额已全部占用。"
    remedy = "请等本支部有候选人退出，或者下一批次再推荐。"
    rule = "每个支部推优人数不超过团员数的规定比例"
    article = MEASURES


class RecommendedAlready(Refusal):
    """No second recommendation while one is valid."""

    code = "recommendation.valid_still"
    sentence = "该人员推荐为{product}仍在办理或有效（{until}）。"
    remedy = "有效期内不再重复推荐；有效期满仍未发展的，重新推荐。"
    rule = "推优结果有效期内不再重复推荐"
    article = MEASURES


class NotAMember(Refusal):
    """Who is recommended is a member of the branch."""

    code = "recommendation.not_a_member"
    sentence = "该人员不是本支部登记在册的团员。"
    remedy = "请核对团员登记；组织关系已转走的，由所在支部推荐。"
    rule = "推优对象为本支部团员"
    article = MEASURES


class OwnCase(Refusal):
    """Nobody examines, approves or reviews his own recommendation, nor does who acts for him."""

    code = "recommendation.own_case"
    sentence = "候选人是您本人（或您所代理的人），这一步须回避。"
    remedy = "请由本级担任该职务的另一人办理；只有一人的，请先登记代理人。"
    rule = "考察、批准和审核由候选人以外的人办理"


class DayWrong(InvalidData):
    """A day lies in the future or before the day it must follow."""

    code = "recommendation.day"
    sentence = "日期有误。"
    remedy = "请按提示修改。"
    rule = "推荐时间为推优大会之日，确定时间为党组织确定之日，须前后有序，不晚于今天"
    article = "智慧团建推优入党记载办法"


class NotOnRecord(Refusal):
    """The act needs a recommendation that has come so far."""

    code = "recommendation.not_so_far"
    sentence = "推荐目前是“{state}”，不能办理这一步。"
    remedy = "请刷新后按现在的状态办理。"
    rule = "推荐的状态按程序前后衔接"
