"""How people behave in a demo year: what they decide at each step, after how many days, and what they write.

The shares are assumptions of this product, chosen so that every way through the drawing is taken by some. Everything
hangs on the seed, the applicant, the step and how often it came, and on nothing else, so that a year can be repeated
whatever order it is worked in.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from workflows.domain.demo_applicants import Applicant
from workflows.domain.evidence_forms import Kind
from workflows.engine import expressions
from workflows.engine.forms import Field, Form

WITHDRAWS = "withdraws"
"""Stands for an outcome where the applicant withdraws instead."""

NO_QUORUM, NOT_ADOPTED = "no quorum", "not adopted"
"""Stand for the outcome `held` of a branch meeting that fails."""

WITHDRAWAL, OBJECTION = "applicant_withdraws", "objection_raised"

LAPSES: Mapping[str, tuple[tuple[str, float], ...]] = {
    "check_application": (("return", 0.04),),
    "initial_talk": (("not_yet", 0.02), (WITHDRAWS, 0.005)),
    "determine_activist": (("postpone", 0.02), ("reject", 0.03)),
    "approve_activist": (("return", 0.02), ("reject", 0.01)),
    "train_and_assess": (("extend", 0.02), ("remove", 0.01), (WITHDRAWS, 0.01)),
    "recommend_target": (("not_yet", 0.02),),
    "pre_review": (("fix", 0.05), ("reject", 0.01)),
    "investigate_objection": (("upheld", 0.3), ("dismissed", 0.7)),
    "check_admission_form": (("return", 0.05),),
    "fill_admission_form": ((WITHDRAWS, 0.005),),
    "branch_meeting": (("postponed", 0.02), (NO_QUORUM, 0.01), (NOT_ADOPTED, 0.015)),
    "approve_admission": (("postpone", 0.01), ("return", 0.03), ("reject", 0.01)),
    "county_filing": (("query", 0.03),),
    "certify_file": (("replace", 0.04),),
    "ceremony": (("absent", 0.03),),
}
"""What goes otherwise than hoped at a step, and with which probability each time it comes, the first two times."""

OBJECTIONS = 0.01
"""Share of the public notices that somebody objects to."""

SHORT_OF_LESSONS = 0.08
"""Share of the applicants who are assessed before they have all their lessons."""

PACE: Mapping[str, tuple[int, int]] = {
    "initial_talk": (1, 6),
    "determine_activist": (1, 4),
    "approve_activist": (1, 3),
    "train_and_assess": (0, 3),
    "notice_result": (0, 1),
    "investigate_objection": (3, 12),
    "wait_for_place": (1, 3),
    "branch_meeting": (1, 4),
    "approve_admission": (2, 8),
    "county_filing": (1, 5),
    "feedback_admitted": (1, 4),
    "archive": (3, 15),
    "certify_file": (1, 5),
    "ceremony": (8, 60),
}
"""From the day a step comes to the day it is done, at least and at most, in days."""

USUAL_PACE = (1, 2)

TARDY, TARDINESS = 0.02, (35, 45)
"""Share of the steps with a pace of their own that are forgotten, and for how many days: deadlines pass by then."""

HOPED = {
    "check_application": "accept",
    "notice_result": "no_objection",
    "wait_for_place": "retry",
}
"""The outcome hoped for where it is not the first of the form."""

_FOR_CERTAIN = 3
"""From the third time on everybody does what is hoped for, so that every case ends."""


@dataclass(frozen=True)
class Entry:
    """One piece of evidence that is entered so many days after the mentor was named."""

    after_days: int
    kind: Kind
    values: Mapping[str, Any]


def delay(seed: int, applicant: Applicant, step: str, time: int) -> int:
    """How many days pass before the step is done; `time` counts from 1."""
    dice = _dice(seed, applicant, f"pace {step}", time)
    if step in PACE and step != "wait_for_place" and time == 1 and dice.random() < TARDY:
        return dice.randint(*TARDINESS)
    return dice.randint(*PACE.get(step, USUAL_PACE))


def decision(seed: int, applicant: Applicant, step: str, time: int, form: Form) -> str:
    """The outcome, or one of the words above that stand for more than an outcome."""
    hoped = HOPED.get(step, form.outcomes[0].value)
    lapses = LAPSES.get(step, ())
    if time >= _FOR_CERTAIN or not lapses:
        return hoped
    drawn = _dice(seed, applicant, f"lapse {step}", time).random()
    for outcome, share in lapses:
        if drawn < share:
            return outcome
        drawn -= share
    return hoped


def objects(seed: int, applicant: Applicant, time: int) -> bool:
    """Whether somebody objects while the applicant's notice hangs for the so-many-th time."""
    return time < _FOR_CERTAIN and _dice(seed, applicant, "objection", time).random() < OBJECTIONS


def evidence(seed: int, applicant: Applicant, rules: Mapping[str, Any]) -> list[Entry]:
    """What is entered while the applicant is trained, by the values of the rules; for some one lesson too few."""
    minutes = -(-rules["class_hours_min"] // 2) * rules["minutes_per_hour"]
    is_short = _dice(seed, applicant, "lessons", 1).random() < SHORT_OF_LESSONS
    found = [_lesson(14, minutes), _lesson(48, rules["minutes_per_hour"] if is_short else minutes)]
    if rules["volunteer_hours_min"]:
        found += [_service(day, -(-rules["volunteer_hours_min"] // 2)) for day in (20, 60)]
    if rules["ideology_assessment_required"]:
        found.append(Entry(70, Kind.IDEOLOGY_ASSESSMENT, {"result": "passed", "conductor": "演示考评人"}))
    for order in range(rules["mentor_min_talks"]):
        found.append(Entry(25 + 30 * order, Kind.TALK, {"conductor": "演示联系人", "topic": "谈学习和思想情况"}))
    return found


def made_up_for(rules: Mapping[str, Any]) -> Entry:
    """The lesson that is held once more for who had too few."""
    return _lesson(0, rules["class_hours_min"] * rules["minutes_per_hour"])


def _lesson(after_days: int, minutes: int) -> Entry:
    told = {"topic": "学习团章团史", "minutes": minutes, "mode": "in_person"}
    return Entry(after_days, Kind.CLASS_HOURS, {**told, "conductor": "演示授课人", "witness": "演示证明人"})


def _service(after_days: int, hours: int) -> Entry:
    told = {"topic": "校园志愿服务", "hours": hours, "conductor": "演示服务队", "witness": "演示证明人"}
    return Entry(after_days, Kind.VOLUNTEER_HOURS, told)


def submitted(applicant: Applicant, form: Form, decided: str, today: date) -> tuple[str, dict[str, Any]]:
    """Outcome and content of the form for what was decided.

    What a drawing asks beyond what is known here is answered by the kind of the field: today, a sentence, the least
    number, the first choice.
    """
    outcome = "held" if decided in (NO_QUORUM, NOT_ADOPTED) else decided
    known = _known(applicant, decided, outcome, today)
    content: dict[str, Any] = {}
    for field in form.fields:
        if field.kind == "text" or not _wanted(field, outcome, content):
            continue
        content[field.key] = known[field.key] if field.key in known else _plausible(applicant, field, today)
    return outcome, content


def _wanted(field: Field, outcome: str, content: Mapping[str, Any]) -> bool:
    if field.required or field.key in _ALWAYS:
        return True
    needed = field.required_when
    return needed is not None and expressions.holds(needed, {**content, "outcome": outcome})


_ALWAYS = frozenset({"class_name", "second_mentor", "eligible_voters"})


def _known(applicant: Applicant, decided: str, outcome: str, today: date) -> dict[str, Any]:
    first, second = (str(person) for person in applicant.branch.guides)
    return {
        "name": applicant.name,
        "sex": applicant.sex.value,
        "ethnic_group": applicant.ethnic_group,
        "applied_on": applicant.applies_on.isoformat(),
        "birth_date": applicant.birth_date.isoformat(),
        "nationality": "CN",
        "id_number": applicant.identity_number,
        "class_name": applicant.branch.class_name,
        "mentor": first,
        "second_mentor": second,
        "introducer_1": first,
        "introducer_2": second,
        "source": "both" if applicant.branch.field == "junior" else "members",
        "extended_until": (today + timedelta(days=21)).isoformat(),
        "committee_size": 9,
        "committee_present": 8,
        "committee_for": 8 if outcome == "approve" else 2,
        "pages": 12,
        "card_number": f"{10_000_000 + applicant.number}",
        **_votes(applicant.branch.members, decided),
    }


def _votes(eligible: int, decided: str) -> dict[str, int]:
    present = eligible // 2 if decided == NO_QUORUM else eligible - 1
    against = present - 1 if decided == NOT_ADOPTED else 0
    return {
        "eligible_voters": eligible,
        "present_voters": present,
        "written_opinions": 0,
        "votes_for": present - against,
        "votes_against": against,
        "votes_abstain": 0,
    }


def _plausible(applicant: Applicant, field: Field, today: date) -> Any:
    if field.kind == "date":
        return today.isoformat()
    if field.kind == "number":
        return field.minimum or 1
    if field.kind == "checkbox":
        return True
    if field.kind in ("select", "radio"):
        return field.choices[0].value if field.choices else str(applicant.branch.guides[0])
    return "演示：按规定办理，情况属实"[: field.max_length or None]


def _dice(seed: int, applicant: Applicant, what: str, time: int) -> random.Random:
    return random.Random(f"{seed} {applicant.number} {what} {time}")


def days_of(entries: list[Entry], since: date) -> Iterator[tuple[date, Entry]]:
    """Each entry with its day, counted from the naming of the mentor."""
    return ((since + timedelta(days=each.after_days), each) for each in entries)
