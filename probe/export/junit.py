"""Runs as JUnit XML: a suite for each run, a case for each step, for whoever collects test results.

JUnit XML has no standard. This is what both schemas in common use accept, Apache Ant's and Jenkins's: no attributes on
`testsuites`, one of skipped, error and failure in a case, the reason of a skip as text, output at the end of the suite.
"""

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from probe.model.result import Failure, Run, StepResult, Verdict


def render_junit(runs: Iterable[Run]) -> str:
    """The `<testsuites>` document; times are seconds."""
    root = ET.Element("testsuites")
    root.extend([_suite(run, number) for number, run in enumerate(runs)])
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(run: Run, number: int) -> ET.Element:
    cases = list(_cases(run))
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    attributes = {
        "id": str(number),
        "name": _clean(run.journey),
        "package": "probe",
        "timestamp": run.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": _clean(run.agent),
        "time": _seconds(run.duration_ns),
    }
    suite = ET.Element("testsuite", attributes | {name: str(count) for name, count in counts.items()})
    suite.append(_properties(run))
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = _clean("\n".join(map(_timing, run.steps)))
    ET.SubElement(suite, "system-err")
    return suite


def _properties(run: Run) -> ET.Element:
    properties = ET.Element("properties")
    for name in ("run_id", "file", "region", "trigger", "probe"):
        ET.SubElement(properties, "property", name=name, value=_clean(str(getattr(run, name))))
    return properties


def _cases(run: Run) -> Iterator[ET.Element]:
    if run.failure is not None and not any(step.failure for step in run.steps):
        start = ET.Element("testcase", name="start", classname=_clean(run.journey), time=_seconds(0))
        _add_failure(start, run.failure)
        yield start
    for step in run.steps:
        case = ET.Element(
            "testcase", name=_clean(step.name), classname=_clean(run.journey), time=_seconds(step.duration_ns)
        )
        if step.failure is not None:
            _add_failure(case, step.failure)
        elif step.verdict is Verdict.SKIPPED:
            ET.SubElement(case, "skipped").text = _clean(step.skipped)
        yield case


def _add_failure(case: ET.Element, failure: Failure) -> None:
    tag = "failure" if failure.cause.verdict is Verdict.FAILED else "error"
    element = ET.SubElement(case, tag, message=_clean(failure.message), type=str(failure.cause))
    element.text = _clean("\n".join(_explanation(failure)))


def _explanation(failure: Failure) -> Iterator[str]:
    yield failure.message
    if failure.place is not None:
        yield f"at {failure.place}"
        yield f"    {failure.place.text.strip()}"
    if failure.expected:
        yield f"expected: {failure.expected}"
        yield f"actual: {failure.actual}"
    if failure.hint:
        yield f"hint: {failure.hint}"


def _timing(step: StepResult) -> str:
    phases = "  ".join(f"{phase} {_seconds(nanoseconds)}" for phase, nanoseconds in step.phases.items())
    return f"{step.name}: {step.verdict}" + (f", attempts {len(step.attempts)}, seconds: {phases}" if phases else "")


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e9:.6f}"


def _clean(text: str) -> str:
    """The text without characters that XML 1.0 §2.2 has no place for."""
    return "".join(character if _allowed(character) else "\ufffd" for character in text)


def _allowed(character: str) -> bool:
    return (
        character in "\t\n\r"
        or " " <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character >= "\U00010000"
    )
