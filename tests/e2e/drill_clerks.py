"""The people of the drill at their programs: one enters applications, two review, one signs many at once."""

import threading
from collections.abc import Iterable
from typing import Any

from tests.e2e import drill
from tests.support.clerk import Clerk

REST_SECONDS = 0.3
"""Between two looks at an inbox that had nothing new."""

AT_A_TIME = 8
"""Items of one batch, at the most."""

FIRST_FEW = 3
"""Of these a reviewer takes one, so that two reviewers often want the same."""

BY_HAND = 0.05
"""How likely a reviewer who looks at the inbox signs one item by himself, while somebody signs it with others."""


def enter(clerk: Clerk, seats: Iterable[int], count: int, unit_id: int) -> None:
    """Enter the applications of some of the seats, of which there are `count`."""
    clerk.sign_in()
    for seat in seats:
        new = {"process": drill.PROCESS, "unit_id": unit_id, "outcome": "submit"}
        answer = clerk.act("start", "/cases", {**new, "content": drill.application(seat, count)})
        if answer.status != 201:
            clerk.told.complain(f"seat {seat} was refused: {answer}")


def review(clerk: Clerk, over: threading.Event) -> None:
    """Review what waits."""
    clerk.sign_in()
    while not over.is_set():
        step = "sign" if clerk.chance.random() < BY_HAND else "review"
        waiting = _waiting(clerk, step, FIRST_FEW)
        if not waiting:
            over.wait(REST_SECONDS)
            continue
        item = clerk.chance.choice(waiting)
        path = f"/work-items/{item['id']}/completion"
        _expect(clerk, clerk.act(step, path, drill.decision(), version=item["version"]).status, path, {200, 412})


def sign(clerk: Clerk, over: threading.Event) -> None:
    """Sign what waits, up to so many at a time; what a batch could not do is signed with the next."""
    clerk.sign_in()
    in_hand: dict[int, set[int]] = {}
    while not over.is_set():
        taken = set().union(*in_hand.values())
        chosen = [item for item in _waiting(clerk, "sign", 50) if item["id"] not in taken]
        chosen = chosen[: clerk.chance.randint(1, AT_A_TIME)]
        if chosen:
            items = [{"id": item["id"], "version": item["version"]} for item in chosen]
            answer = clerk.act("batch", "/batches", {**drill.decision(), "items": items})
            if answer.status == 202:
                in_hand[answer.body["id"]] = {item["id"] for item in items}
            _expect(clerk, answer.status, "/batches", {202, 404})
        for batch_id in list(in_hand):
            if clerk.get(f"/batches/{batch_id}")["ended_at"] is not None:
                del in_hand[batch_id]
        over.wait(REST_SECONDS)


def _waiting(clerk: Clerk, step: str, most: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = clerk.get(f"/work-items?step={step}&limit={most}")["items"]
    return items


def _expect(clerk: Clerk, status: int, path: str, allowed: set[int]) -> None:
    """Somebody else may have been quicker; nothing else is a reason."""
    if status not in allowed:
        clerk.told.complain(f"{path} answered {status}")
    if status >= 400:
        clerk.told.count("somebody was quicker")
