"""The year's places, from the plan to the person, in one name for whoever calls them.

Every function that takes something scarce follows one recipe: lock the accounts (in one sorted order), check, take,
journal, all in the caller's transaction; a database constraint stands behind each check.
"""

from workflows.domain.numbering import Place
from workflows.domain.quota_allotments import allot, allot_many, give_back, transfer, way_between
from workflows.domain.quota_audit import Audit, audit
from workflows.domain.quota_ledger import (
    NoPlan,
    Plan,
    QuotaAccount,
    QuotaMovement,
    account_of,
    current_plan,
    lock_accounts,
    movements_of,
)
from workflows.domain.quota_overview import QuotaRow, overview
from workflows.domain.quota_places import (
    account_drawn_on,
    check_year,
    drawn_on,
    file,
    place_of,
    places_of,
    rebind,
    release,
    reserve,
    use,
    void_copy,
)
from workflows.domain.quota_plans import add_to_plan, open_plan, plan_of_year
from workflows.domain.quota_refusals import (
    AmountWrong,
    NoPlaceHeld,
    NotDirectBelow,
    NumberIsVoid,
    NumberOfAnotherYear,
    NumbersExhausted,
    PlaceIsUsed,
    PlanExists,
    QuotaExhausted,
)

__all__ = [
    "AmountWrong",
    "Audit",
    "NoPlaceHeld",
    "NoPlan",
    "NotDirectBelow",
    "NumberIsVoid",
    "NumberOfAnotherYear",
    "NumbersExhausted",
    "Place",
    "PlaceIsUsed",
    "Plan",
    "PlanExists",
    "QuotaAccount",
    "QuotaExhausted",
    "QuotaMovement",
    "QuotaRow",
    "account_drawn_on",
    "account_of",
    "add_to_plan",
    "allot",
    "allot_many",
    "audit",
    "check_year",
    "current_plan",
    "drawn_on",
    "file",
    "give_back",
    "lock_accounts",
    "movements_of",
    "open_plan",
    "overview",
    "place_of",
    "places_of",
    "plan_of_year",
    "rebind",
    "release",
    "reserve",
    "transfer",
    "use",
    "void_copy",
    "way_between",
]
