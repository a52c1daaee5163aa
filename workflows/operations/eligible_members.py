"""Who of a branch may be recommended today and who not, with every reason: the bundle's own table, asked beforehand.

What only the branch committee knows (the four standards, punishments, courses) is not asked here; it is entered with
the nomination and judged by the same table then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import recommendation_facts, rules_in_force
from workflows.domain.people import Person
from workflows.domain.recommendation_rounds import Product
from workflows.engine import bundles, decisions

PROCESS = "recommendation"
"""The process by which members are recommended, and whose table decides."""

TABLE = "recommendation_eligibility"
ENTERED_LATER = frozenset({"courses", "training"})
"""Reasons that only what is entered with the nomination can tell."""


@dataclass(frozen=True)
class Why:
    """One reason why a member may not be recommended, and the article behind it."""

    rule: str
    text: str
    article: str


@dataclass(frozen=True)
class Verdict:
    """One member: without reasons, somebody who may be nominated."""

    person: Person
    reasons: tuple[Why, ...]

    @property
    def lacks_application(self) -> bool:
        """Whether nothing stands in the way but the day of application, which the nomination may still tell."""
        return [why.rule for why in self.reasons] == ["not_applied"]


def of_branch(session: Session, unit_id: int, product: Product) -> list[Verdict]:
    """Every member of the branch with a verdict, by name; raises NotFound while no such process is published."""
    bundle = bundles.parsed(session, bundles.latest(session, PROCESS).id)
    table, rules = bundle.decisions[TABLE], rules_in_force.for_a_case(session, unit_id)[0]["rules"]
    verdicts = []
    for person in recommendation_facts.members_of(session, unit_id):
        facts = recommendation_facts.of_member(
            session, person_id=person.id, product=product, unit_id=unit_id, on=clock.today(), rules=rules
        )
        context = {"found": facts | {"is_elsewhere": False}, "nominate": {}, "rules": rules}
        _, trace = decisions.evaluate(table, context)
        verdicts.append(Verdict(person, _reasons(trace.required[0].answer)))
    return verdicts


def _reasons(found: list[Mapping[str, Any]]) -> tuple[Why, ...]:
    return tuple(
        Why(str(each["rule"]), str(each["reason"]), str(each["article"]))
        for each in found
        if each["rule"] not in ENTERED_LATER
    )
