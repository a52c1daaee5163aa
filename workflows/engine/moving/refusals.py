"""Why a running case is not moved to another version."""

from workflows.errors import Refusal

_RULE = "移动在办案件不得跳过步骤，也不得改变已经办过的事"


class MoveRefused(Refusal):
    """The case cannot stand in the other version."""

    code = "move.refused"
    sentence = "本案不能移动到该版本。"
    rule = _RULE


class CaseOver(MoveRefused):
    """The case has ended; it keeps its version for ever."""

    code = "move.case_over"
    sentence = "案件已经办结，办结的案件保留原来的版本。"


class SameVersion(MoveRefused):
    """The case stands in this version already."""

    code = "move.same_version"
    sentence = "案件已在第 {version} 版，无须移动。"


class StepMissing(MoveRefused):
    """The new version wants a step that the case has not been through."""

    code = "move.step_missing"
    sentence = "新版本要求先办“{missing}”，本案没有办过就已经办了“{done}”。"


class PositionDiffers(MoveRefused):
    """By its history the case would stand somewhere else; an administrator must say that he wants that."""

    code = "move.position_differs"
    sentence = "本案现在停在“{stands}”，按新版本应停在“{would}”；请确认改停在那里，或保留原版本。"


class NotReversible(MoveRefused):
    """What would have to be done again cannot be."""

    code = "move.not_reversible"
    sentence = "本案不能退回到“{missing}”：其后的“{done}”已经执行，不能重做。"


class WayDiffers(MoveRefused):
    """What happened in the case cannot happen in the new version."""

    code = "move.way_differs"
    sentence = "本案办过的“{done}”在新版本中走不到：按新版本此时已停在“{stands}”。"


class WayUnclear(MoveRefused):
    """The new version cannot be followed with the case's data."""

    code = "move.way_unclear"
    sentence = "按本案的数据无法走完新版本：{why}"


class EndsThere(MoveRefused):
    """By its history the case would be over in the new version."""

    code = "move.ends_there"
    sentence = "按新版本，本案办完“{done}”后就已结束，不能移动。"


class OperationUndrawn(MoveRefused):
    """An operation was called whose step the new version does not have."""

    code = "move.operation_undrawn"
    sentence = "本案已执行“{step}”，新版本没有这一步；如只是换了标识，请填写对应关系。"


class NothingGivesBack(MoveRefused):
    """What the case has taken would never be used or given back."""

    code = "move.nothing_gives_back"
    sentence = "本案已占用“{what}”，新版本从应停之处往后没有核销或退回的步骤。"
    rule = "占用的名额必须核销或退回"


class DataMissing(MoveRefused):
    """A step ahead reads what was not asked when the case passed there."""

    code = "move.data_missing"
    sentence = "新版本的“{reader}”要读“{name}”，本案办理“{step}”时没有这一内容。"


class DutiesUnclear(MoveRefused):
    """Who did the step could not be told any more from who must not do another one."""

    code = "move.duties_unclear"
    sentence = "“{step}”须与其他步骤分人办理，本案已经办过，不能换标识。"
    rule = "同一人不得既提出或预审又审批，职责须分离"


class RepeatedUnclear(MoveRefused):
    """It cannot be told which instance of a repeated step was done."""

    code = "move.repeated_unclear"
    sentence = "“{step}”重复办理到一半，无法确定各项在新版本中的对应关系；请待其办完再移动。"


class StandsStill(MoveRefused):
    """Nothing could move the case in the new version."""

    code = "move.stands_still"
    sentence = "移动后本案将停在“{would}”，没有人、期限或消息能使它继续。"


class KeeperNeeded(Refusal):
    """Only who keeps the processes moves cases, also when he asked for it while he still did."""

    code = "move.keeper_needed"
    sentence = "在办案卷由系统管理员移动，您目前没有这一职务。"
    rule = "只有系统管理员可以移动在办案卷"
    kind = "forbidden"


class UndoTooLate(Refusal):
    """Something has happened since the move."""

    code = "move.undo_too_late"
    sentence = "移动之后本案已有新的办理，不能撤销移动；如有需要，请再移动一次。"
    rule = "移动只能在下一次办理之前撤销"


class UndoImpossible(Refusal):
    """The move itself called or sent something."""

    code = "move.undo_impossible"
    sentence = "移动时已执行了自动步骤，不能撤销。"
    rule = "移动只能在下一次办理之前撤销"


class MoveMixed(Refusal):
    """The chosen cases cannot be moved together."""

    code = "move.mixed"
    sentence = "所选案件{why}，请重新选择。"
    rule = "一次只能移动同一流程的在办案件"
    kind = "invalid"
