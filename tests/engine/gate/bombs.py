"""Bundles made to exhaust whoever reads them; run as a program, it checks each and prints the code it is refused by."""

from collections.abc import Callable

from tests.support.drawings import ANY_FORM, HEAD, drawing, end, flow, start, user, way
from workflows.engine import check
from workflows.engine.bundles import BundleFiles
from workflows.operations.wiring import ENVIRONMENT

SOUND = drawing(start(), user("ask"), end(), way("begin", "ask", "done"), lanes={"团支部书记": ["ask"]})


def bundle_with(text: str, **files: str) -> dict[str, str]:
    return {"tiny.bpmn": text, "forms/ask.form": ANY_FORM, **files}


def laughs() -> str:
    more = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE l [<!ENTITY l0 "lol">{more}]><a>&l11;</a>'


def quadratic() -> str:
    return f'<!DOCTYPE l [<!ENTITY l "{"x" * 200_000}">]><a>{"&l;" * 200_000}</a>'


def nested(depth: int) -> str:
    inner = "".join(f'<bpmn:subProcess id="s{n}">' for n in range(depth)) + "</bpmn:subProcess>" * depth
    return f'{HEAD}<bpmn:process id="tiny" isExecutable="true">{inner}</bpmn:process></bpmn:definitions>'


def many_flows(number: int) -> str:
    return in_process(flow("ask", "done", name="again") * number)


def in_process(text: str) -> str:
    return SOUND.replace("</bpmn:process>", text + "</bpmn:process>")


def lane_with(attribute: str, times: int) -> str:
    return in_process(f"<bpmn:lane {' '.join(attribute.format(n) for n in range(times))}/>")


def table(text: str) -> dict[str, str]:
    return bundle_with(SOUND) | {"table.dmn": text}


def scenario(text: str) -> dict[str, str]:
    return bundle_with(SOUND) | {"scenarios/way.yaml": text}


def aliases() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines)


BOMBS: dict[str, tuple[str, Callable[[], dict[str, str]]]] = {
    "billion_laughs": ("xml.doctype", lambda: bundle_with(laughs())),
    "quadratic_blow_up": ("xml.doctype", lambda: bundle_with(quadratic())),
    "external_entity": (
        "xml.doctype",
        lambda: bundle_with('<!DOCTYPE a SYSTEM "file:///etc/passwd" [<!ENTITY % p SYSTEM "http://x.test/">%p;]><a/>'),
    ),
    "deep_sub_processes": ("xml.too_deep", lambda: bundle_with(nested(60_000))),
    "hundred_thousand_flows": ("xml.too_large", lambda: bundle_with(many_flows(100_000))),
    "forty_thousand_flows": ("bpmn.too_large", lambda: bundle_with(many_flows(40_000))),
    "many_elements": ("xml.too_many", lambda: bundle_with(in_process("<bpmn:lane/>" * 60_000))),
    "one_long_attribute": ("xml.too_long", lambda: bundle_with(in_process(f'<bpmn:lane name="{"x" * 3_900_000}"/>'))),
    "many_attributes": (
        "xml.too_long",
        lambda: bundle_with(lane_with("a{}=''", 20_000)),
    ),
    "many_namespaces": (
        "xml.too_long",
        lambda: bundle_with(lane_with("xmlns:a{}='u'", 20_000)),
    ),
    "fifty_megabytes": ("bundle.too_large", lambda: bundle_with(in_process(" " * 50_000_000))),
    "large_bundle": (
        "bundle.too_large",
        lambda: {f"{n}.dmn": "<a>" + "x" * 3_900_000 + "</a>" for n in range(6)} | bundle_with(SOUND),
    ),
    "laughs_in_a_table": ("xml.doctype", lambda: table(laughs())),
    "deep_table": ("xml.too_deep", lambda: table("<a>" * 500_000)),
    "deep_json": ("form.broken", lambda: bundle_with(SOUND) | {"forms/ask.form": "[" * 190_000}),
    "yaml_aliases": ("scenario.broken", lambda: scenario(aliases())),
    "deep_yaml": ("scenario.broken", lambda: scenario("[" * 190_000)),
    "deep_yaml_by_indent": ("scenario.broken", lambda: scenario("- " * 90_000)),
    "long_yaml": ("bundle.file_too_large", lambda: scenario("a: 1\n" * 100_000)),
    "slow_pattern": (
        "form.broken",
        lambda: (
            bundle_with(SOUND)
            | {"forms/ask.form": '{"components":[{"type":"textfield","key":"a","validate":{"pattern":"(a+)+$"}}]}'}
        ),
    ),
}
"""By name: the code by which it is refused, and what makes it."""

NO_FALSE_ALARM: dict[str, Callable[[str], str]] = {
    "comment": lambda text: text.replace("<bpmn:process", "<!-- <!DOCTYPE a [<!ENTITY b 'c'>]> --><bpmn:process", 1),
    "cdata": lambda text: text.replace(
        "<bpmn:startEvent", "<bpmn:documentation><![CDATA[<!DOCTYPE a>]]></bpmn:documentation><bpmn:startEvent", 1
    ),
    "escaped": lambda text: text.replace(
        "<bpmn:startEvent", "<bpmn:documentation>&lt;!DOCTYPE a></bpmn:documentation><bpmn:startEvent", 1
    ),
    "attribute": lambda text: text.replace('name="小流程"', 'name="&lt;!ENTITY&gt;"'),
}
"""Ways to write the word where it is a text like any other."""


def main() -> None:
    """Check every bomb."""
    for name, (_, make) in BOMBS.items():
        [code] = {fault.code for fault in check.faults_in(BundleFiles(make()), ENVIRONMENT)}
        print(name, code)


if __name__ == "__main__":
    main()
