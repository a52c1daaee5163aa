"""Writes the pages of docs/reference that come from the code; `make docs` runs it, tests/test_house.py compares.

Usage: python docs/generate.py FOLDER
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import click

from webapp.errors import status_of
from workflows.domain import rule_sets
from workflows.domain.rule_sets import Parameter
from workflows.errors import OWN_PRACTICE, Refusal, every_refusal
from workflows.journal import Event
from workflows.operations.wiring import ENVIRONMENT

ROOMS = ("workflows", "webapp")
WITHOUT_EFFECT = ("workflows.migrations.",)
"""Alembic's scripts run only inside Alembic."""

NOTICE = "<!-- Written by docs/generate.py from the code (`make docs`); change the code, not this page. -->\n"


def main() -> None:
    """Write every generated page into the folder named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        folder.joinpath(name).write_text(page(), encoding="utf-8")


def errors() -> str:
    """Every refusal by its code."""
    return _page("Refusals", REFUSALS, _each_refusal())


def journal_events() -> str:
    """Every kind of journal entry."""
    lines = (f"## `{event.value}`\n\n`Event.{event.name}`" for event in sorted(Event, key=lambda event: event.value))
    return _page("Journal events", EVENTS, lines)


def operations() -> str:
    """Every operation that a drawing may call."""
    return _page("Operations", OPERATIONS, _each_operation())


def commands() -> str:
    """Every command of the command line."""
    main = import_module("webapp.commands").main
    return _page("Commands", COMMANDS, _each_command(main, "tuancheng"))


def rules() -> str:
    """Every parameter of every rule set, and where sources disagree."""
    return _page("Rule sets", RULES, _each_rule_set())


def refusals() -> list[type[Refusal]]:
    """All refusals of the product; those that tests declare are left out."""
    for room in ROOMS:
        package = import_module(room)
        for module in walk_packages(package.__path__, f"{room}."):
            if not module.name.startswith(WITHOUT_EFFECT) and not module.name.endswith("__main__"):
                import_module(module.name)
    return [refusal for refusal in every_refusal() if refusal.__module__.split(".")[0] in ROOMS]


def _each_refusal() -> Iterator[str]:
    for refusal in refusals():
        told = [
            f"## `{refusal.code}`",
            f"> {refusal.sentence}{refusal.remedy}",
            f"`{refusal.__module__}.{refusal.__name__}`, HTTP {status_of(refusal)}. {_first_line(refusal)}",
        ]
        if refusal.rule:
            told.append(f"Rule: {refusal.rule} ({refusal.article or OWN_PRACTICE})")
        yield "\n\n".join(told)


def _each_operation() -> Iterator[str]:
    for name, operation in sorted(ENVIRONMENT.operations.items()):
        parameters = ", ".join(f"`{parameter}`" for parameter in operation.parameters) or "none"
        offered = ", ".join(f"`{code}`" for code in operation.errors) or "none"
        yield (
            f"## `{name}`\n\n{operation.title}. {_first_line(operation.function)}\n\n"
            f"Parameters: {parameters}. BPMN errors: {offered}."
        )


def _each_rule_set() -> Iterator[str]:
    for rule_set in rule_sets.ALL.values():
        until = f"to {rule_set.plans_until}" if rule_set.plans_until else "on"
        rows = [
            f"| `{each.name}` | {each.title} | `{json.dumps(each.value, ensure_ascii=False)}` {each.unit} "
            f"| {each.confidence} | {each.article if each.confidence.is_law else '—'} | {_tightened(each)} "
            f"| {', '.join(each.disputes)} |"
            for each in rule_set.parameters.values()
        ]
        head = "| parameter | 名称 | value | confidence | article | may be tightened | dispute |\n|" + "---|" * 7
        plans = f"Plans from {rule_set.plans_from} {until}."
        yield f"## `{rule_set.name}`\n\n{rule_set.title}. {plans}\n\n" + "\n".join([head, *rows])
    disputes = [f"| {each.number} | {each.note} |" for each in rule_sets.DISPUTES.values()]
    yield "## Where sources disagree\n\n" + "\n".join(["| | 说法不一之处 |", "|---|---|", *disputes])


def _tightened(parameter: Parameter) -> str:
    if not parameter.can_be_tightened():
        return "fixed" if parameter.limit is None else "strictest already"
    return f"{parameter.direction}, up to `{json.dumps(parameter.limit)}`"


def _each_command(command: click.Command, words: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _each_command(found, f"{words} {name}")
        return
    # As the whole program calls it: -h is its word for help, and a command remembers how it was called first.
    settings = {"help_option_names": ["-h", "--help"], "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=words, **settings)
    yield f"## `{words}`\n\n```\n{command.get_help(context)}\n```"


def _first_line(thing: Callable[..., object]) -> str:
    return (thing.__doc__ or "").strip().split("\n", 1)[0]


def _page(title: str, introduction: str, sections: Iterator[str]) -> str:
    return f"# {title}\n\n{NOTICE}\n{introduction}\n\n" + "\n\n".join(sections) + "\n"


REFUSALS = """What the product says when it must not do what was asked. `code` is stable and stands in the API's
`application/problem+json`, in the journal's `act:refused` entries and, for a service step, as the BPMN error that a
boundary event may catch. The sentence is what a person reads; facts stand in braces."""

EVENTS = """Every kind of entry in the journal, as `subject:action`. An entry keeps who acted, in which post, for whom,
at which unit, when it happened and when it was recorded, and its facts; personal data stays out."""

OPERATIONS = """What a service step of a drawing may call by name. An operation runs in the transaction of the step that
led to it: places, numbers and the state of the case stand or fall together."""

RULES = """The thresholds an authority may change, as data (`workflows/domain/data/rule_sets.yaml`). The plan's year
chooses the set, and a case keeps what held when it began. Confidence: `rule` and `seed` stand in a published text,
`local` is the practice of some place, `unverified` and `own` stand in no text that was seen and are never shown as law.
A unit may tighten a value for everything below it ([how](../howto/tighten-a-rule.md)); nobody may loosen one. The bound
is this product's own."""

COMMANDS = """The command line `tuancheng`. Exit code 0: as it should be; 1: a fault was found, and said; 2: the command
was called wrongly."""

PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors,
    "journal-events.md": journal_events,
    "operations.md": operations,
    "commands.md": commands,
    "rule-sets.md": rules,
}


if __name__ == "__main__":
    main()
