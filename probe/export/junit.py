"""Runs as JUnit XML: a suite for each run, a case for each step, for whoever collects test results."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from probe.model.result import Failure, Run, StepResult, Verdict


def render_junit(runs: Iterable[Run]) -> str:
    """A `<testsuites>` document as the common JUnit XML schemas have it (Jenkins, Surefire). Times are seconds."""
    root = ET.Element("testsuites", name="probe")
    for run in runs:
        root.append(_suite(run))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", _total(root))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(run: Run) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        name=_clean(run.journey),
        tests="0",
        failures="0",
        errors="0",
        skipped="0",
        time=_seconds(run.duration_ns),
        timestamp=run.started_at.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=_clean(run.agent),
    )
    properties = ET.SubElement(suite, "properties")
    for name in ("run_id", "file", "region", "trigger", "probe"):
        ET.SubElement(properties, "property", name=name, value=_clean(str(getattr(run, name))))
    cases = [_case(run, step) for step in run.steps]
    if run.failure is not None and not any(step.failure for step in run.steps):
        case = ET.Element("testcase", name="start", classname=_clean(run.journey), time="0.000000")
        _add_failure(case, run.failure)
        cases.insert(0, case)
    suite.extend(cases)
    _count(suite, cases)
    return suite


def _count(suite: ET.Element, cases: list[ET.Element]) -> None:
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))


def _case(run: Run, step: StepResult) -> ET.Element:
    case = ET.Element(
        "testcase", name=_clean(step.name), classname=_clean(run.journey), time=_seconds(step.duration_ns)
    )
    if step.failure is not None:
        _add_failure(case, step.failure)
    elif step.verdict is Verdict.SKIPPED:
        ET.SubElement(case, "skipped", message=_clean(step.skipped))
    if step.phases:
        phases = "  ".join(f"{phase} {_seconds(ns)} s" for phase, ns in step.phases.items())
        ET.SubElement(case, "system-out").text = f"{len(step.attempts)} attempts, last one: {phases}"
    return case


def _add_failure(case: ET.Element, failure: Failure) -> None:
    tag = "failure" if failure.cause.verdict is Verdict.FAILED else "error"
    element = ET.SubElement(case, tag, message=_clean(failure.message), type=str(failure.cause))
    lines = [failure.message]
    if failure.place is not None:
        lines += [f"at {failure.place}", f"    {failure.place.text.strip()}"]
    if failure.expected:
        lines += [f"expected: {failure.expected}", f"actual: {failure.actual}"]
    if failure.hint:
        lines.append(f"hint: {failure.hint}")
    element.text = _clean("\n".join(lines))


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e9:.6f}"


def _total(root: ET.Element) -> str:
    return f"{sum(float(suite.get('time', '0')) for suite in root):.6f}"


def _clean(text: str) -> str:
    """The text without characters that XML 1.0 §2.2 has no place for."""
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000" else "\ufffd"
        for c in text
    )
